"""Histograms that are cheap to add to."""

from __future__ import annotations

import math
import threading

import prometheus_client
from hypothesis import given
from hypothesis import strategies as st

from noteship.serving.tallies import Tally

BOUNDS = (-1.0, 0.0, 0.5, 10.0)


@given(st.lists(st.floats(-100, 100) | st.sampled_from(BOUNDS), max_size=50))
def test_a_tally_counts_as_a_histogram_of_prometheus(values: list[float]) -> None:
    """Bucket for bucket a tally is what Prometheus' own client makes of the same values, and its sum is theirs."""
    registry = prometheus_client.CollectorRegistry()
    theirs = prometheus_client.Histogram("one", "Some.", buckets=BOUNDS, registry=registry)
    ours = Tally("one", "Some.", BOUNDS)
    for value in values:
        theirs.observe(value)
    ours.observe_all(values)
    buckets, total = ours.buckets()
    for name, count in buckets:
        assert registry.get_sample_value("one_bucket", {"le": name}) == count
    assert math.isclose(math.fsum(values), total, abs_tol=1e-6)


def test_no_value_is_lost_between_threads() -> None:
    """Values added while others are sorted in are all counted, what is no number among them."""
    tally = Tally("one", "Some.", BOUNDS)

    def add() -> None:
        for number in range(10_000):
            tally.observe(number % 3)
            if number % 500 == 0:
                tally.buckets()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.observe(math.nan)
    buckets, total = tally.buckets()
    assert buckets[-1] == ("+Inf", 40_001.0) and total == 4 * sum(number % 3 for number in range(10_000))
