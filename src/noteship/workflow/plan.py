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
    """It comes after another stage, whose output may come out the same; `own` is why it has to run in any case."""

    by: str
    file: str
    own: decision.Execute | None = None

    @property
    def text(self) -> str:
        """In words."""
        if self.own:
            return f"{self.own.text}; it waits for {self.file}, which {self.by} makes anew"
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
            stage = graph.stages[name]
            resolved = resolver.resolve(stage, outputs)
            waiting = [edge for edge in graph.inputs.get(name, ()) if edge.producer not in outputs]
            if waiting:
                own = judge.own_change(graph, stage, resolved, {edge.file for edge in waiting})
                choices[name] = Waits(waiting[0].producer, waiting[0].file, own)
                continue
            choice = judge.decide(graph, stage, resolved)
            choices[name] = choice
            if isinstance(choice, decision.Reuse):
                outputs[name] = choice.result.outputs
    return choices
