"""Who makes what a stage reads: versions of a file, changes in place, and files that several stages write."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from noteship import patterns
from noteship.workflow import ordering
from noteship.workflow.stages import Stage
from noteship.workflow.write_index import WriteIndex

__all__ = ["Edge", "Linker", "arrows_of"]


@dataclass(frozen=True, order=True)
class Edge:
    """`consumer` reads `file`, and `producer` makes it; `learned` if a run showed it and the source did not."""

    producer: str
    consumer: str
    file: str
    learned: bool = False


class Linker:
    """Finds the producers of every read.

    A written file has versions: its plain writers make the first, the stages that change it in place make one each, in
    the order of their names (or of `order`, where it is given). A reader gets the last version, except of stages that
    themselves need the reader. Of plain writers, one that needs another's files replaces the other's version.
    """

    def __init__(self, stages: Mapping[str, Stage], files: Iterable[str], order: Sequence[str] = ()) -> None:
        self._stages = stages
        self._rank = {name: rank for rank, name in enumerate(order or sorted(stages))}
        self.writers: dict[str, list[str]] = defaultdict(list)
        self.chains: dict[str, list[str]] = {}
        for name in sorted(stages, key=self._rank.__getitem__):
            self._add_writer(stages[name])
        self._index = WriteIndex(self._all_writes())
        places = {posixpath.dirname(file) for file in files}
        self._folders = {folder for place in places for folder in patterns.folders(place) if folder}
        self._found: dict[str, tuple[str, ...]] = {}
        self._plain = ordering.Arrows(self._plain_pairs())

    def _add_writer(self, stage: Stage) -> None:
        in_place = set(stage.in_place) | (set(stage.reads) & set(stage.writes))
        for write in dict.fromkeys((*stage.writes, *stage.in_place)):
            if write in in_place and not patterns.is_pattern(write):
                self.chains.setdefault(write, []).append(stage.name)
            else:
                self.writers[write].append(stage.name)

    def _all_writes(self) -> set[str]:
        return self.writers.keys() | self.chains.keys()

    def _plain_pairs(self) -> Iterable[tuple[str, str]]:
        for consumer, stage in self._stages.items():
            for read in stage.reads:
                for write in self.matches(read):
                    writers = self.writers.get(write, [])
                    if write not in self.chains and (len(writers) == 1 or self.is_shared(write)):
                        yield from ((producer, consumer) for producer in writers if producer != consumer)

    def matches(self, read: str) -> tuple[str, ...]:
        """The written paths that the read can mean."""
        if read not in self._found:
            self._found[read] = self._index.matches(read)
        return self._found[read]

    def is_shared(self, write: str) -> bool:
        """Whether several may write there side by side: it is a pattern, or a folder."""
        return patterns.is_pattern(write) or write in self._folders or self._index.below(write)

    def producers(self, consumer: str, write: str) -> list[str]:
        """Who makes the version of a written path that the consumer reads; more than one if they are alternatives."""
        chain = self.chains.get(write, [])
        if consumer in chain:
            chain = chain[: chain.index(consumer)]
        elif chain:
            chain = self._before(consumer, chain)
        if chain:
            return [chain[-1]]
        return [name for name in self._last_plain(consumer, write) if name != consumer]

    def _before(self, consumer: str, chain: list[str]) -> list[str]:
        later = self._plain.reached(consumer)
        length = next((i for i, name in enumerate(chain) if name in later), len(chain))
        return chain[:length]

    def _last_plain(self, consumer: str, write: str) -> list[str]:
        writers = self.writers.get(write, [])
        if len(writers) < 2 or self.is_shared(write):
            return writers
        # Everybody can come after the consumer only in a cycle, which is for others to report.
        later = self._plain.reached(consumer)
        earlier = [name for name in writers if name not in later] or writers
        replaced = {name for name in earlier if self._plain.reached(name) & set(earlier) - {name}}
        return [name for name in earlier if name not in replaced] or earlier

    def edges(self, consumer: str, read: str, *, learned: bool = False) -> list[Edge]:
        """The edges of one read.

        A folder that a run has shown to be looked into gives none: the stage saw in it what there was for it, and it is
        not known to need what others put there.
        """
        writes = [write for write in self.matches(read) if not learned or not patterns.is_inside(write, read)]
        names = {name for write in writes for name in self.producers(consumer, write)} - {consumer}
        return [Edge(name, consumer, read, learned) for name in sorted(names)]

    def inferred(self) -> list[Edge]:
        """The edges of everything that the stages' sources show."""
        return [edge for name, stage in self._stages.items() for read in stage.reads for edge in self.edges(name, read)]

    def learned(
        self, seen: Mapping[str, tuple[str, ...]], edges: list[Edge]
    ) -> tuple[list[Edge], list[tuple[str, str]]]:
        """The edges of what runs have shown, except those that would close a cycle."""
        reads = [(name, file) for name in sorted(seen.keys() & self._stages.keys()) for file in seen[name]]
        found = {
            (name, file): self.edges(name, file, learned=True)
            for name, file in reads
            if file not in self._stages[name].reads
        }
        everything = [edge for more in found.values() for edge in more]
        if not everything:
            return [], []
        _, stuck = ordering.order_of(self._stages, arrows_of([*edges, *everything]))
        if not stuck:
            return everything, []
        arrows = arrows_of(edges)
        kept: list[Edge] = []
        left_out: list[tuple[str, str]] = []
        for (name, file), more in found.items():
            if any(edge.producer in arrows.reached(name) for edge in more):
                left_out.append((name, file))
                continue
            kept.extend(more)
            for edge in more:
                arrows.add(edge.producer, edge.consumer)
        return kept, left_out

    def is_folder(self, path: str) -> bool:
        """Whether the project has files in it."""
        return path in self._folders


def arrows_of(edges: Iterable[Edge]) -> ordering.Arrows:
    """From producers to consumers."""
    return ordering.Arrows((edge.producer, edge.consumer) for edge in edges)
