"""What waits to be told, in the store: whoever has the store can tell it, on any machine.

References, of plain values:

- ``tracking/waiting/SERVER/ID``: an event that was not told yet; SERVER is of a digest of the server's address
- ``tracking/refused/ID``: {"event", "why"} of one that the server does not take
- ``tracking/delivery``: {"holder", "until", "server", "fault", "stuck"}: who tells now, and until when nobody else may;
  whom the last attempt was to tell, and what it came to; and the id of the event at which it broke off, with how often.
  It moves by compare-and-swap.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from noteship import digests, store
from noteship.digests import Digest
from noteship.tracking.event import Event

__all__ = ["Outbox", "Refused"]

WAITING, REFUSED, DELIVERY = "tracking/waiting", "tracking/refused", "tracking/delivery"
# After a kill nobody tells anything for so long; clocks of machines differ by less.
HELD_S = 60.0
POLL_S = 0.2
# What a server did not take in so long it never takes.
KEPT = timedelta(days=90)


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
        self._store.write_ref(_name(event), event.to_json(), expected=None)

    def waiting(self) -> list[Event]:
        """Those that wait, in their order; what another version of noteship has written waits for that one."""
        found = [event for ref in self._store.read_refs(f"{WAITING}/") if (event := _read(ref.value)) is not None]
        return sorted(found, key=lambda event: event.id)

    def next(self, server: str) -> Event | None:
        """The first one that waits for a server."""
        for name in self._store.refs(f"{WAITING}/{_folder(server)}/"):
            ref = self._store.read_ref(name)
            event = _read(ref.value) if ref is not None else None
            # What has another name than its own would never be removed.
            if event is not None and event.server == server and _name(event) == name:
                return event
        return None

    def count(self, server: str) -> int:
        """How many wait for a server."""
        return sum(1 for _ in self._store.refs(f"{WAITING}/{_folder(server)}/"))

    def refused(self) -> list[Refused]:
        """Those that were refused, in their order; what noteship cannot read is left out."""
        found = ((_read(ref.value.get("event")), ref.value) for ref in self._store.read_refs(f"{REFUSED}/"))
        return [Refused(event, str(value.get("why", ""))) for event, value in found if event is not None]

    def remove(self, event: Event) -> None:
        """It was told."""
        self._store.delete_ref(_name(event))

    def refuse(self, event: Event, why: str) -> None:
        """Set it aside."""
        with contextlib.suppress(store.errors.RefMoved):  # a call that was killed had done so
            self._store.write_ref(f"{REFUSED}/{event.id}", {"event": event.to_json(), "why": why}, expected=None)
        self.remove(event)

    def forget(self, what: str) -> int:
        """Drop what waits for a server, or waits or was refused under an id; how many."""
        waiting = [name for name in self._store.refs(f"{WAITING}/") if what in name.split("/")[2:]]
        of_server = self._store.refs(f"{WAITING}/{_folder(what)}/")
        refused = [name for name in self._store.refs(f"{REFUSED}/") if name == f"{REFUSED}/{what}"]
        names = {*waiting, *of_server, *refused}
        for name in names:
            self._store.delete_ref(name)
        return len(names)

    def forget_old(self) -> None:
        """Drop what was refused before so long that nobody will look at it."""
        for name in list(self._store.refs(f"{REFUSED}/")):
            if _is_old(name.rpartition("/")[2]):
                self._store.delete_ref(name)

    def needed(self) -> Iterator[Digest]:
        """What events that wait are about, and will be read when they are told; those that wait for long let go."""
        for event in self.waiting():
            if not _is_old(event.id):
                yield from map(Digest, (*event.files.values(), *([event.bundle] if event.bundle else ())))

    def fault(self, server: str) -> str:
        """What the last attempt failed of; empty where it did not, or where there was none or one at another server."""
        ref = self._store.read_ref(DELIVERY)
        return str(ref.value["fault"]) if ref and ref.value.get("server") == server else ""

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

    def let_go(self, server: str, fault: str) -> None:
        """Let others tell, and note what it came to at a server."""
        ref = self._store.read_ref(DELIVERY)
        if ref is not None and ref.value["holder"] == self._holder:
            self._write(ref, {"holder": "", "until": 0.0, "server": server, "fault": fault})

    def stuck(self, event: Event) -> int:
        """Note that who tells, and holds the outbox, broke off at an event; how often that was one after the other."""
        ref = self._store.read_ref(DELIVERY)
        if ref is None or ref.value["holder"] != self._holder:
            return 1
        before, times = ref.value.get("stuck") or ("", 0)
        times = times + 1 if before == event.id else 1
        self._write(ref, {"holder": self._holder, "until": ref.value["until"], "stuck": [event.id, times]})
        return times

    def _write(self, ref: store.Ref | None, value: dict[str, Any]) -> bool:
        kept: dict[str, Any] = {"server": "", "fault": "", "stuck": None}
        kept |= {name: ref.value[name] for name in kept if name in ref.value} if ref else {}
        whole = {**kept, **value}
        try:
            self._store.write_ref(DELIVERY, whole, expected=ref)
        except store.errors.RefMoved:
            return False
        return True


def _read(value: Any) -> Event | None:
    try:
        return Event.from_json(value)
    except TypeError:
        return None


def _folder(server: str) -> str:
    return digests.short(digests.of_value(server))


def _name(event: Event) -> str:
    return f"{WAITING}/{_folder(event.server)}/{event.id}"


def _is_old(name: str) -> bool:
    """Whether an id is of a time so long ago."""
    return re.match("[0-9]{8}T", name) is not None and name < f"{datetime.now(UTC) - KEPT:%Y%m%dT%H%M%S}"
