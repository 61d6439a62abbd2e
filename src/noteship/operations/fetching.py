"""Executes the stages that bring data from elsewhere, and keeps a record of where and when."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import store, workflow
from noteship.errors import EnvironmentLacks, NoteshipError
from noteship.notebooks.execution.sweeping import RunFolders
from noteship.operations.opened import OpenedProject
from noteship.operations.sourcing import VERSION, origin_of

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["FetchProgress", "fetch"]

MOVED = "its origin moved between the run's first question and the transfer: the next run looks again"


@dataclass(frozen=True)
class FetchProgress:
    """So much of a source has come."""

    stage: str
    size_bytes: int
    of_bytes: int | None = None
    rows: int | None = None


def fetch(
    opened: OpenedProject,
    task: workflow.Task,
    cancel: threading.Event,
    tell: Callable[[FetchProgress], None],
) -> workflow.Outcome:
    """Bring the data of a source's stage into the store, in the version that its key has, if the origin has it yet."""
    from noteship import ingestion

    source = opened.data_sources[task.stage.name]
    wanted = task.stage.params[VERSION]

    def told(at: ingestion.Progress) -> None:
        tell(FetchProgress(source.name, at.size_bytes, at.of_bytes, at.rows))

    began = time.monotonic()
    watch = ingestion.Watch(source.address.text, cancel, source.limits, told)
    try:
        with _folder(opened.root, task.run) as folder, origin_of(opened, source) as origin:
            target = folder / Path(source.target).name
            fetched = origin.fetch(target, wanted, watch)
            artifact = opened.store.put_artifact(target)
    except ingestion.Stopped:
        return workflow.Outcome(failure=workflow.Failure("interrupted", "the run was stopped"))
    except NoteshipError as error:
        return workflow.Outcome(failure=_failure(error), seconds=time.monotonic() - began)
    # Who is not told a version before cannot have been told a wrong one.
    is_same = wanted is None or fetched.version == wanted
    return workflow.Outcome(
        outputs={source.target: artifact},
        record=_record(opened.store, source, fetched, artifact),
        notes=(*fetched.notes, *_told(fetched, artifact), *([] if is_same else [MOVED])),
        seconds=time.monotonic() - began,
        is_repeatable=is_same,
    )


@contextmanager
def _folder(root: Path, run: str) -> Iterator[Path]:
    """Where the data are until the store has them: a folder of the run, which is swept should its process be killed."""
    folders = RunFolders(root)
    folders.hold(run)
    try:
        with tempfile.TemporaryDirectory(prefix="data-", dir=folders.of(run), ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    finally:
        folders.release(run)


def _failure(error: NoteshipError) -> workflow.Failure:
    parts = error.parts()
    return workflow.Failure(
        "environment" if isinstance(error, EnvironmentLacks) else "input",
        parts.fact,
        where=parts.where,
        nearest=parts.nearest,
        remedy=parts.remedy,
        retryable=error.retryable,
    )


def _told(fetched: ingestion.Fetched, artifact: store.Artifact) -> Iterator[str]:
    rows = f"{fetched.rows:,} row{'' if fetched.rows == 1 else 's'}, " if fetched.rows is not None else ""
    files = f"{fetched.facts['files']:,} files, " if "files" in fetched.facts else ""
    yield f"{rows}{files}{artifact.size_bytes:,} bytes"


def _record(
    objects: store.Store, source: ingestion.Source, fetched: ingestion.Fetched, artifact: store.Artifact
) -> store.Artifact:
    """Where and when, as JSON that people read, too."""
    value: Mapping[str, Any] = {
        "source": source.name,
        "from": source.address.text,
        "to": source.target,
        "query": source.query or None,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": fetched.version,
        "rows": fetched.rows,
        "size_bytes": artifact.size_bytes,
        "digest": artifact.digest,
        **fetched.facts,
    }
    data = json.dumps({name: each for name, each in value.items() if each is not None}, indent=2).encode() + b"\n"
    return store.Artifact(objects.put_bytes(data), "file", len(data))
