"""The verb that says why, where no cluster is needed to see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.projects import Project
from noteship.cli import why
from noteship.cli.output import Output
from noteship.cluster.why import Cause, Thing
from noteship.operations.why import Answer, WhyRequest


def test_a_thing_that_cannot_be_asked_about_is_wrong_usage(project: Project) -> None:
    """With the kind that was probably meant."""
    answer = project.call("why", "jbo/mail")
    assert answer.code == 2
    assert "job/mail" in answer.err


def test_without_a_cluster_it_says_how_one_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment lacks something."""
    monkeypatch.setenv("KUBECONFIG", str(project.root / "none"))
    answer = project.call("why", "mail")
    assert answer.code == 3
    assert "which Kubernetes cluster" in answer.err


def test_a_projects_folder_says_what_and_where(project: Project, tmp_path: Path) -> None:
    """Its release, its namespace and its stages; elsewhere a thing has to be named."""
    project.write("noteship.toml", '[project]\nname = "mail"\n[kubernetes]\nname = "letters"\nnamespace = "team-a"\n')
    asked = WhyRequest.of(project.root, None, "", "")
    assert (asked.thing, asked.namespace, asked.project) == ("letters", "team-a", "mail")
    assert WhyRequest.of(project.root, "stage/train", "team-b", "").namespace == "team-b"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert WhyRequest.of(elsewhere, "mail", "", "") == WhyRequest("mail")
    answer = Project(elsewhere).call("why")
    assert answer.code == 2 and "no THING is named" in answer.err


def test_what_is_in_the_way_is_told_with_remedy_and_who(tmp_path: Path) -> None:
    """A line each, below the sentence."""
    cause = Cause("quota", "the quota is used up", "have it raised", "administrators", ("exceeded quota: team",))
    answer = Answer(Thing("Release", "mail", "team-a"), (cause,), (("ready", 1), ("pending", 2)), ("not seen",))
    with (tmp_path / "out").open("w+", encoding="utf-8") as stream:
        Output(as_json=False, stdout=stream).text(*why.lines(answer))
        stream.seek(0)
        assert stream.read().splitlines() == [
            "release mail in team-a (pods: 1 ready, 2 pending)",
            "  the quota is used up",
            "    do: have it raised",
            "    who: the cluster's administrators",
            "    seen: exceeded quota: team",
        ]
