"""`noteship explain`: why a stage would run, or why its result is used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noteship import workflow
from noteship.notebooks import StageSource
from noteship.operations.inspecting import shelf_of
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import check_used, with_parameters
from noteship.operations.sourcing import is_due
from noteship.operations.stages import check, chosen_of, graph_of, resolved

__all__ = ["Explanation", "Overview", "Verdict", "explain", "explain_all"]


@dataclass(frozen=True)
class Verdict:
    """What `run` would do with a stage, and the first reason for it; `waits_for` are a stage and its file."""

    stage: str
    would: str
    reason: str
    waits_for: tuple[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        waits = {"stage": self.waits_for[0], "file": self.waits_for[1]} if self.waits_for else None
        return {"stage": self.stage, "would": self.would, "reason": self.reason, "waits_for": waits}


@dataclass(frozen=True)
class Explanation:
    """What `run` would do with a stage, what its result depends on, and what was changed by hand, with its stage.

    `last` is the result that would be reused, else the latest. `failed` are the latest run and how it failed there.
    """

    verdict: Verdict
    path: str
    last: workflow.Result | None
    reads: tuple[tuple[str, str], ...]
    changed_by_hand: tuple[tuple[str, str], ...]
    failed: tuple[str, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship explain STAGE --json` prints."""
        last = self.last
        return {
            **self.verdict.to_json(),
            "path": self.path,
            "reads": [{"file": file, "from": maker} for file, maker in self.reads],
            "changed_by_hand": _by_hand(self.changed_by_hand),
            "last": {"run": last.run, "key": last.key, "seconds": last.seconds, **last.parts.to_json()}
            if last
            else None,
            "failed": {"run": self.failed[0], "message": self.failed[1]} if self.failed else None,
        }


@dataclass(frozen=True)
class Overview:
    """What `run` would do with every stage, in the order in which it would."""

    verdicts: tuple[Verdict, ...]
    faults: tuple[StageSource, ...]
    changed_by_hand: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship explain --json` prints."""
        return {
            "stages": [each.to_json() for each in self.verdicts],
            "faults": [{"stage": each.name, "error": each.fault.to_json()} for each in self.faults if each.fault],
            "changed_by_hand": _by_hand(self.changed_by_hand),
        }


def explain(
    opened: OpenedProject, stage: str, chosen: Sequence[str] = (), parameters: Sequence[str] = ()
) -> Explanation:
    """Decide as `run` would, without running anything. Raises what `run` raises before it starts."""
    opened, part = _part(opened, (stage,), chosen, parameters)
    [name] = part.source.targets
    choice = workflow.plan(part, opened.workplace)[name]
    producers: dict[str, str] = {}
    for edge in part.inputs.get(name, ()):
        producers[edge.file] = edge.producer
    return Explanation(
        _verdict(opened, name, choice),
        part.stages[name].path,
        choice.result if isinstance(choice, workflow.Reuse) else opened.ledger.last_result(name),
        tuple((file, producers.get(file, "")) for file in part.reads(name)),
        workflow.changed_in(part, opened.workplace),
        _failed(opened, name),
    )


def _failed(opened: OpenedProject, stage: str) -> tuple[str, str] | None:
    for run in opened.ledger.runs(1):
        failure = run.stages[stage].failure if stage in run.stages else None
        if failure:
            return run.run, next(iter(failure.message.splitlines()), failure.kind)
    return None


def explain_all(opened: OpenedProject, chosen: Sequence[str] = (), parameters: Sequence[str] = ()) -> Overview:
    """Decide about every stage. Raises what `run` raises before it starts."""
    opened, graph = _part(opened, (), chosen, parameters)
    faults = tuple(source for source in opened.sources.stages if source.fault)
    return Overview(tuple(_verdicts(opened, graph).values()), faults, workflow.changed_in(graph, opened.workplace))


def _part(
    opened: OpenedProject, stages: Sequence[str], chosen: Sequence[str], parameters: Sequence[str]
) -> tuple[OpenedProject, workflow.Graph]:
    opened = with_parameters(opened, parameters)
    graph = chosen_of(opened, graph_of(opened), chosen, stages)
    graph = graph.upto(resolved(opened, graph, stages)) if stages else graph
    check(opened, graph)
    check_used(opened, parameters, graph)
    shelf_of(opened)
    return opened, graph


def _verdicts(opened: OpenedProject, graph: workflow.Graph) -> Mapping[str, Verdict]:
    plan = workflow.plan(graph, opened.workplace)
    return {name: _verdict(opened, name, choice) for name, choice in plan.items()}


def _verdict(opened: OpenedProject, stage: str, choice: workflow.Reuse | workflow.Execute | workflow.Waits) -> Verdict:
    match choice:
        case workflow.Reuse(result) if stage in opened.data_sources and is_due(opened, opened.data_sources[stage]):
            return Verdict(stage, "be asked", f"whether its data moved since run {result.run}; else it is reused")
        case workflow.Reuse():
            return Verdict(stage, "be reused", choice.text)
        case workflow.Execute():
            return Verdict(stage, "run", choice.text)
        case workflow.Waits():
            return Verdict(stage, "run" if choice.own else "wait", choice.text, (choice.by, choice.file))


def _by_hand(files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"file": file, "stage": stage} for file, stage in files]
