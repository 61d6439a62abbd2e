"""Alerts on what was decided of windows."""

from __future__ import annotations

import json
from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import INSTANCE, VERSION, Declared, span
from noteship.reporting.words import duration

__all__ = ["rules"]

DAY_S = 86_400
# For so many windows, and five minutes at least, what a replica told last counts: a scrape may fail.
REMEMBERED, REMEMBERED_S = 3, 300
BY = ", ".join(VERSION)
BY_REPLICA = ", ".join(dict.fromkeys((*INSTANCE, *VERSION)))


def rules(declared: Declared) -> Sequence[Alert]:
    """A change, one that may become one, and too little to see any."""
    return [_changed(declared), _changing(declared), _too_few(declared)]


def _is(declared: Declared, state: str) -> str:
    """Every replica tells what was decided last; those count that tell of the newest window."""
    reach = span(max(REMEMBERED * declared.window_s, REMEMBERED_S))
    told, end = (
        f"last_over_time({series}[{reach}])"
        for series in (
            declared.series("noteship_window_state", {"state": state}),
            declared.series("noteship_window_end_timestamp_seconds"),
        )
    )
    newest = f"{end} == on ({BY}) group_left () max by ({BY}) ({end})"
    return f"max by ({BY}) (\n  {told}\n  and on ({BY_REPLICA})\n  ({newest})\n) == 1"


def _most_evidence(declared: Declared) -> str:
    """A sentence that Prometheus writes when it rings: which detectors have evidence, most first."""
    told = declared.series("noteship_window_detector_evidence_log10")[:-1].replace("%", "%%")
    asked = json.dumps(f"topk(3, max by (detector) ({told},version=%q}}) > 0)", ensure_ascii=False)
    query = f"printf {asked} $labels.version | query"
    names = '{{ range $place, $each := . }}{{ if $place }}, {{ end }}{{ $each | label "detector" }}{{ end }}'
    return f"{{{{ with {query} }}}} Most evidence is from: {names}.{{{{ end }}}}"


def _changed(declared: Declared) -> Alert:
    settings = declared.settings
    return Alert(
        "NoteshipModelChanged",
        "warning",
        _is(declared, "alarm"),
        summary=f"What {declared.model} is asked, or answers, has changed (version {{{{ $labels.version }}}})",
        description=(
            f"The evidence of a change beyond the tolerance of {settings.tolerance:g} has reached the bell of"
            f" {settings.threshold:,.0f}. Without such a change that happens once in"
            f" {duration(settings.false_alarm_s)} at most, on average.{_most_evidence(declared)} Callers that ask the"
            " same again and again can ring it, too."
        ),
        runbook=(
            "In the project's folder, where its store can be reached, run"
            f" `noteship monitor {declared.model}`: it says what moved, by how much, and since when;"
            f" `noteship monitor --report page.html {declared.model}` is a page to pass on. Mend the source of the"
            " data, or train the model again. It rings until another version is served, or until somebody says why it"
            f' need not ring: `noteship monitor --settle "WHY" {declared.model}`.'
        ),
    )


def _changing(declared: Declared) -> Alert:
    return Alert(
        "NoteshipModelChanging",
        "info",
        _is(declared, "changing"),
        summary=f"What {declared.model} is asked, or answers, may be changing (version {{{{ $labels.version }}}})",
        description=f"For {duration(declared.long_s)} there has been evidence of a change, less than an alarm takes.",
        runbook=f"Run `noteship monitor {declared.model}`: it says where that comes from. Nothing has to be done yet.",
        held_s=declared.long_s,
    )


def _too_few(declared: Declared) -> Alert:
    return Alert(
        "NoteshipNotEnoughData",
        "info",
        _is(declared, "not enough data"),
        summary=f"{declared.model} is asked too little to be judged (version {{{{ $labels.version }}}})",
        description=(
            "For a day there were too few rows to judge, all its windows together: a change would not be seen."
            " This is no sign of health."
        ),
        runbook=(
            "Is it served where its clients ask? If so, nothing has to be done: rows of small windows are kept and"
            f" judged together with later ones. `noteship monitor {declared.model}` says how many there are."
        ),
        held_s=max(DAY_S, declared.window_s),
    )
