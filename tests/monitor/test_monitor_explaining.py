"""What is told of pairs: those that moved beyond the tolerance and beyond chance."""

from __future__ import annotations

import numpy
import pytest

from noteship import monitor
from noteship.monitor import explaining
from noteship.monitor.decision import Share
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.reference import Reference

FIELDS = (Field("size", "number", is_plain=True), Field("age", "number", is_plain=True), Field("kind", "category"))


def given(rows: int, seed: int, *, correlation: float = 0.0, missing: float = 0.04) -> Observed:
    random = numpy.random.default_rng(seed)
    numbers = random.normal(size=(rows, 2))
    numbers[:, 1] = correlation * numbers[:, 0] + (1 - correlation**2) ** 0.5 * numbers[:, 1]
    kinds = random.choice(["a", "b", "rare"], rows, p=[0.6, 0.395, 0.005])
    numbers[random.random(rows) < missing, 1] = numpy.nan
    return Observed(numbers, (kinds.tolist(),), Predictions(random.normal(size=rows)))


PROFILE = monitor.Profile.build(given(4_000, 0), FIELDS, "5eed" * 16)


def told(observed: Observed, effect: float = 1.0) -> tuple[Share, ...]:
    sketch = PROFILE.sketch()
    ids = [str(each) for each in range(len(observed))]
    sketch.add(PROFILE.encoder.encode(observed), PROFILE.fourier, ids, [1] * len(observed))
    return explaining.pairs(PROFILE.encoder.layout, sketch, Reference.of_profile(PROFILE, 0.1), effect)


@pytest.mark.parametrize("rows", [16, 224, 2_000])
def test_chance_is_not_told(rows: int) -> None:
    """Of rows like the reference's hardly anything is, though a few of them may be all that have a rare level."""
    assert sum(len(told(given(rows, seed))) for seed in range(1, 11)) <= 1


def test_a_correlation_is_told_alone() -> None:
    """With both values; rows that say as much as a few say nothing."""
    [pair] = told(given(1_000, 5, correlation=0.7))
    assert pair.what == "size with age"
    assert abs(pair.reference) < 0.06 and pair.window > 0.5
    assert told(given(1_000, 5, correlation=0.7), effect=100.0) == ()


def test_what_is_missing_more_often_is_told_once() -> None:
    """As a mean: the variance of a mark that is there or not says the same."""
    names = [each.what for each in told(given(1_000, 6, missing=0.2))]
    assert "mean of age is missing" in names
    assert not [name for name in names if "variance of age is missing" in name or "variance of kind" in name]
