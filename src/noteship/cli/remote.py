"""Runs on a cluster: handed over, followed, stopped; and in the end their files are put into the folder."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from noteship import cluster, workflow
from noteship.cli import clusters, filling
from noteship.cli.build import words
from noteship.cli.output import INTERRUPTED, Output
from noteship.cli.progress import Progress, progress_of
from noteship.cli.run import counted, failed, here
from noteship.errors import NoteshipError
from noteship.operations import releasing
from noteship.operations import run as operation
from noteship.operations.opened import OpenedProject
from noteship.operations.remote import following, submitting
from noteship.operations.remote.record import Record
from noteship.operations.run import RunRequest
from noteship.operations.who import who
from noteship.stopping import first_signal

__all__ = ["follow", "run", "stop"]


def run(arguments: argparse.Namespace, output: Output, opened: OpenedProject, request: RunRequest) -> int:
    """Hand a run over where something must run, and follow it; else it is one here, which reuses."""
    prepared = operation.prepared(opened, request)
    if not submitting.must_run(prepared):
        return here(opened, request, output)
    submitted = _submitted(arguments, output, prepared, request)
    if submitted is None:
        return INTERRUPTED
    for each in submitted.left_out:
        output.aside(f"left out: {each}")
    record = submitted.record
    if arguments.detach:
        output.document({"submission": record.id, "state": "under way"})
        output.text(f"run {record.id} goes on by itself", *_ways(record))
        return 0
    output.aside(f"run {record.id} goes on by itself from now on; Ctrl-C stops following it")
    ended = _followed(arguments, output, record)
    if ended is None:
        return INTERRUPTED
    is_delivered = ended.state == "done" and _delivered(opened, request, output)
    _tell(ended, output, is_delivered=is_delivered)
    return ended.exit_code


def follow(arguments: argparse.Namespace, output: Output, opened: OpenedProject) -> int:
    """Tell how a run goes that was handed over, until it has ended."""
    ended = _followed(arguments, output, following.named(opened, arguments.follow))
    if ended is None:
        return INTERRUPTED
    _tell(ended, output)
    if ended.state == "done":
        output.aside("noteship run puts what it made into the folder")
    return ended.exit_code


def stop(arguments: argparse.Namespace, output: Output, opened: OpenedProject) -> int:
    """Want a run to stop that was handed over."""
    record = following.named(opened, arguments.stop)
    with _asked(arguments) as at:
        is_stopped = following.stop(record, who(), at())
    output.document({"submission": record.id, "stopped": is_stopped})
    output.text(f"run {record.id} {'stops; what had finished stays' if is_stopped else 'had ended before'}")
    return 0


def _submitted(
    arguments: argparse.Namespace, output: Output, prepared: operation.Prepared, request: RunRequest
) -> submitting.Submitted | None:
    """None where it was interrupted before anything was sent."""
    from noteship.images.registries.transport import Stopped

    with clusters.opened(arguments) as at, filling.working(output) as (bar, stopped):
        named = releasing.named_release(prepared.opened, None, arguments.namespace, at)
        telling = submitting.Telling(lambda each: bar.told(*words(each)), clusters.telling(bar, output), stopped)
        try:
            return submitting.submit(prepared, request, named, at, telling)
        except Stopped:
            output.aside("interrupted: nothing was handed over")
            return None


def _followed(arguments: argparse.Namespace, output: Output, record: Record) -> following.Ended | None:
    """None where following was ended by Ctrl-C, which leaves the run alone."""

    @contextmanager
    def listened(stages: following.Stages) -> Iterator[Progress]:
        with progress_of(output, stages) as shown:
            yield shown

    stopped = threading.Event()
    with _asked(arguments) as at, first_signal(lambda _: stopped.set()):
        ended = following.follow(record, listened, stopped, at)
    if ended is None:
        output.document({"submission": record.id, "state": "under way"})
        output.aside(f"run {record.id} goes on by itself", *_ways(record))
    return ended


@contextmanager
def _asked(arguments: argparse.Namespace) -> Iterator[Callable[[], cluster.Cluster | None]]:
    """The cluster, opened when it is first asked for, if there is one."""
    opened: list[cluster.Cluster] = []

    def at() -> cluster.Cluster | None:
        if not opened:
            try:
                opened.append(cluster.open_cluster(arguments.context or "", ""))
            except NoteshipError:
                return None
        return opened[0]

    try:
        yield at
    finally:
        for each in opened:
            each.close()


def _delivered(opened: OpenedProject, request: RunRequest, output: Output) -> bool:
    """Put what was made into the folder, by a run here that finds all of it; False where it would have to execute."""
    known = replace(request, force=(), offline=True)
    again = OpenedProject.at(opened.root)
    if submitting.must_run(operation.prepared(again, known)):
        output.aside("note: the project changed since the run was handed over; what it made is in the store alone")
        return False
    report = operation.run(again, known, lambda _: _Quiet(output))
    return report.good


class _Quiet(Progress):
    """Tells of a run that only delivers what is worth knowing."""

    def __init__(self, output: Output) -> None:
        super().__init__(output, 0, 0)

    def event(self, event: workflow.Event) -> None:
        if isinstance(event, workflow.Notice | workflow.StageFailed):
            super().event(event)


def _tell(ended: following.Ended, output: Output, *, is_delivered: bool = False) -> None:
    """What came of it."""
    value = ended.to_json()
    output.document({**value, "delivered": is_delivered})
    records = [workflow.StageRecord.from_json(each) for each in value.get("stages", ())]
    output.aside(*failed(records, ended.run), *following.reasons(ended))
    if records:
        output.text(counted([each.state for each in records], value.get("seconds", 0.0), ended.run))
    bundle = value.get("bundle")
    if bundle:
        output.text(f"bundle {bundle['digest'][:12]}", "serve it: noteship serve")


def _ways(record: Record) -> tuple[str, ...]:
    return (f"  follow it: noteship runs --follow {record.id}", f"  stop it:   noteship runs --stop {record.id}")
