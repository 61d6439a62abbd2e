from __future__ import annotations

from noteship.supervising import Family, Sample, labelled, summed


def family(name: str, kind: str, *samples: tuple[str, float], is_own: bool = False) -> Family:
    return Family(name, "", kind, [Sample(each, (("a", "b"),), value) for each, value in samples], is_own)


def values(families: list[Family]) -> dict[str, float]:
    return {sample.name: sample.value for each in families for sample in each.samples}


def test_counts_are_added() -> None:
    """Counters, gauges and the parts of histograms are sums; the first time of creation stays, and what is told."""
    one = [family("n", "counter", ("n_total", 2), ("n_created", 9)), family("x_info", "gauge", ("x_info", 1))]
    two = [family("n", "counter", ("n_total", 3), ("n_created", 7)), family("x_info", "gauge", ("x_info", 1))]
    assert values(summed([one, two])) == {"n_total": 5, "n_created": 7, "x_info": 1}


def test_what_is_a_processs_own_is_told_by_worker() -> None:
    """Such families get a label more, and no others are among them."""
    one = [family("p", "gauge", ("p", 2), is_own=True), family("n", "counter", ("n_total", 2))]
    found = labelled({0: one, 3: one})
    assert [each.name for each in found] == ["p"]
    assert {sample.labels[-1]: sample.value for sample in found[0].samples} == {("worker", "0"): 2, ("worker", "3"): 2}


def test_of_a_moment_the_latest_counts() -> None:
    """What several processes tell of a moment is that of the latest one, in whatever order they come."""
    old = Family("g", "", "gauge", [Sample("g", (), 9, at=10.0), Sample("g", (("a", "b"),), 1, at=10.0)])
    new = Family("g", "", "gauge", [Sample("g", (), 4, at=20.0)])
    for sources in ([[old], [new], [old]], [[new], [old]]):
        [family] = summed(sources)
        assert {sample.labels: sample.value for sample in family.samples} == {(): 4, (("a", "b"),): 1}
