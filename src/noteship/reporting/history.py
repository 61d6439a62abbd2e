"""Closed windows in their order, and what follows from all of them."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from noteship import monitor
from noteship.monitor.decision import Decision

__all__ = ["History", "Standing", "Window", "was_judged"]

Standing = Literal["alarm", "changing", "silent", "not enough data", "learning", "unchanged", "none"]
# Rows that a comparison is drawn of, where there are so many: a share of one in ten is then known to one in a hundred.
ENOUGH_ROWS = 1_000
# Windows that would have been closed since the last one, when it is said that nothing is heard.
SILENT_AFTER = 3


@dataclass(frozen=True)
class Window:
    """A closed window: what was decided, the sketch of its rows as written, and rows that came when it was closed."""

    decision: Decision
    sketch: bytes = b""
    late_rows: int = 0

    @classmethod
    def of_value(cls, value: Mapping[str, Any]) -> Self | None:
        """What a store has of it; None where it was never decided. Raises DamagedDecisions."""
        if value["decision"] is None:
            return None
        decision = Decision.from_json(value["decision"])
        return cls(decision, base64.b64decode(value.get("sketch") or ""), int(value["late"]["rows"]))


def was_judged(decision: Decision) -> bool:
    """Whether the window, perhaps with small ones before it, had enough rows to be evidence."""
    return decision.joint_p is not None


@dataclass(frozen=True)
class History:
    """All windows, the earliest first, as they are known at `now`, in seconds since 1970.

    - labels: those that have come for predictions, by the start of the window in which these were made
    - expected: the accuracy that was expected of windows before those that are here
    - rang: the first windows of an alarm that began before those that are here
    """

    windows: tuple[Window, ...]
    settings: monitor.Settings
    now: float
    labels: Mapping[int, monitor.Labels] = field(default_factory=dict)
    expected: Mapping[int, float] = field(default_factory=dict)
    rang: tuple[Window, ...] = ()

    @classmethod
    def of(cls, windows: Iterable[Window], settings: monitor.Settings, now: float) -> Self:
        """In their order."""
        return cls(tuple(sorted(windows, key=lambda each: each.decision.start)), settings, now)

    @property
    def decisions(self) -> list[Decision]:
        """What was decided, in order."""
        return [each.decision for each in self.windows]

    @property
    def last(self) -> Decision | None:
        """The latest."""
        return self.windows[-1].decision if self.windows else None

    @property
    def end(self) -> float:
        """When the last window ended."""
        return self.windows[-1].decision.start + self.settings.window_s if self.windows else self.now

    @property
    def is_silent(self) -> bool:
        """Whether windows that ended since would have been closed by now."""
        return self.now - self.end > SILENT_AFTER * self.settings.window_s

    @property
    def standing(self) -> Standing:
        """In a word. An alarm stays one though nothing is heard; nothing else does."""
        if self.last is None:
            return "none"
        if self.is_silent and self.last.state != "alarm":
            return "silent"
        return self.last.state

    @property
    def since(self) -> int | None:
        """The window with which this standing began."""
        if self.last is None:
            return None
        if self.last.since is not None:
            return self.last.since
        same = itertools.takewhile(lambda each: each.state == self.decisions[-1].state, reversed(self.decisions))
        return min(each.start for each in same)

    @property
    def judged(self) -> Decision | None:
        """The latest decision that had enough rows to be evidence, if any is known."""
        known = (*self.rang, *self.windows)
        return next((each.decision for each in reversed(known) if was_judged(each.decision)), None)

    @property
    def explained(self) -> Decision | None:
        """The latest decision that says what moved: of an alarm, or else where that is still so."""
        rang = self.last.since if self.last is not None else None
        for decision in reversed([*(each.decision for each in self.rang), *self.decisions]):
            if decision.drives:
                return decision
            # A small window says nothing new, and evidence may fall while an alarm is still to be settled.
            if was_judged(decision) and (rang is None or decision.start <= rang):
                return None
        return None

    @property
    def compared(self) -> tuple[Window, ...]:
        """The latest windows with rows that have enough of them together; of an alarm, none before it."""
        chosen: list[Window] = []
        rows = 0
        first = self.last.since if self.last is not None else None
        for window in reversed((*self.rang, *self.windows)):
            if rows >= ENOUGH_ROWS or (first is not None and window.decision.start < first and rows):
                break
            if window.sketch and window.decision.rows:
                chosen.append(window)
                rows += window.decision.rows
        return tuple(reversed(chosen))

    @property
    def told_compared(self) -> str:
        """Which windows these are, in words."""
        windows = self.compared
        many = "window" if len(windows) == 1 else f"{len(windows):,} windows"
        if windows and windows[-1] in self.rang:
            return f"the first {many} of the alarm that had rows"
        return f"the last {many}" + (" that had rows" if windows and windows[-1] is not self.windows[-1] else "")
