"""`noteship tracking`: tells the tracking server what waits, and says what could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from noteship import tracking
from noteship.operations import telling
from noteship.operations.opened import OpenedProject

__all__ = ["Told", "forget", "tell"]

# Who tells now may have seen less than what waits; it holds the outbox for a minute after it was killed.
WAIT_S = 90.0


@dataclass(frozen=True)
class Told:
    """What came of it: how many events were told now, which wait for this server or others, which were refused."""

    server: str
    told: int
    waiting: tuple[tracking.Event, ...]
    refused: tuple[tracking.Refused, ...]
    fault: str

    @property
    def good(self) -> bool:
        """Whether nothing is left that should have been told."""
        return not any(event.server == self.server for event in self.waiting)

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship tracking --json` prints."""
        return {
            "server": self.server,
            "told": self.told,
            "waiting": [_listed(event) for event in self.waiting],
            "refused": [{**_listed(each.event), "why": each.why} for each in self.refused],
            "fault": self.fault,
        }


def tell(opened: OpenedProject, *, wait: bool = True) -> Told:
    """Tell what waits; without `wait` nothing, where another process tells, which tells what comes meanwhile.

    Raises NoTracker, TrackerMissing, and the store's errors.
    """
    server = telling.server()
    if not server:
        raise tracking.errors.NoTracker()
    if not telling.is_installed():
        raise tracking.errors.TrackerMissing()
    delivered = tracking.deliver(opened.store, server, wait_s=WAIT_S if wait else 0)
    outbox = tracking.Outbox(opened.store)
    fault = "another process tells it" if delivered.busy else delivered.fault
    return Told(server, delivered.told, tuple(outbox.waiting()), tuple(outbox.refused()), fault)


def forget(opened: OpenedProject, what: str) -> int:
    """Drop what waits for a server, or one event by its id, also a refused one; how many. Raises NothingWaits."""
    outbox = tracking.Outbox(opened.store)
    count = outbox.forget(tracking.address(what) if ":" in what else what)
    if not count:
        raise tracking.errors.NothingWaits(what, tuple(sorted({event.server for event in outbox.waiting()})))
    return count


def _listed(event: tracking.Event) -> dict[str, Any]:
    return {"id": event.id, "kind": event.kind, "server": event.server, "bundle": event.bundle}
