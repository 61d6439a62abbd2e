"""Rules that take hours and days, tried by Prometheus's own tool on series that are made up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from noteship import alerting, monitor

pytestmark = pytest.mark.debian

# A sample, an evaluation, and a window: five minutes each.
STEP_S = 300
HOUR = 3_600 // STEP_S
DAY = 24 * HOUR
STATES = ("learning", "not enough data", "unchanged", "changing", "alarm")
VERSION = 'model="mail",version="0a",job="mail",instance="a:1"'
WATCHED = f'{VERSION},release="local"'
# How much a series is, or with a plus grows by, at each step, for how many steps.
Course = list[tuple[str, int]]


def written(course: Course) -> str:
    """In the tool's form; what grows goes on from where it was."""
    parts, now = [], 0.0
    for amount, steps in course:
        if amount.startswith("+"):
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
    }


def state(*course: tuple[str, int], of: str = WATCHED) -> dict[str, Course]:
    """The state for so many steps."""
    return {
        f'noteship_window_state{{{of},state="{each}"}}': [(str(int(each == name)), steps) for name, steps in course]
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
# Of each: what differs from health, how long it is, when is looked in steps, and which alerts then ring.
CASES: dict[str, tuple[Mapping[str, Course], int, Mapping[int, set[str]]]] = {
    "health": ({}, 3 * DAY, {HOUR: set(), 3 * DAY - 1: set()}),
    "an alarm": (state(("unchanged", HOUR), ("alarm", HOUR)), 2 * HOUR, {HOUR - 1: set(), HOUR + 1: {CHANGED}}),
    "an alarm of one replica of two, the other a moment behind": (
        {**state(("alarm", HOUR)), **state(("unchanged", HOUR), of=SECOND)},
        HOUR,
        {2: {CHANGED}},
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
    "probabilities expect less": (
        of("window_expected_accuracy", ("0.9", 2 * DAY), ("0.8", DAY)),
        3 * DAY,
        {2 * DAY: set(), 2 * DAY + 3 * HOUR: {"NoteshipAccuracyFallen probabilities"}},
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


@pytest.mark.parametrize("case", CASES)
def test_alerts_ring_when_they_should(case: str, tmp_path: Path) -> None:
    """What is told of a service rings the alerts that it should, and no others."""
    changed, steps, looks = CASES[case]
    rules = tmp_path / "rules.yml"
    rules.write_text(alerting.yaml_form(alerting.rules(alerting.Declared("mail", monitor.Settings()))))
    series = healthy(steps) | changed
    tests = {
        "rule_files": [str(rules)],
        "evaluation_interval": f"{STEP_S}s",
        "tests": [
            {
                "interval": f"{STEP_S}s",
                "input_series": [
                    {"series": name, "values": written(course)} for name, course in series.items() if course
                ],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname, source) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{step * STEP_S}s",
                        "exp_samples": firing(names),
                    }
                    for step, names in looks.items()
                ],
            }
        ],
    }
    asked = tmp_path / "tests.yml"
    asked.write_text(json.dumps(tests))
    for words in (["check", "rules", str(rules)], ["test", "rules", str(asked)]):
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
