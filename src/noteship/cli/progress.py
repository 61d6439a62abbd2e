"""Tells how a run goes on: one line a stage, as it ends; on a terminal also what is under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from noteship import workflow
from noteship.cli.output import Output, duration, size
from noteship.operations.run import CellProgress, StageProgress

__all__ = ["Progress", "progress", "progress_of"]

# Reused stages are told one by one while a person would read them, and counted beyond.
TOLD_REUSED = 40


class Progress:
    """Plain lines, for logs and pipes; the live one for terminals derives from it."""

    def __init__(self, output: Output, width: int, stages: int) -> None:
        self._output = output
        self._width = width
        self._tell_reused = stages <= TOLD_REUSED

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def say(self, line: str) -> None:
        """A line that stays."""
        self._output.aside(line)

    def event(self, event: workflow.Event) -> None:
        """Something that the run told; from one thread."""
        match event:
            case workflow.StageStarted(stage, reason):
                self.started(stage, reason)
            case workflow.StageReused(stage, _, seconds):
                if self._tell_reused:
                    self._line(stage, "reused", f"saves {duration(seconds)}")
            case workflow.StageFinished(stage, seconds, notes):
                self.ended(stage)
                self._line(stage, "done", f"in {duration(seconds)}")
                for note in notes:
                    self.say(f"  note: {note}")
            case workflow.StageFailed(stage, seconds, failure):
                self.ended(stage)
                self._line(stage, "failed", f"after {duration(seconds)}: {_first_line(failure.message)}")
            case workflow.StageBlocked(stage, by):
                self._line(stage, "blocked", f"needs {by}")
            case workflow.StageStopped(stage):
                self.ended(stage)
                self._line(stage, "stopped", "")
            case workflow.Learned(stage, file, producer, evidence):
                self.ended(stage)
                self._line(stage, "learned", f"reads {file} of {producer}: {evidence}; it runs again after that")
            case workflow.Notice(text):
                self.say(f"note: {text}")

    def cell(self, at: StageProgress) -> None:
        """A stage is at another cell, or more of a source has come; from any thread."""

    def started(self, stage: str, _reason: str) -> None:
        """A stage begins, and why."""
        self._line(stage, "running", _reason)

    def ended(self, stage: str) -> None:
        """A stage is no longer under way."""

    def _line(self, stage: str, state: str, more: str) -> None:
        self.say(f"{stage:<{self._width}}  {state:<8}{f'  {more}' if more else ''}".rstrip())


@dataclass
class _UnderWay:
    begun: float
    at: str = ""


class _Live(Progress):
    """What is under way is redrawn below the lines that stay."""

    def __init__(self, output: Output, width: int, stages: int) -> None:
        from noteship.cli import live

        super().__init__(output, width, stages)
        self._under_way: dict[str, _UnderWay] = {}
        self._lock = threading.Lock()
        self._display = live.Display(output.stderr, self._lines)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._display.stop()

    def say(self, line: str) -> None:
        self._display.keep(line)

    def cell(self, at: StageProgress) -> None:
        with self._lock:
            known = self._under_way.get(at.stage)
            if known:
                known.at = _at(at)

    def started(self, stage: str, _reason: str) -> None:
        with self._lock:
            self._under_way[stage] = _UnderWay(time.monotonic())

    def ended(self, stage: str) -> None:
        with self._lock:
            self._under_way.pop(stage, None)

    def _lines(self) -> list[str]:
        now = time.monotonic()
        with self._lock:
            return [
                f"{stage:<{self._width}}  running   {duration(now - at.begun):>8}" + (f"  {at.at}" if at.at else "")
                for stage, at in self._under_way.items()
            ]


def progress(output: Output, graph: workflow.Graph) -> Progress:
    """The progress that fits where the output goes."""
    return progress_of(output, graph.stages)


def progress_of(output: Output, stages: Collection[str]) -> Progress:
    """The same, of these stages."""
    width = max((len(name) for name in stages), default=0)
    kind = _Live if output.live else Progress
    return kind(output, width, len(stages))


def _at(at: StageProgress) -> str:
    """How far it is, in words."""
    if isinstance(at, CellProgress):
        if at.waits:
            return f"waits: {at.waits}"
        return f"cell {at.cell} of {at.cells}" if at.cells else ""
    parts = [f"{at.rows:,} rows"] if at.rows is not None else []
    if at.size_bytes:
        parts.append(size(at.size_bytes) + (f" of {size(at.of_bytes)}" if at.of_bytes else ""))
    return ", ".join(parts)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else ""
