"""One stage in a pod of its own: takes its task from the store, runs it, and leaves there what came of it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from noteship import patterns, store
from noteship.errors import NoteshipError, Parts, cut
from noteship.notebooks import execution
from noteship.notebooks.execution import forms
from noteship.operations import carried
from noteship.operations.errors import NoSuchTask, TaskTaken
from noteship.operations.remote import out_of_memory
from noteship.operations.remote.record import Record

__all__ = ["IMAGE_PROJECT", "WorkRequest", "work"]

# Where an image has the project, which nobody can write to.
IMAGE_PROJECT = Path("/project")
# What is written there is kept with the pod (Kubernetes' terminationMessagePath, as it is by default).
TERMINATION = Path("/dev/termination-log")
# How often it is told how far a stage is, at most.
TOLD_S = 1.0


@dataclass(frozen=True)
class WorkRequest:
    """Which task of which store; `project` is the folder that it is copied from."""

    submission: str
    task: str
    url: str
    project: Path = IMAGE_PROJECT


def work(request: WorkRequest, folder: Path) -> bool:
    """Work a task in a folder of one's own; False where it was worked before. What the stage does wrong is recorded.

    Raises NoSuchTask, TaskTaken, the store's errors; KeyboardInterrupt once it is noted that it was told to end.
    """
    objects = store.open_store(request.url, folder)
    record = Record(objects, request.submission)
    value = record.job_of(request.task)
    if value is None:
        raise NoSuchTask(request.task, objects.url)
    claimed = record.claim(request.task, {"pod": _pod()})
    if claimed is None:
        return _again(record, request.task)
    reporter = _Reporter(record, claimed)
    with reporter:
        ended = _ended(request, folder, (objects, value), reporter)
    reporter.end(ended)
    _leave_word(ended, str(value["job"]["stage"]))
    return True


def _ended(
    request: WorkRequest, folder: Path, given: tuple[store.Store, Mapping[str, Any]], reporter: _Reporter
) -> dict[str, Any]:
    """What came of it, as a plain value."""
    objects, value = given
    try:
        job = forms.job_from_json(value["job"], request.submission)
        known = patterns.PathSet(job.known_reads)
        root = carried.unpacked(objects, value["carried"], request.project, folder, known.__contains__)
        with execution.Runner(root, Path(sys.executable), objects, environment=dict(os.environ)) as runner:
            done = out_of_memory.told(runner.run(job, threading.Event(), reporter.at), job.stage)
        return {"execution": forms.execution_to_json(done)}
    except KeyboardInterrupt:
        # A node is emptied, say: whoever waits need not wait until the cluster has noticed.
        return {"terminated": True}
    except NoteshipError as error:
        return {"error": _error(error)}


def _leave_word(ended: Mapping[str, Any], stage: str) -> None:
    """Tell the cluster, too, what the stage did wrong: its pod ends well, since it did what it was there for."""
    failed = (ended.get("execution") or {}).get("failure")
    if not failed or not TERMINATION.exists():
        return
    failure = execution.Failure(**failed)
    remedy = failure.remedy or f"noteship show latest {stage}"
    told = Parts(f"stage '{stage}' failed: {cut(failure.message)}", failure.where, remedy=cut(remedy))
    with suppress(OSError):
        TERMINATION.write_text(f"error: {told}\n", encoding="utf-8")


def _again(record: Record, task: str) -> bool:
    """There is one pod for a task. A second one, however it came to be, does nothing."""
    found = record.worked(task) or {}
    if "execution" in found:
        return False
    raise TaskTaken(task, str(found.get("pod", "")))


def _error(error: NoteshipError) -> dict[str, Any]:
    """What a worker could not go on with, for who waits: its parts, and the fields that it is made of."""
    fields = {name: each for name, each in vars(error).items() if isinstance(each, str | int | float | bool)}
    return {
        "name": type(error).__name__,
        "fields": fields,
        "parts": asdict(error.parts()),
        "retryable": error.retryable,
    }


def _pod() -> str:
    """The pod's name, which is its host's."""
    return os.uname().nodename


class _Reporter:
    """Tells how far a stage is, in a thread of its own, once a second at most and only what is new."""

    def __init__(self, record: Record, claimed: store.Ref) -> None:
        self._record = record
        self._ref = claimed
        self._at: Mapping[str, Any] = claimed.value
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="noteship-reporter", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def at(self, progress: execution.Progress) -> None:
        """It is at another cell; from any thread."""
        self._at = {"pod": self._at["pod"], "cell": progress.cell, "cells": progress.cells}

    def end(self, value: Mapping[str, Any]) -> None:
        """What came of it. Raises RefMoved."""
        self._record.say(self._ref, {**self._at, **value})

    def _tell(self) -> None:
        while not self._over.wait(TOLD_S):
            now = self._at
            if now != self._ref.value:
                try:
                    self._ref = self._record.say(self._ref, now)
                except NoteshipError:
                    # The end is told by whoever waits for it, with what is wrong then.
                    continue
