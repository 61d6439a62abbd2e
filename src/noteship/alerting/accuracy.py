"""Alerts on accuracy: what labels say, and what probabilities expect, each next to the days before."""

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
# How many times as far off numbers are on average: half as much again.
FARTHER = 1.5
BY = ", ".join(VERSION)
# Labels are counted by model and version alone.
BY_MODEL = ", ".join((*SERVICE, "model", "version"))
# What records of labels are called.
PER = "version:noteship_feedback"
RUNBOOK = (
    "Run `noteship monitor {model}`: where its inputs have moved, too, train the model again with new rows. Where they"
    " have not, look at where the labels come from, and what they mean."
)


def rules(declared: Declared) -> Sequence[Record | Alert]:
    """By labels of classes and of numbers, and by probabilities."""
    labels = _counted(declared, "feedback", "1d"), _counted(declared, "feedback", "7d")
    return [
        *labels,
        *_by_classes(declared, *labels),
        *_by_numbers(declared, *labels),
        *_by_probabilities(declared),
    ]


def _by_classes(declared: Declared, labels: Record, labels_before: Record) -> list[Record | Alert]:
    agreed, agreed_before = (_counted(declared, "feedback_agreed", reach) for reach in ("1d", "7d"))
    realised = Record(
        f"{PER}_agreed:ratio_increase1d", f"{agreed.now(declared)}\n/ {labels.now(declared)}", is_slow=True
    )
    # One right and one wrong are added, so that a week without a fault is not taken for certainty.
    before = Record(
        f"{PER}_agreed:ratio_increase7d",
        f"({agreed_before.now(declared)} + 1)\n/ ({labels_before.now(declared)} + 2)",
        is_slow=True,
    )
    count, count_before, usual = (labels.now(declared), labels_before.ago(declared, 1), before.ago(declared, 1))
    alert = Alert(
        "NoteshipAccuracyFallen",
        "warning",
        f"{realised.now(declared)}\n"
        f"< {usual}\n"
        f"  - ({declared.settings.tolerance:g} + {CHANCE} * sqrt(1 / {count} + 1 / {count_before}))\n"
        f"  * sqrt({usual} * (1 - {usual}))\n"
        f"{_are_enough(declared, labels, labels_before)}",
        summary=f"{declared.model} is right less often than before (version {{{{ $labels.version }}}})",
        description=(
            "Of the predictions that were labelled in the last day {{ $value | humanizePercentage }} were right: less"
            " than in the week before, by more than the tolerance and chance."
        ),
        runbook=RUNBOOK.format(model=declared.model),
        labels={"source": "labels"},
    )
    return [agreed, agreed_before, realised, before, alert]


def _by_numbers(declared: Declared, labels: Record, labels_before: Record) -> list[Record | Alert]:
    errors, errors_before = (_counted(declared, "feedback_absolute_error", reach) for reach in ("1d", "7d"))
    alert = Alert(
        "NoteshipAccuracyFallen",
        "warning",
        f"{errors.now(declared)} / {labels.now(declared)}\n"
        f"> {FARTHER} * {errors_before.ago(declared, 1)} / {labels_before.ago(declared, 1)}\n"
        f"{_are_enough(declared, labels, labels_before)}",
        summary=f"{declared.model} is farther off than before (version {{{{ $labels.version }}}})",
        description=(
            "The predictions that were labelled in the last day were off by {{ $value | humanize }} on average:"
            f" {FARTHER:g} times as much as in the week before, or more."
        ),
        runbook=RUNBOOK.format(model=declared.model),
        labels={"source": "errors"},
    )
    return [errors, errors_before, alert]


def _are_enough(declared: Declared, labels: Record, labels_before: Record) -> str:
    return f"and {labels.now(declared)} >= {FEWEST}\nand {labels_before.ago(declared, 1)} >= {FEWEST}"


def _counted(declared: Declared, counter: str, reach: str) -> Record:
    series = f"noteship_{counter}_total{{model={json.dumps(declared.model)}}}"
    return Record(
        f"version:noteship_{counter}:increase{reach}",
        f"sum by ({BY_MODEL}) (increase({series}[{reach}]))\n"
        # Of services that watch under this release's name.
        f"and on ({BY_MODEL}) {declared.series('noteship_window_state')}",
        is_slow=True,
    )


def _by_probabilities(declared: Declared) -> list[Record | Alert]:
    source, error = (declared.series(f"noteship_window_expected_{name}") for name in ("accuracy", "accuracy_error"))
    reach = span(declared.long_s)
    expected = Record(
        f"version:noteship_window_expected_accuracy:avg{reach}", f"avg by ({BY}) (avg_over_time({source}[{reach}]))"
    )

    def least(days: int) -> str:
        usual = expected.ago(declared, days)
        # The error of one window, which that of several is less than.
        chance = f"{CHANCE} * max by ({BY}) (avg_over_time({error}[{reach}]))"
        return f"{usual}\n  - {declared.settings.tolerance:g} * sqrt({usual} * (1 - {usual}))\n  - {chance}"

    alert = Alert(
        "NoteshipAccuracyFallen",
        "warning",
        # Nights are not days, and Sundays no Mondays. In the first week there is only the day before.
        f"{expected.now(declared)}\n< {least(1)}\nunless {expected.now(declared)}\n>= {least(7)}",
        summary=f"{declared.model} is less sure of its answers than before (version {{{{ $labels.version }}}})",
        description=(
            "By its own probabilities {{ $value | humanizePercentage }} of its answers are right: less than at this"
            " time a day ago and a week ago, by more than the tolerance and chance. That is so only as far as they are"
            " calibrated."
        ),
        runbook=(
            f"Run `noteship monitor {declared.model}`: it says what moved in the inputs. Labels for some of these rows"
            " would tell for certain."
        ),
        held_s=3 * declared.window_s,
        labels={"source": "probabilities"},
    )
    return [expected, alert]
