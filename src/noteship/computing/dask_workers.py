"""Stages as the scheduler of a cluster of Dask and its workers know them: their modules, and their folders.

Classes of this module are sent with their code; scheduler and workers need not have noteship.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

# It is not typed well enough to say more of it.
distributed: Any = importlib.import_module("distributed")
ThreadPoolExecutor: Any = importlib.import_module("distributed.threadpoolexecutor").ThreadPoolExecutor

__all__ = ["FolderThreadPoolExecutor", "SchedulerStage", "StageFinder", "WorkerStage", "refuse"]


class _Stage:
    """A stage as another process knows it: where its modules are, and the folder that its tasks run in."""

    def __init__(
        self, name: str, workspace: str, roots: list[str], modules: Mapping[str, str], sources: Mapping[str, bytes]
    ) -> None:
        self.name = name
        self.workspace = workspace
        self.roots = roots
        self.modules = modules
        self.sources = sources

    def begin(self, scratch: str) -> str:
        """Let this process find its modules, and give its folder; sources are written below `scratch`.

        Raises RuntimeError where another stage has others of the same name.
        """
        here, roots = self.workspace, self.roots
        if self.sources and not os.path.isdir(here):  # noqa: PTH112
            # The workspace is on another machine.
            here = self._written(Path(scratch))
            roots = [root.replace(self.workspace, here, 1) for root in roots]
        finders = _finders()
        if not finders:
            finders.append(StageFinder())
            sys.meta_path.append(finders[0])
        finders[0].add(self.name, here, roots, self.modules)
        return roots[0]

    def end(self, scratch: str) -> None:
        """It has ended."""
        for each in _finders():
            each.remove(self.name)
        if self.sources:
            shutil.rmtree(Path(scratch) / self.name, ignore_errors=True)

    def _written(self, scratch: Path) -> str:
        folder = scratch / self.name
        for name, data in self.sources.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return str(folder)


class SchedulerStage(_Stage, distributed.SchedulerPlugin):  # type: ignore[misc]
    """A stage as a scheduler knows it, which sees it end, however it ends."""

    def __init__(self, *stage: Any, client: str) -> None:
        super().__init__(*stage)
        self._client = client
        self._scratch = ""

    async def start(self, scheduler: Any) -> None:  # noqa: ARG002
        """It begins."""
        self._scratch = tempfile.mkdtemp(prefix="noteship-stage-") if self.sources else ""
        self.begin(self._scratch)

    def remove_client(self, scheduler: Any, client: str) -> None:
        """A client has gone."""
        if client == self._client:
            scheduler.loop.add_callback(self._ended, scheduler)

    async def _ended(self, scheduler: Any) -> None:
        scheduler.remove_plugin(self.name)
        self.end(self._scratch)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        await scheduler.unregister_worker_plugin(None, self.name)


class WorkerStage(_Stage, distributed.WorkerPlugin):  # type: ignore[misc]
    """A stage as a worker knows it."""

    def setup(self, worker: Any) -> None:
        """It begins."""
        folder = self.begin(worker.local_directory)
        worker.executors[self.name] = FolderThreadPoolExecutor(worker.state.nthreads, folder)
        _nest_joblib()

    def teardown(self, worker: Any) -> None:
        """It has ended."""
        self.end(worker.local_directory)
        executor = worker.executors.pop(self.name, None)
        if executor is not None:
            executor.shutdown(wait=False)


def _finders() -> list[Any]:
    """The process's finder. Each stage has brought a class of its own, so that no class tells it."""
    return [each for each in sys.meta_path if hasattr(each, "noteship_stages")]


class StageFinder:
    """Finds modules of the stages that use a worker, after all that is installed.

    What one stage imported stays as long as others use the worker, as objects of its classes may be in use. So stages
    whose modules of one name differ cannot use a worker at once.
    """

    def __init__(self) -> None:
        self.noteship_stages: dict[str, tuple[str, list[str], Mapping[str, str]]] = {}
        self._past: set[str] = set()

    def add(self, name: str, top: str, roots: list[str], modules: Mapping[str, str]) -> None:
        """A stage begins, whose modules are at these roots, below `top`. Raises RuntimeError for what another has."""
        self._tidy()
        for other, (_, _, theirs) in self.noteship_stages.items():
            for each in modules.keys() & theirs.keys():
                if modules[each] != theirs[each]:
                    raise RuntimeError(f"module {each} is another one in {other}, which uses the same workers")
        self.noteship_stages[name] = (top, roots, modules)
        self._past.add(top)
        importlib.invalidate_caches()

    def remove(self, name: str) -> None:
        """A stage has ended."""
        self.noteship_stages.pop(name, None)
        self._tidy()

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        """As the import system asks; packages know their own modules."""
        if path is not None:
            return None
        roots = [root for _, each, _ in self.noteship_stages.values() for root in each]
        return PathFinder.find_spec(name, roots)

    def _tidy(self) -> None:
        gone = [name for name, (top, _, _) in self.noteship_stages.items() if not os.path.isdir(top)]  # noqa: PTH112
        for name in gone:
            del self.noteship_stages[name]
        if self.noteship_stages:
            return
        past = tuple(f"{top}/" for top in self._past)
        for name, module in list(sys.modules.items()):
            places = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
            if any(str(place).startswith(past) for place in places):
                del sys.modules[name]
        self._past.clear()


class FolderThreadPoolExecutor(ThreadPoolExecutor):  # type: ignore[misc]
    """Runs a stage's tasks in the stage's folder, as joblib's own processes would.

    The working folder is the process's, so a worker that stages use at once has one thread.
    """

    def __init__(self, threads: int, folder: str) -> None:
        super().__init__(threads, thread_name_prefix="noteship-stage")
        self._folder = folder

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """As any executor."""
        return super().submit(self._within, fn, *args, **kwargs)

    def _within(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(OSError):
            os.chdir(self._folder)
        return fn(*args, **kwargs)


def _nest_joblib() -> None:
    """Within a task, joblib's calls run one after the other: the cluster's workers are busy with other tasks."""
    with contextlib.suppress(ImportError):
        joblib = importlib.import_module("joblib")
        sequential = importlib.import_module("joblib._parallel_backends").SequentialBackend
        joblib.register_parallel_backend("dask", sequential)


def refuse(reason: str) -> None:
    """Raise RuntimeError: what was to be done could not be sent."""
    raise RuntimeError(f"a task cannot be sent to the cluster: {reason}")
