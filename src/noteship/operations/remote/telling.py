"""The driver's side of following: how a run goes is one reference, written once a second at most.

Its form, version 1: `state` ("under way", or how the run ended), `run` (its name in the ledger), `events` in their
order, `cells` (by stage, where it is), `at` (when this was written, in UTC), and in the end `report` or `error`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from noteship import workflow
from noteship.errors import NoteshipError
from noteship.operations.executing import CellProgress, StageProgress
from noteship.operations.remote.record import UNDER_WAY, Record

__all__ = ["Teller", "error_state"]

TOLD_S = 1.0
# A run that has nothing new to tell says at least that it goes on.
ALIVE_S = 10.0


class Teller:
    """Who is told of a run within its driver, and writes it down; looks, too, whether it is to stop."""

    def __init__(self, record: Record, run: Callable[[], str], stop: threading.Event) -> None:
        """`run` gives the name of the run in the ledger, once it has one."""
        self._record = record
        self._run = run
        self._stop = stop
        self._events: list[workflow.JSON] = []
        self._cells: dict[str, dict[str, Any]] = {}
        self._told: dict[str, Any] = {}
        self._told_s = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="noteship-teller", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def event(self, event: workflow.Event) -> None:
        """Something happened."""
        with self._lock:
            self._events.append(workflow.event_to_json(event))
            if isinstance(event, workflow.StageFinished | workflow.StageFailed | workflow.StageStopped):
                self._cells.pop(event.stage, None)

    def cell(self, at: StageProgress) -> None:
        """A stage is at another cell; more of a source has come."""
        with self._lock:
            if isinstance(at, CellProgress):
                self._cells[at.stage] = asdict(at)
            else:
                self._cells[at.stage] = {"fetched": True, **asdict(at)}

    def say(self, line: str) -> None:
        """Something to know."""
        with self._lock:
            self._events.append({"event": "said", "text": line})

    def state(self, state: str = UNDER_WAY, **more: Any) -> dict[str, Any]:
        """How it goes now."""
        with self._lock:
            events, cells = list(self._events), dict(self._cells)
        return {"version": 1, "state": state, "run": self._run(), "events": events, "cells": cells, **more}

    def end(self, state: str, **more: Any) -> None:
        """How it ended, once the thread that tells is over."""
        self._record.tell({**self.state(state, **more), "at": _now()})

    def _tell(self) -> None:
        while not self._over.wait(TOLD_S):
            now = self.state()
            self._told_s += TOLD_S
            try:
                if now != self._told or self._told_s >= ALIVE_S:
                    self._record.tell({**now, "at": _now()})
                    self._told, self._told_s = now, 0.0
                if self._record.is_to_stop:
                    self._stop.set()
            except NoteshipError:
                # A store that is away is told of where the run itself needs it.
                continue


def error_state(error: NoteshipError) -> dict[str, Any]:
    """An error that ended a run, in its parts."""
    return {**error.to_json(), "exit_code": error.exit_code}


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
