"""Products of pairs of dimensions, and dimensions by themselves: the features in whose means a change shows."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRODUCTS", "fold", "pairs_of", "products", "unfold", "with_one"]

# All pairs of 31 dimensions are 496 with their squares. More pairs share features.
PRODUCTS = 512


def products(z: NDArray[np.float32], limit: int = PRODUCTS) -> NDArray[np.float32]:
    """Every product of two dimensions of z (n, d), squares included, in at most max(limit, d) features; then z itself.

    Where there are more products than features, several with random signs share one, scaled so that it varies as each
    of them would: a correlation then stands out less, by the root of how many share.

    A random Fourier feature mixes all pairs. A correlation of 0.8 between two of thirty columns moves a direction
    learned from 2,000 rows by 0.15 standard deviations there, and by 0.6 here. A mean that moved hardly shows in
    products, and only in one of thirty columns not at all in the bins of all: for it each dimension is a feature too.

    What is done for every row in production needs no features: their sum is `fold` of z^T z, and their product with a
    direction is that of `unfold`, z having a 1 at its end (`with_one`).

    Source: Charikar, Chen and Farach-Colton (2004), "Finding frequent items in data streams", for the random signs.
    """
    dimensions = z.shape[1]
    lags = dimensions // 2 + 1
    each = -(-lags // min(lags, max(1, limit // dimensions)))
    signs = _signs(lags, dimensions)
    # Rows lie beside each other, so that each line below is one pass over adjacent numbers. Around a circle every pair
    # is at most half the way apart: z times z moved by each lag has all pairs.
    columns = np.ascontiguousarray(z.T)
    twice = np.concatenate([columns, columns])
    features = np.empty((-(-lags // each), *columns.shape), np.float32)
    for group, feature in enumerate(features):
        first, *others = range(group * each, min(lags, (group + 1) * each))
        if not others:
            np.multiply(twice[first : first + dimensions], columns, out=feature)
            continue
        feature[:] = twice[first : first + dimensions]
        for lag in others:
            feature += signs[lag] * twice[lag : lag + dimensions]
        feature *= columns * np.float32((1 + len(others)) ** -0.5)
    return np.concatenate([features.reshape(len(features) * dimensions, len(z)), columns]).T


def with_one(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows z (n, d) with a 1 at the end of each, (n, d + 1): products with it are the dimensions by themselves."""
    extended = np.ones((z.shape[0], z.shape[1] + 1), np.float32)
    extended[:, :-1] = z
    return extended


def fold(gram: NDArray[np.floating], limit: int = PRODUCTS) -> NDArray[np.float64]:
    """`products(z).sum(axis=0)` from `gram` (d + 1, d + 1), which is z^T z of rows with a 1 at their end."""
    places, other, weights, group = _layout(len(gram) - 1, limit)
    sums = np.bincount(group, weights * gram[places, other], minlength=int(group[-1]) + 1)
    return np.concatenate([sums, gram[-1, :-1]]).astype(np.float64)


def unfold(direction: NDArray[np.floating], dimensions: int, limit: int = PRODUCTS) -> NDArray[np.float32]:
    """The M (d + 1, d + 1) with which ((y @ M) * y).sum(axis=1) is `products(z) @ direction`, y being `with_one(z)`."""
    places, other, weights, group = _layout(dimensions, limit)
    matrix = np.zeros((dimensions + 1, dimensions + 1))
    np.add.at(matrix, (places, other), weights * direction[group])
    matrix[-1, :-1] = direction[-dimensions:]
    return matrix.astype(np.float32)


def pairs_of(dimensions: int, limit: int = PRODUCTS) -> list[list[tuple[int, int]]]:
    """The pairs of dimensions that share each feature, the smaller first; dimension d is the 1 at the end."""
    places, other, _, group = _layout(dimensions, limit)
    pairs: list[list[tuple[int, int]]] = [[] for _ in range(int(group[-1]) + 1)]
    for first, second, feature in zip(places.tolist(), other.tolist(), group.tolist(), strict=True):
        pairs[feature].append((min(first, second), max(first, second)))
    return pairs + [[(place, dimensions)] for place in range(dimensions)]


@functools.cache
def _layout(
    dimensions: int, limit: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Of every product: its two dimensions, its weight, and its feature."""
    lags = dimensions // 2 + 1
    each = -(-lags // min(lags, max(1, limit // dimensions)))
    lag, place = (index.ravel() for index in np.indices((lags, dimensions)))
    signs = np.where((lag % each == 0)[:, None], 1, _signs(lags, dimensions).reshape(-1, 1)).ravel()
    sizes = np.minimum(each, lags - lag // each * each)
    return place, (place + lag) % dimensions, signs / np.sqrt(sizes), lag // each * dimensions + place


@functools.cache
def _signs(lags: int, dimensions: int) -> NDArray[np.float32]:
    """Signs that look random and are the same everywhere: bits of Knuth's multiplicative hash, mixed twice."""
    numbers = np.arange(1, lags * dimensions + 1, dtype=np.uint64)
    for _ in range(2):
        numbers = (numbers * np.uint64(0x9E3779B97F4A7C15)) ^ (numbers >> np.uint64(29))
    bits = (numbers >> np.uint64(61)) & np.uint64(1)
    return (1 - 2 * bits.astype(np.float32)).reshape(lags, dimensions, 1)
