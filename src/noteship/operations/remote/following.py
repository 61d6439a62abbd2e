"""Follows a run that goes on elsewhere by the store alone; the cluster is asked only where the store falls silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from noteship import cluster, workflow
from noteship.cluster import why
from noteship.errors import NoteshipError
from noteship.operations.errors import DriverGone, NothingSubmitted
from noteship.operations.executing import CellProgress
from noteship.operations.fetching import FetchProgress
from noteship.operations.opened import OpenedProject
from noteship.operations.remote.record import LOOK_BACK, UNDER_WAY, Record, submissions
from noteship.operations.run import Listener

__all__ = ["Ended", "Looked", "Stages", "follow", "look_at", "named", "reasons", "stop"]

LOOK_S = 0.5
# A driver writes every ten seconds at least; its pod takes so long to come, at most, before anybody asks why.
SILENT_S, COMING_S, WHY_EVERY_S = 25.0, 6.0, 10.0

Stages: TypeAlias = Collection[str]
Listen: TypeAlias = Callable[[Stages], AbstractContextManager[Listener]]


@dataclass(frozen=True)
class Ended:
    """How a run ended elsewhere: its last state. One that cannot go on has an error."""

    submission: str
    value: Mapping[str, Any]

    @property
    def state(self) -> str:
        """As that of a run here: "done", "failed" or "interrupted"."""
        return str(self.value["state"])

    @property
    def run(self) -> str:
        """Its name in the ledger; "" where it never came so far."""
        return str(self.value.get("run", ""))

    @property
    def exit_code(self) -> int:
        """As of a run here."""
        return 0 if self.state == "done" else int((self.value.get("error") or {}).get("exit_code", 1))

    def to_json(self) -> dict[str, Any]:
        """As a plain value: what `run --json` prints, and what it was handed over as."""
        report = dict(self.value.get("report") or {"run": self.run, "state": self.state})
        error = self.value.get("error")
        return {**report, "submission": self.submission, **({"error": error} if error else {})}


@dataclass(frozen=True)
class Looked:
    """What the cluster says of a driver: why it is not there, or does not begin; whether it will ever go on."""

    sentence: str
    remedy: str
    is_gone: bool


def named(opened: OpenedProject, asked: str) -> Record:
    """A run that was handed over, by its name, by that in the ledger, or by any start of either; "" is the latest.

    Raises NothingSubmitted.
    """
    known = submissions(opened.store)
    if not asked and known:
        return Record(opened.store, known[0])
    fitting = [each for each in known if asked and each.startswith(asked)]
    if not fitting:
        # Of the ledger's names, which drivers tell.
        recent = (Record(opened.store, each) for each in known[:LOOK_BACK] if asked)
        fitting = [each.id for each in recent if str((each.state or {}).get("run", "")).startswith(asked)]
    if not fitting:
        raise NothingSubmitted(asked, known[0] if known else "")
    return Record(opened.store, fitting[0])


def stop(record: Record, who: str, at: cluster.Cluster | None) -> bool:
    """Want a run to stop; False where it had ended. Its driver stops its stages; where there is none, this does."""
    if record.is_over:
        return False
    state = record.state
    record.stop(who)
    if at is None:
        return True
    looked = look_at(record, at)
    if looked is not None and (state is None or looked.is_gone):
        _end(record, at)
        record.tell({"version": 1, "run": "", "events": [], "cells": {}, **(state or {}), "state": "interrupted"})
    return True


def _end(record: Record, at: cluster.Cluster) -> None:
    """Delete the driver's Job, and those of stages."""
    namespace = _place(record).get("namespace", "")
    label = {"noteship.dev/run": record.id}
    for each in at.list(cluster.Selection("batch/v1", "Job", namespace, labels=label)):
        at.delete(cluster.ObjectRef.of({**each, "apiVersion": "batch/v1", "kind": "Job"}), policy="foreground")


