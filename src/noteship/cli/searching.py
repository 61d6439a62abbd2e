"""Tells how a search goes on: one line a trial, as it ends; on a terminal also what is under way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from noteship import tuning
from noteship.cli.output import Output, duration

__all__ = ["Searching", "figure", "line", "point", "searching", "short_names"]

# Six digits tell trials apart; more are noise.
DIGITS = 6
# Why a trial failed is told in one line; the whole of it is in the page and in --json.
LONGEST = 160


class Searching:
    """Plain lines, for logs and pipes; the live one for terminals derives from it."""

    def __init__(self, output: Output, search: tuning.Begun, known: Sequence[tuning.Trial], limits: tuning.Limits):
        self._output, self._search, self._limits = output, search, limits
        self._names = short_names(search.space.dimensions)
        self._best = tuning.best(known, search.direction)
        self._ended = len(known)
        self._before = len(known)
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._before < self._limits.trials:
            before = "" if self._search.before is None else f"; as it is: {figure(self._search.before)}"
            self.say(
                f"searching {self._limits.trials} trials to {self._search.direction} {self._search.metric}{before}"
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def say(self, line: str) -> None:
        """A line that stays."""
        self._output.aside(line)

    def began(self, number: int, parameters: Mapping[str, Any]) -> None:
        """A trial begins."""

    def reported(self, number: int, step: int, value: float) -> None:
        """A trial has come to this on its way; from any thread."""

    def ended(self, trial: tuning.Trial) -> None:
        """A trial is over."""
        self._ended += 1
        best = tuning.best([*([self._best] if self._best else []), trial], self._search.direction)
        is_best = best is trial
        self._best = best
        self.say(line(trial, self._names, is_best=is_best))

    def stopped(self, number: int) -> None:
        """A trial was stopped."""
        self.say(f"{number:>4}  stopped")


@dataclass
class _UnderWay:
    point: str
    begun: float = field(default_factory=time.monotonic)
    told: str = ""


class _Live(Searching):
    """What is under way, the best so far and what remains are redrawn below the lines that stay."""

    def __init__(self, output: Output, search: tuning.Begun, known: Sequence[tuning.Trial], limits: tuning.Limits):
        from noteship.cli import live

        super().__init__(output, search, known, limits)
        self._under_way: dict[int, _UnderWay] = {}
        self._lock = threading.Lock()
        self._display = live.Display(output.stderr, self._lines)

    def __enter__(self) -> Self:
        super().__enter__()
        self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._display.stop()

    def say(self, line: str) -> None:
        self._display.keep(line)

    def began(self, number: int, parameters: Mapping[str, Any]) -> None:
        with self._lock:
            self._under_way[number] = _UnderWay(point(parameters, self._names))

    def reported(self, number: int, step: int, value: float) -> None:
        with self._lock:
            if number in self._under_way:
                self._under_way[number].told = f"{figure(value)} after {step + 1}"

    def ended(self, trial: tuning.Trial) -> None:
        with self._lock:
            self._under_way.pop(trial.number, None)
        super().ended(trial)

    def stopped(self, number: int) -> None:
        with self._lock:
            self._under_way.pop(number, None)
        super().stopped(number)

    def _lines(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            lines = [
                f"{number:>4}  running  {at.told:>10}        {duration(now - at.begun):>8}  {at.point}"
                for number, at in self._under_way.items()
            ]
        if self._best:
            lines.append(f"best  {figure(self._best.value)} of trial {self._best.number}")
        return [*lines, f"      {self._ended} of {self._limits.trials} trials{self._left(now)}"]

    def _left(self, now: float) -> str:
        """How long the others may take, once a few have ended."""
        made = self._ended - self._before
        if made < max(2, self._limits.jobs):
            return ""
        left = (now - self._began) / made * (self._limits.trials - self._ended)
        return f", about {duration(left)} left" if left >= 1 else ""


def searching(output: Output, search: tuning.Begun, known: Sequence[tuning.Trial], limits: tuning.Limits) -> Searching:
    """The one that fits where the output goes."""
    return (_Live if output.live else Searching)(output, search, known, limits)


def line(trial: tuning.Trial, names: Mapping[str, str], *, is_best: bool) -> str:
    """A trial in one line."""
    value = "" if trial.value is None else figure(trial.value)
    told = f"  {trial.why[:LONGEST]}{'…' if len(trial.why) > LONGEST else ''}" if trial.why else ""
    mark = "best" if is_best else ""
    start = f"{trial.number:>4}  {trial.state:<7}  {value:>10}  {mark:<4}  {duration(trial.seconds):>8}"
    return f"{start}  {point(trial.parameters, names)}{told}"


def figure(value: float | None) -> str:
    """A value, in so many digits that trials can be told apart.

    >>> figure(0.91234567), figure(12), figure(None)
    ('0.912346', '12', '')
    """
    return "" if value is None else f"{value:.{DIGITS}g}"


def point(parameters: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Parameters by their short names; sorted, since the order is not kept with a trial.

    >>> point({"a.y": "t", "b.x": 1}, {"a.y": "y", "b.x": "x"})
    'x=1  y=t'
    """
    return "  ".join(
        sorted(
            f"{names.get(name, name)}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in parameters.items()
        )
    )


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Parameters without their stage or step, where only one has the name.

    >>> short_names(["a.C", "b.C", "b.depth"])
    {'a.C': 'a.C', 'b.C': 'b.C', 'b.depth': 'depth'}
    """
    every = list(names)
    short = {name: name.rpartition(":" if ":" in name else ".")[2] for name in every}
    used = list(short.values())
    return {name: each if used.count(each) == 1 else name for name, each in short.items()}
