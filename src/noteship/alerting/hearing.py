"""Alerts on the watching itself: what is not counted cannot be judged."""

from __future__ import annotations

import json
from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import INSTANCE, SERVICE, VERSION, Declared, span
from noteship.reporting.words import duration, percent

__all__ = ["rules"]

QUARTER_S, HOUR_S = 900, 3_600
# Fewer rows that are lost are a hiccup, whatever share they are.
FEWEST = 10
# So long a release is remembered that nobody watches under: one may be switched off over a weekend.
REMEMBERED = "3d"
# Windows that would have been closed, after which it is said that nothing is heard.
SILENT = 3
BY = ", ".join(VERSION)
BY_MODEL = ", ".join((*SERVICE, "model", "version"))
BY_INSTANCE = ", ".join(INSTANCE)


def rules(declared: Declared) -> Sequence[Alert]:
    """Windows that nobody closes, rows that nobody counts or that are lost, and replicas that do not tell."""
    return [_silent(declared), _unheard(declared), _lost(declared), _waiting(declared), _missing(declared)]


def _silent(declared: Declared) -> Alert:
    late = SILENT * declared.window_s
    rows, end = (declared.series(f"noteship_{name}") for name in ("watched_rows_total", "window_end_timestamp_seconds"))
    return Alert(
        "NoteshipNotWatched",
        "warning",
        f"sum by ({BY}) (increase({rows}[{span(late)}])) > 0\n"
        f"unless on ({BY})\n"
        f"time() - max by ({BY}) (last_over_time({end}[{span(late)}])) < {late}",
        summary=f"{declared.model} answers, and nobody judges it (version {{{{ $labels.version }}}})",
        description=f"Rows are counted, but no window was closed for {duration(late)}: a change would not be seen.",
        runbook=(
            "The log of the service says why windows are not written or closed; most often its store cannot be reached,"
            f" or may not be written. `noteship monitor --once {declared.model}` closes those that are due."
        ),
        # As long as rows of a version that is no longer served are in the range, and somewhat longer.
        held_s=late + declared.window_s,
        labels={"cause": "not closed"},
    )


def _unheard(declared: Declared) -> Alert:
    reach = span(QUARTER_S)
    model = f"{{model={json.dumps(declared.model, ensure_ascii=False)}}}"
    counted = (f"increase(noteship_{name}{model}[{reach}])" for name in ("predictions_total", "prediction_count"))
    watched = "noteship_watched_rows_total"
    return Alert(
        "NoteshipNotWatched",
        "warning",
        f"count by ({BY_MODEL}) (\n"
        f"  sum by ({BY_INSTANCE}, model, version) ({' or '.join(counted)}) > 0\n"
        f"  unless on ({BY_INSTANCE}, model, version) (\n"
        # A service may be another release's, whose rules look at it; where there is none of this one, it was renamed.
        f"    last_over_time({watched}{model}[{reach}])\n"
        f"    and on (model) last_over_time({declared.series(watched)}[{REMEMBERED}])\n"
        "  )\n"
        ")",
        summary=f"{declared.model} answers, and its rows are not counted (version {{{{ $labels.version }}}})",
        description=(
            f"{{{{ $value }}}} replicas answer and do not watch, or not as the release {declared.release}: a change"
            " would not be seen."
        ),
        runbook=(
            "The log of the service says why: it was started with `--no-monitor`, its bundle has no profile or one that"
            " does not fit, or it watches under another name. When the release was renamed, make these rules again:"
            " `noteship monitor --rules rules.yml`."
        ),
        held_s=QUARTER_S,
        labels={"cause": "not counted"},
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
        f"{lost}\n/ (\n  {kept}\n  + {lost}\n) > {share:.6g}\nand {lost} > {FEWEST}",
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
        held_s=QUARTER_S,
    )


def _waiting(declared: Declared) -> Alert:
    reach = span(SILENT * declared.window_s)
    return Alert(
        "NoteshipWindowsWaiting",
        "warning",
        f"max by ({BY_INSTANCE}) (\n"
        f"  min_over_time(noteship_windows_waiting[{reach}])\n"
        f"  and on ({BY_INSTANCE}) {declared.series('noteship_watched_rows_total')}\n"
        ") > 0",
        summary=f"{{{{ $labels.instance }}}} cannot write its windows of {declared.model}",
        description=(
            f"For {duration(SILENT * declared.window_s)} {{{{ $value }}}} pieces of windows or more have waited for the"
            " store. Their rows are not judged as long as they wait; in the end the oldest are dropped."
        ),
        runbook=(
            "The log of this replica says why it cannot write: most often its store cannot be reached from there, or"
            f" its credentials may not write. `noteship monitor {declared.model}` says which windows lack it."
        ),
        held_s=declared.window_s,
    )


def _missing(declared: Declared) -> Alert:
    reach = span(SILENT * declared.window_s)
    missing = declared.series("noteship_window_missing_replicas")
    return Alert(
        "NoteshipReplicaMissing",
        "info",
        f"max by ({BY}) (max_over_time({missing}[{reach}])) > 0",
        summary=f"A replica of {declared.model} has not told of its last window (version {{{{ $labels.version }}}})",
        description="Its rows of that window are not judged. It was killed, or what it counted has not come yet.",
        runbook=(
            f"`noteship monitor {declared.model}` names it. Look why it ended: memory, a node that went away. One that"
            " still runs says in its log why it cannot write."
        ),
    )
