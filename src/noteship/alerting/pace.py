"""Alerts on the time that scoring takes: the data or the platform."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import INSTANCE, SERVICE, VERSION, Declared
from noteship.alerting.record import Record
from noteship.reporting.words import factor

__all__ = ["rules"]

QUARTER_S = 900
# Half as much again: neighbours on a machine, and what each day has of its own, make less of it.
SLOWER = 1.5
# Work that is up by less does not explain that.
FLAT = 1.2
# Of fewer batches in an hour, a few slow ones make the mean.
FEWEST = 100
BY = ", ".join(VERSION)
BY_SERVICE = ", ".join(SERVICE)
BY_INSTANCE = ", ".join(INSTANCE)
BATCHES = "noteship_scoring_seconds_count"
# Versions, of whatever model, that were not served in the hour of a day ago: another model may be heavier.
SERVED = ", ".join((*SERVICE, "model", "version", "bundle"))
NEW = f"noteship_build_info unless on ({SERVED}) noteship_build_info offset 25h"


def rules(declared: Declared) -> Sequence[Record | Alert]:
    """Slower with the same work, and more work."""
    batch, row = (
        Record(f"job:noteship_scoring_seconds_per_{name}:rate1h", _seconds(declared, per))
        for name, per in (("batch", BATCHES), ("row", "noteship_rows_total"))
    )
    ratio = declared.series("noteship_window_work_ratio")
    batches = Record("job:noteship_scoring_batches:increase1h", _sum(declared, "increase", BATCHES))
    work = Record("job:noteship_window_work_ratio:avg1h", f"max by ({BY_SERVICE}) (avg_over_time({ratio}[1h]))")
    enough = f"{batches.now(declared)} > {FEWEST}\nand {batches.ago(declared, 1)} > {FEWEST}"
    both = " and ".join(_is_up(declared, record, SLOWER) for record in (batch, row))
    slower = _slower(declared, f"{both}\nand {enough}\nunless {_is_up(declared, work, FLAT)}")
    return [batch, row, batches, work, slower, _more_work(declared)]


def _slower(declared: Declared, condition: str) -> Alert:
    # Time is a part for each batch and a part for each row. Larger batches take longer, but less a row; smaller ones
    # more a row, but less in all: where both are up, the size of batches does not explain it.
    return Alert(
        "NoteshipScoringSlower",
        "warning",
        f"{condition}\nunless on ({BY_SERVICE}) ({NEW})",
        summary=f"Scoring {declared.model} is slower than a day ago, and not for its work",
        description=(
            f"A batch takes {SLOWER:g} times as long as a day before, and so does a row, but rows take the same work,"
            " as far as it is counted: the platform has changed, not the data."
        ),
        runbook=(
            "Look at the machine: throttled processor time (`container_cpu_cfs_throttled_periods_total`), neighbours,"
            " another node type, another version of a library. Where several models are served, it is of all together."
        ),
        held_s=max(QUARTER_S, 3 * declared.window_s),
        labels={"cause": "platform"},
    )


def _is_up(declared: Declared, record: Record, times: float) -> str:
    return f"{record.now(declared)} > {times} * {record.ago(declared, 1)}"


def _seconds(declared: Declared, per: str) -> str:
    """Mean seconds of scoring in an hour, in services that watch the model."""
    return "\n/ ".join(_sum(declared, "rate", name) for name in ("noteship_scoring_seconds_sum", per))


def _sum(declared: Declared, operation: str, counter: str) -> str:
    watched = f"and on ({BY_INSTANCE}) {declared.series('noteship_watched_rows_total')}"
    return f"sum by ({BY_SERVICE}) ({operation}({counter}[1h]) {watched})"


def _more_work(declared: Declared) -> Alert:
    ratio = declared.series("noteship_window_work_ratio")
    return Alert(
        "NoteshipWorkHigher",
        "info",
        f"max by ({BY}) ({ratio}) > {SLOWER}",
        summary=f"Rows of {declared.model} take more work than the reference's (version {{{{ $labels.version }}}})",
        description=(
            "A row takes {{ $value | humanize }} times as many multiplications as one of the reference:"
            " the data have changed, not the platform."
        ),
        runbook=(
            f"Run `noteship monitor {declared.model}`: it says whether longer texts, or other columns, make it. The"
            f" service needs {factor(SLOWER)} the processor time, or more."
        ),
        held_s=3 * declared.window_s,
        labels={"cause": "data"},
    )
