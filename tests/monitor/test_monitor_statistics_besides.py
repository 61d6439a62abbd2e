"""Evidence that one of two groups is off: its mean is at most one for near laws, whatever these are, and it grows."""

from __future__ import annotations

import math

import numpy
import pytest

from noteship.monitor.statistics import (
    Evidence,
    Known,
    Sure,
    besides,
    log_e_apart,
    log_e_more,
    rows_to_tell,
    rows_to_tell_more,
)

SURE = Sure(math.log(500), 0.95)


def moved(law, distance, random=None):  # type: ignore[no-untyped-def]
    """A law that is so far off: by halves of the bins in their order, or in a direction of chance."""
    halves = numpy.where(numpy.cumsum(law) - law / 2 < 0.5, -1.0, 1.0)
    sides = halves if random is None else random.normal(size=len(law))
    sides = sides - (law * sides).sum()
    made = law * numpy.maximum(1 + distance * sides / math.sqrt((law * sides**2).sum()), 0.01)
    return made / made.sum()


def test_bets_on_laws_have_a_mean_of_at_most_one_for_all_near_ones() -> None:
    """Whatever the bets were learned from: for laws of chance and the worst law near to each."""
    random = numpy.random.default_rng(1)
    worst = 0.0
    for _ in range(400):
        bins, spread = int(random.integers(2, 20)), float(random.choice([0.3, 1, 5]))
        law, judged = (numpy.maximum(random.dirichlet(numpy.full(bins, spread)), 1e-5) for _ in range(2))
        part, tolerance = float(random.choice([0.05, 0.1, 0.33, 0.5, 0.8])), float(random.choice([0.05, 0.2, 0.4]))
        [u], [v] = besides._multiples(judged[None] / judged.sum(), law / law.sum(), part, tolerance)
        tried = [random.dirichlet(numpy.full(bins, each)) for each in (0.1, 0.3, 1, 5) for _ in range(5)]
        for near in (*tried, law / v / (law / v).sum()):
            spread = math.sqrt(max(0.0, float(near @ u**2 - (near @ u) ** 2)))
            worst = max(worst, part * (near @ u + tolerance * spread) + (1 - part) * near @ v)
    assert 0.999 < worst < 1 + 1e-6


def test_bets_on_shares_have_a_mean_of_one_for_all_that_are_as_far_apart() -> None:
    """For every share of the one group, that of the other being the allowance above it."""
    shares = numpy.linspace(0, 0.9, 91)
    for judged, share, part, allowance in ((0.3, 0.1, 0.1, 0.05), (0.02, 0.001, 0.5, 0.01), (0.9, 0.2, 0.33, 0.1)):
        [u], [v] = besides._multiples_more(numpy.array([judged]), share, part, allowance)
        above = shares + allowance
        means = part * (above * u[1] + (1 - above) * u[0]) + (1 - part) * (shares * v[1] + (1 - shares) * v[0])
        assert numpy.allclose(means, 1.0, atol=1e-9)


def test_evidence_of_a_change_that_begins_late_grows_nevertheless() -> None:
    """Stakes are kept for each window to come; without evidence the whole never grows."""
    quiet = Evidence()
    for _ in range(50):
        quiet = quiet.after(0.0)
    assert math.isclose(quiet.log, 0.0, abs_tol=1e-9)
    lost = Evidence()
    for _ in range(50):
        lost = lost.after(-1.0)
    assert lost.log < -3
    for _ in range(10):
        lost = lost.after(2.0)
    assert lost.log > 20 - math.log(51 * 52)


@pytest.mark.slow
@pytest.mark.parametrize(("bins", "windows"), [(2, 6), (16, 6), (64, 12)])
def test_near_laws_ring_as_rarely_as_promised(bins: int, windows: int) -> None:
    """At the very edge of the tolerance, both laws wandering together: at most one in ten for evidence of ten."""
    random, rung, streams = numpy.random.default_rng(2), 0, 300
    for _ in range(streams):
        evidence, before = Evidence(), Known(numpy.zeros(bins), numpy.zeros(bins))
        direction = numpy.random.default_rng(int(random.integers(1 << 30)))
        top = 0.0
        for _ in range(windows):
            law = random.dirichlet(numpy.full(bins, 20.0))
            # The same direction in every window, so that there is something to learn.
            judged = moved(law, 0.2)
            counts = direction.multinomial(300, judged), random.multinomial(2_700, law)
            window = Known(*(each.astype(float) for each in counts))
            evidence = evidence.after(log_e_apart(window, before, 0.2))
            before, top = before + window, max(top, evidence.log)
        rung += top >= math.log(10)
    # Three standard deviations above one in ten.
    assert rung <= streams * 0.1 + 3 * math.sqrt(streams * 0.09)


@pytest.mark.slow
@pytest.mark.parametrize(("bins", "part"), [(2, 0.1), (2, 0.5), (16, 0.1), (24, 0.5), (64, 0.1)])
def test_so_many_rows_find_what_is_twice_as_far_off(bins: int, part: float) -> None:
    """With the least number of rows, 95 % of the changes were found, whatever their direction."""
    random, law = numpy.random.default_rng(3), numpy.full(bins, 1 / bins)
    rows, found, streams = rows_to_tell(law, 0.4, 0.2, part, SURE), 0, 200
    each = max(200, math.ceil(rows / 12))
    for stream in range(streams):
        judged = moved(law, 0.4, None if stream % 2 else random)
        evidence, before, top = Evidence(), Known(numpy.zeros(bins), numpy.zeros(bins)), 0.0
        for number in range(1 + math.ceil(rows / each)):
            beside = int(each * (1 - part) / part)
            counts = random.multinomial(each, judged), random.multinomial(beside, law)
            window = Known(*(each.astype(float) for each in counts))
            if number:
                evidence = evidence.after(log_e_apart(window, before, 0.2))
            before, top = before + window, max(top, evidence.log)
        found += top >= SURE.log_needed
    assert found >= 0.93 * streams


@pytest.mark.slow
@pytest.mark.parametrize(("share", "more", "allowance"), [(0.001, 0.03, 0.01), (0.05, 0.07, 0.05), (0.5, 0.1, 0.05)])
def test_so_many_requests_find_a_share_that_is_larger(share: float, more: float, allowance: float) -> None:
    """The same for shares; one within the allowance is found as rarely as promised."""
    random, streams, part = numpy.random.default_rng(4), 200, 0.1
    rows = rows_to_tell_more(share, more, allowance, part, SURE)
    each = max(200, math.ceil(rows / 12))
    found = {more: 0, allowance: 0}
    for above in found:
        for _ in range(streams):
            evidence, before, top = Evidence(), Known(numpy.zeros(2), numpy.zeros(2)), 0.0
            for number in range(1 + math.ceil(rows / each)):
                judged, beside = (
                    random.multinomial(int(count), (1 - bad, bad)).astype(float)
                    for count, bad in ((each, share + above), (each * (1 - part) / part, share))
                )
                window = Known(judged, beside)
                if number:
                    evidence = evidence.after(log_e_more(window, before, allowance))
                before, top = before + window, max(top, evidence.log)
            found[above] += top >= (SURE.log_needed if above == more else math.log(10))
    assert found[more] >= 0.93 * streams
    assert found[allowance] <= streams * 0.1 + 3 * math.sqrt(streams * 0.09)
