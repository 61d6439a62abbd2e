"""Evidence that one of two groups, asked side by side in the same windows, is off from the other one.

Neither group's law is known, and both may move as they like from window to window, as long as they move together. What
is bet is multiples u of a stake for the rows of one group, and v for those of the other, chosen before the rows are
seen. With n and m rows, and a = n / (n + m), the mean of the product of all multiples is, by the means of arithmetic
and geometry, at most (a E u + (1 - a) E v)^(n + m), also where rows of a window are not of one law. So it is enough
that a E u + (1 - a) E v <= 1 for all pairs of laws that are as near to each other as is allowed.

Source: Turner, Ly and Grünwald (2024), "Generic E-variables for exact sequential k-sample tests that allow for optional
stopping", for two groups of one law; Turner and Grünwald (2023), "Safe sequential testing and effect estimation in
stratified count data", for pairs of laws that are near. Changed: on many bins, near in chi-squared distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from noteship.monitor.statistics.logarithms import log_mean_exp

__all__ = ["Evidence", "Known", "Sure", "log_e_apart", "log_e_more", "rows_to_tell", "rows_to_tell_more"]

Array = NDArray[np.float64]
# How far bets go from one group's frequencies so far towards the other's: less than all, since those of few rows go too
# far; more than all, since after a change earlier windows hold them back.
_SHARES = np.array([0.25, 0.5, 1.0, 2.0])
# Rows of the other group's law that are mixed in, a bin.
_PRIOR_ROWS = 0.5
# The spread and the mean of the multiples settle within a percent after so many rounds.
_ROUNDS = 6
_HALVINGS = 50
_LEAST = 1e-4
# Of what it costs to learn where to bet, in logarithms: for any bins, and for each but one. See the tests.
_BEGIN, _BIN = 6.0, 0.5


@dataclass(frozen=True, eq=False)
class Known:
    """Rows by bin, (K,), of the group that is judged and of the one beside it."""

    judged: Array
    beside: Array

    def __add__(self, other: Known) -> Known:
        return Known(self.judged + other.judged, self.beside + other.beside)


@dataclass(frozen=True)
class Sure:
    """The evidence that is enough, as its logarithm, and how probable it is to be that for a change."""

    log_needed: float
    power: float


@dataclass(frozen=True)
class Evidence:
    """A sum of products of e-values, one for each window in which a change may have begun; it is one e-process.

    Guarantee: while every e-value, given all windows before, has a mean of at most 1, it ever reaches 1 / p with a
    probability of at most p (Ville 1939). A change in window s costs log(s (s + 1)) beside what it would for one that
    was known to begin then.
    """

    windows: int = 0
    log_begun: float = -math.inf

    def after(self, log_e: float) -> Evidence:
        """After one more window."""
        number = self.windows + 1
        begun = float(np.logaddexp(self.log_begun, -math.log(number * (number + 1)))) + log_e
        return Evidence(number, begun)

    @property
    def log(self) -> float:
        """The logarithm of it, with the stakes that are kept for windows to come."""
        return float(np.logaddexp(self.log_begun, -math.log(self.windows + 1)))


def log_e_apart(window: Known, before: Known, tolerance: float, effect: float = 1.0) -> float:
    """The logarithm of an e-value against: the judged law is within `tolerance` of the other in chi-squared distance.

    In that distance, no quantity's mean is further off than `tolerance` of its standard deviations. `effect`: how many
    rows say as much as one independent one.
    """
    judged, beside = float(window.judged.sum()), float(window.beside.sum())
    if not (judged and beside and before.judged.sum()):
        return 0.0
    ratio, law = _expected(before)
    u, v = _multiples(ratio * law, law, judged / (judged + beside), tolerance)
    growth = (window.judged * np.log(u) + window.beside * np.log(v)).sum(axis=-1)
    return float(log_mean_exp(growth / effect))


def log_e_more(window: Known, before: Known, allowance: float, effect: float = 1.0) -> float:
    """The same against: the judged share of the second of two bins is at most `allowance` above the other's."""
    judged, beside = float(window.judged.sum()), float(window.beside.sum())
    if not (judged and beside and before.judged.sum()):
        return 0.0
    ratio, law = _expected(before)
    u, v = _multiples_more((ratio * law)[:, 1], law[1], judged / (judged + beside), allowance)
    growth = (window.judged * np.log(u) + window.beside * np.log(v)).sum(axis=-1)
    return float(log_mean_exp(growth / effect))


def rows_to_tell(law: Array, distance: float, tolerance: float, part: float, sure: Sure) -> float:
    """How many judged rows it takes to find that they are `distance` off.

    `law` (K,): of the other group; `part`: of all rows, the judged ones. The change that is meant is one of half of the
    mass, by bins in their order, against the other half. Infinite where the distance is within the tolerance.
    """
    sides = np.where(np.cumsum(law) - law / 2 < 0.5, -1.0, 1.0)
    sides = sides - (law * sides).sum()
    judged = law * np.maximum(1 + distance * sides / math.sqrt(float((law * sides**2).sum())), 0.01)
    judged = judged / judged.sum()
    u, v = _multiples(judged[None, :], law, part, tolerance)
    return _rows((judged, law), (u[0], v[0]), part, sure)


def rows_to_tell_more(share: float, more: float, allowance: float, part: float, sure: Sure) -> float:
    """The same for a share that is `more` above the other's, which is `share`."""
    share = min(max(share, _LEAST), 1 - more - _LEAST)
    u, v = _multiples_more(np.array([share + more]), share, part, allowance)
    laws = np.array([1 - share - more, share + more]), np.array([1 - share, share])
    return _rows(laws, (u[0], v[0]), part, sure)


