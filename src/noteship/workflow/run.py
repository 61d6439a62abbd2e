"""Bringing a graph up to date: reuse what is there, execute the rest, record all of it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from noteship import errors as base_errors
from noteship.workflow import errors
from noteship.workflow.delivery import Delivery
from noteship.workflow.events import Event
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.graph import Graph
from noteship.workflow.judging import Judge
from noteship.workflow.learning import Learner
from noteship.workflow.ledger import Ledger
from noteship.workflow.origins import Origins
from noteship.workflow.resolving import Resolver
from noteship.workflow.results import Result, StageRecord
from noteship.workflow.running import Running, Tools
from noteship.workflow.tasks import Executor
from noteship.workflow.workplace import Options, Workplace

__all__ = ["RunResult", "run"]


@dataclass(frozen=True)
class RunResult:
    """How a run ended: what happened to each stage, and the results of those that have one now.

    `graph` is the one it ended with, which may have learned.
    """

    run: str
    state: Literal["done", "failed", "interrupted"]
    stages: Mapping[str, StageRecord]
    results: Mapping[str, Result]
    notices: tuple[str, ...]
    graph: Graph
    seconds: float


def run(
    graph: Graph,
    executor: Executor,
    place: Workplace,
    options: Options | None = None,
    *,
    tell: Callable[[Event], None] | None = None,
    stop: threading.Event | None = None,
) -> RunResult:
    """Bring the graph up to date.

    A failed stage stops what needs it, and the rest goes on. When `stop` is set, or Ctrl-C comes in the main thread,
    no stage begins any more and those under way are told to stop; a second Ctrl-C does not wait for them. Whatever
    kills the process, the results recorded so far are there for the next run. `tell` is called in this thread.

    Raises what `Graph.check` raises, ChangedByHand, and what the executor or the store raise.
    """
    graph.check()
    options = options or Options()
    began = time.monotonic()
    with FileDigests(place.root, place.digests_cache) as digests:
        delivery = Delivery(place, digests, replace=options.replace)
        ledger = Ledger(place.store)
        if not options.replace:
            _check_changed(graph, delivery)
        tools = Tools(
            ledger,
            Judge(ledger, place.environment),
            Resolver(graph, place.environment.digest, digests, Origins(place, digests, delivery)),
            delivery,
            Learner(graph, ledger, place.root),
            executor,
        )
        name = ledger.start(targets=graph.source.targets, chosen=graph.source.chosen, environment=place.environment)
        running = Running(name, tools, options, tell or _tell_nobody)
        with _stopping(running, stop), _recorded(running, ledger, name, began):
            running.go()
    seconds = time.monotonic() - began
    return RunResult(
        name, _state(running), running.records, running.results, tuple(running.notices), tools.learner.graph, seconds
    )


def _check_changed(graph: Graph, delivery: Delivery) -> None:
    """Raise ChangedByHand for files that stages of the graph made and somebody changed since."""
    plain = {write for stage in graph.stages.values() for write in set(stage.writes) - set(stage.in_place)}
    paths = [
        path
        for path, stage in delivery.delivered.makers.items()
        if stage in graph.stages
        # A file of the user's that stages change in place: a new one there is a new original.
        and (path in plain or path not in graph.chains)
        # What is not known to be written now may be the user's by now; if it is written, its delivery looks again.
        and graph.produced.matches(path)
    ]
    found = list(delivery.changed(paths))
    if found:
        raise errors.ChangedByHand(tuple(found))


def _tell_nobody(_event: Event) -> None:
    """Nobody listens."""


def _state(running: Running) -> Literal["done", "failed", "interrupted"]:
    states = {record.state for record in running.records.values()}
    if "stopped" in states:
        return "interrupted"
    return "failed" if "failed" in states else "done"


@contextmanager
def _recorded(running: Running, ledger: Ledger, name: str, began: float) -> Iterator[None]:
    """Write the run's end, also when noteship itself cannot go on."""
    try:
        yield
    except BaseException as error:
        state: Literal["failed", "interrupted"] = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        # What stopped the run is what counts; the store may be the very thing that failed.
        with suppress(base_errors.NoteshipError):
            ledger.end(name, state, running.records.values(), running.notices, time.monotonic() - began)
        raise
    ledger.end(name, _state(running), running.records.values(), running.notices, time.monotonic() - began)


@contextmanager
def _stopping(running: Running, stop: threading.Event | None) -> Iterator[None]:
    """Let Ctrl-C set `cancel` the first time, instead of breaking into the middle of a step; and `stop` likewise."""
    if stop is not None:
        running.cancel = stop
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def once(_number: int, _frame: object) -> None:
        running.cancel.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
