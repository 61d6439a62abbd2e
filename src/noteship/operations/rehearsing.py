"""`noteship monitor --rows FILE --time COLUMN`: what the monitoring of these rows would have said at the time."""

from __future__ import annotations

import dataclasses
import numbers
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

from noteship import monitor, reporting
from noteship.monitor.decision import Decision, Word
from noteship.monitor.pieces import stamp
from noteship.operations import loading
from noteship.operations.errors import BadTimes
from noteship.operations.observing import observe
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import checked, profile_of, settings_of
from noteship.operations.writing import write
from noteship.reporting import rehearsal
from noteship.scoring import forms

__all__ = ["Asked", "Rehearsed", "rehearse", "report"]

# In place of a number, which is no time.
NUMBER = "a number"
DIGITS = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# Before it, and after it, times are those of a clock that was never set.
FIRST, LAST = (pandas.Timestamp(each, tz="UTC") for each in ("1000-01-01", "9999-12-31"))


@dataclass(frozen=True)
class Asked:
    """A file of rows, its column of times, and how it is followed.

    - window_s: how long windows are; None: as `[monitor]` says
    - anew: whether evidence is gathered anew after each alarm, so that the next one is told as well
    """

    path: Path
    time: str
    window_s: int | None = None
    anew: bool = False


@dataclass(frozen=True)
class Rehearsed:
    """What is decided of a file's rows in the order of their times; `refused` did not fit the signature.

    `history` has the windows as a report takes them: as they would be known at the end of the last one.
    """

    model: str
    version: str
    asked: Asked
    profile: monitor.Profile
    history: reporting.History
    refused: int

    @property
    def decisions(self) -> Sequence[Decision]:
        """Of all windows that had rows, the earliest first."""
        return self.history.decisions

    @property
    def alarms(self) -> Sequence[Decision]:
        """Those with which an alarm began."""
        return rehearsal.alarms(self.history)

    @property
    def state(self) -> Word:
        """Whether there was an "alarm" at any time; else what the last window that was judged is."""
        return rehearsal.outcome(self.history)

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship monitor --rows --time --json` prints."""
        settings = self.history.settings
        return {
            "model": self.model,
            "version": self.version,
            "rows_of": str(self.asked.path),
            "time": self.asked.time,
            "refused": self.refused,
            "window_s": settings.window_s,
            "tolerance": settings.tolerance,
            "bell": settings.threshold,
            "verdict": self.state,
            "alarms": [stamp(each.start) for each in self.alarms],
            "windows": [each.to_json() for each in self.decisions],
        }


def rehearse(chosen: loading.Chosen, trusting: loading.Trusting, opened: OpenedProject, asked: Asked) -> Rehearsed:
    """Score the rows of a file that fit the model, and judge them in windows by their times.

    Raises NoProfile, BadTimes, WindowTooLong, and what `loading.load` and `observe` raise.
    Cost: the model's over these rows, all rows in memory, and 5 ms a window.
    """
    profile, settings = profile_of(chosen), settings_of(opened)
    settings = checked(dataclasses.replace(settings, window_s=asked.window_s or settings.window_s), "--window")
    forms.check_file(asked.path)
    loaded = loading.load(chosen, trusting, opened.root)
    rows = observe(loaded, profile, asked.path, (asked.time,))
    seconds = _seconds(asked, rows.kept[asked.time])
    windows = [
        reporting.Window(each.decision, each.sketch.to_bytes())
        for each in monitor.rehearse(profile, rows.observed, seconds, settings, anew=asked.anew)
    ]
    history = reporting.History.of(windows, settings, windows[-1].decision.start + settings.window_s)
    return Rehearsed(loaded.name, loaded.digest, asked, profile, history, rows.refused)


def report(rehearsed: Rehearsed, target: Path) -> None:
    """Write the page of it. Raises what `reporting.page` raises."""
    of = rehearsal.Rehearsal(str(rehearsed.asked.path), rehearsed.asked.anew)
    page = reporting.page(
        rehearsed.model, rehearsed.profile, rehearsed.history, version=rehearsed.version, rehearsal=of
    )
    write(target, page)


def _seconds(asked: Asked, values: pandas.Series[Any]) -> numpy.ndarray[Any, Any]:
    """Whole seconds since 1970; times without a zone are UTC."""
    if not pandas.api.types.is_datetime64_any_dtype(values):
        # Numbers could be seconds, milliseconds, days or years; which of them, nobody has said.
        told = [NUMBER if _is_number(each) else each for each in values]
        values = pandas.Series(told, index=values.index, dtype=object)
    times = pandas.to_datetime(values, utc=True, errors="coerce", format="ISO8601")
    bad = (times.isna() | (times < FIRST) | (times > LAST)).to_numpy(bool)
    if bad.any():
        place = int(bad.argmax())
        row, got = int(values.index[place]), _kind(values.iloc[place])
        raise BadTimes(str(asked.path), asked.time, int(bad.sum()), len(values), row, got)
    whole: numpy.ndarray[Any, Any] = times.astype("datetime64[s, UTC]").astype("int64").to_numpy()
    return whole


def _is_number(value: Any) -> bool:
    """Whether it is one, also as the text that CSV has."""
    return isinstance(value, numbers.Real) or (isinstance(value, str) and DIGITS.fullmatch(value.strip()) is not None)


def _kind(value: Any) -> str:
    """What stands there in place of a time; values are not told."""
    if value is NUMBER:
        return "a number, and nobody has said of which unit"
    if isinstance(value, str) and value:
        return "text that is no date"
    return "nothing" if value in (None, "") or pandas.isna(value) else "a time that no clock shows"
