"""Alerts on the time that scoring takes: the data or the platform."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import SERVICE, VERSION, Declared
from noteship.alerting.record import Record
from noteship.reporting.words import factor

__all__ = ["rules"]

QUARTER_S = 900
# Half as much again: neighbours on a machine, and what each day has of its own, make less of it.
SLOWER = 1.5
# Work that is up by less does not explain that.
FLAT = 1.2
BY = ", ".join(VERSION)
BY_SERVICE = ", ".join(SERVICE)
# Of one scraped process.
INSTANCE = f"{BY_SERVICE}, instance"


def rules(declared: Declared) -> Sequence[Record | Alert]:
    """Slower with the same work, and more work."""
    batch, row = (
        Record(f"noteship:scoring_seconds_per_{name}:1h", _seconds(declared, per))
        for name, per in (("batch", "noteship_scoring_seconds_count"), ("row", "noteship_rows_total"))
    )
    ratio = declared.series("noteship_window_work_ratio")
    work = Record("noteship:work_ratio:avg1h", f"max by ({BY_SERVICE}) (avg_over_time({ratio}[1h]))")
    return [batch, row, work, _slower(declared, batch, row, work), _more_work(declared)]


def _slower(declared: Declared, batch: Record, row: Record, work: Record) -> Alert:
    # Time is a part for each batch and a part for each row. Larger batches take longer, but less a row; smaller ones
    # more a row, but less in all: where both are up, the size of batches does not explain it.
    return Alert(
        "NoteshipScoringSlower",
        "warning",
        f"{_is_up(declared, batch, SLOWER)}\nand {_is_up(declared, row, SLOWER)}\n"
        f"unless {_is_up(declared, work, FLAT)}",
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
    return f"{record.now(declared)} > {times} * {record.a_day_ago(declared)}"


def _seconds(declared: Declared, per: str) -> str:
    """Mean seconds of scoring in an hour, in services that watch the model."""
    watched = f"and on ({INSTANCE}) {declared.series('noteship_watched_rows_total')}"
    return "\n/ ".join(
        f"sum by ({BY_SERVICE}) (rate({name}[1h]) {watched})" for name in ("noteship_scoring_seconds_sum", per)
    )


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
