"""What is wrong with a graph, or is still to be decided: contested files, missing inputs, cycles."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from noteship import patterns
from noteship.workflow import ordering
from noteship.workflow.producers import Edge, Linker, arrows_of
from noteship.workflow.stages import Stage

__all__ = ["Alternatives", "Missing", "contested", "cycle", "missing", "overwritten"]

# Looking for a similar name costs about 20 ms among 4,000 files; who has more wrong inputs than these mends the first
# ones first.
NEAREST_LIMIT = 20


@dataclass(frozen=True)
class Alternatives:
    """Stages that write the same files: only one of them can be meant."""

    files: tuple[str, ...]
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Missing:
    """A read that nobody writes and that is not in the project, with the most similar path and who writes that."""

    stage: str
    file: str
    place: str
    near: str
    near_writer: str


def contested(linker: Linker, edges: Iterable[Edge], wanted: Iterable[str]) -> tuple[Alternatives, ...]:
    """Files with several producers of one version, those with the same producers together."""
    files: dict[tuple[str, ...], set[str]] = defaultdict(set)
    # What comes after all stages is none of them, and has no name.
    for consumer, read in {*((edge.consumer, edge.file) for edge in edges), *(("", file) for file in wanted)}:
        for write in linker.matches(read):
            names = tuple(linker.producers(consumer, write))
            if len(names) > 1 and not linker.is_shared(write):
                files[names].add(write)
    return tuple(Alternatives(tuple(sorted(files[names])), names) for names in sorted(files))


def overwritten(linker: Linker, edges: Iterable[Edge], wanted: Iterable[str]) -> tuple[Alternatives, ...]:
    """Files that several stages write and nobody reads."""
    read = {write for file in {*wanted, *(edge.file for edge in edges)} for write in linker.matches(file)}
    several = (
        (write, names) for write, names in sorted(linker.writers.items()) if len(names) > 1 and write not in read
    )
    return tuple(Alternatives((write,), tuple(names)) for write, names in several if not linker.is_shared(write))


def missing(
    stages: Iterable[Stage], files: Collection[str], linker: Linker, stale: Mapping[str, str]
) -> tuple[Missing, ...]:
    """Reads of files, not of patterns, that are neither in the project nor made by a stage.

    Nearest to a stale one is that file itself, with who made it once.
    """
    writers = {write: names[0] for write, names in (*linker.chains.items(), *linker.writers.items())}
    found: list[Missing] = []
    for stage in stages:
        for read in stage.reads:
            # What a stage writes itself may be absent the first time: a cache, a log that grows.
            if patterns.is_pattern(read) or read in ("", ".") or linker.matches(read):
                continue
            if read in files or linker.is_folder(read):
                continue
            near = read if read in stale else _nearest(read, files, writers) if len(found) < NEAREST_LIMIT else ""
            writer = stale.get(near) or writers.get(near, "")
            found.append(Missing(stage.name, read, stage.places.get(read, stage.path), near, writer))
    return tuple(found)


def _nearest(read: str, files: Collection[str], writers: Mapping[str, str]) -> str:
    known = sorted({*files, *writers})
    name = read.rpartition("/")[2]
    same_name = [path for path in known if path.rpartition("/")[2] == name]
    close = difflib.get_close_matches(read, same_name or known, n=1, cutoff=0.0 if same_name else 0.6)
    return close[0] if close else ""


def cycle(stuck: list[str], edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """One cycle among the stages that have no order, edge by edge."""
    if not stuck:
        return ()
    by_pair = {(edge.producer, edge.consumer): edge for edge in edges}
    names = ordering.cycle_in(stuck, arrows_of(by_pair.values()))
    return tuple(by_pair[pair] for pair in pairwise([*names, names[0]]))
