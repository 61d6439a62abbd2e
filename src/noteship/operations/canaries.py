"""The record of canaries: which stands beside a release, and what became of each.

A canary of NAME is a release of its own, NAME-canary, and on record as one (`releases`). Beside that, as a reference:

- ``canaries/PLACE/ID``: {"state", "why", "by", "at", "evidence"}, PLACE and ID of the canary. The state is written
  before anything is changed, "promoting" or "withdrawing", and when it is done "promoted" or "withdrawn": whoever comes
  after a process that was killed goes on with it. A promotion whose rollout failed is forgotten: the canary goes on.

As long as a canary is there, the name of its place is.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from noteship import cluster, store
from noteship.operations import releases
from noteship.operations.errors import CanaryUnderWay
from noteship.operations.releasing import Named
from noteship.operations.sharing import Share
from noteship.operations.who import who

__all__ = ["FOLDER", "Canary", "Settlement", "State", "canary_of", "check_none", "forget", "last", "present", "write"]

FOLDER = "canaries"
SUFFIX = "-canary"

State = Literal["promoting", "promoted", "withdrawing", "withdrawn"]


@dataclass(frozen=True)
class Settlement:
    """What becomes of a canary, or became of it, why, and on which evidence."""

    state: State
    why: str
    by: str = field(default_factory=who)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    evidence: Mapping[str, Any] | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in ("promoted", "withdrawn")

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        evidence = None if self.evidence is None else dict(self.evidence)
        return {"state": self.state, "why": self.why, "by": self.by, "at": self.at, "evidence": evidence}


@dataclass(frozen=True)
class Canary:
    """One that is there, as it was read.

    - since: when it came up, in seconds since 1970; None as long as nothing says that it did
    - settlement: what was begun to become of it, as `ref` has it
    """

    named: Named
    place: releases.Place
    present: releases.Present
    record: releases.Record
    since: float | None
    settlement: Settlement | None
    ref: store.Ref | None = None

    @property
    def share(self) -> Share:
        """What it has of the callers."""
        return Share.from_json((self.record.canary or {})["share"])

    @property
    def bundle_beside(self) -> str:
        """The stable release's bundle, when it was deployed."""
        return str((self.record.canary or {})["bundle"])

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "release": self.named.name,
            "record": self.record.to_json(),
            "share": self.share.to_json(),
            "settlement": self.settlement.to_json() if self.settlement else None,
        }


def canary_of(named: Named) -> Named:
    """What the canary of a release is called."""
    return Named(f"{named.name}{SUFFIX}", named.namespace)


def present(objects: store.Store, at: cluster.Cluster, named: Named) -> Canary | None:
    """The canary of a release, if there is one on record."""
    own = canary_of(named)
    place = releases.Place.of(at.url, own.namespace, own.name)
    found = releases.present(objects, place)
    record = releases.read(objects, place, found.id) if found else None
    if found is None or record is None or record.canary is None:
        return None
    end = objects.read_ref(f"{releases.ENDS}/{place}/{record.id}")
    is_up = end is not None and end.value.get("state") == "done"
    since = datetime.fromisoformat(end.value["at"]).timestamp() if end and is_up else None
    ref = objects.read_ref(f"{FOLDER}/{place}/{record.id}")
    return Canary(own, place, found, record, since, _settlement(ref), ref)


def last(objects: store.Store, at: cluster.Cluster, named: Named) -> str:
    """What became of the last canary of a release, in words; empty where there was none."""
    own = canary_of(named)
    place = releases.Place.of(at.url, own.namespace, own.name)
    for past in releases.history(objects, place):
        settled = _settlement(objects.read_ref(f"{FOLDER}/{place}/{past.record.id}"))
        if settled is not None:
            return f"the last one, {past.record.id}, was {settled.state} at {settled.at} by {settled.by}: {settled.why}"
        return f"the last one, {past.record.id} of {past.record.at}, {past.state}: {past.why}".rstrip(": ")
    return ""


def check_none(objects: store.Store, at: cluster.Cluster, named: Named) -> None:
    """Raises CanaryUnderWay where a release is compared with a canary."""
    found = present(objects, at, named)
    if found is not None:
        raise CanaryUnderWay(str(named), found.record.id)


def write(objects: store.Store, canary: Canary, settlement: Settlement) -> Canary:
    """Write what becomes of it, after what was read. Raises RefMoved where somebody else did so before."""
    name = f"{FOLDER}/{canary.place}/{canary.record.id}"
    return replace(
        canary, settlement=settlement, ref=objects.write_ref(name, settlement.to_json(), expected=canary.ref)
    )


def forget(objects: store.Store, canary: Canary) -> None:
    """Of a promotion that failed: the canary goes on."""
    objects.delete_ref(f"{FOLDER}/{canary.place}/{canary.record.id}")


def _settlement(ref: store.Ref | None) -> Settlement | None:
    with suppress(TypeError):
        return None if ref is None else Settlement(**ref.value)
    return None
