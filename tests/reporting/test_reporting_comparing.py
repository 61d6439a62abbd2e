"""Shares by bin: what is drawn is what was counted."""

from __future__ import annotations

import numpy
import pytest

from monitor.monitored import FIELDS, SEED, mixed
from monitor.streams_of_rows import PROFILE, observed, sketched
from noteship import monitor
from noteship.reporting.comparing import Comparison, compare, compare_work

MIXED = monitor.Profile.build(mixed(3_000), FIELDS, SEED)


def compared(seed: int) -> dict[str, Comparison]:
    given = mixed(2_000, seed)
    sketch = MIXED.sketch()
    sketch.add(MIXED.encoder.encode(given), MIXED.fourier, [str(each) for each in range(2_000)], [1] * 2_000)
    return {each.name: each for each in compare(MIXED, sketch)}


def test_every_feature_is_compared_and_shares_sum_to_one() -> None:
    """In the profile's order; each bar has a place of its own, and labels are between the first and the last."""
    found = compared(1)
    assert list(found) == [each.name for each in MIXED.encoder.layout.features]
    for each in found.values():
        assert each.reference.sum() == pytest.approx(1)
        assert each.window.sum() == pytest.approx(1)
        assert (numpy.diff(each.places) >= 1).all()
        assert all(0 <= at <= each.places[-1] + 1 for at, _ in each.ticks)


def test_labels_are_values_levels_and_what_is_missing() -> None:
    """Few numbers are each named, levels are, and missing values stand apart."""
    found = compared(1)
    assert [label for _, label in found["count"].ticks] == ["0", "1", "2", "3", "4"]
    assert {label for _, label in found["colour"].ticks} == {"red", "green", "blue", "missing"}
    assert found["length"].ticks[-1][1] == "missing"
    assert found["length"].places[-1] > found["length"].places[-2] + 1
    assert [label for _, label in found["constant"].ticks] == ["3"]
    assert [label for _, label in found["never"].ticks] == ["missing"]


def test_values_that_the_reference_has_not_are_named() -> None:
    """Numbers below and above its few, and other levels, get bars of their own."""
    given = mixed(500, 2)
    numbers = given.numbers.copy()
    numbers[:100, 1], numbers[100:200, 1] = -5, 9
    others = (*given.others[:3], ["violet"] * 500, given.others[4])
    sketch = MIXED.sketch()
    changed = monitor.Observed(numbers, others, given.predictions, given.work)
    sketch.add(MIXED.encoder.encode(changed), MIXED.fourier, [str(each) for each in range(500)], [1] * 500)
    found = {each.name: each for each in compare(MIXED, sketch)}
    assert [label for _, label in found["count"].ticks] == ["< 0", "0", "1", "2", "3", "4", "> 4"]
    assert found["count"].window[[0, -1]] == pytest.approx([0.2, 0.2])
    labels = dict(zip((label for _, label in found["colour"].ticks), found["colour"].window, strict=True))
    assert labels["another"] == 1


def test_the_distance_is_about_zero_by_chance_alone_and_that_of_a_shift_else() -> None:
    """Of unchanged rows it is within the tolerance; a column moved by half a standard deviation is about that far."""
    unchanged = compare(PROFILE, sketched(observed(2_000, 11), "a"))
    assert max(each.distance for each in unchanged) < 0.1
    moved = {each.name: each for each in compare(PROFILE, sketched(observed(2_000, 12, "column"), "b"))}
    assert 0.4 < moved["c5"].distance < 0.6
    what, then, now = moved["c5"].most
    assert what.endswith("<= c5")
    assert now > 1.5 * then


def test_work_is_compared_on_a_logarithmic_scale() -> None:
    """Both sum to one; of few values, each has the share that it had in the reference."""
    histogram = compare_work(PROFILE, sketched(observed(2_000, 13, "work"), "c"))
    assert histogram is not None
    assert histogram.reference.sum() == pytest.approx(1)
    assert histogram.window.sum() == pytest.approx(1)
    middles = numpy.sqrt(histogram.edges[1:] * histogram.edges[:-1])
    assert middles @ histogram.window == pytest.approx(1.5 * (middles @ histogram.reference), rel=0.05)
    given = observed(1_000, 14)
    few = monitor.Observed(given.numbers, (), given.predictions, numpy.repeat([100.0, 200.0, 3_000.0], [500, 300, 200]))
    fields = tuple(monitor.Field(f"c{place}", "number", is_plain=True) for place in range(6))
    profile = monitor.Profile.build(few, fields, SEED)
    sketch = profile.sketch()
    sketch.add(profile.encoder.encode(few), profile.fourier, [str(each) for each in range(1_000)], [1] * 1_000)
    histogram = compare_work(profile, sketch)
    assert histogram is not None
    assert histogram.reference == pytest.approx(histogram.window, abs=1e-3)


def test_without_counted_work_there_is_no_histogram() -> None:
    """Neither where a model's is never counted, nor where a window's was not."""
    assert compare_work(PROFILE, PROFILE.sketch()) is None
