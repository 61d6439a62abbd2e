"""Canaries judged beside the stable version: good ones stay, bad ones go, and what cannot be told is not told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy
import pytest

from noteship import monitor
from noteship.monitor.comparing import Finding, Pair, Side, Terms, Verdict, compare

from .streams_of_rows import PROFILE, WINDOW_S, observed, sketched

TERMS = Terms(soonest_s=0)


def calls(requests: int, seed: int, failed: float = 0.001, slower: float = 1.0) -> monitor.Calls:
    """So many requests of about 4 ms."""
    random = numpy.random.default_rng([seed, 5])
    lost = int(random.binomial(requests, failed))
    seconds = 0.004 * slower * numpy.exp(0.4 * random.normal(size=requests - lost))
    return monitor.Calls.of([*((True, float(each)) for each in seconds), *[(False, 0.0)] * lost])


def side(rows: int, seed: int, kind: str = "unchanged", sizes: Sequence[int] | None = None, **more: float) -> Side:
    """A window of one version."""
    given = observed(rows, [seed, 3], "unchanged" if kind == "inputs" else kind)
    if kind == "inputs":
        given = replace(given, numbers=given.numbers + numpy.array([0.6, 0, 0, 0, 0, 0]))
    sketch = sketched(given, f"{seed}", sizes=sizes)
    return Side.of(sketch, calls(len(sizes or range(rows)), seed, **more))


def pairs(windows: int, rows: int, seed: int, kind: str = "unchanged", of_both: str = "", **more: float) -> list[Pair]:
    """Windows of a canary of a kind with a fifth of the rows; `of_both`: what both are asked instead of the usual."""
    found = []
    for number in range(windows):
        stable = side(4 * rows, seed * 1_000 + 2 * number, of_both or "unchanged")
        canary = side(rows, seed * 1_000 + 2 * number + 1, of_both or kind, **more)
        found.append(Pair(number * WINDOW_S, stable, canary))
    return found


def judged(given: Sequence[Pair], terms: Terms = TERMS) -> Verdict:
    return compare(given, terms, WINDOW_S, PROFILE.moments.values)


def finding(verdict: Verdict, what: str) -> Finding:
    return next(each for each in verdict.findings if each.what == what)


def test_a_good_canary_is_promoted_when_enough_is_known() -> None:
    """Not before the least number of rows, which is told from the beginning; and the same windows say the same."""
    given = pairs(12, 400, 1)
    early, late = judged(given[:2]), judged(given)
    assert early.word == "go on" and early.least is not None and f"of the {early.least:,} that it takes" in early.why
    assert 400 < early.least < 5_000
    assert late.word == "promote", late.why
    assert late.asked_alike and late.joint_p is not None and late.joint_p > 0.001
    assert judged(given) == late
    assert late.to_json()["rows"] == {"canary": 4_800, "stable": 19_200, "least": late.least}


@pytest.mark.parametrize(
    ("kind", "more", "what"),
    [
        ("predictions", {}, "predictions"),
        ("weights", {}, "joint"),
        ("unchanged", {"failed": 0.06}, "failures"),
        ("unchanged", {"slower": 2.5}, "slowness"),
    ],
)
def test_a_bad_canary_is_withdrawn_for_what_is_bad(kind: str, more: dict[str, float], what: str) -> None:
    """Other answers, other answers to the same inputs, failures, and slow answers; within the least number of rows."""
    given = pairs(12, 400, 2, kind, **more)
    verdict = judged(given)
    assert (verdict.word, what in verdict.why) == ("withdraw", True), verdict
    assert not [
        each.what for each in verdict.findings if each.is_bad and each.what not in (what, "predictions", "joint")
    ]
    first = next(number for number in range(len(given)) if judged(given[: number + 1]).word == "withdraw")
    found = finding(judged(given[: first + 1]), what)
    assert found.least is not None and found.rows <= found.least + 400
    # Once withdrawn, it is so whatever comes after.
    assert judged([*given[: first + 1], *pairs(12, 400, 3)[first + 1 :]]).word == "withdraw"


def test_more_work_than_is_allowed_withdraws_and_less_does_not() -> None:
    """Half more is within a factor of two, and not within one of 1.2."""
    given = pairs(8, 400, 4, "work")
    assert judged(given).word == "promote"
    verdict = judged(given, Terms(work=1.1, soonest_s=0))
    assert verdict.word == "withdraw" and "work" in verdict.why
    [stable, canary] = [finding(verdict, "work").stable, finding(verdict, "work").canary]
    assert stable and canary and 1.3 < canary / stable < 1.7


def test_what_happens_to_both_is_no_fault_of_the_canary() -> None:
    """Inputs, answers and all that move together, from window to window."""
    given = [
        pair
        for number, kind in enumerate(("unchanged", "predictions", "column", "weights", "unchanged", "correlation") * 2)
        for pair in pairs(1, 400, 50 + number, of_both=kind)
    ]
    moved = [Pair(number * WINDOW_S, each.stable, each.canary) for number, each in enumerate(given)]
    assert judged(moved).word == "promote"


def test_where_both_are_asked_otherwise_their_answers_say_nothing() -> None:
    """It goes on, and says why; a canary that fails is withdrawn nevertheless."""
    verdict = judged(pairs(10, 400, 6, "inputs"))
    assert (verdict.word, verdict.asked_alike) == ("go on", False)
    assert "asked otherwise" in verdict.why
    assert judged(pairs(10, 400, 6, "inputs", failed=0.1)).word == "withdraw"


def test_rows_of_one_request_count_as_one() -> None:
    """A hundred requests of eight rows that are all alike are a hundred rows, and not eight hundred."""
    sizes = [8] * 100
    given = [
        Pair(number * WINDOW_S, side(800, 2 * number, sizes=sizes), side(800, 2 * number + 1, sizes=sizes))
        for number in range(6)
    ]
    verdict = judged(given)
    assert verdict.word == "go on"
    assert finding(verdict, "predictions").rows == pytest.approx(400)


def test_before_anything_is_known_it_goes_on() -> None:
    """Without a window, with few rows, and before its time."""
    assert judged([]).word == "go on"
    assert judged(pairs(1, 50, 7)).findings == ()
    verdict = judged(pairs(12, 400, 1), Terms(soonest_s=100_000))
    assert verdict.word == "go on" and "of 100,000 seconds" in verdict.why


def test_a_canary_that_answers_nobody_is_withdrawn() -> None:
    """No row is ever seen of it, only that its requests fail."""
    empty = PROFILE.sketch()
    given = [
        Pair(number * WINDOW_S, side(800, number), Side.of(empty, monitor.Calls(failed=200))) for number in range(4)
    ]
    verdict = judged(given)
    assert verdict.word == "withdraw" and "failures" in verdict.why


def test_calls_add_and_come_back_from_json() -> None:
    """Whatever order they were told in."""
    one, other = calls(50, 1), calls(70, 2, failed=0.5)
    assert one + other == other + one
    assert monitor.Calls.from_json((one + other).to_json()) == one + other
    assert not monitor.Calls() and monitor.Calls.from_json(None) == monitor.Calls()
    assert sum((one + other).times.values()) == (one + other).answered


@pytest.mark.slow
def test_good_canaries_are_withdrawn_as_rarely_as_promised() -> None:
    """At a budget of one in five, of 60 canaries that are a little off in everything at most 12 and chance."""
    terms, streams, gone = Terms(false=0.2, soonest_s=0), 60, 0
    for seed in range(streams):
        given = pairs(10, 250, 100 + seed, "harmless", failed=0.008, slower=1.3)
        gone += judged(given, terms).word == "withdraw"
    assert gone <= streams * 0.2 + 3 * math.sqrt(streams * 0.16)


@pytest.mark.slow
def test_bad_canaries_are_found_with_as_many_rows_as_are_told() -> None:
    """Of 40 that fail as much more often as is meant, all but a few are withdrawn with the least number of requests."""
    found, streams = 0, 40
    for seed in range(streams):
        given = pairs(10, 300, 300 + seed, failed=0.031)
        for number in range(1, len(given) + 1):
            verdict = judged(given[:number])
            told = finding(verdict, "failures") if verdict.findings else None
            if verdict.word == "withdraw" or (told and told.is_told):
                break
        found += verdict.word == "withdraw"
    assert found >= 0.85 * streams
