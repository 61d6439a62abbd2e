"""Choosing among stages that write the same files, and keeping the choice when more is learned."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import replace

from noteship.workflow import errors
from noteship.workflow.graph import Graph

__all__ = ["choose", "learn"]


def choose(graph: Graph, names: Iterable[str]) -> Graph:
    """The graph with one of each of the alternatives that the names decide.

    The others are left out, and so is what only they need and what needs something that only they make. Alternatives
    that no name decides stay. Of stages that overwrite each other's files, which nobody reads, one can be chosen, too.
    Raises UnknownStage, NotAnAlternative, TwoOfOneChoice.
    """
    chosen = tuple(dict.fromkeys(graph.resolve(name) for name in names))
    _check(graph, chosen)
    decided = {name for each in graph.alternatives for name in each.stages}
    free = set(chosen) - decided
    groups = (
        *(each for each in graph.alternatives if set(each.stages) & set(chosen)),
        *(each for each in graph.overwritten if set(each.stages) & free),
    )
    unchosen = {name for each in groups for name in each.stages if name not in chosen}
    part = graph.only(graph.stages.keys() - _hanging(graph, unchosen)) if unchosen else graph
    return replace(part, source=replace(graph.source, chosen=chosen))


def _check(graph: Graph, chosen: Collection[str]) -> None:
    for each in graph.alternatives:
        several = tuple(name for name in each.stages if name in chosen)
        if len(several) > 1:
            raise errors.TwoOfOneChoice(several, each.files)
    known = sorted({name for each in graph.alternatives for name in each.stages})
    overwriting = {name for each in graph.overwritten for name in each.stages}
    for name in chosen:
        if name not in known and name not in overwriting:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            raise errors.NotAnAlternative(name, tuple(dict.fromkeys((*near, *known))))


def _hanging(graph: Graph, unchosen: Collection[str]) -> set[str]:
    """The unchosen stages with what needs only them and what only they need."""
    gone = set(unchosen)
    for name in graph.order:
        needs = graph.inputs.get(name, ())
        files = {edge.file for edge in needs}
        left = {edge.file for edge in needs if edge.producer not in gone}
        if files - left:
            gone.add(name)
    for name in reversed(graph.order):
        needed_by = {edge.consumer for edge in graph.outputs.get(name, ())}
        if needed_by and needed_by <= gone:
            gone.add(name)
    return gone


def learn(graph: Graph, stage: str, paths: Iterable[str]) -> Graph:
    """The graph with further reads of a stage, with the same choices and the same targets as before."""
    chosen = choose(graph.again(stage, paths), graph.source.chosen)
    return chosen.upto(graph.source.targets) if graph.source.targets else chosen
