"""`[canary]`: how far off a canary may be, and how sure is sure enough."""

from __future__ import annotations

from dataclasses import dataclass, field

from noteship.project import values

__all__ = ["CanarySettings"]

# With less, the least number of rows is in the millions.
LEAST_APART, MOST_APART = 0.02, 0.4


def _apart(value: object) -> float:
    found = values.share(value)
    if not LEAST_APART <= found <= MOST_APART:
        raise ValueError(f"a number from {LEAST_APART} to {MOST_APART}")
    return found


def _chance(value: object) -> float:
    found = values.share(value)
    if found > 0.5:
        raise ValueError("a probability above 0 and at most 0.5")
    return found


def _failures(value: object) -> float:
    found = values.share(value)
    if not 0.001 <= found <= 0.3:
        raise ValueError("a share of the requests, from 0.001 to 0.3")
    return found


def _factor(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 1000:
        raise ValueError("a factor from 1 to 1000")
    return float(value)


@dataclass(frozen=True)
class CanarySettings:
    """See `noteship.monitor.Terms`."""

    predictions: float = field(default=0.2, metadata={"parse": _apart})
    failures: float = field(default=0.01, metadata={"parse": _failures})
    slower: float = field(default=1.5, metadata={"parse": _factor})
    work: float = field(default=2.0, metadata={"parse": _factor})
    false_withdrawals: float = field(default=0.01, metadata={"parse": _chance})
    missed: float = field(default=0.05, metadata={"parse": _chance})
    soonest_s: float = field(default=1_800.0, metadata={"key": "soonest", "parse": values.length})
