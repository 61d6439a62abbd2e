"""`noteship explain`: why a stage would run, or why its result is used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from noteship import workflow
from noteship.operations.opened import OpenedProject
from noteship.operations.parameters import with_parameters
from noteship.operations.stages import check, chosen_of, graph_of, resolved

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """What `run` would do with a stage, the first reason for it, and what its result depends on."""

    stage: str
    path: str
    would: str
    reason: str
    last: workflow.Result | None
    reads: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship explain --json` prints."""
        return {
            "stage": self.stage,
            "path": self.path,
            "would": self.would,
            "reason": self.reason,
            "reads": [{"file": file, "from": maker} for file, maker in self.reads],
            "last": {
                "run": self.last.run,
                "key": self.last.key,
                "seconds": self.last.seconds,
                **self.last.parts.to_json(),
            }
            if self.last
            else None,
        }


def explain(
    opened: OpenedProject, stage: str, chosen: Sequence[str] = (), parameters: Sequence[str] = ()
) -> Explanation:
    """Decide as `run` would, without running anything. Raises what `run` raises before it starts."""
    opened = with_parameters(opened, parameters)
    graph = chosen_of(opened, graph_of(opened), chosen, [stage])
    [name] = resolved(opened, graph, [stage])
    part = graph.upto([name])
    check(opened, part)
    choice = workflow.plan(part, opened.workplace)[name]
    would = {workflow.Reuse: "be reused", workflow.Execute: "run", workflow.Waits: "wait"}[type(choice)]
    producers: dict[str, str] = {}
    for edge in part.inputs.get(name, ()):
        producers[edge.file] = edge.producer
    reads = tuple((file, producers.get(file, "")) for file in part.reads(name))
    return Explanation(name, part.stages[name].path, would, choice.text, opened.ledger.last_result(name), reads)
