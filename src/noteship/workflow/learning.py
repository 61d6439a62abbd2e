"""Lets the graph of a run grow by what its stages are seen to read."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from noteship.store import Artifact
from noteship.workflow import alternatives, errors, observing
from noteship.workflow.graph import Graph
from noteship.workflow.judging import lacking
from noteship.workflow.ledger import Ledger, Seen
from noteship.workflow.producers import Edge
from noteship.workflow.tasks import Outcome

__all__ = ["Learned", "Learner"]

# A stage that opens the files of others one after the other fails at one at a time; who has more of these in one stage
# than that is better served by naming them.
ROUNDS = 8


@dataclass(frozen=True)
class Learned:
    """What one outcome taught: edges because of which the stage has to run again, each file with its evidence."""

    edges: tuple[Edge, ...] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


class Learner:
    """The graph of a run, and what its stages were seen to read beyond it."""

    def __init__(self, graph: Graph, ledger: Ledger, root: Path) -> None:
        self.graph = graph
        self._ledger = ledger
        self._root = root
        self._more: dict[str, set[str]] = {}
        self._rounds: Counter[str] = Counter()
        self._final = _final_writers(graph)

    def more(self, stage: str) -> frozenset[str]:
        """The files that nobody makes, and that the stage was seen to read in this run."""
        return frozenset(self._more.get(stage, ()))

    def learn(self, name: str, outcome: Outcome, run: str) -> Learned:
        """Take what an outcome shows into the ledger and the graph.

        Raises UnchosenAlternatives if the stage turns out to read a file that several make.
        """
        stage = self.graph.stages[name]
        seen = observing.news(self.graph, stage, outcome, run)
        if not seen.inside and not seen.outside:
            return Learned()
        self._ledger.add_seen(name, seen)
        made = observing.made_elsewhere(self.graph, stage, seen.inside)
        self._more.setdefault(name, set()).update({*seen.inside, *seen.outside} - made)
        return self._grow(name, seen, made) if made else Learned()

    def _grow(self, name: str, seen: Seen, made: set[str]) -> Learned:
        old = self.graph
        grown = alternatives.learn(old, name, made)
        if grown.alternatives:
            raise errors.UnchosenAlternatives(tuple((each.files, each.stages) for each in grown.alternatives))
        self.graph, self._final = grown, _final_writers(grown)
        notices = [
            f"{stage} reads {file}, which another stage makes out of what {stage} makes; that is not followed"
            for stage, file in grown.left_out
            if stage == name and file in made
        ]
        edges = tuple(edge for edge in grown.inputs.get(name, ()) if edge.file in made)
        self._rounds[name] += 1
        if edges and self._rounds[name] > ROUNDS:
            notices.append(f"{name} was run {ROUNDS} times for files of other stages; name the rest under its reads")
            return Learned(notices=notices)
        return Learned(edges, seen.inside, notices)

    def missing_output(self, name: str, outcome: Outcome) -> errors.MissingOutput | None:
        """The first file that the stage should have left and has not."""
        stage = self.graph.stages[name]
        for path, consumer in lacking(self.graph, stage, outcome.outputs).items():
            near = difflib.get_close_matches(path, outcome.outputs, n=1)
            place = stage.places.get(path, stage.path)
            return errors.MissingOutput(name, path, place, consumer, near[0] if near else "")
        return None

    def final_outputs(self, name: str, outputs: Mapping[str, Artifact]) -> dict[str, Artifact]:
        """The outputs to put into the project; one that another stage replaces, only where nothing is."""
        return {
            path: artifact
            for path, artifact in outputs.items()
            if self._final.get(path, name) == name or not (self._root / path).exists()
        }


def _final_writers(graph: Graph) -> dict[str, str]:
    return {write: name for name in graph.order for write in graph.stages[name].writes}
