"""A compiled model as a list of small operations on arrays, and the values that pass between them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

__all__ = ["NO_WORK", "Aside", "Beyond", "Entries", "Program", "Stack", "Wire", "Work"]

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

    def nonzeros(self) -> Array:
        """For each row how many of its values are not zero."""
        if numpy.count_nonzero(self.values) == len(self.values):
            return self.starts[1:] - self.starts[:-1]
        return self.sums(self.values != 0).astype(numpy.int64)


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


@dataclass(frozen=True)
class Work:
    """The work of an operation, as the rules of `noteship.models.work` have it for the step that it is of.

    - each: what every row takes
    - nonzeros: what each value of the inputs takes that is not zero
    - keeps_zeros: its result is zero where its one input is, and nowhere else
    - tells: it gives a pair, its result and what it alone knows, an array (n, tells): each row's work, and where there
      are two how many values of its result are not zero
    """

    each: int = 0
    nonzeros: int = 0
    keeps_zeros: bool = False
    tells: int = 0


NO_WORK = Work()
NOTHING = numpy.empty((0, 0))


class Program:
    """Operations in their order. Register 0 holds the rows, each operation's result has the next register.

    Guarantee: `work` of rows that `run` was given is what the plain model's counter counts.
    """

    def __init__(self) -> None:
        self._operations: list[tuple[Callable[..., Any], tuple[int, ...], int]] = []
        self._each = 0
        # How often the values of a register count that are not zero, by the first that has the same zeros.
        self._nonzeros: dict[int, int] = {}
        self._same_zeros: dict[int, int] = {}

    def add(
        self,
        operation: Callable[..., Any],
        inputs: Sequence[Wire],
        width: int,
        *,
        is_entries: bool = False,
        work: Work = NO_WORK,
    ) -> Wire:
        """Append an operation on the results of earlier ones, or on the rows where there are no inputs."""
        self._operations.append((operation, tuple(wire.register for wire in inputs) or (0,), work.tells))
        made = Wire(len(self._operations), width, is_entries)
        roots = [self._same_zeros.get(wire.register, wire.register) for wire in inputs]
        if work.keeps_zeros:
            self._same_zeros[made.register] = roots[0]
        if work.nonzeros:
            for root in roots:
                self._nonzeros[root] = self._nonzeros.get(root, 0) + work.nonzeros
        self.add_work(work.each)
        return made

    def add_work(self, each: int) -> None:
        """Every row takes so much more, in a step that is no operation here."""
        self._each += each

    def run(self, rows: Any) -> tuple[Any, Array]:
        """The last operation's result, and what those that tell have told, side by side. Raises Aside."""
        registers = [rows]
        told = NOTHING
        for operation, inputs, tells in self._operations:
            result = operation(*[registers[place] for place in inputs])
            if tells:
                result, own = result
                told = own if told is NOTHING else numpy.concatenate((told, own), axis=1)
            registers.append(result)
        return registers[-1], told

    def work(self, rows: Any, told: Array) -> Array:
        """The work of each row, int64 of shape (n,), by what was told when they went through.

        Cost: no text is cut and no tree is walked again; scalers and encoders run again where zeros matter.
        """
        total = numpy.full(len(rows), self._each, dtype=numpy.int64)
        if len(self._factors):
            total += (told @ self._factors).astype(numpy.int64)
        registers = {0: rows}
        for register in self._again:
            operation, inputs, tells = self._operations[register - 1]
            result = operation(*[registers[place] for place in inputs])
            registers[register] = result[0] if tells else result
        for register in self._seen:
            total += self._nonzeros[register] * _nonzeros(registers[register])
        return total

    @functools.cached_property
    def _factors(self) -> Array:
        """How often each column of what is told counts."""
        factors: list[int] = []
        for register, (_, _, tells) in enumerate(self._operations, start=1):
            factors += (1, self._nonzeros.get(register, 0))[:tells]
        return numpy.array(factors)

    @functools.cached_property
    def _seen(self) -> tuple[int, ...]:
        """The registers whose zeros are seen only by filling them again."""
        return tuple(register for register in self._nonzeros if self._operations[register - 1][2] < 2)

    @functools.cached_property
    def _again(self) -> tuple[int, ...]:
        """The registers that have to be filled again for that, in their order."""
        needed = set(self._seen)
        for register in range(len(self._operations), 0, -1):
            if register in needed:
                needed.update(self._operations[register - 1][1])
        return tuple(sorted(needed - {0}))


def _nonzeros(given: Any) -> Array:
    """For each row how many values are not zero."""
    if isinstance(given, Entries):
        return given.nonzeros()
    if given.all():
        # A quarter of the time, for the numbers that most models have.
        return numpy.full(len(given), given.shape[1], dtype=numpy.int64)
    return numpy.asarray(numpy.count_nonzero(given, axis=1), dtype=numpy.int64)
