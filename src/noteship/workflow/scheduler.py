"""Which stages may go now: events in, instructions out; it executes nothing."""

from __future__ import annotations

from noteship.workflow.graph import Graph

__all__ = ["Scheduler"]


class Scheduler:
    """The state of a run.

    A stage waits until all its producers are done, is then given out once by `ready`, and ends as done or failed. What
    needs a failed stage is blocked. After `stop`, nothing more is given out.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._done: set[str] = set()
        self._failed: set[str] = set()
        self._given: set[str] = set()
        self._waits_for: dict[str, set[str]] = {}
        self._ready: list[str] = []
        self._rank: dict[str, int] = {}
        self._stopped = False
        self._take(graph)

    def _take(self, graph: Graph) -> None:
        self._graph = graph
        self._rank = {name: rank for rank, name in enumerate(graph.order)}
        for name in graph.order:
            if name not in self._done | self._failed | self._given and name not in self._waits_for:
                self._wait(name)

    def _wait(self, name: str) -> None:
        producers = {edge.producer for edge in self._graph.inputs.get(name, ())} - self._done
        self._waits_for[name] = producers
        if not producers:
            self._ready.append(name)

    def ready(self) -> list[str]:
        """The stages that may go now, each given out once, in the graph's order."""
        if self._stopped:
            return []
        names = sorted(self._ready, key=self._rank.__getitem__)
        self._ready.clear()
        self._given.update(names)
        for name in names:
            del self._waits_for[name]
        return names

    def done(self, name: str) -> None:
        """A stage that was given out has its outputs."""
        self._given.discard(name)
        self._done.add(name)
        for edge in self._graph.outputs.get(name, ()):
            waiting = self._waits_for.get(edge.consumer)
            if waiting and name in waiting:
                waiting.discard(name)
                if not waiting:
                    self._ready.append(edge.consumer)

    def failed(self, name: str) -> list[str]:
        """A stage that was given out failed; what is blocked by that now, in the graph's order."""
        self._given.discard(name)
        self._failed.add(name)
        return self._block(name)

    def _block(self, name: str) -> list[str]:
        blocked: set[str] = set()
        front = [name]
        while front:
            for edge in self._graph.outputs.get(front.pop(), ()):
                if edge.consumer in self._waits_for:
                    del self._waits_for[edge.consumer]
                    blocked.add(edge.consumer)
                    front.append(edge.consumer)
        self._failed |= blocked
        return sorted(blocked, key=self._rank.__getitem__)

    def again(self, name: str, graph: Graph) -> list[str]:
        """A stage that was given out has to go again, with the edges of a larger graph; what is blocked by that now."""
        self._given.discard(name)
        self._take(graph)
        blocked = [each for each in graph.order if self._is_blocked(each)]
        self._ready = [each for each in self._ready if each in self._waits_for]
        return blocked

    def _is_blocked(self, name: str) -> bool:
        if not self._failed & {edge.producer for edge in self._graph.inputs.get(name, ())}:
            return False
        if self._waits_for.pop(name, None) is None:
            return False
        self._failed.add(name)
        return True

    def abandoned(self, name: str) -> None:
        """A stage that was given out was stopped before its end."""
        self._given.discard(name)

    def stop(self) -> None:
        """Give nothing out any more."""
        self._stopped = True

    @property
    def under_way(self) -> frozenset[str]:
        """What was given out and has not ended."""
        return frozenset(self._given)

    @property
    def unbegun(self) -> list[str]:
        """What was not given out yet, in the graph's order."""
        return sorted(self._waits_for, key=self._rank.__getitem__)
