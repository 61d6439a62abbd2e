"""Evidence from counts on bins: valid for every law of the ball, and nearly as strong as can be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import chi2

from noteship.monitor import statistics


def _at_distance(q: np.ndarray, way: np.ndarray, distance: float) -> np.ndarray:
    """The law that lies this far from q along `way`, or at least in that direction as far as there are laws."""
    way = way - way.sum() * q
    way = way / np.sqrt((way**2 / q).sum())
    room = np.min(np.where(way < 0, -q / np.minimum(way, -1e-300), np.inf))
    law = q + min(distance, 0.999 * room) * way
    return law / law.sum()


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 20), st.floats(0.01, 2), st.integers(0, 2**32))
def test_no_law_of_the_ball_makes_a_bet_favourable(bins: int, radius: float, seed: int) -> None:
    """Whatever was seen before, no law in the ball gives a bet's multiples a mean above one."""
    random = np.random.default_rng(seed)
    q = random.dirichlet(np.full(bins, random.choice([0.5, 5.0, 100.0]))) + 1e-6
    q /= q.sum()
    known = random.multinomial(random.choice([0, 3, 100, 100_000]), random.dirichlet(np.ones(bins))).astype(float)
    multiples = statistics.bets(known, q, radius)
    assert (multiples > 0).all()
    for way in q * (random.normal(size=(10, 1, bins)) * [[1.0], [0.1], [1e-2], [1e-3]] + multiples).reshape(-1, bins):
        p = _at_distance(q, way, radius)
        assert (multiples @ p).max() <= 1 + 1e-9


def _best_growth(p: np.ndarray, q: np.ndarray, radius: float) -> float:
    """The fastest growth under p of a bet that no law of the ball favours: the divergence to the nearest of them."""
    solution = minimize(
        lambda law: -(p * np.log(law)).sum(),
        q,
        jac=lambda law: -p / law,
        bounds=[(1e-9, 1)] * len(q),
        constraints=[
            {"type": "eq", "fun": lambda law: law.sum() - 1},
            {"type": "ineq", "fun": lambda law: radius**2 - ((law - q) ** 2 / q).sum()},
        ],
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 500},
    )
    return float((p * np.log(p / solution.x)).sum())


def test_the_bet_grows_nearly_as_fast_as_any() -> None:
    """Without a search the bet keeps 93 % of the growth that a slow optimiser finds, and never less than 80 %."""
    random = np.random.default_rng(1)
    q = np.full(16, 1 / 16)
    shares = []
    for radius, factor in itertools.product((0.1, 0.2), (1.5, 3.0)):
        for way in (random.normal(size=16), np.eye(16)[0], -random.exponential(size=16)):
            p = _at_distance(q, way, factor * radius)
            # So many rows have been seen that what is expected is p; the third share is 1.
            growth = float(p @ np.log(statistics.bets(1e9 * p, q, radius)[2]))
            shares.append(growth / _best_growth(p, q, radius))
    assert np.mean(shares) > 0.93
    assert min(shares) > 0.8
    assert max(shares) < 1 + 1e-3


def test_the_e_value_of_every_possible_window_averages_to_at_most_one() -> None:
    """Summed over all windows of 3 and 2 rows, for laws on the edge of the ball, the mean of e is at most one."""
    q, radius, history = np.array([0.5, 0.3, 0.2]), 0.3, np.array([1.0, 0.0, 4.0])
    windows = [
        np.stack([np.bincount(rows[:3], minlength=3), np.bincount(rows[3:], minlength=3)])
        for rows in itertools.product(range(3), repeat=5)
    ]
    counts = np.array(windows, float)
    for angle in np.linspace(0, 2 * math.pi, 12):
        p = _at_distance(q, np.array([math.cos(angle), math.sin(angle), 0]), radius)
        chances = np.exp((counts.sum(axis=1) * np.log(p)).sum(axis=1))
        assert math.isclose(chances.sum(), 1)
        for past in (0.0, history):
            assert chances @ np.exp(statistics.log_e_bins(counts, q, radius, history=past)) <= 1 + 1e-12


def test_rows_that_repeat_within_a_request_keep_it_valid_when_tempered() -> None:
    """Where each request is one row four times, evidence divided by four has a mean of at most one."""
    q, radius = np.array([0.5, 0.3, 0.2]), 0.2
    p = _at_distance(q, np.array([0.0, 0.0, 1.0]), radius)
    singles = np.array(
        [
            np.stack([np.bincount(rows[:3], minlength=3), np.bincount(rows[3:], minlength=3)])
            for rows in itertools.product(range(3), repeat=6)
        ]
    )
    chances = np.exp((singles.sum(axis=1) * np.log(p)).sum(axis=1))
    past = 50 * p
    tempered = statistics.log_e_bins(4 * singles, q, radius, history=past, effect=4)
    assert chances @ np.exp(tempered) <= 1 + 1e-12
    assert chances @ np.exp(statistics.log_e_bins(4 * singles, q, radius, history=past)) > 1


def test_within_the_ball_more_rows_are_no_more_evidence() -> None:
    """A law on the edge of the ball has less evidence against it with a million rows than with a thousand."""
    q = np.full(16, 1 / 16)
    p = _at_distance(q, np.arange(16.0), 0.15)
    few, many = (float(statistics.log_e_bins(np.stack([n * p, n * p]), q, 0.15)) for n in (500, 500_000))
    assert many <= few <= 0.1


