"""One line of how far it is, for work of which the share that is done is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from noteship.cli.output import Output, duration
from noteship.stopping import first_signal

__all__ = ["Bar", "shown", "working"]

WIDTH = 24


class Bar:
    """Fills while another thread tells how far it is; `before` says what is done until it does."""

    def __init__(self, before: str) -> None:
        self._before = before
        self._begun = time.monotonic()
        self._at: tuple[float, str] | None = None
        self._lock = threading.Lock()

    def told(self, share: float, words: str) -> None:
        """So much of it is done, from 0 to 1; and in words."""
        with self._lock:
            self._at = min(1.0, share), words

    def lines(self) -> list[str]:
        """What a display draws."""
        with self._lock:
            at = self._at
        took = duration(time.monotonic() - self._begun)
        if at is None:
            return [f"{self._before}  {took}"]
        full = int(at[0] * WIDTH)
        return [f"{'━' * full}{'╌' * (WIDTH - full)} {at[0]:4.0%}  {at[1]}  {took}"]


@contextmanager
def shown(bar: Bar, output: Output) -> Iterator[None]:
    """Draw on a terminal, and nowhere else."""
    if not output.live:
        yield
        return
    from noteship.cli import live

    display = live.Display(output.stderr, bar.lines)
    display.start()
    try:
        yield
    finally:
        display.stop()


@contextmanager
def working(output: Output) -> Iterator[tuple[Bar, threading.Event]]:
    """A bar for work on a project, and what the first Ctrl-C sets."""
    bar, stop = Bar("reading the project"), threading.Event()
    with shown(bar, output), first_signal(lambda _: stop.set()):
        yield bar, stop
