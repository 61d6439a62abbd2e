"""What begins by the clock: what each beginning is told, and which run it is.

References, of plain values:

- ``clocks/CLUSTER/NAMESPACE/NAME``: {"kind", "submission"}, what the CronJob of that name begins;
- ``clock-runs/JOB``: {"run"}, written once by the first pod of a Job that a clock made, so that its next pod goes on;
- ``retraining-jobs/ID``: {"job"}, the Job that carries a retraining out, so that no other one does at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from noteship import store
from noteship.operations.releases import Place
from noteship.operations.remote.record import Record, new_id
from noteship.operations.remote.submission import Submission

__all__ = [
    "FOLDER",
    "Clock",
    "Kind",
    "awaited",
    "begun",
    "clocks",
    "forget",
    "forget_old",
    "holder",
    "read",
    "take",
    "told",
    "write",
]

FOLDER, RUNS, HELD = "clocks", "clock-runs", "retraining-jobs"
# What began so long ago has ended, and so has its Job.
KEPT = timedelta(days=30)
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
    _put(objects, f"{FOLDER}/{clock.place}", clock.to_json())


def read(objects: store.Store, place: str) -> Clock | None:
    """What the clock of a place begins; None where there is none."""
    ref = objects.read_ref(f"{FOLDER}/{place}")
    return None if ref is None else _parsed(place, ref.value)


def clocks(objects: store.Store) -> Iterator[Clock]:
    """All that there are; what another version of noteship wrote otherwise is left out."""
    for ref in objects.read_refs(f"{FOLDER}/"):
        with suppress(KeyError, TypeError, ValueError):
            yield _parsed(ref.name.removeprefix(f"{FOLDER}/"), ref.value)


def awaited(objects: store.Store) -> frozenset[str]:
    """The digests of what goes to pods beside their image at the next strokes."""
    return frozenset(each.submission.carried for each in clocks(objects))


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


def take(objects: store.Store, retraining: str, job: str) -> None:
    """From now on this Job, NAME/UID, carries a retraining out."""
    _put(objects, f"{HELD}/{retraining}", {"job": job})


def holder(objects: store.Store, retraining: str) -> str:
    """The Job that carries it out, NAME/UID, as far as it is known; "" for none."""
    ref = objects.read_ref(f"{HELD}/{retraining}")
    return str(ref.value["job"]) if ref else ""


def forget_old(objects: store.Store) -> None:
    """Remove what is known of Jobs that have long ended."""
    old = f"{datetime.now(UTC) - KEPT:%Y%m%dT%H%M%S}"
    runs = {ref.name: str(ref.value.get("run", "")) for ref in objects.read_refs(f"{RUNS}/")}
    held = {name: name.rpartition("/")[2] for name in objects.refs(f"{HELD}/")}
    for name, begun_at in {**runs, **held}.items():
        if begun_at < old:
            objects.delete_ref(name)


def _put(objects: store.Store, name: str, value: Mapping[str, Any]) -> None:
    """The last one who says it counts."""
    while True:
        try:
            objects.write_ref(name, dict(value), expected=objects.read_ref(name))
        except store.errors.RefMoved:
            continue
        return


def _parsed(place: str, value: Mapping[str, Any]) -> Clock:
    cluster, namespace, name = place.split("/")
    return Clock(Place(cluster, namespace, name), value["kind"], Submission.from_json(value["submission"]))
