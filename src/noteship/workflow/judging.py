"""Gathers what the decision about a stage depends on, with few and large questions to the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from noteship import patterns
from noteship.store import Artifact
from noteship.workflow import decision
from noteship.workflow.graph import Graph
from noteship.workflow.ledger import Ledger
from noteship.workflow.resolving import Resolved, covers
from noteship.workflow.results import Result
from noteship.workflow.stages import Environment, Stage

__all__ = ["Judge", "lacking"]


class Judge:
    """Decides stage by stage; what the last run used is read at once, as it is most often what this one uses."""

    def __init__(self, ledger: Ledger, environment: Environment) -> None:
        self._ledger = ledger
        self._environment = environment
        self._known: dict[str, Result] = {}
        self._lost: dict[str, tuple[str, ...]] = {}
        self._last: dict[str, Result] | None = None
        for record in ledger.runs(1):
            self._known = ledger.results({each.key for each in record.stages.values() if each.key})
            self._lost = ledger.lost(self._known.values())

    def decide(self, graph: Graph, stage: Stage, resolved: Resolved) -> decision.Reuse | decision.Execute:
        """Whether the stage's result is there already."""
        key = resolved.parts.key
        known = self._known.get(key) or self._ledger.result(key)
        if known is None:
            return decision.decide(self._unknown(graph, stage, resolved))
        lost = self._lost[key] if key in self._lost else self._ledger.lost([known])[key]
        absent = tuple(lacking(graph, stage, known.outputs))
        return decision.decide(decision.Situation(stage, resolved.parts, known, lost, absent))

    def own_change(
        self, graph: Graph, stage: Stage, resolved: Resolved, waiting: Collection[str]
    ) -> decision.Execute | None:
        """Why the stage has to run whatever becomes of the inputs that are `waiting` for other stages."""
        now = self._unknown(graph, stage, resolved)
        last = now.last.parts.reads if now.last else {}
        paths = {path for read in waiting for reads in (last, resolved.parts.reads) for path in _meant(read, reads)}
        return decision.own_change(now, paths)

    def _unknown(self, graph: Graph, stage: Stage, resolved: Resolved) -> decision.Situation:
        last = self._last_of(graph, stage.name)
        before = self._ledger.environment(last.parts.environment) if last else None
        return decision.Situation(
            stage, resolved.parts, last=last, makers=resolved.makers, environment=self._environment, before=before
        )

    def again(self, graph: Graph, stage: Stage, key: str) -> Result | None:
        """A result that somebody else made meanwhile, if it has what is needed and the store can give it."""
        result = self._ledger.result(key)
        if result is None or lacking(graph, stage, result.outputs) or self._ledger.lost([result])[key]:
            return None
        return result

    def holds(self, artifact: Artifact) -> bool:
        """Whether the store can give an artifact."""
        return self._ledger.store.holds(artifact)

    def _last_of(self, graph: Graph, stage: str) -> Result | None:
        if self._last is None:
            self._last = self._ledger.last_results(list(graph.stages))
        return self._last.get(stage)


def _meant(read: str, paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if path == read or patterns.overlap(path, read))


def lacking(graph: Graph, stage: Stage, outputs: Mapping[str, Artifact]) -> dict[str, str]:
    """The files that must be there after the stage and are not among its outputs, with who needs each."""
    return {path: user for path, user in _required(graph, stage).items() if not covers(path, outputs)}


def _required(graph: Graph, stage: Stage) -> dict[str, str]:
    # Who needs each; nobody, for those declared by hand.
    needs = dict.fromkeys(stage.required, "")
    for edge in graph.outputs.get(stage.name, ()):
        producers = {other.producer for other in graph.inputs[edge.consumer] if other.file == edge.file}
        # A folder or a pattern may have several producers, and a pattern may mean nothing at all.
        if not edge.learned and not patterns.is_pattern(edge.file) and len(producers) == 1:
            needs[edge.file] = needs.get(edge.file) or edge.consumer
    return needs
