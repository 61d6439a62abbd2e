"""Rows that were kept, of windows before a change and of those since, in the order in which a person looks at them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noteship.monitor import Profile, Row, Sample
from noteship.monitor.decision import Decision, Share
from noteship.monitor.pieces import stamp
from noteship.reporting.history import History

__all__ = ["Group", "KeptRow", "Rows", "begun", "is_usual"]


@dataclass(frozen=True)
class KeptRow:
    """A row of a request, in a window; `why`: in which bins that gained rows, or lost them, it falls."""

    start: int
    request: str
    row: Row
    why: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A part of the document that `noteship monitor --sample --json` prints."""
        row = self.row
        told = {"window": stamp(self.start), "request": self.request, "prediction": row.prediction}
        return {**told, "probability": row.probability, "inputs": dict(row.inputs), "why": list(self.why)}


@dataclass(frozen=True)
class Group:
    """The sample of some windows, as one."""

    windows: tuple[int, ...] = ()
    requests: int = 0
    rows: tuple[KeptRow, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A part of the document that `noteship monitor --sample --json` prints."""
        rows = [each.to_json() for each in self.rows]
        return {"windows": [stamp(each) for each in self.windows], "requests": self.requests, "rows": rows}


@dataclass(frozen=True)
class Rows:
    """What is kept of windows before a change, and of those since; without a change, of the last ones as `before`.

    - columns: those that moved first; the others as the model has them
    - moved: how many of them moved
    - left_out: columns that are never kept
    """

    before: Group
    after: Group
    columns: tuple[str, ...]
    moved: int
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, profile: Profile, history: History, before: Mapping[int, Sample], after: Mapping[int, Sample]) -> Rows:
        """The samples of windows, put together: of all of them so many requests as of one.

        Rows that fall where something has moved come first: of those since, where rows were gained, of those before,
        where they were lost. The others are in the order of their hashes, which is none.
        """
        left_out = {name for sample in (*before.values(), *after.values()) for name in sample.left_out}
        names = [field.name for field in profile.fields if field.name not in left_out]
        moved = _moved(history.explained, names)
        columns = (*moved, *(name for name in names if name not in moved))
        of_before, of_after = (
            _group(profile, history.explained, samples, left_out, is_gained=is_gained)
            for samples, is_gained in ((before, False), (after, True))
        )
        return cls(of_before, of_after, columns, len(moved), tuple(sorted(left_out)))

    def counts(self) -> dict[str, Any]:
        """How many there are; what `noteship monitor --json` says of them."""
        return {
            name: {"windows": len(group.windows), "requests": group.requests, "rows": len(group.rows)}
            for name, group in (("before", self.before), ("after", self.after))
        }

    def to_json(self) -> dict[str, Any]:
        """A part of the document that `noteship monitor --sample --json` prints."""
        told = {"columns": list(self.columns), "moved": self.moved, "left_out": list(self.left_out)}
        return {**told, "before": self.before.to_json(), "after": self.after.to_json()}


def begun(history: History) -> int | None:
    """The window with which the change began that is looked at; None where there is none."""
    last = history.last
    if last is None or last.since is not None:
        return None if last is None else last.since
    return history.since if last.state == "changing" else None


def is_usual(decision: Decision) -> bool:
    """Whether a window is one to compare with."""
    return decision.state not in ("alarm", "changing")


def _group(
    profile: Profile,
    decision: Decision | None,
    samples: Mapping[int, Sample],
    left_out: Collection[str],
    *,
    is_gained: bool,
) -> Group:
    if not samples:
        return Group()
    # What is left out of some windows is not shown of the others, either.
    nothing = Sample(min(each.most for each in samples.values()), tuple(left_out))
    sample = sum(samples.values(), nothing)
    rows = [
        KeptRow(kept.start, kept.request, row, tuple(dict.fromkeys(_why(profile, decision, row, is_gained=is_gained))))
        for kept in sample.kept
        for row in kept.rows
    ]
    rows.sort(key=lambda each: -len(each.why))
    return Group(tuple(sorted(samples)), len(sample.kept), tuple(rows))


def _why(profile: Profile, decision: Decision | None, row: Row, *, is_gained: bool) -> Iterator[str]:
    """What is told of the change, and holds for the row."""
    if decision is None:
        return
    encoder = profile.encoder
    places = {(str(each.name), str(each.group)): place for place, each in enumerate(encoder.layout.features)}
    for culprit in decision.culprits:
        place = places.get((culprit.feature, culprit.group), len(row.bins))
        bin_ = row.bins[place] if place < len(row.bins) else None
        if bin_ is not None and 0 <= bin_ < encoder.layout.width:
            yield from _held(culprit.shares, encoder.layout.bin_in_words(culprit.feature, bin_), is_gained=is_gained)
    for name, leaf in row.leaves.items():
        if name in encoder.bins and 0 <= leaf < encoder.bins[name]:
            yield from _held(decision.moved, " and ".join(encoder.rule(name, leaf)), is_gained=is_gained)


def _held(shares: Sequence[Share], words: str, *, is_gained: bool) -> Iterator[str]:
    yield from (each.what for each in shares if each.what == words and (each.window > each.reference) is is_gained)


def _moved(decision: Decision | None, names: Sequence[str]) -> list[str]:
    """The columns that a decision speaks of, in the order in which it does."""
    if decision is None:
        return []
    told = [*(each.feature for each in decision.culprits), *(each.what for each in (*decision.moved, *decision.pairs))]
    spoken = [
        (place, found.start(), name)
        for name in names
        for place, text in enumerate(told)
        if (found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))
    ]
    return list(dict.fromkeys(name for *_, name in sorted(spoken)))
