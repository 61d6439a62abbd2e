"""Trials of notebooks' parameters: each is a run aside over the project's cache, and a number in what it wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from noteship import patterns, store, tuning, workflow
from noteship.nearest import nearest
from noteship.operations.errors import MetricOfNobody, SearchedInVain, TrialFailed, UnknownSearchedStage, UntunedFails
from noteship.operations.named_files import slip
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import with_values
from noteship.operations.stages import chosen_of, graph_of
from noteship.operations.variants import Variant, Variants

__all__ = ["Events", "InFile", "Judging", "NotebookTrials", "Untuned", "artifact_of"]

# What the ledger says a run aside was for.
PURPOSE = "tune"
Events = Callable[[workflow.Graph], AbstractContextManager["_Listener"]]


class _Listener(Protocol):
    def event(self, event: workflow.Event) -> None:
        """Something happened in the run of the parameters as they are."""


class Judging(Protocol):
    """Where the value of a run comes from, and which of the project's stages that needs."""

    def needed(self, graph: workflow.Graph) -> Sequence[str]:
        """The stages to run; empty for all of them. Raises what makes it impossible."""
        ...

    def facts(self, opened: OpenedProject) -> Any:
        """What the value depends on beside the run, as a plain value."""
        ...

    def value(
        self, opened: OpenedProject, result: workflow.RunResult, report: tuning.Report, cancel: threading.Event
    ) -> tuple[float, float | None]:
        """The value, and its standard error where one is known. Raises WorkFailed, Pruned, Stopped."""
        ...


@dataclass(frozen=True)
class Untuned:
    """The parameters as they are, and what came of them, of their folds as `steps`.

    `facts`: all that trials' values depend on but the space.
    """

    parameters: Mapping[str, Any]
    measured: tuning.Measured
    facts: Any
    steps: Mapping[int, float] = field(default_factory=dict)


