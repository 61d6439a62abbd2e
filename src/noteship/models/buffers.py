"""Plain numbers of several columns in one buffer, and whether what stands in it fits the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from noteship.models.columns import Column

__all__ = ["EXACT", "NumberBuffer"]

Numbers = numpy.ndarray[Any, Any]
# No other integer is rounded to one of up to here.
EXACT = 2.0**53 - 1


class NumberBuffer:
    """The plain number columns of a signature, as one float64 array of shape (n, k); null is NaN.

    `places` are theirs among the inputs; `others` are all other inputs with their places.
    """

    def __init__(self, inputs: Sequence[Column]) -> None:
        self.columns = tuple(column for column in inputs if column.is_plain_number)
        self.places = tuple(place for place, column in enumerate(inputs) if column.is_plain_number)
        self.others = tuple((place, column) for place, column in enumerate(inputs) if not column.is_plain_number)
        self.is_all = len(self.columns) == len(inputs)
        whole = [column.type == "integer" for column in self.columns]
        self._whole = numpy.flatnonzero(whole)
        bounds = [column.limits for column in self.columns]
        exact = [EXACT if is_whole else numpy.inf for is_whole in whole]
        self._low = numpy.array([max(low, -most) for (low, _), most in zip(bounds, exact, strict=True)])
        self._high = numpy.array([min(high, most) for (_, high), most in zip(bounds, exact, strict=True)])
        self._refuses_null = numpy.array([column.nulls == "refused" for column in self.columns], dtype=bool)

    def fits(self, numbers: Numbers) -> bool:
        """Whether each number is one that its column takes, and is held exactly.

        Cost: about 10 microseconds, and 30 nanoseconds a number.
        """
        within = (numbers >= self._low) & (numbers <= self._high)
        if not within.all():
            # A comparison with NaN is false.
            null = numpy.isnan(numbers)
            if not (within | null).all() or null[:, self._refuses_null].any():
                return False
        if not len(self._whole):
            return True
        integers = numbers[:, self._whole]
        return bool(((integers == numpy.floor(integers)) | numpy.isnan(integers)).all())
