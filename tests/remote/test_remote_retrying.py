"""When a stage on a cluster is begun again, and after which wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from noteship.notebooks import Cell, Document, execution
from noteship.operations.remote.retrying import ATTEMPT, LONGEST_S, RULES, Again, Retrying, decided, wait_s

KINDS = ("code", "timeout", "memory", "interrupted", "kernel", "cluster")
FAILURES = st.builds(
    execution.Failure,
    kind=st.sampled_from(KINDS),
    message=st.just("it failed"),
    retryable=st.booleans(),
    cause=st.sampled_from([*RULES, "", "secret-missing", "out-of-memory", "deadline"]),
)
SIZES = st.none() | st.integers(1, 1 << 40)
JOB = execution.Job("r", "s", Document("s.py", "script", (Cell(0, "code", ""),)))


@given(FAILURES, st.integers(1, 20), SIZES, SIZES)
def test_a_decision_is_bounded(failure: execution.Failure, failed: int, memory: int | None, most: int | None) -> None:
    """What code does is never tried again, all else a few times; waits are bounded, memory grows up to what it may."""
    again = decided(failure, failed, memory, most)
    if failure.kind in ("code", "timeout", "interrupted"):
        assert again is None
    if again is None:
        return
    assert 0 < again.after_s <= LONGEST_S
    if failure.kind == "memory":
        assert memory and most and memory < (again.memory_bytes or 0) <= most
    else:
        assert failure.retryable and again.memory_bytes is None
        assert failed <= max(rule.times for rule in RULES.values())


@given(st.sampled_from([*RULES]), st.integers(1, 3))
def test_waits_grow(cause: str, failed: int) -> None:
    """The next wait for the same cause is never shorter."""
    failure = execution.Failure("cluster", "gone", retryable=True, cause=cause)
    now, later = decided(failure, failed), decided(failure, failed + 1)
    assert later is None or (now is not None and later.after_s >= now.after_s)


@given(st.integers(1, 1 << 40), st.integers(1, 1 << 40))
def test_memory_ends(memory: int, most: int) -> None:
    """However much a stage needs, it is begun again finitely often."""
    failure, times = execution.Failure("memory", "too little"), 0
    while again := decided(failure, times + 1, memory, most):
        memory, times = again.memory_bytes or 0, times + 1
    assert times <= 41


@given(st.floats(0.1, LONGEST_S), st.floats(0, 1))
def test_chance_moves_a_wait_by_half_at_most(after: float, chance: float) -> None:
    """Half as long at least, and half as long again at most."""
    assert 0.5 * after <= wait_s(Again(after), chance) <= 1.5 * after


class _Runner:
    """Fails as it is told, and then runs well."""

    def __init__(self, *failures: execution.Failure) -> None:
        self.failures = list(failures)
        self.jobs: list[execution.Job] = []

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        self.jobs.append(job)
        failure = self.failures.pop(0) if self.failures else None
        return execution.Execution(failure=failure, seconds=1.0)

    def close(self) -> None:
        pass


GONE = execution.Failure("cluster", "its pod went", retryable=True, cause="lost")


def ran(runner: _Runner, job: execution.Job = JOB, *, most: int | None = None) -> execution.Execution:
    wrapped = Retrying(runner, {"s": most} if most else {}, chance=lambda: 0.0)
    quick = threading.Event()
    quick.wait = lambda timeout=None: False  # type: ignore[method-assign]
    return wrapped.run(job, quick, lambda _: None)


def test_a_stage_whose_pod_went_begins_again() -> None:
    """The first time is the job itself; later ones say their number, and the end says why there were several."""
    runner = _Runner(GONE, GONE)
    done = ran(runner)
    assert done.failure is None and done.seconds == 3.0
    assert runner.jobs[0] == JOB
    assert [each.environment.get(ATTEMPT) for each in runner.jobs] == [None, "2", "3"]
    assert done.notes == ("it was begun again: its pod went",) * 2


def test_a_stage_is_given_up() -> None:
    """After its times the last failure stands, with those before in notes."""
    runner = _Runner(*[GONE] * 9)
    done = ran(runner)
    assert done.failure == GONE and len(runner.jobs) == 1 + RULES["lost"].times


def test_memory_doubles_up_to_what_is_declared() -> None:
    """Each next time has twice as much, the last all of it; without more declared there is no next time."""
    short = execution.Failure("memory", "too little")
    runner = _Runner(*[short] * 9)
    ran(runner, replace(JOB, memory_bytes=100), most=350)
    assert [each.memory_bytes for each in runner.jobs] == [100, 200, 350]
    runner = _Runner(short)
    assert ran(runner, replace(JOB, memory_bytes=100)).failure == short and len(runner.jobs) == 1


def test_a_stopped_run_begins_nothing_again() -> None:
    """Once the run is to stop, the failure stands."""
    runner, stopped = _Runner(GONE), threading.Event()
    stopped.set()
    assert Retrying(runner).run(JOB, stopped, lambda _: None).failure == GONE
