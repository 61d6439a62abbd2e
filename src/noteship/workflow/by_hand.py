"""Which of the files that noteship delivered somebody changed since."""

from __future__ import annotations

from noteship.workflow.delivery import Delivery
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.graph import Graph
from noteship.workflow.workplace import Workplace

__all__ = ["changed_by_hand", "changed_in"]


def changed_by_hand(graph: Graph, delivery: Delivery) -> tuple[tuple[str, str], ...]:
    """The files that stages of the graph made and somebody changed since, each with its stage."""
    plain = {write for stage in graph.stages.values() for write in set(stage.writes) - set(stage.in_place)}
    paths = [
        path
        for path, stage in delivery.delivered.makers.items()
        if stage in graph.stages
        # A file of the user's that stages change in place: a new one there is a new original.
        and (path in plain or path not in graph.chains)
        # What is not known to be written now may be the user's by now; if it is written, its delivery looks again.
        and graph.produced.matches(path)
    ]
    return tuple(delivery.changed(paths))


def changed_in(graph: Graph, place: Workplace) -> tuple[tuple[str, str], ...]:
    """The same, for who has no run under way."""
    with FileDigests(place.root, place.digests_cache) as digests:
        return changed_by_hand(graph, Delivery(place, digests))
