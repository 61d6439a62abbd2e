"""What waits to be told, in the store: whoever has the store can tell it, on any machine.

References, of plain values:

- ``tracking/waiting/ID``: an event that was not told yet
- ``tracking/refused/ID``: {"event", "why"} of one that the server does not take
- ``tracking/delivery``: {"holder", "until", "fault", "at"}: who tells now, and until when nobody else may; and what the
  last attempt came to. It moves by compare-and-swap.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from noteship import store
from noteship.digests import Digest
from noteship.tracking.event import Event

__all__ = ["Outbox", "Refused"]

WAITING, REFUSED, DELIVERY = "tracking/waiting", "tracking/refused", "tracking/delivery"
# After a kill nobody tells anything for so long; clocks of machines differ by less.
HELD_S = 60.0
POLL_S = 0.2


@dataclass(frozen=True)
class Refused:
    """An event that the server does not take, and why."""

    event: Event
    why: str


class Outbox:
    """One per store. Safe among processes; a hold belongs to one instance."""

    def __init__(self, objects: store.Store) -> None:
        self._store = objects
        self._holder = os.urandom(8).hex()

    def put(self, event: Event) -> None:
        """Let an event wait."""
        self._store.write_ref(f"{WAITING}/{event.id}", event.to_json(), expected=None)

    def waiting(self) -> list[Event]:
        """Those that wait, in their order; what another version of noteship has written waits for that one."""
        return [event for ref in self._store.read_refs(f"{WAITING}/") if (event := _read(ref)) is not None]

    def next(self, server: str) -> Event | None:
        """The first one that waits for a server."""
        for name in self._store.refs(f"{WAITING}/"):
            ref = self._store.read_ref(name)
            event = _read(ref) if ref is not None else None
            if event is not None and event.server == server:
                return event
        return None

    def count(self) -> int:
        """How many wait."""
        return sum(1 for _ in self._store.refs(f"{WAITING}/"))

    def refused(self) -> list[Refused]:
        """Those that were refused, in their order."""
        found = (ref.value for ref in self._store.read_refs(f"{REFUSED}/"))
        return [Refused(Event.from_json(value["event"]), value["why"]) for value in found]

    def remove(self, event: Event) -> None:
        """It was told."""
        self._store.delete_ref(f"{WAITING}/{event.id}")

    def refuse(self, event: Event, why: str) -> None:
        """Set it aside."""
        with contextlib.suppress(store.errors.RefMoved):  # a call that was killed had done so
            self._store.write_ref(f"{REFUSED}/{event.id}", {"event": event.to_json(), "why": why}, expected=None)
        self.remove(event)

    def needed(self) -> Iterator[Digest]:
        """What events that wait are about, and will be read when they are told."""
        for event in self.waiting():
            yield from map(Digest, (*event.files.values(), *([event.bundle] if event.bundle else ())))

    @property
    def fault(self) -> str:
        """What the last attempt failed of; empty where it did not, or where there was none."""
        ref = self._store.read_ref(DELIVERY)
        return str(ref.value["fault"]) if ref else ""

    def hold(self, wait_s: float) -> bool:
        """Whether nobody else may tell anything for a minute; waits for who does now. Holds again what is held."""
        until = time.monotonic() + wait_s
        while True:
            ref = self._store.read_ref(DELIVERY)
            if ref is None or ref.value["holder"] in ("", self._holder) or ref.value["until"] < time.time():
                if self._write(ref, {"holder": self._holder, "until": time.time() + HELD_S}):
                    return True
            elif time.monotonic() >= until:
                return False
            time.sleep(POLL_S)

    def let_go(self, fault: str) -> None:
        """Let others tell, and note what it came to."""
        ref = self._store.read_ref(DELIVERY)
        if ref is not None and ref.value["holder"] == self._holder:
            self._write(ref, {"holder": "", "until": 0.0, "fault": fault})

    def _write(self, ref: store.Ref | None, value: dict[str, Any]) -> bool:
        whole = {"fault": ref.value["fault"] if ref else "", **value}
        try:
            self._store.write_ref(DELIVERY, whole, expected=ref)
        except store.errors.RefMoved:
            return False
        return True


def _read(ref: store.Ref) -> Event | None:
    try:
        return Event.from_json(ref.value)
    except TypeError:
        return None
