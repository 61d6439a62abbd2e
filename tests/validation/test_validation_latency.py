"""What a call takes, on a machine where others are at work."""

from __future__ import annotations

import numpy
import pytest

from noteship.validation.latency import ROUNDS, Calls

STARTS = list(range(100))


class _Machine:
    """Calls take a millisecond, and more by their start; another program takes the processor now and then."""

    def __init__(self, own_s: float = 0.001, *, disturbed: float = 0.0) -> None:
        self.made: list[int] = []
        self._own_s, self._disturbed = own_s, disturbed
        self._chance = numpy.random.default_rng(0)

    def __call__(self, start: int) -> float:
        self.made.append(start)
        return self._own_s * (1 + start / 100) + (0.004 if self._chance.random() < self._disturbed else 0.0)


def _least(machine: _Machine, rounds: int = ROUNDS) -> Calls:
    calls = Calls(machine, STARTS, 3.0)
    for _ in range(rounds):
        calls.round()
    return calls


def test_neighbours_do_not_change_what_a_call_takes() -> None:
    """Where a twentieth of the calls is held up, the 99th percentile of five rounds is as on a quiet machine."""
    quiet = numpy.quantile(_least(_Machine()).least, 0.99)
    assert numpy.quantile(_least(_Machine(disturbed=0.05)).least, 0.99) == pytest.approx(quiet)
    assert numpy.quantile(_least(_Machine(disturbed=0.05), rounds=1).least, 0.99) > 2 * quiet


@pytest.mark.parametrize(("own_s", "calls", "made"), [(0.001, 100, 505), (0.02, 30, 136), (0.5, 20, 25)])
def test_rounds_keep_to_their_time(own_s: float, calls: int, made: int) -> None:
    """A fast model has five rounds of a hundred calls, a slower one fewer calls, and a slow one twenty calls in all."""
    machine = _Machine(own_s)
    found = _least(machine).least
    assert len(found) == calls
    assert len(machine.made) == pytest.approx(made, abs=5)
    assert sum(own_s * (1 + each / 100) for each in machine.made[5:]) < max(3.1, 20 * 2 * own_s)
