"""Products of pairs: what a correlation moves."""

from __future__ import annotations

import numpy as np
import pytest

from noteship.monitor import statistics


@pytest.mark.parametrize("dimensions", [1, 2, 5, 30, 31])
def test_every_pair_has_a_product(dimensions: int) -> None:
    """Each product of two dimensions, each square and each dimension is a feature; there are no others."""
    z = np.random.default_rng(1).normal(size=(1, dimensions)).astype(np.float32)
    features = statistics.products(z)
    above = np.triu_indices(dimensions)
    assert set(features[0, :-dimensions].tolist()) == set((z[0][above[0]] * z[0][above[1]]).tolist())
    assert features[0, -dimensions:].tolist() == z[0].tolist()
    assert features.dtype == np.float32


def test_many_pairs_share_features_and_a_correlation_still_shows() -> None:
    """A hundred dimensions have no more than 512 features beside themselves; only those of the correlated pair move."""
    random = np.random.default_rng(2)
    z = random.normal(size=(4_000, 100)).astype(np.float32)
    z[:, 40] = 0.8 * z[:, 3] + 0.6 * z[:, 40]
    features = statistics.products(z)[:, :-100]
    assert features.shape == (4_000, 500)
    means = np.abs(features[:, 100:].mean(axis=0))
    assert (means > 0.15).sum() == 1
    assert 0.8 < features[:, 100:].std() < 1.2


def test_the_same_rows_have_the_same_products_in_any_batch() -> None:
    """What a row's features are does not depend on the rows beside it."""
    z = np.random.default_rng(3).normal(size=(10, 80)).astype(np.float32)
    apart = np.concatenate([statistics.products(z[:3]), statistics.products(z[3:])])
    assert np.array_equal(statistics.products(z), apart)
    assert statistics.products(z[:0]).shape == (0, apart.shape[1])


@pytest.mark.parametrize("dimensions", [1, 6, 31, 40, 100, 600])
def test_sums_and_directions_need_no_features(dimensions: int) -> None:
    """The features' sum follows from z^T z, and their product with a direction from one matrix."""
    random = np.random.default_rng(4)
    z = random.normal(size=(20, dimensions)).astype(np.float32)
    features, extended = statistics.products(z), statistics.with_one(z)
    assert np.allclose(
        statistics.fold(extended.T.astype(float) @ extended), features.sum(axis=0, dtype=float), atol=1e-4
    )
    direction = random.normal(size=features.shape[1])
    matrix = statistics.unfold(direction, dimensions)
    assert np.allclose(((extended @ matrix) * extended).sum(axis=1), features @ direction, rtol=1e-3, atol=1e-2)
