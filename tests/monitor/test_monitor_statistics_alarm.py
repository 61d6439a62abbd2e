"""The alarm: one budget over detectors and windows, culprits, tails, dependence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

from noteship.monitor import statistics


def test_the_mean_run_to_a_false_alarm_is_at_least_the_budget() -> None:
    """With e-values of mean exactly one, the sum of two detectors reaches 100 after 100 windows or more on average."""
    random = np.random.default_rng(1)
    lengths = []
    for _ in range(100):
        state = statistics.AlarmState({"inputs": 0.7, "work": 0.3})
        length = 0
        while not state.is_ringing(100) and length < 1_000:
            state = state.after({"inputs": random.normal(-0.5, 1), "work": random.normal(-0.02, 0.2)})
            length += 1
        lengths.append(length)
    assert np.mean(lengths) > 100 - 2 * np.std(lengths) / 10


def test_one_detector_rings_for_all_and_nothing_overflows() -> None:
    """Evidence of a million nats in one of four detectors rings; what says nothing, or refutes, does not stop it."""
    state = statistics.AlarmState(dict.fromkeys("abcd", 0.25))
    assert state.log_total == -math.inf
    assert not state.is_ringing(25_920)
    state = state.after({"a": 1e6, "b": -math.inf})
    state = state.after({"b": 0.0})
    assert state.is_ringing(25_920)
    assert state.log_r["b"] == 0.0
    assert math.isclose(state.log_total, 1e6 + math.log(0.25))


def test_where_nothing_is_bet_nothing_grows() -> None:
    """Windows in which a detector bets nothing leave its sum as it is, however many there are."""
    state = statistics.AlarmState({"work": 1.0})
    assert state.after({}).log_total == -math.inf
    state = state.after({"work": math.log(10)})
    for _ in range(10):
        state = state.after({})
    assert math.isclose(math.exp(state.log_total), 10)


def test_a_detector_that_bets_now_and_then_keeps_the_budget() -> None:
    """With fair bets in three windows of ten, chosen by what is seen in them, R grows by three in ten windows."""
    random = np.random.default_rng(9)
    sums = []
    for _ in range(4_000):
        state = statistics.AlarmState({"work": 1.0})
        for _ in range(10):
            side = random.random()
            state = state.after({"work": math.log(1.5 if side < 0.15 else 0.5)} if side < 0.3 else {})
        sums.append(math.exp(state.log_total))
    assert abs(np.mean(sums) - 3) < 4 * np.std(sums) / 4_000**0.5


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": 0.8, "b": 0.3}])
def test_weights_share_one_budget(weights: dict[str, float]) -> None:
    """Weights that are not positive, or add up to more than one, are refused."""
    with pytest.raises(ValueError, match="weights"):
        statistics.AlarmState(weights)


@pytest.mark.parametrize("evidence", [{"b": 1.0}, {"a": math.nan}])
def test_evidence_is_a_number_of_a_known_detector(evidence: dict[str, float]) -> None:
    """Evidence without a weight, or that is no number, is refused."""
    with pytest.raises(ValueError, match="evidence"):
        statistics.AlarmState({"a": 1.0}).after(evidence)


def test_culprits_are_those_whose_evidence_stands_out_of_all() -> None:
    """At level 0.1 of 20, one needs e of 200; two that have 100 each are both found; e of 10 is not."""
    logs = np.full(20, -1.0)
    assert not statistics.e_benjamini_hochberg(logs, 0.1).any()
    logs[7] = math.log(201)
    assert np.flatnonzero(statistics.e_benjamini_hochberg(logs, 0.1)).tolist() == [7]
    logs[[3, 7]] = math.log(101)
    assert np.flatnonzero(statistics.e_benjamini_hochberg(logs, 0.1)).tolist() == [3, 7]
    logs[[3, 7]] = math.log(10)
    assert not statistics.e_benjamini_hochberg(logs, 0.1).any()
    assert not statistics.e_benjamini_hochberg([], 0.1).any()


def _imhof(distance: float, eigenvalues: np.ndarray) -> float:
    """The exact tail of a weighted sum of chi-squares, by turning its characteristic function around."""

    def integrand(u: float) -> float:
        angle = 0.5 * np.arctan(eigenvalues * u).sum() - 0.5 * distance * u
        return float(np.sin(angle) / u / np.exp(0.25 * np.log1p((eigenvalues * u) ** 2).sum()))

    return 0.5 + quad(integrand, 0, 200, limit=5_000, epsabs=1e-13, epsrel=1e-10)[0] / math.pi


@pytest.mark.parametrize("decay", [0.0, 0.3, 1.0])
def test_the_tail_is_right_as_far_out_as_one_in_a_million(decay: float) -> None:
    """Against the exact tail, from 0.9 to 1e-6, the saddlepoint's is within 10 percent."""
    eigenvalues = np.arange(1, 31.0) ** -decay
    mean, spread = eigenvalues.sum(), math.sqrt(2 * (eigenvalues**2).sum())
    seen = []
    for distance in mean + spread * np.array([-1.2, 0.0, 1e-9, 1.0, 3.0, 5.0, 7.0, 9.0]):
        exact = _imhof(distance, eigenvalues)
        if exact > 5e-7:
            seen.append(exact)
            assert abs(statistics.tail_probability(distance, eigenvalues) / exact - 1) < 0.1
    assert min(seen) < 1e-4


