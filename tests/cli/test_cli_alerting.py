"""`monitor --rules`, `--dashboard`: files for Prometheus and Grafana, from the declaration alone."""

from __future__ import annotations

import json

import yaml

from cli.projects import Project


def test_rules_and_dashboard_are_written(project: Project) -> None:
    """Both are of the project's model and release, in folders that are made; nothing has to be served before."""
    project.write("noteship.toml", '[project]\nname = "mail"\n[monitor]\nrelease = "blue"\n')
    rules, dashboard = (project.root / "made" / name for name in ("rules.yml", "dashboard.json"))
    answer = project.call("monitor", "--rules", str(rules), "--dashboard", str(dashboard))
    assert answer.code == 0, answer.err
    assert "alerts on mail, release blue" in answer.out
    names = [group["name"] for group in yaml.safe_load(rules.read_text())["groups"]]
    assert names == ["noteship-blue-mail", "noteship-blue-mail-slow"]
    assert json.loads(dashboard.read_text())["title"].startswith("mail (blue)")
    document = project.json("monitor", "--rules", str(rules))
    assert (document["model"], document["dashboard"]) == ("mail", None)
    assert document["alerts"][0] == "NoteshipModelChanged"


def test_what_cannot_be_written_is_said(project: Project) -> None:
    """A folder is no file; a bundle, or another thing to do beside it, is wrong usage."""
    answer = project.call("monitor", "--rules", str(project.root))
    assert (answer.code, "cannot be written" in answer.err, "it is a folder" in answer.err) == (3, True, True)
    target = project.root / "d.json"
    assert project.call("monitor", "--dashboard", str(target), "champion").code == 2
    assert project.call("monitor", "--dashboard", str(target), "--settle", "why").code == 2
    assert not target.exists()
