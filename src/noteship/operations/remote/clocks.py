"""What begins by the clock: what each beginning is told, and which run it is.

References, of plain values:

- ``clocks/CLUSTER/NAMESPACE/NAME``: {"kind", "submission"}, what the CronJob of that name begins;
- ``clock-runs/JOB``: {"run"}, written once by the first pod of a Job that a clock made, so that its next pod goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from noteship import store
from noteship.operations.releases import Place
from noteship.operations.remote.record import Record, new_id
from noteship.operations.remote.submission import Submission

__all__ = ["FOLDER", "Clock", "Kind", "begun", "clocks", "forget", "read", "told", "write"]

FOLDER, RUNS = "clocks", "clock-runs"
Kind = Literal["run", "look", "retrain"]


@dataclass(frozen=True)
class Clock:
    """What begins by a clock: a run, a look whether a retraining is due, or a retraining.

    - place: the cluster, the namespace and the CronJob
    """

    place: Place
    kind: Kind
    submission: Submission

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"kind": self.kind, "submission": self.submission.to_json()}


def write(objects: store.Store, clock: Clock) -> None:
    """Let it begin this from now on."""
    name = f"{FOLDER}/{clock.place}"
    while True:
        try:
            objects.write_ref(name, clock.to_json(), expected=objects.read_ref(name))
        except store.errors.RefMoved:
            continue
        return


def read(objects: store.Store, place: str) -> Clock | None:
    """What the clock of a place begins; None where there is none."""
    ref = objects.read_ref(f"{FOLDER}/{place}")
    return None if ref is None else _parsed(place, ref.value)


def clocks(objects: store.Store) -> Iterator[Clock]:
    """All that there are."""
    for ref in objects.read_refs(f"{FOLDER}/"):
        yield _parsed(ref.name.removeprefix(f"{FOLDER}/"), ref.value)


def forget(objects: store.Store, place: Place) -> None:
    """Nothing is begun there any more."""
    objects.delete_ref(f"{FOLDER}/{place}")


def begun(objects: store.Store, clock: Clock, job: str) -> Record:
    """The run that a Job of the clock is, by NAME/UID: the same for each of its pods."""
    name = f"{RUNS}/{job}"
    if objects.read_ref(name) is None:
        with suppress(store.errors.RefMoved):
            objects.write_ref(name, {"run": new_id()}, expected=None)
    ref = objects.read_ref(name)
    record = Record(objects, str(ref.value["run"]) if ref else new_id())
    if record.asked is None:
        with suppress(store.errors.RefMoved):
            record.ask(told(clock, job))
    return record


def told(clock: Clock, job: str) -> dict[str, Any]:
    """What a run is told that a Job of the clock, NAME/UID, begins now."""
    own = {**clock.submission.place, "driver": job.partition("/")[0]}
    return replace(clock.submission, place=own, at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}").to_json()


def _parsed(place: str, value: Mapping[str, Any]) -> Clock:
    cluster, namespace, name = place.split("/")
    return Clock(Place(cluster, namespace, name), value["kind"], Submission.from_json(value["submission"]))
