"""All the ways in which the alternatives of a graph can be chosen."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.workflow.alternatives import choose
from noteship.workflow.graph import Graph

__all__ = ["combinations"]


def combinations(graph: Graph, fixed: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each choice of one stage of each of the alternatives, those in `fixed` being chosen already.

    A choice may leave out stages that others hang on, so what is left to choose is asked anew after each. A graph
    without alternatives has one way, with nothing to choose. Raises what `choose` raises.
    """
    part = choose(graph, fixed)
    if not part.alternatives:
        yield fixed
        return
    for name in part.alternatives[0].stages:
        yield from combinations(graph, (*fixed, name))
