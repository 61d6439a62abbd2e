"""A witness on products of pairs of dimensions, evaluated without making the products."""

from __future__ import annotations

from typing import Protocol

import numpy

from noteship.monitor import statistics
from noteship.monitor.streams import Array

__all__ = ["PairBet", "Witness"]


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
        return self._witness.log_wealth_of(numpy.einsum("ij,ij->i", z @ self._matrix, z))
