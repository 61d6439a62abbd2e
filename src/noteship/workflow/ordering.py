"""Orders and cycles of a set of arrows; knows nothing of stages."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Arrows", "cycle_in", "order_of"]


class Arrows:
    """Arrows between names, and what can be reached along them."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.after: dict[str, set[str]] = defaultdict(set)
        self._reached: dict[str, frozenset[str]] = {}
        for start, end in pairs:
            self.add(start, end)

    def add(self, start: str, end: str) -> None:
        """Add one arrow."""
        if end not in self.after[start]:
            self.after[start].add(end)
            self._reached.clear()

    def reached(self, start: str) -> frozenset[str]:
        """Everything that comes after a name, without the name itself unless it is in a cycle."""
        if start not in self._reached:
            found: set[str] = set()
            waiting = list(self.after.get(start, ()))
            while waiting:
                name = waiting.pop()
                if name not in found:
                    found.add(name)
                    waiting.extend(self.after.get(name, ()))
            self._reached[start] = frozenset(found)
        return self._reached[start]


def order_of(names: Iterable[str], arrows: Arrows) -> tuple[list[str], list[str]]:
    """The names with every arrow pointing forward, ties by name; and what hangs on a cycle, by name."""
    names = list(names)
    waiting_for = dict.fromkeys(names, 0)
    for start in names:
        for end in arrows.after.get(start, ()):
            waiting_for[end] += 1
    ready = [name for name in names if not waiting_for[name]]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        name = heapq.heappop(ready)
        order.append(name)
        for end in arrows.after.get(name, ()):
            waiting_for[end] -= 1
            if not waiting_for[end]:
                heapq.heappush(ready, end)
    return order, sorted(name for name in names if waiting_for[name])


def cycle_in(stuck: Sequence[str], arrows: Arrows) -> list[str]:
    """One cycle among names that `order_of` could not order, starting with its first name."""
    before: Mapping[str, list[str]] = defaultdict(list)
    members = set(stuck)
    for start in stuck:
        for end in arrows.after.get(start, ()):
            if end in members:
                before[end].append(start)
    path: list[str] = []
    name = min(members)
    while name not in path:
        path.append(name)
        name = min(before[name])
    cycle = path[path.index(name) :][::-1]
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
