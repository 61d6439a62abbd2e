"""Files that are read again when they change."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from noteship.errors import NoteshipError

__all__ = ["Reloading"]

LOG = logging.getLogger(__name__)
LOOK_S = 1.0


@dataclass(eq=False)
class _Watched:
    paths: Sequence[Path]
    read: Callable[[], None]
    state: bytes


class Reloading:
    """Looks at files once a second on a thread of its own, for as long as its block lasts.

    It compares what is in them: times and numbers of files stay the same where a file is changed fast or in place.
    What cannot be read leaves what was there before, is logged, and counted by `failed`.
    """

    def __init__(self, failed: Callable[[], None]) -> None:
        self._failed = failed
        self._watched: list[_Watched] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="noteship-reloading", daemon=True)

    def watch(self, paths: Sequence[Path], read: Callable[[], None]) -> None:
        """Read now, and whenever the files have changed. Raises what `read` raises now."""
        state = _state(paths)
        read()
        self._watched.append(_Watched(paths, read, state))

    def __enter__(self) -> Self:
        if self._watched:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._watched:
            self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_S):
            for each in self._watched:
                state = _state(each.paths)
                if state != each.state:
                    each.state = state
                    self._read(each)

    def _read(self, watched: _Watched) -> None:
        names = ", ".join(map(str, watched.paths))
        try:
            watched.read()
        except NoteshipError as error:
            self._failed()
            LOG.error("what was read before stays in force, as the file has changed and cannot be used: %s", error)
        else:
            LOG.info("read again: %s", names)


def _state(paths: Sequence[Path]) -> bytes:
    """A digest of what is in the files."""
    state = hashlib.sha256()
    for path in paths:
        try:
            state.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            # Read in turn, it says why.
            state.update(b"-")
    return state.digest()
