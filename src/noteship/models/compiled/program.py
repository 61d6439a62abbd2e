"""A compiled model as a list of small operations on arrays, and the values that pass between them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

__all__ = ["Aside", "Beyond", "Entries", "Program", "Stack", "Wire"]

Array = numpy.ndarray[Any, Any]


class Beyond(Exception):
    """Something in a model that has no compiled form; the message says what, in words."""


class Aside(Exception):
    """These rows are for the plain scorer, most likely to be refused there."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Rows of which most columns are 0: row n has columns[starts[n]:starts[n + 1]], ascending, with their values."""

    starts: Array
    columns: Array
    values: Array

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    @functools.cached_property
    def places(self) -> Array:
        """The row of each entry."""
        return numpy.repeat(numpy.arange(self.count), numpy.diff(self.starts))

    def with_values(self, values: Array) -> Entries:
        """The same places with other values."""
        return Entries(self.starts, self.columns, values)

    def sums(self, values: Array) -> Array:
        """For each row the sum of one value an entry."""
        if self.count == 1:
            # A third of what counting by row takes.
            total: Array = numpy.add.reduce(values, dtype=numpy.float64, keepdims=True)
            return total
        return numpy.bincount(self.places, weights=values, minlength=self.count)


@dataclass(frozen=True)
class Wire:
    """Where an operation finds the result of an earlier one: an array of (n, width), or Entries of that width."""

    register: int
    width: int
    is_entries: bool = False


@dataclass(frozen=True)
class Stack:
    """Wires side by side as one table of numbers; `is_sparse` says which form scikit-learn has it in."""

    parts: tuple[Wire, ...]
    is_sparse: bool = False

    @property
    def width(self) -> int:
        """How many columns there are."""
        return sum(part.width for part in self.parts)


class Program:
    """Operations in their order. Register 0 holds the rows, each operation's result has the next register."""

    def __init__(self) -> None:
        self._operations: list[tuple[Callable[..., Any], tuple[int, ...]]] = []

    def add(
        self, operation: Callable[..., Any], inputs: Sequence[Wire], width: int, *, is_entries: bool = False
    ) -> Wire:
        """Append an operation on the results of earlier ones, or on the rows where there are no inputs."""
        self._operations.append((operation, tuple(wire.register for wire in inputs) or (0,)))
        return Wire(len(self._operations), width, is_entries)

    def run(self, rows: Any) -> Any:
        """The last operation's result. Raises Aside."""
        registers = [rows]
        for operation, inputs in self._operations:
            registers.append(operation(*[registers[place] for place in inputs]))
        return registers[-1]
