"""What the stages of a graph depend on before any of them has run: their code, and the user's own files."""

from __future__ import annotations

from noteship.workflow.delivery import Delivery
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.graph import Graph
from noteship.workflow.origins import Origins
from noteship.workflow.resolving import Resolved, Resolver
from noteship.workflow.workplace import Workplace

__all__ = ["own_parts"]


def own_parts(graph: Graph, place: Workplace) -> dict[str, Resolved]:
    """By stage: the parts of its key that no other stage makes; what others make is absent there.

    `inputs` has the originals of files that stages change in place; these are put into the store.

    Raises: UnreadableInput, and the store's errors.
    """
    with FileDigests(place.root, place.digests_cache) as digests:
        origins = Origins(place, digests, Delivery(place, digests))
        resolver = Resolver(graph, place.environment.digest, digests, origins)
        return {name: resolver.resolve(graph.stages[name], {}) for name in graph.order}
