"""One search as a process works at it that may not be the only one: who tries what is claimed before it is tried.

- ``tunings/ID/trials/NNNNNN``: {"claimed": {"host", "pid", "began", "seen"}, "parameters"} while a point is tried,
  then the trial, which takes its claim's place by compare-and-swap.

A process looks at what there is, draws a point, and claims the lowest number that is free, with the point. Of two that
have seen the same only one gets it, and the other looks again: so no point is tried by both. Claims of processes that
are gone are as good as none.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from noteship import store
from noteship.tuning.trials import Trial

__all__ = ["News", "Shared"]

# A process on another machine that was not seen for so long is gone; clocks of machines differ by less.
SILENT_S, SEEN_S = 120.0, 30.0


@dataclass(frozen=True)
class News:
    """What others have done since the last look, and the numbers and points that they are at."""

    trials: tuple[Trial, ...] = ()
    elsewhere: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


class Shared:
    """The trials of one search, in a folder of the store. Not safe among threads."""

    def __init__(self, kept_in: store.Store, folder: str) -> None:
        self._store, self._folder = kept_in, folder
        self._ended: set[str] = set()
        self._claims: dict[int, store.Ref] = {}
        self._gone: dict[int, store.Ref] = {}
        self._seen = time.monotonic()

    def look(self) -> News:
        """What is new: the first time all trials that have ended.

        Cost: of listing the trials, and of reading those that are new and those that are under way elsewhere.
        """
        known = self._ended | {self._name(number) for number in self._claims}
        trials, elsewhere = [], {}
        self._gone = {}
        for name in [name for name in self._store.refs(f"{self._folder}/") if name not in known]:
            ref = self._store.read_ref(name)
            if ref is None:
                continue
            number, trial = int(name.rpartition("/")[2]), Trial.read(ref.value)
            if trial is not None:
                self._ended.add(name)
                trials.append(trial)
            elif _is_of_nobody(ref.value):
                self._gone[number] = ref
            else:
                elsewhere[number] = ref.value.get("parameters", {})
        return News(tuple(sorted(trials, key=lambda each: each.number)), elsewhere)

    def claim(self, number: int, parameters: Mapping[str, Any]) -> bool:
        """Take a number that was free at the last look, for a point; False where somebody has taken it since."""
        value = {"claimed": _seen(), "parameters": dict(parameters)}
        try:
            self._claims[number] = self._store.write_ref(self._name(number), value, expected=self._gone.get(number))
        except store.errors.RefMoved:
            return False
        return True

    def seen(self) -> None:
        """Tell others now and then that this process is still at what it has claimed; to be called often."""
        if time.monotonic() - self._seen < SEEN_S:
            return
        self._seen = time.monotonic()
        for number, ref in list(self._claims.items()):
            try:
                value = {**ref.value, "claimed": _seen()}
                self._claims[number] = self._store.write_ref(ref.name, value, expected=ref)
            except store.errors.RefMoved:  # it had been silent, such as a machine that slept
                del self._claims[number]

    def keep(self, trial: Trial) -> Trial:
        """Write a trial down in its claim's place; where another process has its number, under the next free one."""
        expected = self._claims.pop(trial.number, None)
        while True:
            name = self._name(trial.number)
            try:
                self._store.write_ref(name, trial.to_json(), expected=expected)
            except store.errors.RefMoved:
                trial, expected = replace(trial, number=trial.number + 1), None
                continue
            self._ended.add(name)
            return trial

    def drop(self, number: int) -> None:
        """Let a number go whose point was not tried to its end."""
        ref = self._claims.pop(number, None)
        if ref is not None and self._store.read_ref(ref.name) == ref:
            self._store.delete_ref(ref.name)

    def _name(self, number: int) -> str:
        return f"{self._folder}/{number:06d}"


def _is_of_nobody(value: Any) -> bool:
    """Whether it is a claim of a process that is gone."""
    try:
        claimed = value["claimed"]
        is_here = claimed["host"] == _host()
        is_other = is_here and _began(claimed["pid"]) != claimed["began"]
        return bool(is_other or time.time() - claimed["seen"] > SILENT_S)
    except (KeyError, TypeError):
        return False  # what another version of noteship has written, whatever it means


def _seen() -> dict[str, Any]:
    return {"host": _host(), "pid": os.getpid(), "began": _began(os.getpid()), "seen": time.time()}


@cache
def _host() -> str:
    """The machine, and within it where process ids are told apart, such as a container."""
    with contextlib.suppress(OSError):
        return f"{socket.gethostname()} {Path('/proc/self/ns/pid').readlink()}"
    return socket.gethostname()


def _began(pid: int) -> str:
    """Another text for every process that has had this id since the machine began; empty for none that does anything.

    Empty for all where the system does not tell.
    """
    try:
        state, *others = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in ("Z", "X") else others[18]
