"""Rules that take hours and days, tried by Prometheus's own tool on series that are made up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from noteship import alerting, monitor, yaml_form

pytestmark = pytest.mark.debian

# A sample, an evaluation, and a window: five minutes each.
STEP_S = 300
HOUR = 3_600 // STEP_S
DAY = 24 * HOUR
STATES = ("learning", "not enough data", "unchanged", "changing", "alarm")
VERSION = 'model="mail",version="0a",job="mail",instance="a:1"'
WATCHED = f'{VERSION},release="local"'
# How much a series is, or with a plus grows by, at each step, for how many steps; or that it was not told.
GAPS = ("stale", "_")
Course = list[tuple[str, int]]


def written(course: Course) -> str:
    """In the tool's form; what grows goes on from where it was."""
    parts, now = [], 0.0
    for amount, steps in course:
        if amount in GAPS:
            # Of a scrape that failed; what grows goes on as if it had been there.
            parts.append(" ".join([amount] * steps))
        elif amount.startswith("+"):
            parts.append(f"{now:.6f}{amount}x{steps - 1}")
            now += float(amount) * steps
        else:
            now = float(amount)
            parts.append(f"{amount}+0x{steps - 1}")
    return " ".join(parts)


def healthy(steps: int) -> dict[str, Course]:
    """A service that is asked ten rows a minute, of which nothing is to be said."""
    steady = {
        "window_end_timestamp_seconds": f"+{STEP_S}",
        "watched_rows_total": "+50",
        "watched_rows_lost_total": "+0",
        "window_missing_replicas": "0",
        "window_work_ratio": "1",
        "window_expected_accuracy": "0.9",
        "window_expected_accuracy_error": "0.01",
    }
    return {
        **{f"noteship_{name}{{{WATCHED}}}": [(amount, steps)] for name, amount in steady.items()},
        **state(("unchanged", steps)),
        f"noteship_feedback_total{{{VERSION}}}": [("+5", steps)],
        f"noteship_feedback_agreed_total{{{VERSION}}}": [("+4.5", steps)],
        **{
            f'noteship_scoring_seconds_{name}{{job="mail",instance="a:1"}}': [("+10", steps)]
            for name in ("sum", "count")
        },
        'noteship_rows_total{job="mail",instance="a:1"}': [("+50", steps)],
        'noteship_windows_waiting{job="mail",instance="a:1"}': [("0", steps)],
        f'noteship_predictions_total{{{VERSION},class="spam"}}': [("+50", steps)],
        f'noteship_build_info{{{VERSION},bundle="0a1b"}}': [("1", steps)],
    }


def state(*course: tuple[str, int], of: str = WATCHED) -> dict[str, Course]:
    """The state for so many steps."""
    return {
        f'noteship_window_state{{{of},state="{each}"}}': [
            (name if name in GAPS else str(int(each == name)), steps) for name, steps in course
        ]
        for each in STATES
    }


def of(name: str, *course: tuple[str, int], labels: str = WATCHED) -> dict[str, Course]:
    return {f"noteship_{name}{{{labels}}}": list(course)}


def scoring(*courses: tuple[str, str, str], steps: int = DAY) -> dict[str, Course]:
    """Seconds, batches and rows for a day each."""
    names = ("scoring_seconds_sum", "scoring_seconds_count", "rows_total")
    labels = 'job="mail",instance="a:1"'
    return {
        f"noteship_{name}{{{labels}}}": [(course[place], steps) for course in courses]
        for place, name in enumerate(names)
    }


