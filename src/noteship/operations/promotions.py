"""The record of promotions, and the champion that they move.

References, of plain values:

- ``promotions/ID``: a promotion that was decided on, written once, before it is carried out (`Promotion.to_json`);
- ``names/champion``: {"digest", "name", "promotion": the id of what was carried out last, and "override" with the
  reason where that was one}. It moves by compare-and-swap alone.

What was carried out is what the champion leads to: its promotion, the one before that, and so on. A process that is
killed between the two leaves a record that nothing leads to, and the champion as it was. What another version of
noteship has written, and this one cannot read, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

from noteship import store, timed

__all__ = ["CHAMPION", "FOLDER", "Champion", "Past", "Promotion", "champion", "history", "move"]

CHAMPION, FOLDER = "names/champion", "promotions"


@dataclass(frozen=True)
class Promotion:
    """One decision: who made which bundle the champion, when, why, and on which judgement.

    - before, before_promotion: the champion until then, and the promotion that had made it so
    - judgement: the digest of the judgement, None where there was none
    - override: the reason why it counts although `overridden` spoke against it; None where nothing did
    """

    bundle: str
    name: str
    by: str
    before: str | None = None
    before_promotion: str | None = None
    judgement: str | None = None
    reason: str | None = None
    override: str | None = None
    overridden: tuple[str, ...] = ()
    id: str = field(default_factory=timed.new)
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**asdict(self), "overridden": list(self.overridden)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Promotion:
        """The inverse of `to_json`; fields that it does not know are left out. Raises KeyError, TypeError."""
        known = {each.name: value[each.name] for each in fields(cls) if each.name in value}
        return cls(**{**known, "overridden": tuple(value["overridden"])})


@dataclass(frozen=True)
class Champion:
    """The champion as it was read; the reference is what a move expects."""

    ref: store.Ref

    @property
    def digest(self) -> str:
        """Of the bundle."""
        return str(self.ref.value["digest"])

    @property
    def promotion(self) -> str | None:
        """The id of the promotion that made it the champion."""
        value: str | None = self.ref.value.get("promotion")
        return value


@dataclass(frozen=True)
class Past:
    """A promotion, and what came of it."""

    promotion: Promotion
    state: Literal["champion", "replaced", "not carried out"]

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {**self.promotion.to_json(), "state": self.state}


def champion(objects: store.Store) -> Champion | None:
    """The champion, if there is one."""
    ref = objects.read_ref(CHAMPION)
    return None if ref is None else Champion(ref)


def move(objects: store.Store, promotion: Promotion, expected: Champion | None) -> None:
    """Write the record, then let the champion be the promotion's. Raises RefMoved where it is not what is expected."""
    objects.write_ref(f"{FOLDER}/{promotion.id}", promotion.to_json(), expected=None)
    value = {"digest": promotion.bundle, "name": promotion.name, "promotion": promotion.id}
    if promotion.override is not None:
        value["override"] = promotion.override
    objects.write_ref(CHAMPION, value, expected=expected.ref if expected else None)


def history(objects: store.Store) -> Iterator[Past]:
    """All promotions, the latest first."""
    now, found = _as_of_one_moment(objects)
    carried_out = list(_carried_out(dict(found), now.promotion if now else None))
    others = sorted(found.keys() - set(carried_out))
    # What was carried out has an order of its own: ids are of clocks, which differ among machines.
    for place, name in enumerate(carried_out):
        while others and others[-1] > name:
            yield Past(found[others.pop()], "not carried out")
        yield Past(found[name], "replaced" if place else "champion")
    yield from (Past(found[name], "not carried out") for name in reversed(others))


def _as_of_one_moment(objects: store.Store) -> tuple[Champion | None, dict[str, Promotion]]:
    while True:
        now = champion(objects)
        read = (_read(ref.value) for ref in objects.read_refs(f"{FOLDER}/"))
        found = {each.id: each for each in read if each is not None}
        if champion(objects) == now:
            return now, found


def _read(value: Any) -> Promotion | None:
    try:
        return Promotion.from_json(value)
    except (KeyError, TypeError):
        return None


def _carried_out(found: dict[str, Promotion], last: str | None) -> Iterator[str]:
    while last in found:
        yield last
        last = found.pop(last).before_promotion
