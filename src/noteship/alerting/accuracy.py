"""Alerts on accuracy: what labels say, and what probabilities expect, each next to the week before."""

from __future__ import annotations

import json
from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import SERVICE, VERSION, Declared, span
from noteship.alerting.record import Record

__all__ = ["rules"]

# Labels of which an accuracy is told, at least; its standard error is then 5 % at most.
FEWEST = 100
# Standard errors that are chance: one day in 740, on one side.
CHANCE = 3
# Windows of which an expected accuracy is the mean: an hour of those of five minutes.
LONG = 12
BY = ", ".join(VERSION)
# Labels are counted by model and version alone.
BY_MODEL = ", ".join((*SERVICE, "model", "version"))


def rules(declared: Declared) -> Sequence[Record | Alert]:
    """By labels, and by probabilities."""
    return [*_by_labels(declared), *_by_probabilities(declared)]


def _by_labels(declared: Declared) -> list[Record | Alert]:
    labels, labels_before = (_counted(declared, "feedback", "labels", reach) for reach in ("1d", "7d"))
    agreed, agreed_before = (_counted(declared, "feedback_agreed", "labels_agreed", reach) for reach in ("1d", "7d"))
    realised = Record("noteship:realised_accuracy:1d", f"{agreed.now(declared)}\n/ {labels.now(declared)}")
    # One right and one wrong are added, so that a week without a fault is not taken for certainty.
    before = Record(
        "noteship:realised_accuracy:7d", f"({agreed_before.now(declared)} + 1)\n/ ({labels_before.now(declared)} + 2)"
    )
    count, count_before, usual = (labels.now(declared), labels_before.a_day_ago(declared), before.a_day_ago(declared))
    alert = Alert(
        "NoteshipAccuracyFallen",
        "warning",
        f"{realised.now(declared)}\n"
        f"< {usual}\n"
        f"  - ({declared.settings.tolerance:g} + {CHANCE} * sqrt(1 / {count} + 1 / {count_before}))\n"
        f"  * sqrt({usual} * (1 - {usual}))\n"
        f"and {count} >= {FEWEST}\n"
        f"and {count_before} >= {FEWEST}",
        summary=f"{declared.model} is right less often than before (version {{{{ $labels.version }}}})",
        description=(
            "Of the predictions that were labelled in the last day {{ $value | humanizePercentage }} were right: less"
            " than in the week before, by more than the tolerance and chance."
        ),
        runbook=(
            f"Run `noteship monitor {declared.model}`: where its inputs have moved, too, train the model again with new"
            " rows. Where they have not, look at where the labels come from, and what they mean."
        ),
        labels={"source": "labels"},
    )
    return [labels, labels_before, agreed, agreed_before, realised, before, alert]


def _counted(declared: Declared, counter: str, name: str, reach: str) -> Record:
    series = f"noteship_{counter}_total{{model={json.dumps(declared.model)}}}"
    return Record(
        f"noteship:{name}:increase{reach}",
        f"sum by ({BY_MODEL}) (increase({series}[{reach}]))\n"
        # Of services that watch under this release's name.
        f"and on ({BY_MODEL}) {declared.series('noteship_window_state')}",
    )


def _by_probabilities(declared: Declared) -> list[Record | Alert]:
    source, error = (declared.series(f"noteship_window_expected_{name}") for name in ("accuracy", "accuracy_error"))
    reach = span(LONG * declared.window_s)
    expected, before = (
        Record(f"noteship:expected_accuracy:avg{each}", f"avg by ({BY}) (avg_over_time({source}[{each}]))")
        for each in (reach, "7d")
    )
    usual = before.a_day_ago(declared)
    alert = Alert(
        "NoteshipAccuracyFallen",
        "warning",
        f"{expected.now(declared)}\n"
        f"< {usual}\n"
        f"  - {declared.settings.tolerance:g} * sqrt({usual} * (1 - {usual}))\n"
        # The error of one window, which that of several is less than.
        f"  - {CHANCE} * max by ({BY}) (avg_over_time({error}[{reach}]))",
        summary=f"{declared.model} is less sure of its answers than before (version {{{{ $labels.version }}}})",
        description=(
            "By its own probabilities {{ $value | humanizePercentage }} of its answers are right: less than in the week"
            " before, by more than the tolerance and chance. That is so only as far as they are calibrated."
        ),
        runbook=(
            f"Run `noteship monitor {declared.model}`: it says what moved in the inputs. Labels for some of these rows"
            " would tell for certain."
        ),
        held_s=3 * declared.window_s,
        labels={"source": "probabilities"},
    )
    return [expected, before, alert]
