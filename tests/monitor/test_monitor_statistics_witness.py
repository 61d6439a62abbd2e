"""The witness: a direction learned from windows before, bet on in the next."""

from __future__ import annotations

import numpy as np

from noteship.monitor import statistics

DIMENSIONS = 8
ABOVE = np.triu_indices(DIMENSIONS, 1)


def _features(rows: np.ndarray) -> np.ndarray:
    """Products of all pairs: where a correlation shows as a mean."""
    return (rows[:, ABOVE[0]] * rows[:, ABOVE[1]]).astype(np.float32)


def _moments(features: np.ndarray, rank: int = 4) -> statistics.ReferenceMoments:
    half = len(features) // 2
    values, vectors = np.linalg.eigh(np.cov(features.astype(float), rowvar=False))
    factor = vectors[:, ::-1].T[:rank] * np.sqrt(values[::-1][:rank, None])
    means = np.stack([features[:half].mean(axis=0, dtype=float), features[half:].mean(axis=0, dtype=float)])
    return statistics.ReferenceMoments((half, len(features) - half), means, factor, float(values[:-rank].sum()))


def _rows(random: np.random.Generator, count: int, correlation: float = 0.0) -> np.ndarray:
    rows = random.normal(size=(count, DIMENSIONS))
    rows[:, 1] = correlation * rows[:, 0] + np.sqrt(1 - correlation**2) * rows[:, 1]
    return rows


def _learned(features: np.ndarray, moments: statistics.ReferenceMoments) -> statistics.Witness:
    witness = statistics.Witness.learn(features.sum(axis=0, dtype=float), len(features), moments)
    assert witness is not None
    return witness


def test_a_correlation_that_no_marginal_shows_is_found() -> None:
    """A correlation of 0.5 between two of eight columns is evidence of more than 10 nats in 500 rows."""
    random = np.random.default_rng(1)
    moments = _moments(_features(_rows(random, 20_000)))
    witness = _learned(_features(_rows(random, 1_000, 0.5)), moments)
    assert statistics.log_e_witness(witness.log_wealth(_features(_rows(random, 500, 0.5)))) > 10


def test_unchanged_rows_are_no_evidence() -> None:
    """Over many unchanged windows, each with a witness of its own, the mean of e stays below one."""
    random = np.random.default_rng(2)
    moments = _moments(_features(_rows(random, 20_000)))
    evidence = []
    for _ in range(200):
        witness = _learned(_features(_rows(random, 300)), moments)
        evidence.append(statistics.log_e_witness(witness.log_wealth(_features(_rows(random, 300)))))
    assert np.exp(evidence).mean() < 1


def test_cutting_never_lifts_the_mean_above_the_tolerance() -> None:
    """For skewed laws of mean 0 and variance 1, cut at 1 / tolerance, the worst tilt stays within the tolerance."""
    random = np.random.default_rng(3)
    for tolerance in (0.05, 0.1, 0.2):
        for _ in range(2_000):
            masses = random.dirichlet(np.full(random.integers(2, 5), 0.1)) + 1e-9
            masses /= masses.sum()
            values = random.standard_cauchy(len(masses))
            values -= masses @ values
            values /= np.sqrt(masses @ values**2)
            cut = np.maximum(values, -1 / tolerance)
            mean = masses @ cut
            assert mean + tolerance * np.sqrt(masses @ (cut - mean) ** 2) <= tolerance + 1e-9


def test_a_law_tilted_as_far_as_is_tolerated_loses_the_bet() -> None:
    """For every stake, the mean of a row's multiple under the worst tolerated law is at most one."""
    random = np.random.default_rng(4)
    features = _features(_rows(random, 20_000))
    moments = _moments(features)
    witness = _learned(_features(_rows(random, 1_000, 0.5)), moments)
    h = features @ witness.direction - witness.baseline
    tilted = 1 + statistics.DEFAULT_TOLERANCE * (h - h.mean()) / h.std()
    weights = np.maximum(tilted, 0) / np.maximum(tilted, 0).sum()
    wealth = np.array([np.exp(witness.log_wealth(row[None])) for row in features[::10]])
    assert (weights[::10] @ wealth / weights[::10].sum()).max() < 1


def test_the_spread_is_never_too_small() -> None:
    """What the factor leaves out counts as much as it can: no direction has a larger standard deviation."""
    random = np.random.default_rng(5)
    features = _features(_rows(random, 2_000) * np.linspace(0.3, 2, DIMENSIONS))
    moments = _moments(features)
    for direction in (*random.normal(size=(20, len(ABOVE[0]))), *np.eye(len(ABOVE[0]))):
        assert moments.spread(direction) >= 0.999 * (features @ direction).std()
    assert np.allclose(moments.spreads, [moments.spread(each) for each in np.eye(len(ABOVE[0]))])


def test_sums_of_rows_add_up() -> None:
    """Two batches' sums are the sum of all their rows, and a design effect divides the evidence."""
    random = np.random.default_rng(6)
    witness = _learned(_features(_rows(random, 500, 0.5)), _moments(_features(_rows(random, 5_000))))
    rows = _features(_rows(random, 100, 0.5))
    apart = witness.log_wealth(rows[:30]) + witness.log_wealth(rows[30:])
    assert np.allclose(apart, witness.log_wealth(rows))
    assert statistics.log_e_witness(apart, effect=5.0) < statistics.log_e_witness(apart)
    assert not witness.log_wealth(rows[:0]).any()


def test_a_witness_is_known_by_what_it_is() -> None:
    """Equal sums make witnesses of one identity, other sums another; without rows there is none."""
    random = np.random.default_rng(7)
    moments = _moments(_features(_rows(random, 2_000)))
    rows = _features(_rows(random, 100))
    assert _learned(rows, moments).identity == _learned(rows, moments).identity
    assert _learned(rows, moments).identity != _learned(rows[1:], moments).identity
    assert statistics.Witness.learn(np.zeros(len(ABOVE[0])), 0, moments) is None
    assert statistics.Witness.learn(moments.means[0] * 16, 16, moments) is None


def test_no_row_can_ruin_it() -> None:
    """A row from nowhere loses less than all for every stake."""
    random = np.random.default_rng(8)
    witness = _learned(_features(_rows(random, 500)), _moments(_features(_rows(random, 2_000))))
    assert np.isfinite(witness.log_wealth(-1e6 * witness.direction[None])).all()
