"""`noteship tune`: a search over parameters, every trial a run over the same cache."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from noteship import digests, tuning
from noteship.errors import stage_section
from noteship.nearest import nearest
from noteship.operations.chosen import parted_by
from noteship.operations.errors import Contradiction, DirectionNeeded, NothingToTune, UnknownMeasure
from noteship.operations.naming import named
from noteship.operations.opened import OpenedProject
from noteship.operations.trying_notebooks import Events, InFile, NotebookTrials, Untuned
from noteship.operations.trying_steps import InBundle, StepTrials
from noteship.operations.variants import Variants
from noteship.project import TuneSettings
from noteship.validation.measures import MEASURES

__all__ = ["Listener", "TuneReport", "TuneRequest", "listed", "shown", "tune", "write_report"]

BETTER: Mapping[str, tuning.Direction] = {"more": "maximize", "less": "minimize"}
# Raised whenever values that were found before cannot be compared with those found now.
VERSION = 2
STEPS = 'or search parameters of stages, as in "04-train.C"'
NO_SERVICE = 'give it as "FILE:KEY", as in "metrics.json:f1", or declare [service]'


@dataclass(frozen=True)
class TuneRequest:
    """What overrules `[tune]` in this call; `new` begins anew, `chosen` are alternatives."""

    trials: int | None = None
    jobs: int | None = None
    timeout_s: float | None = None
    new: bool = False
    chosen: Sequence[str] = ()


class Listener(tuning.Listener, Protocol):
    """Who is told how a search goes on."""

    def say(self, line: str) -> None:
        """Something to know."""


Listen = Callable[[tuning.Begun, Sequence[tuning.Trial], tuning.Limits], AbstractContextManager[Listener]]


@dataclass(frozen=True)
class TuneReport:
    """A search as it stands, and how this call of it ended; `known` trials were there before it."""

    search: tuning.Begun
    trials: Sequence[tuning.Trial]
    state: str = "done"
    known: int = 0
    seconds: float = 0.0

    @property
    def best(self) -> tuning.Trial | None:
        """The best trial that is done."""
        return tuning.best(self.trials, self.search.direction)

    @property
    def is_better(self) -> bool:
        """Whether the best trial is better than the parameters as they were when it was last searched."""
        best, before = self.best, self.search.before
        if best is None or best.value is None or best.parameters == self.search.own:
            return False
        return before is None or (best.value > before if self.search.direction == "maximize" else best.value < before)

    @cached_property
    def importances(self) -> Mapping[str, float]:
        """How much each parameter matters, of those that are shown to; loads the search's library."""
        from noteship.tuning import study

        return study.importances(self.search.space, self.search.direction, self.trials)

    @property
    def settings(self) -> str:
        """What to put into `noteship.toml` to have the best trial; empty where there is none, or it is of steps."""
        stages: dict[str, dict[str, Any]] = {}
        for name, value in (self.best.parameters if self.best else {}).items():
            stage, _, parameter = name.rpartition(".")
            if ":" not in name:
                stages.setdefault(stage, {})[parameter] = value
        return "\n\n".join(f"{stage_section(stage)}\nparams = {_toml(own)}" for stage, own in stages.items())

    @property
    def words(self) -> tuple[str, ...]:
        """The options of `noteship run` that make the best trial."""
        best = self.best.parameters if self.best else {}
        return tuple(f"--set {_word(name, value)}" for name, value in best.items() if ":" not in name)

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship tune --json` prints."""
        return {
            "search": self.search.to_json(),
            "state": self.state,
            "known": self.known,
            "seconds": round(self.seconds, 3),
            "best": self.best.to_json() if self.best else None,
            "importances": dict(self.importances),
            "trials": [each.to_json() for each in self.trials],
        }


def tune(opened: OpenedProject, request: TuneRequest, listen: Listen, events: Events) -> TuneReport:
    """Search, or go on with the last search of the same space, metric, code and data, where it is not finished.

    `events` is given the graph that the parameters as they are need, and gives who is told how its run goes on.

    Raises: NothingToTune, UnknownMeasure, DirectionNeeded, Contradiction, and what `NotebookTrials` and
    `tuning.Search` raise.
    """
    settings = opened.settings.tune
    if settings is None:
        raise NothingToTune()
    method = tuning.Method(_direction(settings), settings.sampler, settings.pruner, settings.seed)
    method.check(tuning.Space(settings.space))
    metric = tuning.FileMetric.of(settings.metric)
    _check(settings, metric)
    parted = parted_by(opened.settings.validate) if metric is None else {}
    if settings.is_of_steps:
        if metric is not None:
            why, near = "steps are fitted again without any notebook", nearest(metric.key.rpartition(".")[2], MEASURES)
            raise UnknownMeasure(settings.metric, why, near, tuple(MEASURES), STEPS)
        wanted = settings.cluster.wanted if settings.cluster else None
        with StepTrials(opened, settings, named(opened, "latest"), wanted) as tried:
            return _searched(opened, request, _Aim(settings, method, tried.untuned(), tried, parted), listen)
    if metric is None and opened.settings.service is None:
        raise UnknownMeasure(settings.metric, "there is no [service] whose model could be judged", "", (), NO_SERVICE)
    judging = InBundle(settings) if metric is None else InFile(metric)
    with Variants(opened, cluster=settings.cluster.wanted if settings.cluster else None) as variants:
        trials = NotebookTrials(opened, variants, settings.space, judging, request.chosen)
        untuned = trials.untuned(settings.metric, events)
        return _searched(opened, request, _Aim(settings, method, untuned, trials, parted), listen)


def _check(settings: TuneSettings, metric: tuning.FileMetric | None) -> None:
    """That nothing is asked for which would do nothing. Raises Contradiction."""
    if settings.pruner != "none" and metric is not None:
        fact = "a pruner gives up trials by what they come to on their way, and a metric in a file comes at the end"
        remedy = "leave the pruner out, or take a measure by cross-validation, which has a value for each fold"
        raise Contradiction(fact, remedy, "[tune] pruner")
    if settings.is_of_steps and settings.cluster is not None and settings.cluster.address:
        fact = "steps are fitted to rows on this machine, which workers at an address may not see"
        raise Contradiction(fact, "leave the address out: a cluster is made for the search", "[tune] cluster")


def _direction(settings: TuneSettings) -> tuning.Direction:
    """As it is set, else as the metric's name says it. Raises UnknownMeasure, DirectionNeeded."""
    metric = tuning.FileMetric.of(settings.metric)
    if metric is None and settings.metric not in MEASURES:
        why = "it names no file and no measure"
        raise UnknownMeasure(settings.metric, why, nearest(settings.metric, MEASURES), tuple(MEASURES))
    found = tuning.direction_of(metric.key) if metric else BETTER.get(MEASURES[settings.metric].better)
    if settings.direction is None and found is None:
        raise DirectionNeeded(settings.metric)
    return settings.direction or found or "maximize"


@dataclass(frozen=True)
class _Aim:
    settings: TuneSettings
    method: tuning.Method
    untuned: Untuned
    objective: tuning.Objective
    parted: Mapping[str, Any]

    @property
    def space(self) -> tuning.Space:
        return tuning.Space(self.settings.space)

    @property
    def begun(self) -> tuning.Begun:
        """The search, as it is written down where it is new."""
        settings, space = self.settings, self.space
        parts = [VERSION, settings.metric, self.method.direction, space.to_json(), self.untuned.facts]
        return tuning.Begun(
            id="",
            identity=digests.of_value(parts),
            metric=settings.metric,
            direction=self.method.direction,
            space=space,
            started="",
            before=self.untuned.measured.value,
            own=self.untuned.parameters,
            told=self.parted,
        )


def _searched(opened: OpenedProject, request: TuneRequest, aim: _Aim, listen: Listen) -> TuneReport:
    settings, book = aim.settings, tuning.Book(opened.store)
    found = None if request.new else book.last(aim.begun.identity)
    # What was measured now counts: the parameters in the space may have been given other values since.
    begun = book.go_on(replace(aim.begun, id=found.id, started=found.started)) if found else book.begin(aim.begun)
    shared = book.shared(begun.id)
    known = list(shared.look().trials)
    before = len(known)
    if aim.space.holds(begun.own) and all(each.parameters != begun.own for each in known):
        known.append(shared.keep(_as_it_is(aim.untuned, len(known))))
    limits = tuning.Limits(
        request.trials or settings.trials, request.timeout_s or settings.timeout_s, request.jobs or settings.jobs
    )
    with listen(begun, known[:before], limits) as listener:
        if found and before >= limits.trials:
            listener.say(f"all {limits.trials} trials were made before; --trials N adds more, --new begins anew")
        elif found:
            listener.say(f"going on with search {begun.id}, of which {before} trials are known")
        for each in known[before:]:
            listener.ended(each)
        search = tuning.Search(aim.space, aim.method, known)
        ended = search.run(aim.objective, limits, listener, shared)
    trials = sorted(ended.trials, key=lambda each: each.number)
    # The parameters as they are were tried before the search began.
    seconds = ended.seconds + sum(each.seconds for each in known[before:])
    return TuneReport(begun, trials, ended.state, before, seconds)


def _as_it_is(untuned: Untuned, number: int) -> tuning.Trial:
    """The parameters as they are, as a trial: they lie in the space, and their value is known."""
    measured = untuned.measured
    return tuning.Trial(
        number,
        untuned.parameters,
        "done",
        measured.value,
        measured.error,
        untuned.steps,
        seconds=measured.own_seconds,
        own_seconds=measured.own_seconds,
        run=measured.run,
    )


def shown(opened: OpenedProject, name: str) -> TuneReport:
    """A search of before, by its ID, a start of it, or `latest`. Raises UnknownSearch."""
    book = tuning.Book(opened.store)
    return _of_book(book, book.search(name))


def listed(opened: OpenedProject) -> list[TuneReport]:
    """All searches, the latest first."""
    book = tuning.Book(opened.store)
    return [_of_book(book, search) for search in book.every()]


def _of_book(book: tuning.Book, search: tuning.Begun) -> TuneReport:
    trials = book.trials(search.id)
    return TuneReport(search, trials, known=len(trials))


def write_report(opened: OpenedProject, report: TuneReport, target: Path) -> None:
    """Write a search as one page. Raises NotWritten, PlottingMissing."""
    # It brings numpy and a library for charts.
    from noteship.operations.writing import write
    from noteship.reporting import tuning as pages

    write(target, pages.page(pages.Told(opened.name, report.search, report.trials, report.importances)))


def _word(name: str, value: Any) -> str:
    """NAME=VALUE as a shell takes it; a text that is no literal needs no quotes of its own."""
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z_][\w-]*", value) and value not in ("True", "False", "None"):
        return f"{name}={value}"
    return shlex.quote(f"{name}={value!r}")


def _toml(value: Any) -> str:
    """A value as TOML writes it, which is as JSON does but for tables."""
    if isinstance(value, dict):
        items = ((name if re.fullmatch(r"[\w-]+", name) else json.dumps(name), each) for name, each in value.items())
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in items) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
