"""What a stage was seen to read that was not known of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from noteship import patterns
from noteship.workflow.graph import Graph
from noteship.workflow.ledger import Ledger, Seen
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Outcome

__all__ = ["graph_of", "made_elsewhere", "news"]

# Code counts by its syntax tree, in the stage's code digest: its bytes, with comments and outputs, must not.
CODE = (".py", ".pyc", ".pyi", ".ipynb")


@dataclass(frozen=True)
class _Known:
    reads: frozenset[str]
    folders: frozenset[str]
    patterns: tuple[str, ...]

    def covers(self, path: str) -> bool:
        # A folder is looked into to find the files that are known already: that is nothing new.
        if path in self.reads or path in self.folders:
            return True
        return any(path.startswith(f"{read}/") for read in self.reads) or any(
            patterns.overlap(pattern, path) for pattern in self.patterns
        )


def graph_of(
    stages: Iterable[Stage],
    files: Iterable[str],
    ledger: Ledger,
    stale: Mapping[str, str] | None = None,
    wanted: Iterable[str] = (),
) -> Graph:
    """The graph of stages, with all that the ledger has seen them read; `wanted` is read by what comes after them."""
    seen = ledger.seen()
    nothing = Seen()
    whole = [_with_outside(stage, seen.get(stage.name, nothing).outside) for stage in stages]
    return Graph.of(whole, files, {name: tuple(each.inside) for name, each in seen.items()}, stale, wanted)


def _with_outside(stage: Stage, outside: Collection[str]) -> Stage:
    more = sorted(set(outside) - set(stage.outside))
    return replace(stage, outside=(*stage.outside, *more)) if more else stage


def news(graph: Graph, stage: Stage, outcome: Outcome, run: str) -> Seen:
    """What the stage opened, or looked for, that is not among its reads; each with the evidence."""
    evidence = dict.fromkeys(outcome.wanted, f"looked for it in run {run}, and it was not there")
    evidence |= dict.fromkeys(outcome.reads, f"opened it in run {run}")
    known = _known(graph.reads(stage.name))
    outside = {path: how for path, how in evidence.items() if path.startswith("/") and path not in stage.outside}
    inside = {
        path: how
        for path, how in evidence.items()
        if path not in ("", ".")
        and not path.startswith(("/", "../", ".noteship/"))
        and not path.endswith(CODE)
        and not known.covers(path)
        and not _is_own(graph, stage, outcome.outputs, path)
    }
    return Seen(inside, outside)


def _known(reads: Iterable[str]) -> _Known:
    reads = frozenset(reads)
    folders = {folder for read in reads for folder in patterns.folders(patterns.literal(read))}
    return _Known(reads, frozenset(folders), tuple(read for read in reads if patterns.is_pattern(read)))


def _is_own(graph: Graph, stage: Stage, outputs: Mapping[str, object], path: str) -> bool:
    """Whether the stage made the file itself, so that reading it says nothing of others."""
    if path in outputs or path in stage.writes or any(folder in outputs for folder in patterns.folders(path)):
        return True
    return path not in graph.files and any(patterns.overlap(write, path) for write in stage.writes)


def made_elsewhere(graph: Graph, stage: Stage, paths: Iterable[str]) -> set[str]:
    """Those of the paths that other stages make; a folder that others put something into is not made by them."""
    own = set(stage.writes)
    return {
        path
        for path in paths
        if any(write not in own and not patterns.is_inside(write, path) for write in graph.produced.matches(path))
    }
