"""The graph of a project's stages: who needs whose files, in which order, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from noteship import patterns
from noteship.nearest import nearest
from noteship.workflow import errors, faults, ordering
from noteship.workflow.faults import Alternatives, Missing
from noteship.workflow.producers import Edge, Linker, arrows_of
from noteship.workflow.stages import Stage
from noteship.workflow.write_index import WriteIndex

__all__ = ["Graph"]

# So many stages are all told where no name is near.
FEW = 5


@dataclass(frozen=True)
class _Source:
    """What a graph was made from, so that it can be made again with more."""

    stages: tuple[Stage, ...]
    files: frozenset[str]
    seen: Mapping[str, tuple[str, ...]]
    chosen: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    stale: Mapping[str, str] = field(default_factory=dict)
    wanted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Graph:
    """Stages by name, their edges, and an order in which every producer comes before its consumers, ties by name.

    `alternatives` are still to be chosen from; `overwritten` are files that several write and nobody reads; `missing`
    and `cycle` are faults, which `check` raises; `left_out` are learned reads that would close a cycle, as (stage,
    file).
    """

    stages: Mapping[str, Stage]
    edges: tuple[Edge, ...]
    order: tuple[str, ...]
    alternatives: tuple[Alternatives, ...] = ()
    overwritten: tuple[Alternatives, ...] = ()
    missing: tuple[Missing, ...] = ()
    cycle: tuple[Edge, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    chains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: _Source = field(default=_Source((), frozenset(), {}), repr=False, compare=False)

    @classmethod
    def of(
        cls,
        stages: Iterable[Stage],
        files: Iterable[str],
        seen: Mapping[str, Collection[str]] | None = None,
        stale: Mapping[str, str] | None = None,
        wanted: Iterable[str] = (),
    ) -> Graph:
        """Link stages with each other.

        `files` are those that the project's folder has; `seen` are further reads of a stage, relative to the project,
        that runs have shown. `stale` are files left by earlier runs, with who made each: they count as absent. `wanted`
        are what is read by no stage, but by what comes after all of them. Cost: 1,000 stages with 3,000 edges take less
        than 0.1 s.
        """
        known = {name: tuple(sorted(paths)) for name, paths in (seen or {}).items()}
        ordered = tuple(sorted(stages, key=lambda stage: stage.name))
        stale = stale or {}
        return _build(_Source(ordered, frozenset(files) - stale.keys(), known, stale=stale, wanted=frozenset(wanted)))

    @cached_property
    def inputs(self) -> Mapping[str, tuple[Edge, ...]]:
        """The edges into each stage."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[edge.consumer].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    @cached_property
    def outputs(self) -> Mapping[str, tuple[Edge, ...]]:
        """The edges out of each stage."""
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[edge.producer].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    @cached_property
    def produced(self) -> WriteIndex:
        """The paths that any stage of the project writes, chosen or not."""
        return WriteIndex(write for stage in self.source.stages for write in stage.writes)

    @property
    def files(self) -> frozenset[str]:
        """The files that the project's folder had when the graph was made."""
        return self.source.files

    @property
    def stale(self) -> Mapping[str, str]:
        """What earlier runs left there and no stage writes any more, with who made it."""
        return self.source.stale

    def reads(self, stage: str) -> tuple[str, ...]:
        """What a stage reads: what its source shows, and what runs have shown, except what would close a cycle."""
        known = self.stages[stage].reads
        left_out = {file for name, file in self.left_out if name == stage}
        more = (path for path in self.source.seen.get(stage, ()) if path not in known and path not in left_out)
        return (*known, *more)

    def check(self) -> None:
        """Raise what makes it impossible to run: a cycle, alternatives to choose from, missing inputs."""
        if self.cycle:
            raise errors.CyclicStages(tuple((edge.producer, edge.file, edge.consumer) for edge in self.cycle))
        if self.alternatives:
            raise errors.UnchosenAlternatives(tuple((each.files, each.stages) for each in self.alternatives))
        missing = tuple(
            errors.MissingInput(each.stage, each.file, each.place, each.near, each.near_writer) for each in self.missing
        )
        if len({each.file for each in missing}) > 1:
            raise errors.MissingInputs(missing)
        if missing:
            raise missing[0]

    def resolve(self, name: str) -> str:
        """The stage of this name, also by its path or by the unambiguous last part of its name."""
        if name in self.stages:
            return name
        fitting = [
            known for known, stage in self.stages.items() if name == stage.path or known.rpartition("/")[2] == name
        ]
        if len(fitting) == 1:
            return fitting[0]
        few = ", ".join(self.stages) if len(self.stages) <= FEW else ""
        raise errors.UnknownStage(name, nearest(name, fitting or self.stages) or few, len(self.stages))

    def only(self, names: Collection[str]) -> Graph:
        """The part of the graph with these stages and the edges among them."""
        edges = tuple(edge for edge in self.edges if edge.producer in names and edge.consumer in names)
        alternatives = _still(self.alternatives, names)
        return replace(
            self,
            stages={name: stage for name, stage in self.stages.items() if name in names},
            edges=edges,
            order=tuple(name for name in self.order if name in names),
            alternatives=tuple(each for each in alternatives if _is_read(each, edges, self.source.wanted)),
            overwritten=_still(self.overwritten, names),
            missing=tuple(each for each in self.missing if each.stage in names),
            cycle=self.cycle if all(edge.consumer in names for edge in self.cycle) else (),
            chains={file: tuple(name for name in chain if name in names) for file, chain in self.chains.items()},
        )

    def upto(self, targets: Collection[str]) -> Graph:
        """The part of the graph that these stages need, themselves included."""
        wanted: set[str] = set()
        waiting = [self.resolve(name) for name in targets]
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting.extend(edge.producer for edge in self.inputs.get(name, ()))
        part = self.only(wanted)
        return replace(part, source=replace(self.source, targets=tuple(targets)))

    def having(self, stages: Iterable[Stage]) -> Graph:
        """The same graph with these stages for those of their names; what they read and write is as it was."""
        named = {stage.name: stage for stage in stages}
        source = replace(self.source, stages=tuple(named.get(each.name, each) for each in self.source.stages))
        return replace(self, stages={name: named.get(name, each) for name, each in self.stages.items()}, source=source)

    def again(self, stage: str, paths: Iterable[str]) -> Graph:
        """The whole graph made again with further reads of a stage; nothing is chosen yet."""
        seen = {**self.source.seen, stage: tuple(sorted({*self.source.seen.get(stage, ()), *paths}))}
        return _build(replace(self.source, seen=seen, chosen=(), targets=()))


