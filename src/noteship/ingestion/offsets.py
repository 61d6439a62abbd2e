"""Which messages of a topic are meant, as the declaration says it and as it was resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

__all__ = ["Offsets", "Place", "Ranges", "ranges_in", "ranges_text"]

Place: TypeAlias = Literal["earliest", "latest"] | int | datetime | Mapping[int, int]
"""Where to begin or end: the broker's first or next message, an offset, a time, or an offset for each partition."""
Ranges: TypeAlias = Mapping[int, tuple[int, int]]
"""By partition, the first offset and the one after the last."""


@dataclass(frozen=True)
class Offsets:
    """From where, to before where, and of which partitions; none named are all."""

    begin: Place = "earliest"
    end: Place = "latest"
    partitions: tuple[int, ...] = ()

    @classmethod
    def parsed(cls, value: object) -> Offsets:
        """From a declaration's plain value. Raises ValueError with what was expected."""
        if not isinstance(value, dict) or value.keys() - {"from", "to", "partitions"}:
            raise ValueError('a table such as { from = "earliest", to = "latest", partitions = [0, 1] }')
        partitions = value.get("partitions", [])
        if not isinstance(partitions, list) or not all(_is_offset(each) for each in partitions):
            raise ValueError("whole numbers for partitions")
        begin, end = _place(value.get("from", "earliest")), _place(value.get("to", "latest"))
        return cls(begin, end, tuple(sorted(set(partitions))))

    def to_json(self) -> list[object]:
        """As a plain value."""
        return [_plain(self.begin), _plain(self.end), list(self.partitions)]


def _place(value: object) -> Place:
    expected = (
        'for from and to "earliest", "latest", an offset, a time such as 2026-11-01T00:00:00Z, or a table of them'
    )
    if isinstance(value, dict):
        if not value or not all(key.isdecimal() and _is_offset(each) for key, each in value.items()):
            raise ValueError(f"{expected}: offsets by partition, such as {{ 0 = 1200, 1 = 1187 }}")
        return {int(key): each for key, each in value.items()}
    if value == "earliest":
        return "earliest"
    if value == "latest":
        return "latest"
    if isinstance(value, int) and _is_offset(value):
        return value
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(expected) from None
    # A time without a zone would be another one on another machine.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _is_offset(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _plain(place: Place) -> object:
    if isinstance(place, datetime):
        return place.isoformat()
    return {str(key): each for key, each in place.items()} if isinstance(place, Mapping) else place


def ranges_text(ranges: Ranges) -> str:
    """In one written form.

    >>> ranges_text({1: (3, 9), 0: (0, 5)})
    '0:0-5 1:3-9'
    """
    return " ".join(f"{partition}:{begin}-{end}" for partition, (begin, end) in sorted(ranges.items()))


def ranges_in(text: str | None) -> Ranges | None:
    """From the written form; None for what is none."""
    found = re.findall(r"(\d+):(\d+)-(\d+)", text or "")
    return {int(partition): (int(begin), int(end)) for partition, begin, end in found} or None
