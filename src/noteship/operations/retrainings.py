"""The record of retrainings: why each began, what it did, and what came of it.

References, of plain values, each written once:

- ``retrainings/ID/begin``: {"occasions", "by", "at", "settings"};
- ``retrainings/ID/STEP``: what a step found, "at" a time: `run`, `judged`, `promoted`, `shipped`;
- ``retrainings/ID/end``: {"state", "why", "at"}.

A process that is killed leaves one without an end. Who comes next goes on with it: what its steps did is found done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from noteship import store, timed

__all__ = ["FOLDER", "Occasion", "Retraining", "State", "begin", "end", "history", "note", "read", "unfinished"]

FOLDER = "retrainings"
# One that began longer ago and has no end is not gone on with: data and champion are others by now.
ABANDONED = timedelta(days=1)

State = Literal["under way", "unchanged", "refused", "validated", "promoted", "canary", "deployed", "failed"]


@dataclass(frozen=True)
class Occasion:
    """Why a model is learned anew; `what` names this occasion and no other, `told` is a sentence."""

    kind: Literal["alarm", "data", "asked"]
    what: str
    told: str


@dataclass(frozen=True)
class Retraining:
    """One retraining as it is on record; `steps` by name."""

    id: str
    at: str
    by: str
    occasions: tuple[Occasion, ...]
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    state: State = "under way"
    why: str = ""

    @property
    def began(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.at)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**asdict(self), "occasions": [asdict(each) for each in self.occasions]}


def begin(objects: store.Store, occasions: Sequence[Occasion], by: str, settings: Mapping[str, Any]) -> Retraining:
    """Record that one begins."""
    made = Retraining(timed.new(), _now(), by, tuple(occasions))
    value = {"occasions": [asdict(each) for each in occasions], "by": by, "at": made.at, "settings": dict(settings)}
    objects.write_ref(f"{FOLDER}/{made.id}/begin", value, expected=None)
    return made


def note(objects: store.Store, of: Retraining, step: str, found: Mapping[str, Any]) -> None:
    """Record what a step did; the first word counts."""
    _put_once(objects, f"{FOLDER}/{of.id}/{step}", {**found, "at": _now()})


def end(objects: store.Store, of: Retraining, state: State, why: str) -> None:
    """Record what came of it; the first word counts."""
    _put_once(objects, f"{FOLDER}/{of.id}/end", {"state": state, "why": why, "at": _now()})


def unfinished(objects: store.Store) -> Retraining | None:
    """The one to go on with: the last, where it has no end and is not abandoned."""
    last = next(history(objects), None)
    if last is None or last.state != "under way" or datetime.now(UTC) - last.began > ABANDONED:
        return None
    return last


def history(objects: store.Store) -> Iterator[Retraining]:
    """All retrainings, the latest first; what another version of noteship wrote otherwise is left out."""
    names = reversed(objects.ref_folders(FOLDER))
    yield from (found for name in names if (found := read(objects, name)) is not None)


def read(objects: store.Store, name: str) -> Retraining | None:
    """One by its id."""
    prefix = f"{FOLDER}/{name}/"
    return _parsed(name, {ref.name.removeprefix(prefix): ref.value for ref in objects.read_refs(prefix)})


def _parsed(name: str, values: dict[str, Any]) -> Retraining | None:
    try:
        start, ended = values.pop("begin"), values.pop("end", {"state": "under way", "why": ""})
        occasions = tuple(Occasion(**each) for each in start["occasions"])
        return Retraining(name, start["at"], start["by"], occasions, values, ended["state"], ended["why"])
    except (KeyError, TypeError):
        return None


def _put_once(objects: store.Store, name: str, value: Mapping[str, Any]) -> None:
    with suppress(store.errors.RefMoved):
        objects.write_ref(name, dict(value), expected=None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
