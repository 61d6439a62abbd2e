"""What the store has of a run that was handed over: references, all of plain values.

- ``submissions/ID/asked`` what was handed over, written once;
- ``submissions/ID/state`` how it goes, by its driver, and how it ended;
- ``submissions/ID/stop`` somebody wants it to stop;
- ``submissions/ID/tasks/TASK/job`` a stage to be worked, in the form of ``notebooks.execution.forms``;
- ``submissions/ID/tasks/TASK/state`` how its worker is doing, by the worker, and what came of it.

An ID is the time of its submission and six random digits, a TASK the start of the digest of its job.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from noteship import digests, store, timed

__all__ = [
    "FOLDER",
    "LOOK_BACK",
    "UNDER_WAY",
    "Record",
    "Task",
    "forget_old",
    "new_id",
    "submissions",
    "task_of",
    "under_way",
]

FOLDER = "submissions"
# What was handed over so long ago has ended: a driver has a deadline, and its Job is kept for a day after it.
KEPT, TASKS_KEPT = timedelta(days=30), timedelta(days=2)
UNDER_WAY = "under way"
# How many of the last ones are looked through, for one of which another name is known, or that goes on.
LOOK_BACK = 50
# Of a task's digest: enough for one run, and short enough for names of Jobs.
TASK_DIGITS = 16
_ID = re.compile(r"[0-9]{8}T[0-9]+Z-[0-9a-f]{6}")

Value = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A stage that is to be worked; `id` is of its job, so that equal work has the same."""

    stage: str
    id: str
    job: Value


def new_id() -> str:
    """A name for a run that is handed over now; small letters and digits, as names of Jobs and labels have them."""
    return timed.new()


def task_of(stage: str, job: Value) -> Task:
    """The task of a job."""
    return Task(stage, digests.of_value(job)[:TASK_DIGITS], job)


class Record:
    """What the store has of one run; safe among processes."""

    def __init__(self, objects: store.Store, submission: str) -> None:
        self.objects = objects
        self.id = submission

    @property
    def asked(self) -> Value | None:
        """What was handed over; None where there is no such run."""
        return self._read("asked")

    def ask(self, value: Value) -> None:
        """Hand it over."""
        self.objects.write_ref(self._name("asked"), dict(value), expected=None)

    @property
    def state(self) -> Value | None:
        """How it goes; None before its driver began."""
        return self._read("state")

    def tell(self, value: Value) -> None:
        """Say how it goes: the last one who says it counts."""
        self._put("state", value)

    @property
    def is_to_stop(self) -> bool:
        """Whether somebody wants it to stop."""
        return self._read("stop") is not None

    def stop(self, who: str) -> None:
        """Want it to stop."""
        with suppress(store.errors.RefMoved):
            self.objects.write_ref(self._name("stop"), {"who": who}, expected=None)

    # Tasks.

    def hand(self, task: Task) -> None:
        """Put a task where its worker finds it; one that is there is the same."""
        with suppress(store.errors.RefMoved):
            self.objects.write_ref(self._name(f"tasks/{task.id}/job"), dict(task.job), expected=None)

    def job_of(self, task: str) -> Value | None:
        """The job of a task."""
        return self._read(f"tasks/{task}/job")

    def claim(self, task: str, value: Value) -> store.Ref | None:
        """Take a task; None where somebody has."""
        try:
            return self.objects.write_ref(self._name(f"tasks/{task}/state"), dict(value), expected=None)
        except store.errors.RefMoved:
            return None

    def say(self, ref: store.Ref, value: Value) -> store.Ref:
        """How a task goes, by who took it. Raises RefMoved where somebody else wrote since."""
        return self.objects.write_ref(ref.name, dict(value), expected=ref)

    def worked(self, task: str) -> Value | None:
        """How a task goes; None where nobody took it yet."""
        return self._read(f"tasks/{task}/state")

    @property
    def is_over(self) -> bool:
        """Whether it has ended, as its driver said."""
        return bool((self.state or {}).get("state", UNDER_WAY) != UNDER_WAY)

    def forget_tasks(self) -> None:
        """Remove the tasks of a run that is over: what came of them is in the ledger."""
        for name in list(self.objects.refs(self._name("tasks/"))):
            self.objects.delete_ref(name)

    def _name(self, name: str) -> str:
        return f"{FOLDER}/{self.id}/{name}"

    def _read(self, name: str) -> Value | None:
        ref = self.objects.read_ref(self._name(name))
        found: Value | None = ref.value if ref else None
        return found

    def _put(self, name: str, value: Value) -> None:
        while True:
            before = self.objects.read_ref(self._name(name))
            try:
                self.objects.write_ref(self._name(name), dict(value), expected=before)
            except store.errors.RefMoved:
                continue
            return


def submissions(objects: store.Store) -> list[str]:
    """The runs that were handed over, the latest first."""
    return sorted((each for each in objects.ref_folders(FOLDER) if _ID.fullmatch(each)), reverse=True)


def under_way(objects: store.Store) -> list[Record]:
    """The runs that were handed over lately and have not ended, the latest first."""
    found = (Record(objects, each) for each in submissions(objects)[:LOOK_BACK])
    return [each for each in found if not each.is_over]


def forget_old(objects: store.Store) -> int:
    """Remove what was handed over a month ago, and say how many; of younger runs that are over, their tasks.

    Not at once: where a node was lost with a driver that goes on unseen, the next one may still look for them.
    """
    old, over = (f"{datetime.now(UTC) - kept:%Y%m%dT%H%M%S}" for kept in (KEPT, TASKS_KEPT))
    gone = [each for each in submissions(objects) if each < old]
    for name in _names(objects, gone):
        objects.delete_ref(name)
    for each in submissions(objects):
        if each < over and Record(objects, each).is_over:
            Record(objects, each).forget_tasks()
    return len(gone)


def _names(objects: store.Store, ids: list[str]) -> Iterator[str]:
    for each in ids:
        yield from list(objects.refs(f"{FOLDER}/{each}/"))
