"""Waits for a rollout or a Job over the seam, and tells how far it has come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from noteship import stopping
from noteship.cluster import errors, rollouts, watching
from noteship.cluster.cluster import ENDLESS, Change, Cluster, Object, ObjectRef, Selection, Until
from noteship.cluster.rollouts import Progress

__all__ = ["for_job", "for_rollout"]

# From the thing itself and what else was watched, by kind.
Judge = Callable[[Object, Mapping[str, Iterable[Object]]], Progress]
# How soon an end is noticed while nothing happens.
LOOK_S = 0.1
LEAVE_S = 2.0


def for_rollout(cluster: Cluster, ref: ObjectRef, until: Until = ENDLESS) -> Iterator[Progress]:
    """How far a Deployment's rollout has come, each time that this is something else, until it is over.

    The last one says how it ended; "under way" if it was stopped or its time has passed. Only pods of the present
    state tell what is in the way. Raises ObjectMissing when there is none, or it goes; what a watch raises.
    """

    def judge(thing: Object, beside: Mapping[str, Iterable[Object]]) -> Progress:
        return rollouts.of_deployment(thing, beside["ReplicaSet"], beside["Pod"])

    yield from _progress(cluster, ref, {"ReplicaSet": "apps/v1", "Pod": "v1"}, judge, until)


def for_job(cluster: Cluster, ref: ObjectRef, until: Until = ENDLESS) -> Iterator[Progress]:
    """How far a Job has come, likewise."""

    def judge(thing: Object, beside: Mapping[str, Iterable[Object]]) -> Progress:
        return rollouts.of_job(thing, beside["Pod"])

    yield from _progress(cluster, ref, {"Pod": "v1"}, judge, until)


def _progress(
    cluster: Cluster, ref: ObjectRef, kinds: Mapping[str, str], judge: Judge, until: Until
) -> Iterator[Progress]:
    deadline, told = watching.Deadline(until), None
    thing = cluster.get(ref)
    if thing is None:
        raise errors.ObjectMissing(str(ref), cluster.url)
    ref = ObjectRef.of({**thing, "apiVersion": ref.api_version, "kind": ref.kind})
    known = _Known(ref, thing, kinds)
    with _watched(cluster, known.selections(), until) as changes:
        while True:
            now = known.judged(judge)
            if now != told:
                yield now
                told = now
            if now.state != "under way" or deadline.is_over():
                return
            for kind, change in _next(changes, deadline):
                known.learn(kind, change)
            if known.is_gone:
                raise errors.ObjectMissing(str(ref), cluster.url)


class _Known:
    """What was heard of a thing, and of what the controllers made for it."""

    def __init__(self, ref: ObjectRef, thing: Object, kinds: Mapping[str, str]) -> None:
        self._ref = ref
        self._labels = _labels(thing)
        self._kinds = kinds
        self._things: dict[str, dict[str, Object]] = {kind: {} for kind in kinds}
        self._things[ref.kind] = {str(thing["metadata"]["uid"]): thing}

    @property
    def is_gone(self) -> bool:
        """Whether the thing is no more."""
        return not self._things[self._ref.kind]

    def selections(self) -> dict[str, Selection]:
        """What to watch, by kind."""
        beside = {
            kind: Selection(version, kind, self._ref.namespace, labels=self._labels)
            for kind, version in self._kinds.items()
        }
        return {**beside, self._ref.kind: Selection.only(self._ref)}

    def learn(self, kind: str, change: Change) -> None:
        """What changed."""
        uid = str(change.thing["metadata"]["uid"])
        if change.what == "deleted":
            self._things[kind].pop(uid, None)
        else:
            self._things[kind][uid] = change.thing

    def judged(self, judge: Judge) -> Progress:
        """How far it has come by now."""
        thing = next(iter(self._things[self._ref.kind].values()))
        return judge(thing, {kind: self._things[kind].values() for kind in self._kinds})


def _labels(thing: Object) -> Mapping[str, str]:
    """What its pods have; those of a Job get theirs from its controller."""
    selector = (thing.get("spec") or {}).get("selector") or {}
    return selector.get("matchLabels") or {"batch.kubernetes.io/job-name": str(thing["metadata"]["name"])}


@contextmanager
def _watched(cluster: Cluster, which: Mapping[str, Selection], until: Until) -> Iterator[queue.SimpleQueue[Any]]:
    """Several watches as one: each in a thread, ended with the block; a fault of one is the last of its words."""
    changes: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stop = stopping.Beneath(until.stop or threading.Event())

    def watch(name: str, selection: Selection) -> None:
        try:
            for change in cluster.watch(selection, Until(stop, until.timeout_s)):
                changes.put((name, change))
        except Exception as error:
            # Raised where it is waited for.
            changes.put(error)

    threads = [
        threading.Thread(target=watch, args=each, name=f"noteship-watch-{each[0]}", daemon=True)
        for each in which.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield changes
    finally:
        stop.set()
        for thread in threads:
            # A server that hangs holds nobody up.
            thread.join(LEAVE_S)


def _next(changes: queue.SimpleQueue[Any], deadline: watching.Deadline) -> list[Any]:
    """What changed, all that is known by now; nothing at the deadline."""
    found: list[Any] = []
    while not deadline.is_over():
        try:
            each = changes.get(block=not found, timeout=min(LOOK_S, deadline.left_s) if not found else None)
        except queue.Empty:
            if found:
                break
            continue
        if isinstance(each, Exception):
            raise each
        found.append(each)
    return found
