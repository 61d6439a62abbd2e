"""The record of releases: what was deployed where, by whom, and what came of it.

References, of plain values; PLACE is CLUSTER/NAMESPACE/NAME:

- ``releases/PLACE/ID``: a release that was decided on, written once, before anything is sent (`Record.to_json`);
- ``release-manifests/DIGEST``: {"manifests": what was sent, in its order}, by the digest of that list's canonical JSON;
- ``names/releases/PLACE``: {"digest", "name": of the bundle, as all names have them, and "release": the id of what is
  to run}. It moves by compare-and-swap alone, before anything is sent, and back where that did not come up;
- ``release-ends/PLACE/ID``: {"state": "done" | "failed", "why", "at"}, written once.

Of two who deploy at once one moves the name, and the other is told. A process that is killed leaves a release without
an end: the cluster goes on with it, and the next release knows that it is not one to go back to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from noteship import digests, store, timed

__all__ = [
    "ENDS",
    "FOLDER",
    "NAMES",
    "Past",
    "Place",
    "Present",
    "Record",
    "back",
    "begin",
    "coming_up",
    "end",
    "forget",
    "good_before",
    "history",
    "manifests_of",
    "needed",
    "present",
    "read",
]

FOLDER, MANIFESTS, NAMES, ENDS = "releases", "release-manifests", "names/releases", "release-ends"
# The bundles of so many releases of a name are kept to go back to; Kubernetes keeps as many of its own.
KEPT = 5

State = Literal["done", "failed"]


@dataclass(frozen=True)
class Place:
    """Where a release of a name is: a cluster by its address, and a namespace."""

    cluster: str
    namespace: str
    name: str

    @classmethod
    def of(cls, url: str, namespace: str, name: str) -> Place:
        """By the address of the cluster's API.

        >>> str(Place.of("https://api.example.org:6443", "team-a", "mail"))
        'api.example.org:6443/team-a/mail'
        """
        return cls(urlsplit(url).netloc or url.rstrip(":/"), namespace, name)

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Record:
    """One decision: what is to run, who wants it, when, and why.

    - manifests: their digest; shape: the kind of what makes the pods
    - before: the release until then; of: the one whose manifests these are, where it went back to that
    - reaches: the places that its pods may reach, each with its addresses as they were resolved
    - canary: of a canary, beside which release and bundle it stands, and its share: {"beside", "bundle", "share"}
    """

    bundle: str
    image: str
    manifests: str
    shape: str
    project: str
    by: str
    reason: str | None = None
    before: str | None = None
    of: str | None = None
    reaches: Mapping[str, Sequence[str]] = field(default_factory=dict)
    canary: Mapping[str, Any] | None = None
    id: str = field(default_factory=timed.new)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**asdict(self), "reaches": {name: list(each) for name, each in self.reaches.items()}}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Record:
        """The inverse of `to_json`; fields that it does not know are left out. Raises TypeError."""
        return cls(**{each.name: value[each.name] for each in fields(cls) if each.name in value})


@dataclass(frozen=True)
class Present:
    """What is to run now, as it was read; the reference is what a move expects."""

    ref: store.Ref

    @property
    def id(self) -> str:
        """Of the release."""
        return str(self.ref.value["release"])


@dataclass(frozen=True)
class Past:
    """A release, and what came of it; `why` it failed."""

    record: Record
    state: Literal["present", "replaced", "failed", "no end recorded"]
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**self.record.to_json(), "state": self.state, "why": self.why}


def present(objects: store.Store, place: Place) -> Present | None:
    """What is to run at a place, if anything was ever deployed there."""
    ref = objects.read_ref(f"{NAMES}/{place}")
    return None if ref is None else Present(ref)


def read(objects: store.Store, place: Place, name: str) -> Record | None:
    """The record of an id."""
    ref = objects.read_ref(f"{FOLDER}/{place}/{name}")
    return None if ref is None else _parsed(ref.value)


def begin(
    objects: store.Store, place: Place, record: Record, manifests: Sequence[Any], expected: Present | None
) -> Present:
    """Write the record, then let it be what is to run. Raises RefMoved where another one was since `expected`."""
    name = f"{MANIFESTS}/{record.manifests}"
    if objects.read_ref(name) is None:
        # Who moved it wrote the same.
        with suppress(store.errors.RefMoved):
            objects.write_ref(name, {"manifests": list(manifests)}, expected=None)
    objects.write_ref(f"{FOLDER}/{place}/{record.id}", record.to_json(), expected=None)
    return _moved(objects, place, record, expected)


def back(objects: store.Store, place: Place, to: Record, expected: Present) -> Present:
    """Let an earlier release be what is to run. Raises RefMoved where another one was since `expected`."""
    return _moved(objects, place, to, expected)


def end(objects: store.Store, place: Place, record: Record, state: State, why: str = "") -> None:
    """Write what came of a release; the first word counts."""
    value = {"state": state, "why": why, "at": datetime.now(UTC).isoformat(timespec="seconds")}
    with suppress(store.errors.RefMoved):
        objects.write_ref(f"{ENDS}/{place}/{record.id}", value, expected=None)


def forget(objects: store.Store, place: Place) -> None:
    """Nothing is to run at a place any more; what was is still on record."""
    objects.delete_ref(f"{NAMES}/{place}")


def coming_up(objects: store.Store, place: Place, record: Record) -> bool:
    """Whether a release is known to have come up."""
    ref = objects.read_ref(f"{ENDS}/{place}/{record.id}")
    return ref is not None and ref.value.get("state") == "done"


def good_before(objects: store.Store, place: Place, record: Record) -> Record | None:
    """The last release before it that came up."""
    seen = {record.id}
    name = record.before
    while name and name not in seen:
        seen.add(name)
        found = read(objects, place, name)
        if found is None or coming_up(objects, place, found):
            return found
        name = found.before
    return None


def manifests_of(objects: store.Store, record: Record) -> tuple[Mapping[str, Any], ...] | None:
    """What was sent for it, if that is what its digest says."""
    ref = objects.read_ref(f"{MANIFESTS}/{record.manifests}")
    found = ref.value.get("manifests") if ref else None
    if not isinstance(found, list) or digests.of_value(found) != record.manifests:
        return None
    return tuple(found)


def history(objects: store.Store, place: Place) -> Iterator[Past]:
    """All releases of a place, the latest first."""
    now = present(objects, place)
    ends = {ref.name.rpartition("/")[2]: ref.value for ref in objects.read_refs(f"{ENDS}/{place}/")}
    read_all = (_parsed(ref.value) for ref in objects.read_refs(f"{FOLDER}/{place}/"))
    for record in sorted((each for each in read_all if each), key=lambda each: each.id, reverse=True):
        ended = ends.get(record.id, {})
        if now and now.id == record.id:
            yield Past(record, "present", str(ended.get("why", "")))
        elif ended.get("state") == "done":
            yield Past(record, "replaced")
        else:
            yield Past(record, "failed" if ended else "no end recorded", str(ended.get("why", "")))


def needed(objects: store.Store) -> set[str]:
    """The digests of the bundles that releases may go back to."""
    by_place: dict[str, list[tuple[str, str]]] = {}
    for ref in objects.read_refs(f"{FOLDER}/"):
        found = _parsed(ref.value)
        if found:
            by_place.setdefault(ref.name.rpartition("/")[0], []).append((found.id, found.bundle))
    return {bundle for each in by_place.values() for _, bundle in sorted(each)[-KEPT:]}


def _moved(objects: store.Store, place: Place, record: Record, expected: Present | None) -> Present:
    value = {"digest": record.bundle, "name": record.project, "release": record.id}
    return Present(objects.write_ref(f"{NAMES}/{place}", value, expected=expected.ref if expected else None))


def _parsed(value: Any) -> Record | None:
    try:
        return Record.from_json(value)
    except (TypeError, KeyError):
        return None
