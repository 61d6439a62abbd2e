"""Checked rows on their way to a scorer: numbers in one buffer, the rest by column."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, Self

import numpy
import pandas

from noteship.models.buffers import EXACT
from noteship.models.columns import plain
from noteship.models.signature import Signature

__all__ = ["Rows"]


class Rows:
    """n rows that fit a signature; at least one. Not to be changed.

    - numbers: the inputs that are plain numbers, in the signature's order; float64 of shape (n, k), null as NaN
    - others: the checked values of each other input, in the signature's order; null as None
    - is_exact: False where an integer is too large for a float64: the frame alone holds it, and `joined` cannot
    """

    def __init__(
        self,
        signature: Signature,
        numbers: numpy.ndarray[Any, Any],
        others: Sequence[Sequence[Any]],
        frame: pandas.DataFrame | None = None,
        *,
        is_exact: bool = True,
    ) -> None:
        self.signature = signature
        self.numbers = numbers
        self.others = tuple(others)
        self.is_exact = is_exact
        if frame is not None:
            # What stands here is not built again.
            self.__dict__["frame"] = frame

    def __len__(self) -> int:
        return len(self.numbers)

    @classmethod
    def of_tuples(cls, signature: Signature, tuples: Sequence[tuple[Any, ...]]) -> Self | None:
        """Rows of values in the signature's order whose JSON types were checked already; null is None.

        None where a number does not fit or wants a closer look, such as an integer beyond 2**53: `of_columns` takes
        that. Raises BadRows for other values that do not fit.
        Cost: about 20 microseconds, and 2 for each row of 30 numbers.
        """
        buffer = signature.buffer
        if buffer.is_all:
            numbers = numpy.array(tuples, dtype=numpy.float64)
            return cls(signature, numbers, ()) if buffer.fits(numbers) else None
        columns = list(zip(*tuples, strict=True))
        numbers = _numbers(len(tuples), [columns[place] for place in buffer.places])
        if buffer.columns and not buffer.fits(numbers):
            return None
        return cls(signature, numbers, [column.check(columns[place]) for place, column in buffer.others])

    @classmethod
    def of_columns(cls, signature: Signature, columns: Sequence[Sequence[Any]]) -> Self:
        """Rows of any JSON values, by column in the signature's order. Raises BadRows for what does not fit."""
        checked = [column.check(given) for column, given in zip(signature.inputs, columns, strict=True)]
        numbers = _numbers(len(columns[0]), [checked[place] for place in signature.buffer.places])
        others = [checked[place] for place, _ in signature.buffer.others]
        whole = [place for place, column in enumerate(signature.buffer.columns) if column.type == "integer"]
        if not (numpy.abs(numbers[:, whole]) > EXACT).any():
            return cls(signature, numbers, others)
        pairs = zip(signature.inputs, checked, strict=True)
        frame = pandas.DataFrame({column.name: column.build(given) for column, given in pairs})
        return cls(signature, numbers, others, frame, is_exact=False)

    @classmethod
    def of_frame(cls, signature: Signature, frame: pandas.DataFrame) -> Self:
        """The rows of a frame that the signature has encoded."""
        columns = [frame[column.name] for column in signature.inputs]
        numbers = _numbers(len(frame), [columns[place] for place in signature.buffer.places])
        others = [list(map(plain, columns[place].tolist())) for place, _ in signature.buffer.others]
        return cls(signature, numbers, others, frame)

    @classmethod
    def joined(cls, pieces: Sequence[Self]) -> Self:
        """The rows of several, one after the other; all exact and of one signature."""
        if len(pieces) == 1:
            return pieces[0]
        numbers = numpy.concatenate([piece.numbers for piece in pieces])
        parts = zip(*(piece.others for piece in pieces), strict=True)
        others = [list(itertools.chain.from_iterable(part)) for part in parts]
        return cls(pieces[0].signature, numbers, others)

    def unseen(self) -> dict[str, int]:
        """How many rows hold a category that the raw data did not, by column; only where any do."""
        others = zip(self.signature.buffer.others, self.others, strict=True)
        pairs = [(column, given) for (_, column), given in others if column.categories]
        counts = {column.name: column.count_unseen(given) for column, given in pairs}
        return {name: count for name, count in counts.items() if count}

    @functools.cached_property
    def frame(self) -> pandas.DataFrame:
        """The rows with the types that the steps were fitted with."""
        numbers, others = iter(self.numbers.T), iter(self.others)
        series: dict[str, Any] = {}
        for column in self.signature.inputs:
            is_number = column.is_plain_number
            series[column.name] = next(numbers).astype(column.dtype) if is_number else column.build(next(others))
        return pandas.DataFrame(series)


def _numbers(count: int, columns: Sequence[Any]) -> numpy.ndarray[Any, Any]:
    numbers = numpy.empty((count, len(columns)))
    for place, column in enumerate(columns):
        numbers[:, place] = column
    return numbers
