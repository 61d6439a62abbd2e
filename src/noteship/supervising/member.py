"""One worker process, as the supervisor sees it."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noteship.stopping import how_ended
from noteship.supervising.channel import Beat, Channel
from noteship.supervising.sums import Family

__all__ = ["Member", "Orders"]

# What the supervisor alone obeys, and passes on as words: a Ctrl-C reaches all processes of a terminal.
PASSED_ON = (signal.SIGINT, signal.SIGTERM)
# A loop that says nothing for as long hangs; while a model is loaded, extensions may keep the interpreter for longer.
SILENT_S = 10.0
LOADING_SILENT_S = 120.0
# Whoever has been silent for as long gets no new connections while others speak.
QUIET_S = 2.0
# What a process takes to end once its descriptors are closed.
ENDING_S = 2.0


@dataclass(frozen=True)
class Orders:
    """What a worker is to do: a pickled callable that takes its post, and where modules are found.

    - kept: what all workers were told since the first ones started, and it is to begin with
    """

    number: int
    paths: Sequence[str]
    work: bytes
    kept: bytes | None = None


class Member:
    """A process with its channel; what it said last. Raises OSError where it cannot be started."""

    def __init__(self, number: int, work: bytes, variables: Mapping[str, str], kept: bytes | None = None) -> None:
        self.number = number
        self.channel, end = Channel.pair()
        self.is_loaded = False
        self.fault: BaseException | None = None
        self.families: Sequence[Family] = ()
        self.began = self.heard = time.monotonic()
        self._scoring_s = 0.0
        self._open = self._taken = 0
        self._untaken: deque[socket.socket] = deque()
        self._is_killed = False
        try:
            self._process = _start(end, variables)
        except OSError:
            self.channel.close()
            raise
        # Who has ended already is found to have.
        with contextlib.suppress(ConnectionError):
            self.channel.send_first(pickle.dumps(Orders(number, sys.path, work, kept)))

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process runs no more, whoever else may have its end of the channel."""
        return self._process.poll() is not None

    @property
    def connections(self) -> int:
        """How many it has, with those that were handed over since it told."""
        return self._open + self._taken + len(self._untaken)

    def heard_of(self, beat: Beat) -> None:
        """It lives."""
        self._scoring_s, self._open, self._taken = beat.scoring_s, beat.open, 0

    def hand(self, connection: socket.socket) -> bool:
        """Give it a connection, which is kept here until it has it: should it end before, another one gets it."""
        done = self.channel.hand(connection)
        if done:
            self._untaken.append(connection)
        return done

    def took(self) -> None:
        """It has the next of the connections, and is alone with it."""
        self._taken += 1
        self._untaken.popleft().close()

    def untaken(self) -> Sequence[socket.socket]:
        """The connections that it never read from, when it has ended."""
        return tuple(self._untaken)

    def rank(self) -> tuple[bool, bool, int]:
        """Who gets the next connection: the least of those that are loaded and heard of."""
        is_quiet = max(self._scoring_s, time.monotonic() - self.heard) > QUIET_S
        return not self.is_loaded, is_quiet, self.connections

    def hangs(self, stall_s: float, *, is_loading: bool = False) -> str:
        """Why it is to be killed though it runs; else empty. `is_loading`: it has been told to load something."""
        if self._is_killed:
            return ""
        silent_s = time.monotonic() - self.heard
        if silent_s > (SILENT_S if self.is_loaded and not is_loading else LOADING_SILENT_S):
            return f"its event loop has hung for {silent_s:.0f} seconds"
        if self.is_loaded and self._scoring_s > stall_s:
            return f"it has scored one batch for {self._scoring_s:.0f} seconds"
        return ""

    def kill(self) -> None:
        """End it at once."""
        self._is_killed = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def ended(self) -> str:
        """How it ended; waits for it, once its channel is closed."""
        try:
            code = self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        self.channel.close()
        return how_ended(code)


def _start(end: socket.socket, variables: Mapping[str, str]) -> subprocess.Popen[Any]:
    # -P: a file of the working folder that is called like a module is not imported in its stead.
    words = [sys.executable, "-P", "-m", "noteship.supervising", str(end.fileno())]
    # What is blocked stays blocked in the new process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, pass_fds=[end.fileno()], env={**os.environ, **variables}
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        end.close()