def _learning(bins: int) -> float:
    """What it costs, in logarithms, to learn the direction, and that a change may begin later; by simulation."""
    return _BEGIN + _BIN * (bins - 1)


def _rows(laws: tuple[Array, Array], bets: tuple[Array, Array], part: float, sure: Sure) -> float:
    """When a walk of the logarithms' mean and spread has come so far: it is nearly normal by then."""
    judged, law = laws
    logs, others = np.log(bets[0]), np.log(bets[1])
    per_row = (1 - part) / part
    first, second = float((judged * logs).sum()), float((law * others).sum())
    mean = first + per_row * second
    if mean <= 1e-9:
        return math.inf
    variance = float((judged * (logs - first) ** 2).sum() + per_row * (law * (others - second) ** 2).sum())
    reach = NormalDist().inv_cdf(sure.power) * math.sqrt(variance)
    needed = sure.log_needed + _learning(len(law))
    return ((reach + math.sqrt(reach * reach + 4 * mean * needed)) / (2 * mean)) ** 2


def _expected(before: Known) -> tuple[Array, Array]:
    """What the judged law is expected to be over the other one, (shares, K), and the other one, (K,)."""
    bins = len(before.beside)
    law = (before.beside + _PRIOR_ROWS) / (before.beside.sum() + _PRIOR_ROWS * bins)
    prior = _PRIOR_ROWS * bins
    judged = (before.judged + prior * law) / (before.judged.sum() + prior)
    ratio = np.maximum(1 + _SHARES[:, None] * (judged / law - 1), 0.01)
    return ratio / (ratio * law).sum(axis=-1, keepdims=True), law


def _multiples(judged: Array, law: Array, part: float, tolerance: float) -> tuple[Array, Array]:
    """u and v, (shares, K): those that grow fastest if the laws are these, with a mean of at most 1 if they are near.

    Near to a law P, whatever it is, the mean of u is at most E_P u + tolerance * sd_P(u), by Cauchy and Schwarz; and sd
    is at most s / 2 + E_P (u - c)^2 / (2 s) for every c and s > 0. So in each bin for itself
    part * (u + tolerance * (s / 2 + (u - c)^2 / (2 s))) + (1 - part) * v = 1 is enough. In it the best u is the root of
    a quadratic equation; c and s are the mean and the spread of u under the nearest law.
    """
    distance = np.sqrt((law * (judged / law - 1) ** 2).sum(axis=-1, keepdims=True))
    u = judged / (part * judged + (1 - part) * law)
    nearest = np.broadcast_to(law, judged.shape)
    # Less of the spread than there is without a tolerance.
    left = np.maximum(1 - tolerance / np.maximum(distance, 1e-12), 1e-3)
    scale = left
    for _ in range(_ROUNDS):
        c = (nearest * u).sum(axis=-1, keepdims=True)
        s = np.maximum(np.sqrt((nearest * (u - c) ** 2).sum(axis=-1, keepdims=True)) * scale, 1e-6)
        scale = np.ones_like(scale)
        a, weight = tolerance / (2 * s), judged / (1 - part)
        second = -a * (weight * part + 2 * law)
        first = -weight * part * (1 - 2 * a * c) - law * (1 - 2 * a * c)
        constant = weight * (1 - part * (tolerance * s / 2 + a * c * c))
        root = np.sqrt(np.maximum(first * first - 4 * second * constant, 0.0))
        u = (-first - root) / (2 * second)
        v = (1 - part * (u + tolerance * s / 2 + a * (u - c) ** 2)) / (1 - part)
        nearest = law / np.maximum(v, 1e-12)
        nearest = nearest / nearest.sum(axis=-1, keepdims=True)
    is_far = distance > tolerance
    is_sound = ((u > 0) & (v > 0)).all(axis=-1, keepdims=True) & is_far
    return np.where(is_sound, u, 1.0), np.where(is_sound, v, 1.0)


def _multiples_more(judged: Array, share: float, part: float, allowance: float) -> tuple[Array, Array]:
    """u and v, (shares, 2), of shares (shares,): the laws over the nearest pair of laws that is allowed.

    The nearest pair t + allowance and t is where part * (u_1 - u_0) + (1 - part) * (v_1 - v_0) = 0; there
    part * E u + (1 - part) * E v is 1 for every pair that is `allowance` apart, and at most 1 for those that are less.
    """
    judged = np.clip(judged, _LEAST, 1 - _LEAST)
    share = min(max(share, _LEAST), 1 - _LEAST)
    low, high = np.full_like(judged, 1e-12), np.full_like(judged, 1 - allowance - 1e-12)
    for _ in range(_HALVINGS):
        t = (low + high) / 2
        up = part * (judged / (t + allowance) - (1 - judged) / (1 - t - allowance))
        down = (1 - part) * (share / t - (1 - share) / (1 - t))
        low, high = np.where(up + down > 0, t, low), np.where(up + down > 0, high, t)
    t = (low + high) / 2
    u = np.stack([(1 - judged) / (1 - t - allowance), judged / (t + allowance)], axis=-1)
    v = np.stack([(1 - share) / (1 - t), share / t], axis=-1)
    is_more = (judged > share + allowance)[:, None]
    return np.where(is_more, u, 1.0), np.where(is_more, v, 1.0)
