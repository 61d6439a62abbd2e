"""The seam: an origin says which version of its data it has, and brings them into a file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from noteship.ingestion import errors

__all__ = ["Fetched", "Limits", "Origin", "Progress", "Stopped", "Watch"]

# How soon a transfer that waits for its origin is stopped, and how often one that goes on is told of.
LOOK_S = 0.1


@dataclass(frozen=True)
class Fetched:
    """What came; `version` is of the very bytes that came, `facts` are plain values for the record.

    `notes` are sentences for people.
    """

    size_bytes: int
    version: str | None
    rows: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a transfer is."""

    size_bytes: int
    of_bytes: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Limits:
    """How long a source may take, and how much may come."""

    timeout_s: float | None = None
    size_bytes: int | None = None
    rows: int | None = None


class Stopped(Exception):
    """The run was stopped: no fault of anybody."""


class Watch:
    """What ends a transfer before its end, and who hears how far it is."""

    def __init__(
        self,
        place: str,
        cancel: threading.Event | None = None,
        limits: Limits | None = None,
        tell: Callable[[Progress], None] | None = None,
    ) -> None:
        self.cancel = cancel or threading.Event()
        self.limits = limits or Limits()
        self.place = place
        self._tell = tell
        self._told = 0.0
        self._until = time.monotonic() + self.limits.timeout_s if self.limits.timeout_s else None

    @property
    def left_s(self) -> float | None:
        """Seconds that are left; None where there is no limit."""
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def check(self) -> None:
        """Raise what ends the transfer now: Stopped, TooSlow."""
        if self.cancel.is_set():
            raise Stopped
        if self.left_s == 0:
            raise errors.TooSlow(self.place, self.limits.timeout_s or 0)

    def moved(self, at: Progress) -> None:
        """Note how far it is. Raises Stopped, TooSlow, TooMuch."""
        self.check()
        if self.limits.size_bytes is not None and max(at.size_bytes, at.of_bytes or 0) > self.limits.size_bytes:
            raise errors.TooMuch(self.place, f"{self.limits.size_bytes:,} bytes")
        if self.limits.rows is not None and at.rows is not None and at.rows > self.limits.rows:
            raise errors.TooMuch(self.place, f"{self.limits.rows:,} rows")
        if self._tell and time.monotonic() - self._told >= LOOK_S:
            self._told = time.monotonic()
            self._tell(at)

    @contextmanager
    def breaking(self, stop: Callable[[], object]) -> Iterator[None]:
        """Call `stop` from another thread when the transfer is to end while this one waits for its origin.

        What the waiting call raises then is nobody's fault: `check` says what it was.
        """
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_S):
                if self.cancel.is_set() or self.left_s == 0:
                    with suppress(Exception):
                        stop()
                    return

        thread = threading.Thread(target=look, name="noteship-watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class Origin(Protocol):
    """Where a source's data come from.

    Every implementation guarantees: the target appears whole or not at all, whatever is killed when; a transfer ends
    soon after the watch says so; the version is another one when the data are; no error has a secret in it.
    """

    @property
    def shown(self) -> str:
        """The place, for people: without secrets."""
        ...

    def version(self, watch: Watch) -> str | None:
        """What the origin has now, without fetching it; None where it does not say.

        Raises the room's errors, and Stopped.
        """
        ...

    def fetch(self, target: Path, version: str | None, watch: Watch, /) -> Fetched:
        """Bring the data into a new file or folder: of the version that was asked for, where the origin still has it.

        Raises the room's errors, and Stopped.
        """
        ...
