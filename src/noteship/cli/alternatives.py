"""Tells how alternatives are compared, and ranks them."""

from __future__ import annotations

import argparse
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from noteship import workflow
from noteship.cli.errors import WrongUsage
from noteship.cli.output import INTERRUPTED, Output, table
from noteship.cli.progress import Progress, progress_of
from noteship.operations import alternatives as operation
from noteship.operations.alternatives import Candidate, Ranking
from noteship.operations.opened import OpenedProject
from noteship.operations.run import RunRequest
from noteship.operations.variants import Variant
from noteship.validation.judgement import Estimate, Judgement
from noteship.validation.measures import words_of

__all__ = ["run", "summary"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Compare, and give 0, 1 when a combination failed, or 130 when it was interrupted."""
    for name in ("replace", "force"):
        if getattr(arguments, name):
            told = "alternatives leave the project's folder and its results as they are"
            raise WrongUsage(f"--{name} does not go with --alternatives", "noteship run", told)
    request = RunRequest(
        stages=arguments.stages,
        chosen=arguments.chosen,
        parameters=arguments.parameters,
        jobs=arguments.jobs,
        keep=arguments.keep,
    )
    opened = OpenedProject.at(arguments.project)
    output.aside(*(f"note: {note}" for note in opened.notes))
    ranking = operation.compare(opened, request, lambda every: _listening(output, every))
    output.document(ranking.to_json())
    output.aside(*_failures(ranking))
    output.text(*summary(ranking))
    if any(each.state == "interrupted" for each in ranking.candidates):
        return INTERRUPTED
    return 0 if ranking.good else 1


class _Told:
    """Tells of stages that run, and of candidates that end; what is only reused is not told."""

    def __init__(self, shown: Progress, candidates: int) -> None:
        self._shown, self._candidates = shown, candidates
        self._ended = 0
        self._lock = threading.Lock()

    def event(self, event: workflow.Event) -> None:
        with self._lock:
            if not isinstance(event, workflow.StageReused):
                self._shown.event(event)

    def begun(self, candidate: Candidate) -> None:
        pass

    def judging(self, candidate: Candidate) -> None:
        with self._lock:
            self._shown.say(f"judging {_choice(candidate)}")

    def ended(self, candidate: Candidate) -> None:
        with self._lock:
            self._ended += 1
            self._shown.say(f"{self._ended} of {self._candidates}: {_choice(candidate)}: {_outcome(candidate)}")


@contextmanager
def _listening(output: Output, every: Sequence[Variant]) -> Iterator[_Told]:
    stages = dict.fromkeys(name for variant in every for name in variant.graph.stages)
    with progress_of(output, stages) as shown:
        shown.say(f"{len(every)} combinations of alternatives")
        yield _Told(shown, len(every))


def summary(ranking: Ranking) -> Iterator[str]:
    """What a person is told in the end."""
    candidates, executed = ranking.candidates, len(ranking.executed)
    yield f"{len(candidates)} combinations, {executed} stage{'' if executed == 1 else 's'} executed"
    judged = next((each.judgement for each in candidates if each.judgement), None)
    if not any(each.made or each.error for each in candidates):
        yield from table([(each.state, _choice(each)) for each in candidates], header=("state", "alternatives"))
        yield "not ranked: models are made and judged by [service] in noteship.toml"
        return
    header = ("", _metric_of(judged) if judged else "", "judged", "bundle", "alternatives")
    # A long choice is the last, where it may run over the line's end.
    rows = [(str(place), *_cells(each), _choice(each)) for place, each in enumerate(candidates, 1)]
    yield from table(rows, header=header)
    for place, each in enumerate(candidates, 1):
        yield from (f"{place} failed: {reason}" for reason in _reasons(each))
    if judged is None:
        yield "not ranked: models are judged by the target that [service] in noteship.toml names"
    yield from _chosen_by_these_rows(ranking)
    best = candidates[0]
    if best.made is not None:
        names = ", ".join(f'"{name}"' for name in best.chosen)
        yield f"to go on with the first: [notebooks] with = [{names}]"


def _chosen_by_these_rows(ranking: Ranking) -> Iterator[str]:
    first = ranking.candidates[0]
    if ranking.judged > 1 and first.judgement is not None:
        rows = f"the same {first.judgement.split.held_rows:,} held-out rows"
        metric = _metric_of(first.judgement)
        yield (
            f"the first is the best of {ranking.judged} on {rows}, in part by luck: expect a worse {metric} on others;"
            " whether the next is really worse was not tested"
        )


def _metric_of(judgement: Judgement) -> str:
    return words_of(judgement.metric, judgement.classes, judgement.positive)


def _cells(candidate: Candidate) -> tuple[str, str, str]:
    judgement, figure = candidate.judgement, candidate.figure
    verdict = ""
    if judgement is not None:
        verdict = "failed" if not judgement.passed else "passed" if judgement.gates else "no gates"
    bundle = candidate.made.digest[:12] if candidate.made else _outcome(candidate)
    return "" if figure is None else _told_estimate(figure), verdict, bundle


def _reasons(candidate: Candidate) -> tuple[str, ...]:
    """What speaks against a bundle: gates, and what else was found."""
    if candidate.judgement is None:
        return ()
    gates = (f"{each.expression} ({each.told})" for each in candidate.judgement.gates if not each.passed)
    return (*gates, *candidate.judgement.failures)


def _told_estimate(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _choice(candidate: Candidate) -> str:
    return " + ".join(candidate.chosen)


def _outcome(candidate: Candidate) -> str:
    if candidate.error is not None:
        return candidate.error.parts().fact
    if candidate.state != "done":
        return candidate.state
    if candidate.judgement is not None and candidate.figure is not None:
        return f"{_metric_of(candidate.judgement)} {_told_estimate(candidate.figure)}"
    return "done" if candidate.made is None else f"bundle {candidate.made.digest[:12]}"


def _failures(ranking: Ranking) -> Iterator[str]:
    """The first failure of each stage; several combinations may share it. And what was wrong with models."""
    told: set[tuple[str, str]] = set()
    for candidate in ranking.candidates:
        for record in candidate.result.stages.values() if candidate.result else ():
            if record.failure and (record.stage, record.failure.message) not in told:
                told.add((record.stage, record.failure.message))
                yield f"error: stage '{record.stage}' failed, in {_choice(candidate)}: {record.failure.message}"
                yield f"  at: {record.failure.where}" if record.failure.where else ""
                yield f"  do: {record.failure.remedy}"
        if candidate.error is not None:
            yield f"error: of {_choice(candidate)}: {candidate.error}"