CHANGED, OTHER = "NoteshipModelChanged", WATCHED.replace('"mail"', '"other"')
SECOND = WATCHED.replace("a:1", "b:1")
# A version that is rolled out after a day.
NEWER = VERSION.replace("0a", "0b")
GREEN = WATCHED.replace('"local"', '"green"').replace("a:1", "b:1")
ASKED = f'noteship_predictions_total{{{VERSION.replace("a:1", "b:1")},class="spam"}}'
WAITING = 'noteship_windows_waiting{job="mail",instance="a:1"}'
OF_WATCHING = ("watched_rows_total", "watched_rows_lost_total", "window_end_timestamp_seconds")
REGRESSION = VERSION.replace("0a", "0c")
# Where a case is long, so that it is not longer still.
NOTHING: dict[str, Course] = {name: [] for name in healthy(1)}
# Of each: what differs from health, how long it is, when is looked in steps, and which alerts then ring.
CASES: dict[str, tuple[Mapping[str, Course], int, Mapping[int, set[str]]]] = {
    "health": ({}, 3 * DAY, {HOUR: set(), 3 * DAY - 1: set()}),
    "an alarm": (state(("unchanged", HOUR), ("alarm", HOUR)), 2 * HOUR, {HOUR - 1: set(), HOUR + 1: {CHANGED}}),
    "an alarm of one replica of two, the other a moment behind": (
        {
            **state(("alarm", HOUR)),
            **state(("unchanged", HOUR), of=SECOND),
            **of("window_end_timestamp_seconds", ("0", 1), ("+300", HOUR - 1), labels=SECOND),
        },
        HOUR,
        {2: {CHANGED}},
    ),
    "an alarm that was settled, of which one replica of two has not heard": (
        {
            **state(("alarm", 2 * HOUR)),
            **of("window_end_timestamp_seconds", ("+300", HOUR), ("+0", HOUR)),
            **state(("alarm", HOUR), ("unchanged", HOUR), of=SECOND),
            **of("window_end_timestamp_seconds", ("+300", 2 * HOUR), labels=SECOND),
        },
        2 * HOUR,
        {HOUR - 1: {CHANGED}, HOUR + 4: set(), 2 * HOUR - 1: set()},
    ),
    "an alarm while scrapes fail": (
        state(("alarm", 4), ("stale", 1), ("_", 1), ("alarm", 4)),
        10,
        {step: {CHANGED} for step in range(2, 10)},
    ),
    "an alarm of a service that is gone": (
        {
            **state(("alarm", HOUR), ("stale", 1), ("_", HOUR)),
            **of("window_end_timestamp_seconds", ("+300", HOUR), ("stale", 1), ("_", HOUR)),
        },
        2 * HOUR,
        {HOUR - 1: {CHANGED}, HOUR + 1: {CHANGED}, HOUR + 4: set()},
    ),
    "an alarm of another model": (state(("alarm", HOUR), of=OTHER), HOUR, {HOUR - 1: set()}),
    "changing for two hours": (
        state(("changing", 2 * HOUR)),
        2 * HOUR,
        {HOUR // 2: set(), 2 * HOUR - 1: {"NoteshipModelChanging"}},
    ),
    "too few rows for a day": (
        state(("not enough data", 26 * HOUR)),
        26 * HOUR,
        {23 * HOUR: set(), 25 * HOUR: {"NoteshipNotEnoughData"}},
    ),
    "too few rows for a day, and a scrape failed": (
        state(("not enough data", 12 * HOUR), ("stale", 1), ("_", 1), ("not enough data", 14 * HOUR)),
        26 * HOUR,
        {25 * HOUR: {"NoteshipNotEnoughData"}},
    ),
    "nobody closes windows any more": (
        of("window_end_timestamp_seconds", ("+300", HOUR), ("+0", HOUR)),
        2 * HOUR,
        {HOUR + 4: set(), HOUR + 9: {"NoteshipNotWatched"}},
    ),
    "nobody ever closed one": (
        {**state(), **of("window_end_timestamp_seconds")},
        HOUR,
        {3: set(), HOUR - 1: {"NoteshipNotWatched"}},
    ),
    "nobody asks, so there are no windows": (
        {**of("window_end_timestamp_seconds", ("0", DAY)), **of("watched_rows_total", ("+0", DAY))},
        DAY,
        {DAY - 1: set()},
    ),
    "a service that does not watch": (
        {f"noteship_{name}{{{WATCHED}}}": [] for name in OF_WATCHING} | state(),
        HOUR,
        {2: set(), HOUR - 1: {"NoteshipNotWatched"}},
    ),
    "a service of numbers that does not watch": (
        {f"noteship_prediction_count{{{REGRESSION}}}": [("+50", HOUR)]},
        HOUR,
        {2: set(), HOUR - 1: {"NoteshipNotWatched"}},
    ),
    "one replica of two does not watch": ({ASKED: [("+50", HOUR)]}, HOUR, {HOUR - 1: {"NoteshipNotWatched"}}),
    "a replica that does not watch and is not asked": ({ASKED: [("+0", HOUR)]}, HOUR, {HOUR - 1: set()}),
    "a shadow, which is not watched": (
        {f"noteship_shadow_rows_total{{{NEWER}}}": [("+50", HOUR)]},
        HOUR,
        {HOUR - 1: set()},
    ),
    "another release of the model, which has rules of its own": (
        {ASKED: [("+50", HOUR)], **of("watched_rows_total", ("+50", HOUR), labels=GREEN)},
        HOUR,
        {HOUR - 1: set()},
    ),
    "the release was renamed": (
        {
            **NOTHING,
            **of("predictions_total", ("+50", 4 * DAY), labels=f'{VERSION},class="spam"'),
            **of("watched_rows_total", ("+50", HOUR), ("stale", 1)),
            **of("watched_rows_total", ("_", HOUR), ("+50", 3 * DAY + 12 * HOUR), labels=GREEN.replace("b:1", "a:1")),
        },
        3 * DAY + 12 * HOUR,
        {2 * DAY: set(), 3 * DAY + 11 * HOUR: {"NoteshipNotWatched"}},
    ),
    "a few rows of few are lost": (of("watched_rows_lost_total", ("+0.5", HOUR)), HOUR, {HOUR - 1: set()}),
    "pieces of windows wait for long": (
        {WAITING: [("0", 4), ("1", 1), ("0", 4), ("1", HOUR)]},
        2 * HOUR,
        {8: set(), HOUR + 4: {"NoteshipWindowsWaiting"}},
    ),
    "one row in twenty is lost": (
        of("watched_rows_lost_total", ("+2.5", HOUR)),
        HOUR,
        {HOUR - 1: {"NoteshipRowsLost"}},
    ),
    "one row in two hundred is lost": (of("watched_rows_lost_total", ("+0.25", HOUR)), HOUR, {HOUR - 1: set()}),
    "a replica was killed": (
        of("window_missing_replicas", ("0", 4), ("1", 1), ("0", HOUR)),
        HOUR,
        {3: set(), 5: {"NoteshipReplicaMissing"}, 10: set()},
    ),
    "labels agree less": (
        of("feedback_agreed_total", ("+4.5", 2 * DAY), ("+3.5", DAY), labels=VERSION),
        3 * DAY,
        {2 * DAY: set(), 3 * DAY - 1: {"NoteshipAccuracyFallen labels"}},
    ),
    "labels agree less by chance, as far as few can tell": (
        {
            **of("feedback_total", ("+0.5", 3 * DAY), labels=VERSION),
            **of("feedback_agreed_total", ("+0.45", 2 * DAY), ("+0.4", DAY), labels=VERSION),
        },
        3 * DAY,
        {3 * DAY - 1: set()},
    ),
    "numbers are farther off": (
        {
            **NOTHING,
            **of("feedback_total", ("+5", 3 * DAY), labels=REGRESSION),
            **of("feedback_absolute_error_total", ("+5", 2 * DAY), ("+9", DAY), labels=REGRESSION),
            **of("window_state", ("0", 3 * DAY), labels=f'{REGRESSION},release="local",state="alarm"'),
        },
        3 * DAY,
        {2 * DAY: set(), 3 * DAY - 1: {"NoteshipAccuracyFallen errors"}},
    ),
    "numbers are a little farther off": (
        {
            **NOTHING,
            **of("feedback_total", ("+5", 3 * DAY), labels=REGRESSION),
            **of("feedback_absolute_error_total", ("+5", 2 * DAY), ("+7", DAY), labels=REGRESSION),
            **of("window_state", ("0", 3 * DAY), labels=f'{REGRESSION},release="local",state="alarm"'),
        },
        3 * DAY,
        {3 * DAY - 1: set()},
    ),
    "probabilities expect less": (
        of("window_expected_accuracy", ("0.9", 2 * DAY), ("0.8", DAY)),
        3 * DAY,
        {2 * DAY: set(), 2 * DAY + 3 * HOUR: {"NoteshipAccuracyFallen probabilities"}},
    ),
    "probabilities expect less at night": (
        {
            **NOTHING,
            **of("window_expected_accuracy", *[("0.9", DAY // 2), ("0.8", DAY // 2)] * 3),
            **of("window_expected_accuracy_error", ("0.01", 3 * DAY)),
        },
        3 * DAY,
        {look * HOUR: set() for look in range(25, 72, 4)},
    ),
    "probabilities expect less on one day of the week, and then still less": (
        {
            **NOTHING,
            **of("window_expected_accuracy", ("0.8", DAY), ("0.9", 6 * DAY), ("0.8", DAY // 2), ("0.7", DAY // 2)),
            **of("window_expected_accuracy_error", ("0.01", 8 * DAY)),
        },
        8 * DAY,
        {7 * DAY + 11 * HOUR: set(), 8 * DAY - 6 * HOUR: {"NoteshipAccuracyFallen probabilities"}},
    ),
    "probabilities expect a little less": (
        of("window_expected_accuracy", ("0.9", 2 * DAY), ("0.87", DAY)),
        3 * DAY,
        {3 * DAY - 1: set()},
    ),
    "the machine is slower": (
        scoring(("+10", "+10", "+50"), ("+20", "+10", "+50")),
        2 * DAY,
        {DAY: set(), DAY + 2 * HOUR: {"NoteshipScoringSlower"}},
    ),
    "the machine is slower, as far as few batches tell": (
        scoring(("+5", "+5", "+25"), ("+10", "+5", "+25")),
        2 * DAY,
        {DAY + 2 * HOUR: set()},
    ),
    "a heavier model is rolled out": (
        {
            **scoring(("+10", "+10", "+50"), ("+60", "+10", "+50"), ("+60", "+10", "+50")),
            f'noteship_build_info{{{VERSION},bundle="0a1b"}}': [("1", DAY), ("stale", 1)],
            f'noteship_build_info{{{NEWER},bundle="0b1c"}}': [("_", DAY), ("1", 2 * DAY)],
        },
        3 * DAY,
        {DAY + halves * HOUR // 2: set() for halves in (4, 24, 46, 48, 49, 50, 72)},
    ),
    "batches are larger": (scoring(("+10", "+10", "+50"), ("+18", "+10", "+100")), 2 * DAY, {DAY + 2 * HOUR: set()}),
    "rows take more work": (
        {
            **scoring(("+10", "+10", "+50"), ("+20", "+10", "+50")),
            **of("window_work_ratio", ("1", DAY), ("1.6", DAY)),
        },
        2 * DAY,
        {DAY: set(), DAY + 2 * HOUR: {"NoteshipWorkHigher"}},
    ),
}


def firing(names: set[str]) -> list[dict[str, object]]:
    """Each once, whatever number of replicas there is."""
    every = (name.partition(" ") for name in names)
    return [
        {"labels": "{" + f'alertname="{name}"' + (f',source="{source}"' if source else "") + "}", "value": 1}
        for name, _, source in every
    ]


def asked(tmp_path: Path, series: Mapping[str, Course], tests: Mapping[str, object]) -> None:
    """Let the tool look at the rules, and at what they make of these series."""
    rules, asking = tmp_path / "rules.yml", tmp_path / "tests.yml"
    rules.write_text(yaml_form.yaml_form(alerting.rules(alerting.Declared("mail", monitor.Settings()))))
    told = [{"series": name, "values": written(course)} for name, course in series.items() if course]
    test = {"interval": f"{STEP_S}s", "input_series": told, **tests}
    asking.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": f"{STEP_S}s", "tests": [test]}))
    for words in (["check", "rules", str(rules)], ["test", "rules", str(asking)]):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_alerts_ring_when_they_should(case: str, tmp_path: Path) -> None:
    """What is told of a service rings the alerts that it should, and no others."""
    changed, steps, looks = CASES[case]
    looked = [
        {
            "expr": 'count by (alertname, source) (ALERTS{alertstate="firing"})',
            "eval_time": f"{step * STEP_S}s",
            "exp_samples": firing(names),
        }
        for step, names in looks.items()
    ]
    asked(tmp_path, healthy(steps) | changed, {"promql_expr_test": looked})


def test_an_alarm_names_where_its_evidence_comes_from(tmp_path: Path) -> None:
    """The description has the detectors that have evidence, most first."""
    alerts = alerting.rules(alerting.Declared("mail", monitor.Settings()))["groups"][0]["rules"]
    [rule] = [each for each in alerts if each.get("alert") == CHANGED]
    evidence = {"inputs": "1.5", "predictions": "3", "joint": "-2", "work": "0.1"}
    detectors = {
        f'noteship_window_detector_evidence_log10{{{WATCHED},detector="{name}"}}': [(amount, HOUR)]
        for name, amount in evidence.items()
    }
    before, _, rest = rule["annotations"]["description"].partition("{{")
    after = rest.rpartition("}}")[2]
    description = f"{before} Most evidence is from: predictions, inputs, work.{after}"
    annotations = rule["annotations"] | {
        "description": description,
        "summary": "What mail is asked, or answers, has changed (version 0a)",
    }
    labels = {**rule["labels"], "job": "mail", "version": "0a"}
    rung = {
        "eval_time": "30m",
        "alertname": CHANGED,
        "exp_alerts": [{"exp_labels": labels, "exp_annotations": annotations}],
    }
    asked(tmp_path, healthy(HOUR) | state(("alarm", HOUR)) | detectors, {"alert_rule_test": [rung]})
