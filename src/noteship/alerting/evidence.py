"""Alerts on what was decided of windows."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.alerting.alert import Alert
from noteship.alerting.declared import VERSION, Declared
from noteship.reporting.words import duration

__all__ = ["rules"]

DAY_S = 86_400
# An hour of windows of five minutes.
LONG = 12
BY = ", ".join(VERSION)


def rules(declared: Declared) -> Sequence[Alert]:
    """A change, one that may become one, and too little to see any."""
    return [_changed(declared), _changing(declared), _too_few(declared)]


def _is(declared: Declared, state: str) -> str:
    """Every replica tells what was decided last, one perhaps a moment later than another."""
    return f"max by ({BY}) ({declared.series('noteship_window_state', {'state': state})}) == 1"


def _changed(declared: Declared) -> Alert:
    settings = declared.settings
    return Alert(
        "NoteshipModelChanged",
        "critical",
        _is(declared, "alarm"),
        summary=f"What {declared.model} is asked, or answers, has changed (version {{{{ $labels.version }}}})",
        description=(
            f"The evidence of a change beyond the tolerance of {settings.tolerance:g} has reached the bell of"
            f" {settings.threshold:,.0f}. Without such a change that happens once in"
            f" {duration(settings.false_alarm_s)} at most, on average."
        ),
        runbook=(
            f"Run `noteship monitor {declared.model}`: it says what moved, by how much, and since when;"
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
        description=f"There has been evidence of a change for {LONG} windows in a row. It is less than an alarm takes.",
        runbook=f"Run `noteship monitor {declared.model}`: it says where that comes from. Nothing has to be done yet.",
        held_s=LONG * declared.window_s,
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
        held_s=max(DAY_S, 4 * declared.window_s),
    )