def test_equal_eigenvalues_and_a_rest_are_a_chi_squared_law() -> None:
    """Ten eigenvalues of 0.2 and a rest of 1 are 0.2 times chi-squared with fifteen degrees of freedom."""
    for level in (0.5, 1e-2, 1e-4, 1e-6):
        distance = 0.2 * chi2.isf(level, 15)
        assert abs(statistics.tail_probability(distance, np.full(10, 0.2), 1.0) / level - 1) < 0.02
        assert abs(statistics.tail_probability(1e9 * distance, np.full(10, 2e8), 1e9) / level - 1) < 0.02


def test_a_tail_always_has_a_probability() -> None:
    """No distance, no variance and a distance beyond all bounds have the probabilities 1, 1 and 0."""
    assert statistics.tail_probability(0.0, [1.0, 2.0]) == 1
    assert statistics.tail_probability(1.0, []) == 1
    assert statistics.tail_probability(1e9, [1.0, 0.0], 1.0) == 0


def test_without_a_change_the_joint_distance_has_its_level() -> None:
    """Of two thousand unchanged windows about five in a hundred have a probability below 0.05."""
    random = np.random.default_rng(5)
    scales = np.linspace(0.2, 1, 6)
    reference = scales * random.normal(size=(5_000, 6))
    values = np.linalg.eigvalsh(np.cov(reference, rowvar=False))
    below = 0
    for _ in range(2_000):
        # The reference's mean is drawn anew, too: its error is a part of the law.
        mean = scales * random.normal(size=6) / math.sqrt(5_000)
        rows = scales * random.normal(size=6) * math.sqrt(300)
        below += statistics.tail_probability(statistics.joint_distance(rows, 300, mean, 5_000), values) < 0.05
    assert 70 <= below <= 130


def test_the_expected_accuracy_is_right_for_calibrated_scores() -> None:
    """The share that was right is within three standard errors of what calibrated scores expect; no rows, no number."""
    random = np.random.default_rng(7)
    scores = random.uniform(0.5, 1, 4_000)
    right = random.random(4_000) < scores
    bins = np.minimum((20 * scores).astype(int), 19)
    sums = np.stack([np.bincount(bins, scores, 20), np.bincount(bins, 1 - scores, 20)])
    expected = statistics.expected_accuracy(sums)
    assert expected is not None
    assert abs(right.mean() - expected.value) < 3 * expected.standard_error
    assert statistics.expected_accuracy(np.zeros((2, 20))) is None
