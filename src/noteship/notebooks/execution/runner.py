"""Runs notebooks and scripts, each in a workspace and a process of its own, in the project's interpreter."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from noteship import errors, store
from noteship.notebooks import parameters
from noteship.notebooks.document import Document
from noteship.notebooks.execution.cells import CellsRun, run_cells
from noteship.notebooks.execution.endings import died, stopped
from noteship.notebooks.execution.errors import KernelSilent
from noteship.notebooks.execution.harvest import harvest, surprises
from noteship.notebooks.execution.jobs import Execution, Failure, Job, Progress
from noteship.notebooks.execution.kernel import Kernel
from noteship.notebooks.execution.limits import Guard, kill
from noteship.notebooks.execution.looks import difference, look
from noteship.notebooks.execution.observation import Observer
from noteship.notebooks.execution.processes import Nursery
from noteship.notebooks.execution.records import notebook
from noteship.notebooks.execution.scripts import run_script, said
from noteship.notebooks.execution.sweeping import RunFolders
from noteship.notebooks.execution.workspace import IPYTHON, Workspace

__all__ = ["Runner"]

# A kernel takes a fifth of a second; a machine that is busy or swaps may take a hundred times that.
START_LIMIT_S = 60.0
# After its last cell a kernel gets this long to run what `atexit` holds.
END_LIMIT_S = 10.0


@dataclass(frozen=True)
class _Setting:
    """What belongs to one running job."""

    job: Job
    document: Document
    workspace: Workspace
    private: Path
    cancel: threading.Event
    progress: Callable[[Progress], None]


class Runner:
    """Runs jobs over one project; thread-safe, several at once. To be closed, or used as a context."""

    def __init__(
        self, root: Path, python: Path, objects: store.Store, *, environment: Mapping[str, str], keep: bool = False
    ) -> None:
        """`environment` is all that stages get; with `keep`, workspaces of failed stages stay. Starts nothing yet."""
        self._root = root.resolve()
        self._objects = objects
        self._nursery = Nursery(python, environment)
        self._folders = RunFolders(self._root)
        self._keep = keep

    def run(self, job: Job, cancel: threading.Event, progress: Callable[[Progress], None]) -> Execution:
        """Run one document.

        What its code does wrong is in the result. Raises UnknownParameter, what the environment lacks, and the store's
        errors.
        """
        started = time.monotonic()
        document = parameters.applied(job.document, job.params)
        if document.kind != "script":
            self._nursery.warm()
        self._folders.hold(job.run)
        workspace = Workspace.of(self._root, job)
        # Not in the workspace: the stage has no business there.
        private = self._folders.private()
        failed = False
        try:
            result = self._run(_Setting(job, document, workspace, private, cancel, progress))
            failed = result.failure is not None
            return replace(result, seconds=time.monotonic() - started)
        finally:
            shutil.rmtree(private, ignore_errors=True)
            if self._keep and failed:
                self._folders.keep(job.run)
            else:
                workspace.remove()

    def close(self) -> None:
        """End all that still runs and delete the workspaces."""
        self._nursery.close()
        self._folders.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, setting: _Setting) -> Execution:
        job, workspace = setting.job, setting.workspace
        workspace.prepare(job, self._objects)
        if setting.document.kind == "script" and setting.document is not job.document:
            workspace.place(job.document.path).write_text(setting.document.cells[0].source, encoding="utf-8")
        before = look(workspace.path)
        observer = Observer(workspace, before, setting.private / "audit")
        try:
            record, failure = self._executed(setting, observer)
            observed = observer.finish(job, failure.message if failure else "")
        finally:
            observer.close()
        happened = difference(before, look(workspace.path))
        altered = workspace.altered()
        failure = failure or (_wrote_through(job, altered) if altered else None)
        harvested = harvest(workspace, job, happened, observed.past, self._objects)
        notes = surprises(job, happened, harvested, observed, failure is None)
        written = {*harvested.outputs, *harvested.written}
        return Execution(
            outputs=harvested.outputs,
            record=self._recorded(record, setting.private),
            reads=observed.reads,
            wanted=tuple(name for name in observed.wanted if name not in written),
            notes=(*observed.notes, *notes, *_altered(altered)),
            failure=failure,
        )

    def _recorded(self, record: bytes, private: Path) -> store.Artifact:
        path = private / "record"
        path.write_bytes(record)
        return self._objects.put_artifact(path)

    def _executed(self, setting: _Setting, observer: Observer) -> tuple[bytes, Failure | None]:
        kernel = Kernel(setting.private) if setting.document.kind != "script" else None
        child = self._nursery.start(_request(setting, kernel))
        guard = Guard(setting.job, child, setting.cancel, observer.drain)
        try:
            if kernel is None:
                failure = run_script(setting.document.path, setting.workspace, guard, setting.private / "log")
                self._nursery.check(child)
                return said(setting.private / "log"), failure
            return self._in_kernel(setting, kernel, guard)
        finally:
            kill(child)
            child.wait_exited(END_LIMIT_S)

    def _in_kernel(self, setting: _Setting, kernel: Kernel, guard: Guard) -> tuple[bytes, Failure | None]:
        job, document, child = setting.job, setting.document, guard.child
        result = CellsRun()
        try:
            if self._came_up(kernel, guard, setting):
                result = run_cells(document, kernel, guard, lambda i, n: setting.progress(Progress(job.stage, i, n)))
                if guard.reason is None and not child.exited:
                    kernel.shut_down()
                    child.wait_exited(END_LIMIT_S)
            else:
                place = Failure("kernel", "", document.path, last_output=_words(setting.private))
                result.failure = stopped(guard, place) if guard.reason else died(child, place)
        finally:
            kernel.close()
        original = setting.workspace.place(document.path)
        text = original.read_text("utf-8", "replace") if original.is_file() else ""
        return notebook(document, text, result.executed, kernel.language), result.failure

    def _came_up(self, kernel: Kernel, guard: Guard, setting: _Setting) -> bool:
        child, deadline = guard.child, time.monotonic() + START_LIMIT_S
        while not child.wait_ready(0.1) and time.monotonic() < deadline:
            guard.check()
        self._nursery.check(child)
        if child.exited or guard.reason:
            return False
        kernel.connect()
        if not child.ready or not kernel.answers(START_LIMIT_S):
            raise KernelSilent(setting.job.stage, START_LIMIT_S, _words(setting.private))
        return True


def _request(setting: _Setting, kernel: Kernel | None) -> dict[str, object]:
    job, workspace = setting.job, setting.workspace
    file = str(workspace.place(setting.document.path))
    request: dict[str, object] = {
        "id": secrets.token_hex(8),
        "kind": "notebook" if kernel else "script",
        "cwd": str(workspace.path / job.cwd),
        "environment": {"IPYTHONDIR": str(workspace.path / IPYTHON)} if kernel else {"MPLBACKEND": "Agg"},
        "log": str(setting.private / "log"),
        "audit": str(setting.private / "audit"),
        "folder": str(workspace.folder),
        "workspace": str(workspace.path),
        "root": str(workspace.root),
        "file": "" if setting.document.kind == "notebook" else file,
    }
    if kernel:
        request["connection_file"] = str(kernel.connection_file)
    return request


def _wrote_through(job: Job, altered: tuple[str, ...]) -> Failure:
    names = errors.cut(", ".join(altered))
    message = f"the project's own {names} changed while it ran: the workspace has a link to it, not a copy"
    remedy = "restore the file, and let the notebook write to another name"
    return Failure("code", message, job.document.path, remedy=remedy)


def _altered(names: tuple[str, ...]) -> list[str]:
    sentence = "changed {} in the project's own folder: large files that it was not known to use are linked, not copied"
    return [sentence.format(errors.cut(", ".join(names)))] if names else []


def _words(private: Path) -> str:
    return said(private / "log").decode(errors="replace")[-500:]
