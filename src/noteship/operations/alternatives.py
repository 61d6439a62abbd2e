"""`noteship run --alternatives`: every combination of alternative stages, over one cache, judged and ranked."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from noteship import workflow
from noteship.errors import NoteshipError
from noteship.operations import bundle as bundles
from noteship.operations import child
from noteship.operations.bundle import Made
from noteship.operations.errors import NoAlternatives
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import check_used, with_parameters
from noteship.operations.run import JOBS_LIMIT, RunRequest
from noteship.operations.stages import check_any, graph_of, resolved
from noteship.operations.validate import ValidateRequest, validate
from noteship.operations.variants import Variant, Variants
from noteship.validation import judgement as judging
from noteship.validation import measures

__all__ = ["Candidate", "Listener", "Ranking", "compare", "ranked"]


@dataclass(frozen=True)
class Candidate:
    """One combination: what was chosen, what came of its run, and of judging its bundle."""

    chosen: tuple[str, ...]
    result: workflow.RunResult | None = None
    made: Made | None = None
    judgement: judging.Judgement | None = None
    error: NoteshipError | None = None

    @property
    def state(self) -> str:
        """How it ended: done, failed or interrupted."""
        state = "interrupted" if self.result is None else self.result.state
        return "failed" if self.error is not None and state == "done" else state

    @property
    def figure(self) -> judging.Estimate | None:
        """The measure that it is ranked by, with its interval."""
        return None if self.judgement is None else self.judgement.metrics.get(self.judgement.metric)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "chosen": list(self.chosen),
            "state": self.state,
            "run": None if self.result is None else self.result.run,
            "stages": [] if self.result is None else [each.to_json() for each in self.result.stages.values()],
            "bundle": None if self.made is None else self.made.digest,
            "passed": None if self.judgement is None else self.judgement.passed,
            "judgement": None if self.judgement is None else self.judgement.to_json(),
            "error": None if self.error is None else self.error.to_json(),
        }


@dataclass(frozen=True)
class Ranking:
    """All candidates, the best first: those that pass the gates, then the others, then those without a bundle.

    All were judged on the same held-out rows. The first of them is the best on these by merit and by luck: on other
    rows it will be less good than its measures here, and its interval holds the truth less often than it says.
    """

    candidates: tuple[Candidate, ...]

    @property
    def good(self) -> bool:
        """Whether every combination could be run and judged."""
        return all(each.state == "done" for each in self.candidates)

    @property
    def judged(self) -> int:
        """How many were judged, and so from how many the first was chosen."""
        return sum(each.figure is not None for each in self.candidates)

    @property
    def executed(self) -> tuple[str, ...]:
        """The stages that were executed, each as often as it was."""
        results = [each.result for each in self.candidates if each.result is not None]
        return tuple(
            record.stage for result in results for record in result.stages.values() if record.state == "executed"
        )

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship run --alternatives --json` prints."""
        ended = [each.state for each in self.candidates]
        state = next((each for each in ("interrupted", "failed") if each in ended), "done")
        listed = [each.to_json() for each in self.candidates]
        return {"state": state, "executed": len(self.executed), "judged": self.judged, "candidates": listed}


class Listener(Protocol):
    """Who is told how it goes on; from any thread."""

    def event(self, event: workflow.Event) -> None:
        """Something happened in the run of a candidate."""

    def begun(self, candidate: Candidate) -> None:
        """The stages of a candidate are looked at."""

    def judging(self, candidate: Candidate) -> None:
        """Its bundle is being judged."""

    def ended(self, candidate: Candidate) -> None:
        """It is known what came of it."""


def compare(
    opened: OpenedProject,
    request: RunRequest,
    listen: Callable[[Sequence[Variant]], AbstractContextManager[Listener]],
) -> Ranking:
    """Run every combination of alternatives that `request.chosen` leaves, and judge its model as `validate` does.

    The folder stays as it is. Without a [service] there are no models, and without its target nothing to judge by. What
    several of them have in common is executed once. What goes wrong with one candidate is told of it, and the others
    go on. Raises NoAlternatives, and what a graph that cannot run raises.
    """
    opened = with_parameters(opened, request.parameters)
    check_any(opened)
    graph = graph_of(opened)
    fixed = resolved(opened, graph, request.chosen)
    # Before there are threads: what is only made when it is first asked for.
    opened.workplace, opened.ledger  # noqa: B018
    jobs = request.jobs or opened.settings.run.jobs or min(os.cpu_count() or 1, JOBS_LIMIT)
    with Variants(opened, keep=request.keep) as variants:
        every = [variants.of(chosen=chosen, targets=request.stages) for chosen in _choices(graph, fixed)]
        check_used(opened, request.parameters, graph)
        with listen(every) as listener:
            return ranked(_Work(variants, listener).all(every, jobs))


def _choices(graph: workflow.Graph, fixed: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not graph.alternatives:
        raise NoAlternatives(len(graph.stages))
    return list(workflow.combinations(graph, fixed))


@dataclass(frozen=True)
class _Work:
    variants: Variants
    listener: Listener

    def all(self, every: Sequence[Variant], jobs: int) -> list[Candidate]:
        from concurrent.futures import ThreadPoolExecutor, as_completed

        stop = threading.Event()
        with ThreadPoolExecutor(min(jobs, len(every)), thread_name_prefix="noteship-candidate") as pool:
            futures = [pool.submit(self.one, variant, stop) for variant in every]
            try:
                # The first fault is raised when it comes, not when its turn does.
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                # Ctrl-C, or what no candidate can go on with: those under way are told to stop, and waited for.
                stop.set()
                raise
            return [future.result() for future in futures]

    def one(self, variant: Variant, stop: threading.Event) -> Candidate:
        candidate = Candidate(variant.graph.source.chosen)
        if stop.is_set():
            return candidate
        self.listener.begun(candidate)
        purpose = f"alternatives: {', '.join(candidate.chosen)}"
        result = self.variants.run(variant, purpose, tell=self.listener.event, stop=stop)
        candidate = replace(candidate, result=result)
        if result.state == "done" and not stop.is_set():
            candidate = self._bundled(variant, candidate, result, stop)
        self.listener.ended(candidate)
        return candidate

    def _bundled(
        self, variant: Variant, candidate: Candidate, result: workflow.RunResult, stop: threading.Event
    ) -> Candidate:
        opened = variant.opened
        if opened.settings.service is None or variant.graph.source.targets:
            return candidate
        try:
            made = bundles.make(opened, result, lambda _: None, is_latest=False, cancel=stop)
            candidate = replace(candidate, made=made)
            if opened.settings.service.target is None:
                return candidate
            self.listener.judging(candidate)
            judged = validate(opened, ValidateRequest(made.digest), lambda _share, _words: None, stop)
            return replace(candidate, judgement=judged.judgement)
        except child.Stopped:
            return candidate
        except NoteshipError as error:
            return replace(candidate, error=error)


def ranked(candidates: Sequence[Candidate]) -> Ranking:
    """The candidates, the best first."""
    return Ranking(tuple(sorted(candidates, key=_place)))


def _place(candidate: Candidate) -> tuple[bool, bool, float]:
    judgement, figure = candidate.judgement, candidate.figure
    badness = math.inf
    if judgement is not None and figure is not None and math.isfinite(figure.value):
        badness = -measures.goodness(judgement.metric, figure.value)
    return candidate.made is None, judgement is None or not judgement.passed, badness