def _is_read(each: Alternatives, edges: Iterable[Edge], wanted: Iterable[str]) -> bool:
    reads = {*wanted, *(edge.file for edge in edges if edge.producer in each.stages)}
    return any(patterns.overlap(read, file) for read in reads for file in each.files)


def _still(groups: Iterable[Alternatives], names: Collection[str]) -> tuple[Alternatives, ...]:
    left = (Alternatives(each.files, tuple(name for name in each.stages if name in names)) for each in groups)
    return tuple(each for each in left if len(each.stages) > 1)


def _build(source: _Source) -> Graph:
    stages = {stage.name: stage for stage in source.stages}
    linker = Linker(stages, source.files)
    edges = linker.inferred()
    order, stuck = ordering.order_of(stages, arrows_of(edges))
    if stuck and linker.chains:
        # The names say no possible order of the changes in place; the other edges may.
        free = [edge for edge in edges if not (set(linker.matches(edge.file)) & linker.chains.keys())]
        base, rest = ordering.order_of(stages, arrows_of(free))
        linker = Linker(stages, source.files, [*base, *rest])
        edges = linker.inferred()
        order, stuck = ordering.order_of(stages, arrows_of(edges))
    learned, left_out = linker.learned(source.seen, edges)
    if learned:
        edges += learned
        order, stuck = ordering.order_of(stages, arrows_of(edges))
    return Graph(
        stages=stages,
        edges=tuple(sorted(edges)),
        order=(*order, *stuck),
        alternatives=faults.contested(linker, edges, source.wanted),
        overwritten=faults.overwritten(linker, edges, source.wanted),
        missing=faults.missing(source.stages, source.files, linker, source.stale),
        cycle=faults.cycle(stuck, edges),
        left_out=tuple(left_out),
        chains={file: tuple(chain) for file, chain in linker.chains.items()},
        source=source,
    )
