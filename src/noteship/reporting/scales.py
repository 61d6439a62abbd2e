"""Round numbers for an axis: where it begins and ends, and where it is labelled."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "round_step"]

# Labels at so many places, or at some fewer.
MOST_TICKS = 5
# Marks at the ends of an axis are as wide as this part of it.
EDGE = 0.03


@dataclass(frozen=True)
class Scale:
    """From low to high in round steps; both are labelled."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Iterable[float], least: float | None = None, most: float | None = None) -> Scale:
        """The narrowest that holds all values that are finite; `least` and `most` are where it may end at the latest.

        >>> Scale.around([0.91, 0.987], most=1)
        Scale(low=0.9, high=1.0, step=0.02)
        """
        finite = [each for each in values if math.isfinite(each)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        if low == high:
            # One value alone has room on both sides.
            room = abs(low) / 10 or 1.0
            low, high = low - room, high + room
        low, high = (low if least is None else max(low, least)), (high if most is None else min(high, most))
        step = round_step(high - low)
        # Of sums of decimals the last digits are no news.
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        return cls(_clean(first * step), _clean(max(last, first + 1) * step), step)

    @property
    def ticks(self) -> tuple[float, ...]:
        """The labelled values."""
        count = round((self.high - self.low) / self.step)
        return tuple(_clean(self.low + place * self.step) for place in range(count + 1))

    @property
    def labels(self) -> tuple[str, ...]:
        """As many decimals each; a minus is one."""
        digits = max(0, -math.floor(math.log10(self.step) + 1e-9))
        return tuple(f"{each:,.{digits}f}".replace("-", "−") for each in self.ticks)

    def place(self, value: float) -> float:
        """Where a value lies, in percent of an axis whose ends keep room for marks; none lies outside."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(100 * (EDGE + part * (1 - 2 * EDGE)), 2)


def round_step(width: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that divides a width into few enough parts.

    >>> round_step(0.1), round_step(7), round_step(1)
    (0.02, 2.0, 0.2)
    """
    power = 10.0 ** math.floor(math.log10(max(width, 1e-12) / MOST_TICKS))
    # Of parts that are exactly enough, rounding makes none too many.
    step = next((each for each in (1, 2, 5) if width <= each * power * MOST_TICKS * (1 + 1e-9)), 10)
    return _clean(step * power)


def _clean(value: float) -> float:
    return float(f"{value:.12g}")
