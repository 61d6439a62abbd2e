"""What a watch has told already, so that each change is told once, whatever broke off between. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from noteship.cluster.cluster import Change, Object, Until

__all__ = ["Deadline", "Seen", "version_of"]


class Seen:
    """The objects of a selection as they were last told."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Object] = {}

    def listed(self, things: Iterable[Object]) -> Iterator[Change]:
        """What is new in a whole listing: changed and new objects in its order, then those that are no more."""
        now = {_key(thing): thing for thing in things}
        for thing in now.values():
            yield from self.told("MODIFIED", thing)
        for key in [key for key in self._known if key not in now]:
            yield Change("deleted", self._known.pop(key))

    def told(self, what: str, thing: Object) -> Iterator[Change]:
        """What is new in one event of the server's: ADDED, MODIFIED or DELETED; nothing where that is known."""
        key = _key(thing)
        before = self._known.get(key)
        if what == "DELETED":
            if self._known.pop(key, None) is not None:
                yield Change("deleted", thing)
            return
        self._known[key] = thing
        if before is None:
            yield Change("added", thing)
        elif version_of(before) != version_of(thing):
            yield Change("modified", thing)


class Deadline:
    """When something ends, from now on."""

    def __init__(self, until: Until) -> None:
        self.until = until
        self._end_s = None if until.timeout_s is None else time.monotonic() + until.timeout_s

    def is_over(self) -> bool:
        """Whether it was stopped or its time has passed."""
        stopped = self.until.stop is not None and self.until.stop.is_set()
        return stopped or (self._end_s is not None and time.monotonic() >= self._end_s)

    @property
    def can_end(self) -> bool:
        """Whether it ever is."""
        return self.until.stop is not None or self._end_s is not None

    @property
    def left_s(self) -> float:
        """Seconds until its time has passed; infinite where it has none."""
        return float("inf") if self._end_s is None else max(0.0, self._end_s - time.monotonic())

    def wait(self, longest_s: float) -> None:
        """Wait so long, or until it is over."""
        wait_s = min(longest_s, self.left_s)
        if self.until.stop is not None:
            self.until.stop.wait(wait_s)
        else:
            time.sleep(wait_s)


def version_of(thing: Object) -> str:
    """What names this state of an object, or of a listing."""
    metadata: Any = thing.get("metadata") or {}
    return str(metadata.get("resourceVersion", ""))


def _key(thing: Object) -> tuple[str, str, str]:
    """A deleted object and one that took its name are two."""
    metadata: Any = thing.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", "")), str(metadata.get("uid", ""))
