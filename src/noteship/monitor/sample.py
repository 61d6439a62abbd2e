"""A sample of requests that adds up: those with the smallest hashes, with their rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from noteship import digests
from noteship.monitor.pieces import stamp, stamped

__all__ = ["Kept", "Row", "Sample"]

VERSION = 1
# What a sample may take in its written form: a thousand times a piece of counts would be felt in the store.
MOST_BYTES = 256 * 1024
# Above all hashes.
NO_ORDER = 1 << 32


@dataclass(frozen=True)
class Row:
    """A row as it was asked and answered.

    - inputs: values by column, without those that are left out
    - probability: of the likeliest class; None where the model has none
    - bins: which bin of each feature of the profile it fell into, None where that would tell of what is left out
    - leaves: which leaf of the detectors' trees, likewise
    """

    inputs: Mapping[str, Any]
    prediction: Any
    probability: float | None
    bins: tuple[int | None, ...]
    leaves: Mapping[str, int]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Of its written form. Raises ValueError, KeyError and TypeError."""
        probability = None if value["probability"] is None else float(value["probability"])
        return cls(dict(value["inputs"]), value["prediction"], probability, tuple(value["bins"]), dict(value["leaves"]))


@dataclass(frozen=True, order=True)
class Kept:
    """A request that is kept.

    - order: the hash of its id, by which it is kept or not
    - start: of its window
    - body: canonical JSON of its rows, and of how many more it had
    """

    order: int
    request: str
    start: int
    body: str

    @classmethod
    def of(cls, order: int, request: str, start: int, rows: Sequence[Mapping[str, Any]], more: int) -> Self:
        """A request with these rows, in the written form of `Row`, and so many more that are not kept."""
        body = digests.canonical_json({"more": more, "rows": list(rows)})
        return cls(order, request, start, body.decode())

    @property
    def size_bytes(self) -> int:
        """What it takes."""
        return len(self.body.encode()) + len(self.request)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Its rows. Raises ValueError, KeyError and TypeError where it was changed."""
        return tuple(map(Row.from_json, json.loads(self.body)["rows"]))

    def without(self, columns: Iterable[str]) -> Self:
        """Itself, without the values of columns, and what would tell of them."""
        value = json.loads(self.body)
        for row in value["rows"]:
            for column in columns:
                row["inputs"].pop(column, None)
            # Which of the bins are theirs only the profile knows.
            row["bins"], row["leaves"] = [], {}
        return self.of(self.order, self.request, self.start, value["rows"], value["more"])

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        told = {"order": self.order, "request": self.request, "window": stamp(self.start)}
        return {**told, **json.loads(self.body)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError and TypeError."""
        known = int(value["order"]), str(value["request"]), stamped(value["window"])
        kept = cls.of(*known, value["rows"], int(value["more"]))
        _ = kept.rows
        return kept


@dataclass(frozen=True)
class Sample:
    """Of some requests the `most` with the smallest hashes; fewer where these would take more than MOST_BYTES.

    Guarantee: samples of parts add up to the sample of the whole, however it was divided, and whatever is in several
    parts counts once. Where hashes are random, it is one of all requests, each as likely as the others.

    - left_out: columns whose values were never taken
    - kept: in the order of their hashes
    - cut: the first that was not kept for its size, by hash and id; none after it is kept
    """

    most: int
    left_out: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    cut: tuple[int, str] | None = None

    @classmethod
    def of(cls, most: int, left_out: Iterable[str], kept: Iterable[Kept], cut: tuple[int, str] | None = None) -> Self:
        """The sample of these, and of some of which those from `cut` on are not among them."""
        found: list[Kept] = []
        size_bytes = 0
        for each in sorted(set(kept)):
            if len(found) == most or (cut is not None and (each.order, each.request) >= cut):
                break
            size_bytes += each.size_bytes
            if size_bytes > MOST_BYTES:
                cut = (each.order, each.request)
                break
            found.append(each)
        # Where there are enough, nothing was left out for its size.
        return cls(most, tuple(sorted(set(left_out))), tuple(found), cut if len(found) < most else None)

    @property
    def ceiling(self) -> int:
        """Requests with a larger hash do not enter it."""
        if self.cut is not None:
            return self.cut[0]
        return self.kept[-1].order if self.kept and len(self.kept) >= self.most else NO_ORDER

    @property
    def rows(self) -> int:
        """How many are kept."""
        return sum(len(each.rows) for each in self.kept)

    def __add__(self, other: Self) -> Self:
        left_out = {*self.left_out, *other.left_out}
        kept = [
            each.without(left_out) if left_out != set(part.left_out) else each
            for part in (self, other)
            for each in part.kept
        ]
        cuts = [part.cut for part in (self, other) if part.cut is not None]
        return self.of(min(self.most, other.most), left_out, kept, min(cuts, default=None))

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "format": VERSION,
            "most": self.most,
            "left_out": list(self.left_out),
            "requests": [each.to_json() for each in self.kept],
            "cut": None if self.cut is None else list(self.cut),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError and TypeError."""
        if value["format"] != VERSION:
            raise ValueError(f"it has format {value['format']!r}, and this noteship reads format {VERSION}")
        cut = None if value["cut"] is None else (int(value["cut"][0]), str(value["cut"][1]))
        return cls.of(int(value["most"]), map(str, value["left_out"]), map(Kept.from_json, value["requests"]), cut)
