"""Alerts on the watching itself: what is not counted cannot be judged."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import VERSION, Declared, span
from noteship.reporting.words import duration, percent

__all__ = ["rules"]

HOUR_S = 3_600
# Windows that would have been closed, after which it is said that nothing is heard.
SILENT = 3
BY = ", ".join(VERSION)


def rules(declared: Declared) -> Sequence[Alert]:
    """Windows that nobody closes, rows that are not in them, and replicas that do not tell."""
    return [_silent(declared), _lost(declared), _missing(declared)]


def _silent(declared: Declared) -> Alert:
    late = SILENT * declared.window_s
    rows, end = (declared.series(f"noteship_{name}") for name in ("watched_rows_total", "window_end_timestamp_seconds"))
    return Alert(
        "NoteshipNotWatched",
        "warning",
        f"sum by ({BY}) (increase({rows}[{span(late)}])) > 0\n"
        f"unless on ({BY})\n"
        f"time() - max by ({BY}) ({end}) < {late}",
        summary=f"{declared.model} answers, and nobody judges it (version {{{{ $labels.version }}}})",
        description=f"Rows are counted, but no window was closed for {duration(late)}: a change would not be seen.",
        runbook=(
            "The log of the service says why windows are not written or closed; most often its store cannot be reached,"
            f" or may not be written. `noteship monitor --once {declared.model}` closes those that are due."
        ),
        # As long as rows of a version that is no longer served are in the range, and somewhat longer.
        held_s=late + declared.window_s,
    )


def _lost(declared: Declared) -> Alert:
    reach = span(max(HOUR_S, SILENT * declared.window_s))
    lost, kept = (
        f"sum by ({BY}) (increase({declared.series(f'noteship_watched_{name}_total')}[{reach}]))"
        for name in ("rows_lost", "rows")
    )
    # Without a share q of the rows, whichever they are, densities change by no more than 1 / (1 - q), so that the
    # chi-squared distance is at most the root of q / (1 - q): up to this share it is within the tolerance.
    share = declared.settings.tolerance**2 / (1 + declared.settings.tolerance**2)
    return Alert(
        "NoteshipRowsLost",
        "warning",
        f"{lost}\n/ (\n  {kept}\n  + {lost}\n) > {share:.6g}",
        summary=f"{{{{ $value | humanizePercentage }}}} of the rows of {declared.model} are not counted",
        description=(
            f"More than {percent(share)} of the rows that version {{{{ $labels.version }}}} answered are in no window."
            " So many could hide a change, or look like one."
        ),
        runbook=(
            "The watching does not keep up, or the store was away for so long that pieces were dropped. Look at"
            " `noteship_batches_not_observed_total`, `noteship_windows_dropped_total` and the log of the service; more"
            " replicas, or more processor time for each, help the first."
        ),
    )


def _missing(declared: Declared) -> Alert:
    reach = span(SILENT * declared.window_s)
    missing = declared.series("noteship_window_missing_replicas")
    return Alert(
        "NoteshipReplicaMissing",
        "warning",
        f"max by ({BY}) (max_over_time({missing}[{reach}])) > 0",
        summary=f"A replica of {declared.model} has not told of its last window (version {{{{ $labels.version }}}})",
        description="Its rows of that window are not judged. It was killed, or cannot write to the store.",
        runbook=(
            f"`noteship monitor {declared.model}` names it. Look why it ended: memory, a node that went away. One that"
            " still runs says in its log why it cannot write."
        ),
    )