def test_outside_of_the_ball_evidence_grows_with_the_rows() -> None:
    """Ten times the rows are about ten times the evidence, and no number overflows."""
    q = np.full(16, 1 / 16)
    p = _at_distance(q, np.arange(16.0), 0.4)
    small, large, huge = (float(statistics.log_e_bins(np.stack([n * p, n * p]), q, 0.15)) for n in (1e3, 1e4, 1e9))
    assert small > 5
    assert 8 < large / small < 25
    assert math.isfinite(huge)


def test_earlier_windows_help() -> None:
    """With what the window before had, the same window is more evidence."""
    random = np.random.default_rng(2)
    q = np.full(16, 1 / 16)
    p = _at_distance(q, random.normal(size=16), 0.35)
    windows = random.multinomial(125, p, size=(200, 2))
    alone = statistics.log_e_bins(windows, q, 0.15)
    helped = statistics.log_e_bins(windows, q, 0.15, history=random.multinomial(250, p, size=200))
    assert helped.mean() > alone.mean() + 0.5


def test_no_rows_are_no_evidence_and_bins_that_fill_up_do_nothing() -> None:
    """An empty window has e = 1, and bins without mass leave the evidence as it is."""
    q = np.array([0.25, 0.25, 0.5])
    counts = np.array([[9.0, 1, 4], [8, 2, 3]])
    padded = np.pad(counts, ((0, 0), (0, 2)))
    assert statistics.log_e_bins(np.zeros((2, 3)), q, 0.1) == 0
    assert np.isclose(statistics.log_e_bins(counts, q, 0.1), statistics.log_e_bins(padded, [*q, 0, 0], 0.1))


def test_many_are_judged_at_once_as_one_by_one() -> None:
    """A batch of features gives what each of them gives alone."""
    random = np.random.default_rng(3)
    counts, q = random.poisson(20, (5, 2, 8)), random.dirichlet(np.full(8, 9.0), 5)
    radii, history = np.linspace(0.05, 0.3, 5), random.poisson(5, (5, 8))
    together = statistics.log_e_bins(counts, q, radii, history=history)
    alone = [statistics.log_e_bins(counts[i], q[i], radii[i], history=history[i]) for i in range(5)]
    assert np.allclose(together, alone)


def test_false_alarms_stay_within_their_budget_and_changes_are_found() -> None:
    """With A = 100 streams that wobble on the edge of the tolerance run for more than 100 windows; a shift for few."""
    random = np.random.default_rng(4)
    q, streams = np.full(16, 1 / 16), 60
    truth = np.full(16, 1 / 16)
    sample = random.multinomial(20_000, truth) / 20_000
    radius = statistics.radius(16, 20_000)

    def run(law: np.ndarray, windows: int) -> np.ndarray:
        log_r, history = np.full(streams, -np.inf), np.zeros((streams, 16))
        ends = np.full(streams, windows)
        for window in range(windows):
            counts = random.multinomial(250, law, size=(streams, 2))
            log_r = np.logaddexp(0, log_r) + statistics.log_e_bins(counts, sample, radius, history=history)
            history = history / 2 + counts.sum(axis=1)
            ends = np.where((log_r >= math.log(100)) & (ends == windows), window + 1, ends)
        return ends

    lengths = run(_at_distance(q, np.arange(16.0), 0.1), 150)
    assert lengths.mean() >= 100
    assert np.quantile(run(_at_distance(q, np.arange(16.0), 0.35), 12), 0.9) < 12


def test_the_radius_covers_the_references_own_error() -> None:
    """The quantile by Wilson and Hilferty is the chi-squared law's, within two percent."""
    for bins, rows in ((3, 500), (16, 1_000), (64, 20_000)):
        exact = math.sqrt(chi2.ppf(0.999, bins - 1) / rows)
        assert abs((statistics.radius(bins, rows, 0.0) - exact) / exact) < 0.02


def test_of_many_features_only_those_that_were_off_are_bet_on() -> None:
    """Of fifty features, of which earlier windows show three to be off, these have evidence; alone it is the same."""
    random = np.random.default_rng(10)
    reference = np.full((50, 8), 1 / 8)
    moved = np.array([0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    laws = reference.copy()
    laws[[3, 20, 49]] = moved
    history, counts = (np.array([random.multinomial(2_000, law) for law in laws], float) for _ in range(2))
    radius, effect = np.full(50, 0.15), np.ones(50)
    found = statistics.log_e_before(counts, reference, radius, history, effect)
    assert sorted(found) == [3, 20, 49]
    assert min(found.values()) > 50
    alone = statistics.log_e_before(counts[3:4], reference[3:4], radius[3:4], history[3:4], effect[3:4])
    assert alone[0] == pytest.approx(found[3])
    damped = statistics.log_e_before(counts, reference, radius, history, np.full(50, 4.0))
    assert max(damped.values()) < min(found.values()) / 2
    assert statistics.log_e_before(counts, reference, radius, 0 * history, effect) == {}


def test_the_mean_of_such_evidence_is_at_most_one_at_the_edge_of_the_ball() -> None:
    """For the law of the ball that is nearest to what is bet on, e-values are below one on average."""
    random = np.random.default_rng(11)
    reference, radius = np.full((1, 8), 1 / 8), np.array([0.15])
    history = 4_000 * np.array([[0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05]])
    direction = history[0] / 4_000 - 1 / 8
    edge = 1 / 8 + direction * 0.15 / np.sqrt(8 * (direction**2).sum())
    evidence = []
    for _ in range(3_000):
        counts = random.multinomial(20, edge)[None].astype(float)
        evidence.append(statistics.log_e_before(counts, reference, radius, history, np.ones(1))[0])
    mean = np.exp(evidence)
    assert mean.mean() < 1 + 3 * mean.std() / 3_000**0.5
