"""Rows of one request are not independent: how much less they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["RequestSizes", "design_effect"]

# With fewer requests than these the variance between them is a guess.
_ENOUGH_REQUESTS = 200


@dataclass(frozen=True)
class RequestSizes:
    """How many requests there were, how many rows they had in all, and the sum of the squares of their rows."""

    requests: float
    rows: float
    rows_squared: float

    def __add__(self, other: Self) -> RequestSizes:
        return RequestSizes(
            self.requests + other.requests, self.rows + other.rows, self.rows_squared + other.rows_squared
        )


def design_effect(counts: ArrayLike, squares: ArrayLike, sizes: RequestSizes, reference: ArrayLike) -> float:
    """How many rows of these requests say as much as one independent row; at least 1.

    It is the variance of the counts between requests over that of independent rows: the sum of (c_rk - m_r q_k)^2 over
    requests r and bins k, over that of m_r q_k (1 - q_k). Of the c_rk there are their sums and their sums of squares;
    sum m_r c_rk is taken for counts_k rows_squared / rows, which is so where sizes and bins have nothing to do with
    each other, and cancels where bins have equal mass.

    With too few requests it is the mean size of the request that a row is in, as if all of its rows were the same.

    Guarantee: evidence whose logarithm is divided by at least the number of rows of the largest request stays valid
    whatever the dependence in a request (Jensen: the geometric mean of e-values is below the arithmetic one). This
    one is an estimate, of windows before the one that is judged.

    Parameters: `counts` (K,) of rows and `squares` (K,), the sum over requests of squared counts; `reference` (K,).
    Source: Kish (1965), "Survey sampling"; for several bins, Rao and Scott (1981), "The analysis of categorical data
    from complex sample surveys".
    """
    if not sizes.rows > 0 or sizes.rows_squared <= sizes.rows:
        return 1.0
    largest = sizes.rows_squared / sizes.rows
    if sizes.requests < _ENOUGH_REQUESTS:
        return largest
    q, c = np.asarray(reference, float), np.asarray(counts, float)
    between = float((np.asarray(squares, float) + (q * q - 2 * q * c / sizes.rows) * sizes.rows_squared).sum())
    independent = sizes.rows * float((q * (1 - q)).sum())
    return max(1.0, between / independent) if independent > 0 else largest
