"""How requests went in a window, whatever was in them: how many were answered, how many were not, and how long it took.

Counts that add, over workers, replicas and windows; times in bins of equal ratio, so that those of two versions can be
compared by a factor.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

__all__ = ["BINS", "PER_OCTAVE", "Calls", "bin_of"]

# Eight bins for each doubling of the microseconds, as the sketch has them for work: up to 134 seconds.
PER_OCTAVE = 8
BINS = 27 * PER_OCTAVE


def bin_of(seconds: float) -> int:
    """The bin of a time.

    >>> bin_of(1e-6), bin_of(2e-6), bin_of(0.001), bin_of(1e9)
    (0, 8, 79, 215)
    """
    return min(max(0, int(PER_OCTAVE * math.log2(max(seconds * 1e6, 1.0)))), BINS - 1)


@dataclass(frozen=True)
class Calls:
    """Requests for predictions that a version was given.

    - answered: with predictions; failed: with anything else, whoever was to blame
    - times: of those answered, how many took how long, by `bin_of`
    """

    answered: int = 0
    failed: int = 0
    times: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Iterable[tuple[bool, float]]) -> Self:
        """Count them: whether each was answered, and in how many seconds."""
        every = list(told)
        times = Counter(bin_of(seconds) for is_answered, seconds in every if is_answered)
        return cls(sum(times.values()), sum(not is_answered for is_answered, _ in every), times)

    def __add__(self, other: Calls) -> Calls:
        times = Counter(self.times) + Counter(other.times)
        return Calls(self.answered + other.answered, self.failed + other.failed, times)

    def __bool__(self) -> bool:
        return bool(self.answered or self.failed)

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        times = [[place, count] for place, count in sorted(self.times.items())]
        return {"answered": self.answered, "failed": self.failed, "times": times}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> Self:
        """The inverse of `to_json`; of nothing, none. Raises ValueError, KeyError and TypeError."""
        if not value:
            return cls()
        times = {int(place): int(count) for place, count in value["times"]}
        return cls(int(value["answered"]), int(value["failed"]), times)
