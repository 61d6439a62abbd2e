"""A witness on products of pairs of dimensions, evaluated without making the products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy

from noteship.monitor import arrays, multiplying, statistics
from noteship.monitor.streams import Array

__all__ = ["PairBet", "Witness", "witness_from_json", "witness_to_json"]


class Witness(Protocol):
    """A direction of the products, and what bets on it make of rows."""

    @property
    def identity(self) -> str:
        """Which one it is."""
        ...

    @property
    def direction(self) -> Array:
        """Of the products."""
        ...

    def log_wealth_of(self, along: Array) -> Array:
        """Sums over rows, for each of several stakes, from the products along the direction, (n,)."""
        ...


class PairBet:
    """Bets on rows z by a witness on their products."""

    def __init__(self, witness: Witness, dimensions: int) -> None:
        self.identity = witness.identity
        self._witness = witness
        self._matrix = statistics.unfold(witness.direction, dimensions)

    def log_wealth(self, z: Array) -> Array:
        """Sums over rows, for each of the witness's stakes. Cost: a quarter of a microsecond a row."""
        extended = statistics.with_one(z)
        return self._witness.log_wealth_of(
            numpy.einsum("ij,ij->i", multiplying.times(extended, self._matrix), extended)
        )


def witness_to_json(witness: statistics.Witness) -> dict[str, Any]:
    """The form in which an evaluator publishes a witness for the workers; numbers are exact."""
    numbers = {"baseline": witness.baseline, "allowance": witness.allowance, "cut": witness.cut}
    return {"direction": arrays.to_json(witness.direction, "<f4"), **numbers}


def witness_from_json(value: Mapping[str, Any]) -> statistics.Witness:
    """The inverse of `witness_to_json`. Raises ValueError, KeyError and TypeError."""
    numbers = (float(value[name]) for name in ("baseline", "allowance", "cut"))
    return statistics.Witness(arrays.from_json(value["direction"]), *numbers)
