"""Rules and dashboards follow from the declaration."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import yaml

from noteship import alerting, monitor, yaml_form

DECLARED = alerting.Declared("mail", monitor.Settings(release="blue", window_s=600, tolerance=0.2))


def every(declared: alerting.Declared = DECLARED) -> list[dict[str, Any]]:
    return [rule for group in alerting.rules(declared)["groups"] for rule in group["rules"]]


def alerts(declared: alerting.Declared = DECLARED) -> dict[str, dict[str, Any]]:
    """The first of each name."""
    return {each["alert"]: each for each in reversed(every(declared)) if "alert" in each}


def test_the_file_is_what_was_meant() -> None:
    """What is written as YAML is read as the same values."""
    content = alerting.rules(DECLARED)
    assert yaml.safe_load(yaml_form.yaml_form(content)) == content


def test_every_alert_says_what_to_do() -> None:
    """Each has a severity, its release and model, and in words what happened and what to run or to look at."""
    uid = alerting.dashboard(DECLARED)["uid"]
    for name, rule in ((rule["alert"], rule) for rule in every() if "alert" in rule):
        assert rule["annotations"]["dashboard"] == f"/d/{uid}"
        assert re.fullmatch("Noteship([A-Z][a-z]+)+", name)
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert (rule["labels"]["release"], rule["labels"]["model"]) == ("blue", "mail")
        assert all(len(rule["annotations"][part]) > 20 for part in ("summary", "description", "runbook"))
        assert "mail" in rule["annotations"]["summary"]
    told = [rule["annotations"]["runbook"] for rule in alerts().values()]
    assert sum("`noteship monitor" in text for text in told) >= len(told) - 2


def test_thresholds_are_the_declarations() -> None:
    """Times are windows, the bell and the tolerance are those of `[monitor]`, and so is the share that may be lost."""
    found = alerts()
    assert found["NoteshipModelChanging"]["for"] == "2h"
    assert "[30m]" in found["NoteshipNotWatched"]["expr"] and "< 1800" in found["NoteshipNotWatched"]["expr"]
    assert "12,960" in found["NoteshipModelChanged"]["annotations"]["description"]
    assert "tolerance of 0.2" in found["NoteshipModelChanged"]["annotations"]["description"]
    assert found["NoteshipRowsLost"]["expr"].count("> 0.0384615") == 1
    assert "for" not in found["NoteshipModelChanged"]
    short = alerts(alerting.Declared("mail", monitor.Settings(window_s=1)))
    assert "[3m]" in short["NoteshipNotWatched"]["expr"]
    assert "[5m]" in short["NoteshipModelChanged"]["expr"]
    daily, weekly = (
        alerts(alerting.Declared("mail", monitor.Settings(window_s=days * 86_400)))["NoteshipModelChanging"]["for"]
        for days in (1, 7)
    )
    assert (daily, weekly) == ("1d", "7d")


def test_records_are_named_as_usual() -> None:
    """level:metric:operations; those that look at days are reckoned every other minute."""
    now, slow = alerting.rules(DECLARED)["groups"]
    records = [rule["record"] for rule in every() if "record" in rule]
    assert all(re.fullmatch(r"(job|version):noteship_\w+:\w+", name) for name in records)
    assert len(set(records)) == len(records)
    assert (slow["interval"], "interval" in now) == ("2m", False)
    assert [rule["record"] for rule in slow["rules"]] == [name for name in records if re.search(r"[17]d$", name)]


def test_rules_of_several_projects_do_not_meet() -> None:
    """Whatever is selected names the model, and what the monitoring tells names the release, too.

    But for one: whether a service is watched as another release.
    """
    for rule in every():
        for selector in re.findall(r"noteship[\w:]+\{([^}]*)\}", rule["expr"]):
            assert 'model="mail"' in selector
        told = re.findall(r"(\w+:noteship\w*:\w+|noteship_w\w+)\{([^}]*)\}", rule["expr"])
        others = [(name, selector) for name, selector in told if 'release="blue"' not in selector]
        is_unheard = rule["labels"].get("cause") == "not counted"
        assert others == [("noteship_watched_rows_total", 'model="mail"')] * is_unheard
        assert rule["labels"]["model"] == "mail"


def panels() -> list[dict[str, Any]]:
    return list(alerting.dashboard(DECLARED)["panels"])


def test_panels_do_not_overlap() -> None:
    """Panels lie within the grid of 24 columns, next to each other, and have numbers of their own."""
    taken = set()
    for panel in panels():
        at = panel["gridPos"]
        for cell in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])):
            assert cell not in taken
            taken.add(cell)
    assert {x for x, _ in taken} == set(range(24))
    assert len(taken) == 24 * (1 + max(y for _, y in taken))
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """Each has a unit, a sentence on what it shows, the Prometheus that is chosen, and expressions with names."""
    chosen = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
    assert panel["fieldConfig"]["defaults"]["unit"] in {"none", "short", "s", "percentunit", "rowsps"}
    assert panel["description"].endswith((".", "mail"))
    assert (panel["datasource"], panel["interval"]) == (chosen, "1m")
    assert panel["type"] in {"timeseries", "state-timeline", "heatmap"}
    for target in panel["targets"]:
        assert target["datasource"] == chosen
        assert target["legendFormat"]
        assert 'model="mail"' in target["expr"]
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


def test_the_dashboard_can_be_imported_again() -> None:
    """It has one identity for a model and release, and asks which Prometheus, services and versions."""
    first, again = (alerting.dashboard(DECLARED) for _ in range(2))
    other = alerting.dashboard(alerting.Declared("mail", monitor.Settings()))
    assert first == again
    assert first["uid"] != other["uid"]
    assert len(first["uid"]) <= 40
    names = [each["name"] for each in first["templating"]["list"]]
    assert names == ["DS_PROMETHEUS", "namespace", "job", "version"]
    assert "id" not in first