class NotebookTrials:
    """Tries parameters of notebooks. Nothing is delivered into the project's folder.

    Safe among threads once `untuned` was asked for.
    """

    def __init__(
        self,
        opened: OpenedProject,
        variants: Variants,
        names: Iterable[str],
        judging: Judging,
        chosen: Sequence[str] = (),
    ) -> None:
        """`chosen`: of alternatives. Raises UnknownSearchedStage."""
        self._opened, self._variants, self._judging, self._chosen = opened, variants, judging, chosen
        self._places = {name: _place(opened, name) for name in names}
        self._targets: Sequence[str] = ()

    def untuned(self, metric: str, listen: Events) -> Untuned:
        """Run the parameters as they are.

        Raises NoSuchParameter, SearchedInVain, UntunedFails, KeyboardInterrupt, what the judging raises, and what a
        graph that cannot run raises.
        """
        own = {name: self._own(*place) for name, place in self._places.items()}
        # So that a parameter that there is not is found before anything runs.
        with_values(self._opened, self._by_stage(own))
        graph = chosen_of(self._opened, graph_of(self._opened), self._chosen)
        self._targets = self._judging.needed(graph)
        variant = self._variants.of(chosen=self._chosen, targets=self._targets)
        self._check_needed(metric, variant.graph)
        with listen(variant.graph) as listener:
            result = self._variants.run(variant, PURPOSE, tell=listener.event)
        if result.state == "interrupted":
            raise KeyboardInterrupt
        failed = _failure(result)
        if failed:
            raise UntunedFails(failed[0], failed[1].message, failed[1].where)
        steps: dict[int, float] = {}
        measured = self._measured(variant, result, steps.__setitem__, threading.Event())
        return Untuned(own, measured, [self._facts(result), self._judging.facts(self._opened)], steps)

    def __call__(
        self, parameters: Mapping[str, Any], report: tuning.Report, cancel: threading.Event, /
    ) -> tuning.Measured:
        """One trial."""
        variant = self._variants.of(self._by_stage(parameters), self._chosen, self._targets)
        result = self._variants.run(variant, PURPOSE, stop=cancel)
        if result.state == "interrupted":
            raise tuning.Stopped
        failed = _failure(result)
        if failed:
            raise TrialFailed(failed[0], failed[1].message, failed[1].where)
        return self._measured(variant, result, report, cancel)

    def _measured(
        self, variant: Variant, result: workflow.RunResult, report: tuning.Report, cancel: threading.Event
    ) -> tuning.Measured:
        value, error = self._judging.value(variant.opened, result, report, cancel)
        own_seconds = sum(record.seconds for record in result.stages.values() if record.state == "executed")
        return tuning.Measured(value, error, own_seconds, result.run)

    def _own(self, stage: str, parameter: str) -> Any:
        """A parameter as it is; None where there is none, which is told later."""
        declared = self._opened.parameters.get(stage, {})
        return declared.get(parameter, self._opened.sources_by_name[stage].parameters.get(parameter))

    def _by_stage(self, parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, value in parameters.items():
            stage, parameter = self._places[name]
            found.setdefault(stage, {})[parameter] = value
        return found

    def _check_needed(self, metric: str, graph: workflow.Graph) -> None:
        for name, (stage, _) in self._places.items():
            if stage not in graph.stages:
                raise SearchedInVain(name, stage, metric, graph.order)

    def _facts(self, result: workflow.RunResult) -> Any:
        """Of each stage what its key is made of, but for what other stages made and what is searched."""
        made = patterns.PathSet(path for each in result.results.values() for path in each.outputs)
        searched = set(self._places.values())
        return [[name, _facts(result.results[name].parts, name, made, searched)] for name in result.graph.order]


def _facts(parts: workflow.KeyParts, stage: str, made: patterns.PathSet, searched: set[tuple[str, str]]) -> Any:
    value = parts.to_json()
    kept = {name: each for name, each in value["params"].items() if (stage, name) not in searched}
    reads = {path: digest for path, digest in value["reads"].items() if not made.reach(path)}
    return {**value, "params": kept, "reads": reads, "outside": sorted(value["outside"].values())}


def _failure(result: workflow.RunResult) -> tuple[str, workflow.Failure] | None:
    """The first stage that failed, and why."""
    for record in result.stages.values():
        if record.failure is not None:
            return record.stage, record.failure
    return None


def _place(opened: OpenedProject, name: str) -> tuple[str, str]:
    """The full name of a stage, and its parameter."""
    stage, _, parameter = name.rpartition(".")
    known = opened.sources_by_name
    fitting = [each for each in known if each.rpartition("/")[2] == stage]
    full = fitting[0] if stage not in known and len(fitting) == 1 else stage
    if full not in known:
        raise UnknownSearchedStage(name, f"stage {stage!r}", nearest(stage, known), tuple(known))
    return full, parameter


@dataclass(frozen=True)
class InFile:
    """A number in a file that a stage writes."""

    metric: tuning.FileMetric

    def needed(self, graph: workflow.Graph) -> Sequence[str]:
        """The stage that its source shows to write the file; all stages, where none does. Raises MetricOfNobody."""
        file = self.metric.file
        written = [path for stage in graph.stages.values() for path in stage.writes if not patterns.is_pattern(path)]
        meant = "" if graph.produced.matches(file) or file in graph.files else slip(file, written)
        if meant:
            raise MetricOfNobody(file, meant)
        writers = [name for name in graph.order if patterns.PathSet(graph.stages[name].writes).reach(file)]
        return writers[-1:]

    def facts(self, _opened: OpenedProject) -> Any:
        """Nothing: the metric's name is known."""
        return None

    def value(
        self, opened: OpenedProject, result: workflow.RunResult, _report: tuning.Report, _cancel: threading.Event
    ) -> tuple[float, float | None]:
        """The number. Raises MetricOfNobody, KeyMissing, NoNumber, UnreadableMetric."""
        artifact = artifact_of(opened.store, result, self.metric.file)
        if artifact is None:
            written = [path for each in result.results.values() for path in each.outputs]
            raise MetricOfNobody(self.metric.file, nearest(self.metric.file, written))
        return self.metric.read(opened.store.get_bytes(artifact.digest)), None


def artifact_of(objects: store.Store, result: workflow.RunResult, path: str) -> store.Artifact | None:
    """What the last stage that made a file, or the folder that it is in, left of it."""
    for name in reversed(result.graph.order):
        for made, artifact in result.results[name].outputs.items():
            if path == made:
                return artifact
            if artifact.kind == "folder" and path.startswith(f"{made}/"):
                leaf = objects.read_tree(artifact.digest).files.get(path.removeprefix(f"{made}/"))
                if leaf:
                    return store.Artifact(leaf.digest, "file", leaf.size_bytes, leaf.executable)
    return None