def look_at(record: Record, at: cluster.Cluster) -> Looked | None:
    """What is in the way of the driver; None where nothing is."""
    place = _place(record)
    ref = cluster.ObjectRef("batch/v1", "Job", place.get("driver", ""), place.get("namespace", ""))
    thing = at.get(ref)
    if thing is None:
        return Looked(f"the driver's {ref} is not there any more", "nothing of it can be mended", is_gone=True)
    how = cluster.progress_of_job(thing)
    causes = why.causes(why.gather(at, why.Thing("Job", ref.name, ref.namespace)))
    if how.state == "failed":
        said = causes[0] if causes else None
        return Looked(
            said.sentence if said else f"the driver's {ref} failed: {how.message or how.reason}",
            said.remedy if said else f"noteship why job/{ref.name} says more",
            is_gone=True,
        )
    return Looked(causes[0].sentence, causes[0].remedy, is_gone=False) if causes else None


def follow(
    record: Record, listen: Listen, stopped: threading.Event, at: Callable[[], cluster.Cluster | None]
) -> Ended | None:
    """Tell how a run goes, from its beginning, until it has ended; None where following was `stopped`.

    `at` gives the cluster, if it can be asked; it is where the driver has not written for long. Raises DriverGone,
    NothingSubmitted, the store's errors.
    """
    asked = record.asked
    if asked is None:
        raise NothingSubmitted(record.id, "")
    with listen(list(asked["templates"])) as listener:
        following = _Following(record, listener, at)
        while not stopped.is_set():
            ended = following.looked()
            if ended is not None:
                return ended
            stopped.wait(LOOK_S)
    return None


class _Following:
    def __init__(self, record: Record, listener: Listener, at: Callable[[], cluster.Cluster | None]) -> None:
        self._record = record
        self._listener = listener
        self._at = at
        self._told = 0
        self._run = ""
        self._last: Mapping[str, Any] | None = None
        self._heard = time.monotonic()
        self._asked_why = 0.0
        self._said = ""

    def looked(self) -> Ended | None:
        """Tell what is new; how it ended, if it did."""
        state = self._record.state
        if state is not None and state != self._last:
            self._last, self._heard = state, time.monotonic()
            self._tell(state)
            if state["state"] != UNDER_WAY:
                return Ended(self._record.id, state)
        elif time.monotonic() - self._heard > (SILENT_S if state else COMING_S):
            self._ask_why()
        return None

    def _tell(self, state: Mapping[str, Any]) -> None:
        if state["run"] != self._run and len(state["events"]) < self._told:
            # Another driver went on, and tells from its own beginning.
            self._told = 0
        self._run = state["run"]
        for value in state["events"][self._told :]:
            self._told += 1
            if value["event"] == "said":
                self._listener.say(value["text"])
            elif event := workflow.event_from_json(value):
                self._listener.event(event)
        for value in state["cells"].values():
            self._listener.cell(_progress(value))

    def _ask_why(self) -> None:
        now = time.monotonic()
        if now - self._asked_why < WHY_EVERY_S:
            return
        self._asked_why = now
        looked = self._cluster_says()
        if looked is None:
            return
        if looked.is_gone:
            # It may have ended in the moment between.
            state = self._record.state
            if state is None or state["state"] == UNDER_WAY:
                raise DriverGone(self._record.id, looked.sentence, looked.remedy)
        elif looked.sentence != self._said:
            self._said = looked.sentence
            self._listener.say(f"waits: {looked.sentence}")

    def _cluster_says(self) -> Looked | None:
        try:
            at = self._at()
            return look_at(self._record, at) if at else None
        except NoteshipError:
            # Who may follow by the store need not be let to the cluster.
            return None


def _progress(value: Mapping[str, Any]) -> CellProgress | FetchProgress:
    fields = {name: each for name, each in value.items() if name != "fetched"}
    return FetchProgress(**fields) if value.get("fetched") else CellProgress(**fields)


def _place(record: Record) -> Mapping[str, str]:
    return dict((record.asked or {}).get("place", {}))


def reasons(ended: Ended) -> Iterator[str]:
    """Why a run could not go on at all, in its parts."""
    error = ended.value.get("error")
    if error:
        yield f"error: {error['fact']}"
        for label, name in (("at", "where"), ("nearest", "nearest"), ("do", "remedy")):
            if error.get(name):
                yield f"  {label}: {error[name]}"
