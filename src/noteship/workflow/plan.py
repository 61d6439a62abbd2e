"""What a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from noteship.store import Artifact
from noteship.workflow import decision
from noteship.workflow.delivery import Delivery
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.graph import Graph
from noteship.workflow.judging import Judge
from noteship.workflow.ledger import Ledger
from noteship.workflow.origins import Origins
from noteship.workflow.resolving import Resolver
from noteship.workflow.workplace import Workplace

__all__ = ["Waits", "plan"]


@dataclass(frozen=True)
class Waits:
    """What it has to do is known when another stage has run, whose output may come out the same."""

    by: str
    file: str

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.file} will be made anew by {self.by}; it runs if that comes out differently"


def plan(graph: Graph, place: Workplace) -> dict[str, decision.Reuse | decision.Execute | Waits]:
    """The decision for each stage, in the graph's order; puts nothing anywhere but originals into the store."""
    ledger = Ledger(place.store)
    judge = Judge(ledger, place.environment)
    outputs: dict[str, Mapping[str, Artifact]] = {}
    choices: dict[str, decision.Reuse | decision.Execute | Waits] = {}
    with FileDigests(place.root, place.digests_cache) as digests:
        delivery = Delivery(place, digests)
        origins = Origins(place, digests, delivery)
        resolver = Resolver(graph, place.environment.digest, digests, origins)
        for name in graph.order:
            waits = _waits(graph, name, choices)
            if waits:
                choices[name] = waits
                continue
            stage = graph.stages[name]
            choice = judge.decide(graph, stage, resolver.resolve(stage, outputs))
            choices[name] = choice
            if isinstance(choice, decision.Reuse):
                outputs[name] = choice.result.outputs
    return choices


def _waits(graph: Graph, name: str, choices: Mapping[str, object]) -> Waits | None:
    for edge in graph.inputs.get(name, ()):
        if not isinstance(choices[edge.producer], decision.Reuse):
            return Waits(edge.producer, edge.file)
    return None
