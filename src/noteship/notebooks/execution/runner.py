"""Runs notebooks and scripts, each in a workspace and a process of its own, in the project's interpreter."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from noteship import errors, store
from noteship.notebooks import parameters
from noteship.notebooks.document import Document
from noteship.notebooks.execution.cells import CellsRun, run_cells
from noteship.notebooks.execution.endings import died, stopped
from noteship.notebooks.execution.errors import InterpreterBroken, KernelSilent
from noteship.notebooks.execution.harvest import harvest, surprises
from noteship.notebooks.execution.jobs import Execution, Failure, Job, Progress
from noteship.notebooks.execution.kernel import Kernel, load
from noteship.notebooks.execution.limits import Guard, kill
from noteship.notebooks.execution.looks import difference, look
from noteship.notebooks.execution.observation import Observer
from noteship.notebooks.execution.processes import Nursery
from noteship.notebooks.execution.records import notebook
from noteship.notebooks.execution.redirecting import Redirected, as_written, redirected, restore
from noteship.notebooks.execution.removing import Remover
from noteship.notebooks.execution.scripts import run_script, said
from noteship.notebooks.execution.sweeping import RunFolders
from noteship.notebooks.execution.workspace import IPYTHON, Workspace
from noteship.notebooks.uses import Call

__all__ = ["Runner"]

# A kernel takes a fifth of a second; a machine that is busy or swaps may take a hundred times that.
START_LIMIT_S = 60.0
# After its last cell a kernel gets this long to run what `atexit` holds.
END_LIMIT_S = 10.0
# A script has no page to show its plots on.
AGG = {"MPLBACKEND": "Agg"}


@dataclass(frozen=True)
class _Setting:
    """What belongs to one running job."""

    job: Job
    document: Document
    workspace: Workspace
    private: Path
    cancel: threading.Event
    progress: Callable[[Progress], None]
    began: float = field(default_factory=time.time)
    told: list[str] = field(default_factory=list)


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
        self._remover = Remover()
        self._keep = keep

    def warm(self) -> None:
        """Start what notebooks need before the first of them comes; what is wrong with it is said when one comes."""
        with contextlib.suppress(InterpreterBroken):
            self._nursery.warm()

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
            if self._keep and failed:
                place = workspace.path.relative_to(self._root)
                result = replace(result, notes=(*result.notes, f"its workspace is kept for a week: {place}"))
            return replace(result, seconds=time.monotonic() - started)
        finally:
            shutil.rmtree(private, ignore_errors=True)
            if self._keep and failed:
                self._folders.keep(job.run)
            else:
                self._remover.remove(workspace.folder)

    def close(self) -> None:
        """End all that still runs and delete the workspaces."""
        self._nursery.close()
        self._remover.close()
        self._folders.close()

    def release(self, run: str) -> None:
        """Let go of a run that is over; a runner that serves many holds a file open for each until then."""
        self._folders.release(run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, setting: _Setting) -> Execution:
        job, workspace = setting.job, setting.workspace
        workspace.prepare(job, self._objects)
        runs = redirected(workspace, job, setting.document)
        if setting.document.kind == "script" and runs.document is not job.document:
            workspace.place(job.document.path).write_text(runs.document.cells[0].source, encoding="utf-8")
        before = look(workspace.path)
        observer = Observer(workspace, before, setting.private / "audit")
        try:
            record, failure = self._executed(setting, runs, observer)
            observed = observer.finish(job, failure.message if failure else "")
        finally:
            observer.close()
        lost = workspace.roots.collect()
        happened = difference(before, look(workspace.path))
        restore(workspace, runs, (*happened.new, *happened.changed))
        altered = workspace.altered()
        failure = failure or (_wrote_through(job, altered) if altered else None)
        harvested = harvest(workspace, job, happened, observed.past, self._objects)
        notes = surprises(job, happened, harvested, observed, failure is None)
        written = {*harvested.outputs, *harvested.written}
        return Execution(
            outputs=harvested.outputs,
            record=self._recorded(record, setting),
            reads=observed.reads,
            wanted=tuple(name for name in observed.wanted if name not in written),
            notes=(*setting.told, *runs.notes, *observed.notes, *notes, *_altered(altered), *_lost(lost)),
            failure=failure and _as_written(failure, workspace),
        )

    def _recorded(self, record: bytes, setting: _Setting) -> store.Artifact:
        path = setting.private / "record"
        if setting.workspace.roots.active:
            record = as_written(record.decode(errors="replace"), setting.workspace).encode()
        path.write_bytes(record)
        return self._objects.put_artifact(path)

    def _executed(self, setting: _Setting, runs: Redirected, observer: Observer) -> tuple[bytes, Failure | None]:
        if setting.document.kind == "script":
            failure = self._called(setting, runs.calls, observer)
            return said(setting.private / "log"), failure
        kernel = Kernel(setting.private)
        with self._guarded(setting, _request(setting, kernel), observer) as guard:
            return self._in_kernel(setting, runs.document, kernel, guard)

    def _called(self, setting: _Setting, calls: tuple[Call, ...], observer: Observer) -> Failure | None:
        """Run a script once for each call, until one fails."""
        log, began = setting.private / "log", time.monotonic()
        for number, call in enumerate(calls):
            if len(calls) > 1:
                setting.progress(Progress(setting.job.stage, number + 1, len(calls)))
                with log.open("a", encoding="utf-8") as stream:
                    stream.write(f"$ {_shown(setting.job, setting.job.calls[number])}\n")
            with self._guarded(setting, _request(setting, None, call), observer, began) as guard:
                failure = run_script(setting.document.path, setting.workspace, guard, log)
                self._nursery.check(guard.child)
            if failure is not None:
                return replace(failure, call=shlex.join(setting.job.calls[number].words))
        return None

    @contextlib.contextmanager
    def _guarded(
        self, setting: _Setting, request: Mapping[str, object], observer: Observer, began: float | None = None
    ) -> Iterator[Guard]:
        """A child that is ended when this is left; its time counts from when the job `began`."""
        child = self._nursery.start(request)
        started = time.monotonic() if began is None else began
        try:
            yield Guard(setting.job, child, setting.cancel, observer.drain, started=started)
        finally:
            kill(child)
            child.wait_exited(END_LIMIT_S)
            setting.told.extend(child.notes)

    def _in_kernel(
        self, setting: _Setting, runs: Document, kernel: Kernel, guard: Guard
    ) -> tuple[bytes, Failure | None]:
        job, document, child = setting.job, setting.document, guard.child
        result = CellsRun()
        try:
            if self._came_up(kernel, guard, setting):
                result = run_cells(runs, kernel, guard, lambda i, n: setting.progress(Progress(job.stage, i, n)))
                if guard.reason is None and not child.exited:
                    kernel.shut_down()
                    child.wait_exited(END_LIMIT_S)
            else:
                place = Failure("kernel", "", document.path, last_output=_words(setting.private))
                result.failure = stopped(guard, place) if guard.reason else died(child, place, job.stage)
        finally:
            kernel.close()
        original = setting.workspace.place(document.path)
        text = original.read_text("utf-8", "replace") if original.is_file() else ""
        return notebook(document, text, result.executed, kernel.language), result.failure

    def _came_up(self, kernel: Kernel, guard: Guard, setting: _Setting) -> bool:
        load()
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


def _request(setting: _Setting, kernel: Kernel | None, call: Call | None = None) -> dict[str, object]:
    job, workspace, call = setting.job, setting.workspace, call or Call()
    file = str(workspace.place(setting.document.path))
    request: dict[str, object] = {
        "id": secrets.token_hex(8),
        "kind": "notebook" if kernel else "script",
        "cwd": str(workspace.path / job.cwd),
        "environment": {**({"IPYTHONDIR": str(workspace.path / IPYTHON)} if kernel else AGG), **job.environment},
        "prelude": job.prelude,
        "log": str(setting.private / "log"),
        "audit": str(setting.private / "audit"),
        "began": setting.began,
        "folder": str(workspace.folder),
        "workspace": str(workspace.path),
        "root": str(workspace.root),
        "file": "" if setting.document.kind == "notebook" else file,
        "words": list(call.words),
        "module": call.module,
        "first": _first_folder(file, call.module),
    }
    if kernel:
        request["connection_file"] = str(kernel.connection_file)
    return request


def _first_folder(file: str, module: str) -> str:
    """What is first on the path of modules: the script's folder, or where the packages above a module are."""
    return str(Path(file).parents[module.count(".")])


def _shown(job: Job, call: Call) -> str:
    name = ["-m", call.module] if call.module else [job.document.path]
    return shlex.join(["python", *name, *call.words])


def _as_written(failure: Failure, workspace: Workspace) -> Failure:
    """The failure with the paths that the code has, not those that stand for them."""
    message, output = (as_written(text, workspace) for text in (failure.message, failure.last_output))
    return replace(failure, message=message, last_output=output)


def _lost(paths: list[str]) -> list[str]:
    return [f"wrote {errors.cut(', '.join(paths))}, which is no place in the project: it is not kept"] if paths else []


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
