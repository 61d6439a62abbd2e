"""Bringing a graph up to date: reuse what is there, execute the rest, record all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from noteship import errors as base_errors
from noteship.stopping import Beneath, first_signal
from noteship.workflow import alive, errors
from noteship.workflow.by_hand import changed_by_hand
from noteship.workflow.delivery import Delivery
from noteship.workflow.events import Event, StageStarted
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.flights import Flights
from noteship.workflow.graph import Graph
from noteship.workflow.inspecting import Inspector, NoInspector
from noteship.workflow.judging import Judge
from noteship.workflow.learning import Learner
from noteship.workflow.ledger import Ledger
from noteship.workflow.origins import Origins
from noteship.workflow.resolving import Resolver
from noteship.workflow.results import Result, StageRecord
from noteship.workflow.running import Running, Tools
from noteship.workflow.tasks import Executor
from noteship.workflow.workers import Labour
from noteship.workflow.workplace import Options, Workplace

__all__ = ["Beside", "RunResult", "run"]


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


@dataclass(frozen=True)
class Beside:
    """What a run takes beside its executor: who looks at inputs, and the keys of the runs that go on beside it."""

    inspector: Inspector = field(default_factory=NoInspector)
    flights: Flights = field(default_factory=Flights)


def run(
    graph: Graph,
    executor: Executor,
    place: Workplace,
    options: Options | None = None,
    *,
    beside: Beside | None = None,
    tell: Callable[[Event], None] | None = None,
    stop: threading.Event | None = None,
) -> RunResult:
    """Bring the graph up to date.

    A failed stage stops what needs it, and the rest goes on. When `stop` is set, or Ctrl-C comes in the main thread,
    no stage begins any more and those under way are told to stop; a second Ctrl-C does not wait for them. SIGTERM is
    the same where it is handled as Ctrl-C is by default. `stop` is never set here: what this run cannot go on with is
    no reason to stop others. Whatever kills the process, the results recorded so far are there for the next run. `tell`
    is called in this thread. Files that were changed by hand do not matter to a run that delivers nothing: it takes
    what stages make, not what lies in the folder in its place.

    Raises what `Graph.check` raises, ChangedByHand, and what the executor or the store raise.
    """
    graph.check()
    options, beside = options or Options(), beside or Beside()
    began = time.monotonic()
    with FileDigests(place.root, place.digests_cache) as digests:
        delivery = Delivery(place, digests, replace=options.replace)
        ledger = Ledger(place.store, aside=bool(options.aside))
        if options.deliver and not options.replace and not options.aside:
            changed = changed_by_hand(graph, delivery)
            if changed:
                raise errors.ChangedByHand(changed)
        tools = Tools(
            ledger,
            Judge(ledger, place.environment),
            Resolver(graph, place.environment.digest, digests, Origins(place, digests, delivery)),
            delivery,
            Learner(graph, ledger, place.root),
            Labour(executor, beside.inspector, beside.flights),
        )
        _end_killed(place.root, ledger)
        source = graph.source
        name = ledger.start(
            targets=source.targets, chosen=source.chosen, environment=place.environment, purpose=options.aside
        )
        running = Running(
            name, tools, options, _noting(place.root, name, tell or _tell_nobody), Beneath(stop or threading.Event())
        )
        with alive.alive(place.root, name), first_signal(_stopper(running)), _recorded(running, ledger, name, began):
            running.go()
    seconds = time.monotonic() - began
    return RunResult(
        name, _state(running), running.records, running.results, tuple(running.notices), tools.learner.graph, seconds
    )


def _end_killed(root: Path, ledger: Ledger) -> None:
    for name, state in alive.open_runs(root).items():
        if state == "interrupted":
            ledger.end_killed(name, alive.begun_in(root, name))
            alive.forget(root, name)


def _noting(root: Path, run: str, tell: Callable[[Event], None]) -> Callable[[Event], None]:
    def told(event: Event) -> None:
        if isinstance(event, StageStarted):
            alive.note_begun(root, run, event.stage)
        tell(event)

    return told


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


def _stopper(running: Running) -> Callable[[str], None]:
    def stop(signal: str) -> None:
        running.stopped_by = signal
        running.cancel.set()

    return stop
