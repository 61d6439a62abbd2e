"""The book of searches: references in the store.

- ``tunings/ID/begin`` what is searched, how, and by what, written when the search begins; what the parameters as they
  are come to, is of the last call that has worked at it;
- ``tunings/ID/trials/NNNNNN`` a trial, written when it ends; until then who is at it (see `sharing`).

An ID is the start in UTC, to the microsecond, and six random digits, so IDs sort by time. Killing any process at any
moment leaves a book that the next search goes on from: what had not ended is no trial. What another version of noteship
has written, and this one cannot read, is left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from noteship import store, timed
from noteship.nearest import nearest
from noteship.tuning.errors import UnknownSearch
from noteship.tuning.sharing import Shared
from noteship.tuning.space import Space
from noteship.tuning.trials import Direction, Trial

__all__ = ["Begun", "Book"]

FOLDER = "tunings"
VERSION = 1


@dataclass(frozen=True)
class Begun:
    """A search as it began.

    - identity: a digest of all that its trials' values depend on, the points aside: equal ones can be added
    - metric, direction: what is searched for
    - before: the value with the parameters as they are, and `own` these parameters; None where it has none
    - told: whatever its owner wants to know later
    """

    id: str
    identity: str
    metric: str
    direction: Direction
    space: Space
    started: str
    before: float | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "version": VERSION,
            "id": self.id,
            "identity": self.identity,
            "metric": self.metric,
            "direction": self.direction,
            "space": self.space.to_json(),
            "started": self.started,
            "before": self.before,
            "own": dict(self.own),
            "told": dict(self.told),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Begun:
        """From its plain value."""
        given = {name: each for name, each in value.items() if name != "version"}
        return cls(**{**given, "space": Space.from_json(value["space"])})


class Book:
    """Reads and writes the book; safe among threads and processes, as the store is."""

    def __init__(self, kept_in: store.Store) -> None:
        self._store = kept_in

    def begin(self, search: Begun) -> Begun:
        """Write down that a search begins; its `id` and `started` are given here."""
        now = datetime.now(UTC)
        name = timed.new(now)
        made = replace(search, id=name, started=f"{now:%Y-%m-%dT%H:%M:%S}Z")
        self._store.write_ref(f"{FOLDER}/{name}/begin", made.to_json(), expected=None)
        return made

    def go_on(self, search: Begun) -> Begun:
        """Write down what the parameters as they are come to now."""
        ref = self._store.read_ref(f"{FOLDER}/{search.id}/begin")
        if ref is not None and ref.value != search.to_json():
            with contextlib.suppress(store.errors.RefMoved):  # by another one that goes on with it now
                self._store.write_ref(ref.name, search.to_json(), expected=ref)
        return search

    def ids(self) -> list[str]:
        """The IDs of all searches, the latest first."""
        return sorted(self._store.ref_folders(FOLDER), reverse=True)

    def every(self) -> Iterator[Begun]:
        """All searches, the latest first."""
        return filter(None, map(self._read, self.ids()))

    def last(self, identity: str) -> Begun | None:
        """The latest search of this identity."""
        return next((each for each in self.every() if each.identity == identity), None)

    def search(self, name: str) -> Begun:
        """A search by its ID, any unambiguous start of it, or `latest`. Raises UnknownSearch."""
        names = self.ids()
        fitting = names[:1] if name == "latest" else [each for each in names if each.startswith(name)]
        found = self._read(fitting[0]) if len(fitting) == 1 else None
        if found is None:
            raise UnknownSearch(name, tuple(fitting), nearest(name, names) or (names[0] if names else ""))
        return found

    def trials(self, name: str) -> Sequence[Trial]:
        """The trials of a search that have ended, by number."""
        found = (Trial.read(ref.value) for ref in self._store.read_refs(f"{FOLDER}/{name}/trials/"))
        return sorted((each for each in found if each is not None), key=lambda each: each.number)

    def shared(self, name: str) -> Shared:
        """A search, to work at it."""
        return Shared(self._store, f"{FOLDER}/{name}/trials")

    def add(self, name: str, trial: Trial) -> Trial:
        """Write a trial down; where another process has taken its number, under the next that is free."""
        return self.shared(name).keep(trial)

    def _read(self, name: str) -> Begun | None:
        ref = self._store.read_ref(f"{FOLDER}/{name}/begin")
        try:
            return Begun.from_json(ref.value) if ref is not None and ref.value["version"] == VERSION else None
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
