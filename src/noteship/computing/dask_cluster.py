"""All that knows Dask, run with the project's interpreter, where it is installed; noteship itself need not be there.

Run by its path, this is a scheduler with its workers: a request comes in as a line of JSON on standard input, and
events go out on standard output, a JSON object a line:

    {"event": "ready", "address", "workers", "threads", "memory_bytes"}   as it came up
    {"event": "lost", "worker", "why"}                                    a worker ended; another takes its place

When standard input ends, noteship is gone, and so is all of it: workers, what they have started, and the folder with
the certificates. Within the process of a stage, `join` makes the cluster known to what runs there.
"""

from __future__ import annotations

import os
import sys

# Python puts this file's folder first, whose modules are not meant for the project.
if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):  # noqa: PTH120
    del sys.path[0]

import atexit
import contextlib
import ctypes
import importlib
import json
import logging
import multiprocessing.resource_tracker as tidying
import shutil
import signal
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

# Neither is typed well enough to say more of them.
dask: Any = importlib.import_module("dask")
distributed: Any = importlib.import_module("distributed")
ThreadPoolExecutor: Any = importlib.import_module("distributed.threadpoolexecutor").ThreadPoolExecutor

__all__ = ["FolderThreadPoolExecutor", "SchedulerStage", "StageFinder", "WorkerStage", "join", "main", "spread"]

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
# Certificates and keys are read and written by this user alone.
PRIVATE = 0o600
ROLES = ("client", "scheduler", "worker")
# Sources that are sent to workers on other machines: far more than any project of notebooks has.
SOURCE_BYTES = 16 << 20
# A stage that ends leaves the cluster within this time, or is dropped by it.
LEAVE_S = 2.0

# The scheduler and its workers.


def main() -> None:
    """Be a cluster until standard input ends."""
    events = os.dup(1)
    with open(os.devnull, "wb") as null:  # noqa: PTH123
        os.dup2(null.fileno(), 1)
    request = json.loads(sys.stdin.buffer.readline())
    if sys.platform == "linux":
        # What loses its parent stays below this process, where it is ended.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(request["folder"])
    lock = threading.Lock()

    def say(**event: Any) -> None:
        with lock, contextlib.suppress(OSError):
            os.write(events, (json.dumps(event) + "\n").encode())

    # Before the cluster is up, too, noteship can end.
    threading.Thread(target=_up, args=(request, folder, say), daemon=True).start()
    while sys.stdin.buffer.read(1):
        pass
    _end(folder)


def _up(request: Mapping[str, Any], folder: Path, say: Callable[..., None]) -> None:
    try:
        _started(request, folder, say)
    except BaseException:
        logging.getLogger(__name__).exception("the cluster did not come up")
        _end(folder, 1)


def _started(request: Mapping[str, Any], folder: Path, say: Callable[..., None]) -> None:
    # Nobody is to ask by HTTP what goes on here, which no certificate protects. And a worker that is short of memory is
    # ended, not paused: what it holds may be there to stay, and the stage would wait for it for ever.
    dask.config.set(
        {
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.worker.memory.pause": False,
        }
    )
    losses = _Losses(say)
    logging.getLogger("distributed.nanny.memory").addHandler(losses)
    workers, threads, memory = request["workers"], request["threads"], request["memory_bytes"]
    cluster: Any = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        host="127.0.0.1",
        protocol="tls://",
        security=_security(folder),
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        local_directory=str(folder),
        **({"memory_limit": memory} if memory else {}),
    )
    # One stage's `client.shutdown()` would take the cluster from all others.
    cluster.scheduler.handlers["terminate"] = _refuse
    cluster.scheduler.add_plugin(_Watcher(losses))
    limit = next(iter(cluster.workers.values())).memory_manager.memory_limit
    address = cluster.scheduler.address
    say(event="ready", address=address, workers=workers, threads=threads, memory_bytes=limit)
    # As long as the thread that made it goes on, so does its loop.
    threading.Event().wait()


async def _refuse(*_arguments: Any, **_named: Any) -> None:
    """Nothing is done."""


def _security(folder: Path) -> distributed.Security:
    """A certificate that only this cluster has, and trusts, in files that only this user reads.

    A scheduler executes whatever it is sent, and the loopback interface is open to every user of the machine.
    """
    import cryptography  # noqa: F401 - whose lack is to be said plainly

    made: Any = distributed.Security.temporary()
    for name, text in (("cert", made.tls_client_cert), ("key", made.tls_client_key)):
        with open(folder / f"{name}.pem", "w", opener=_opener) as stream:
            stream.write(text)
    files = {f"tls_{role}_{name}": str(folder / f"{name}.pem") for role in ROLES for name in ("cert", "key")}
    return distributed.Security(require_encryption=True, tls_ca_file=str(folder / "cert.pem"), **files)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)


class _Losses(logging.Handler):
    """Remembers which workers were over their memory, and tells of each worker that ended."""

    def __init__(self, say: Callable[..., None]) -> None:
        super().__init__(logging.WARNING)
        self._say = say
        self._over: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self._over.update(word for word in record.getMessage().split() if word.startswith("tls://"))

    def lost(self, worker: str) -> None:
        self._say(event="lost", worker=worker, why="memory" if worker in self._over else "")


class _Watcher(distributed.SchedulerPlugin):  # type: ignore[misc]
    def __init__(self, losses: _Losses) -> None:
        self._losses = losses

    def remove_worker(self, scheduler: Any, worker: str, **_more: Any) -> None:  # noqa: ARG002
        self._losses.lost(worker)


def _end(folder: Path, code: int = 0) -> None:
    """Leave nothing running, and no key."""
    psutil: Any = importlib.import_module("psutil")  # which Dask needs, too
    # What tidies up after processes that were killed has to live on for a moment.
    tidier = getattr(getattr(tidying, "_resource_tracker", None), "_pid", None)
    for _ in range(2):
        for process in psutil.Process().children(recursive=True):
            if process.pid != tidier:
                with contextlib.suppress(psutil.Error):
                    process.kill()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(code)


# Within the process of a stage.

_kept: list[Any] = []


def join(request: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Make the cluster that the environment names the one that this process uses, and give what is to be noted.

    `request` is the stage's, as the zygote has it: "workspace" and "first". `options`: "stage", a name that no other
    stage of the cluster has; "timeout_s"; "modules", its own modules with their digests; "carry", whether workers may
    be on machines without the workspace.

    From then on `get_client()` gives a client, collections are computed on the cluster, and joblib uses it wherever
    more than one job is asked for. Tasks run in the stage's folder and import the stage's modules.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = distributed.Client(timeout=options["timeout_s"])
    workspace, name = request["workspace"], options["stage"]
    roots = [os.getcwd(), request["first"], workspace]  # noqa: PTH109
    sources = _sources(Path(workspace)) if options["carry"] else {}
    stage = (name, workspace, roots, options["modules"], sources)
    client.register_plugin(SchedulerStage(*stage, client=client.id), name=name)
    client.register_plugin(WorkerStage(*stage), name=name)
    annotated = dask.annotate(executor=name)
    annotated.__enter__()
    _kept.extend((client, annotated))
    atexit.register(_leave, client)
    _spread_joblib(client)
    differ = distributed.versions.VersionMismatchWarning
    return [str(each.message) for each in caught if issubclass(each.category, differ)]


def _leave(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=LEAVE_S)


def _sources(workspace: Path) -> dict[str, bytes]:
    """The modules below a folder."""
    found: dict[str, bytes] = {}
    left = SOURCE_BYTES
    for path in sorted(workspace.rglob("*.py")):
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            left -= len(data)
            if left < 0:
                break
            found[path.relative_to(workspace).as_posix()] = data
    return found


def _spread_joblib(client: distributed.Client) -> None:
    """Let joblib use the cluster in this thread, where it is installed.

    In other threads it is the default, which yields to who prefers threads.
    """
    try:
        joblib = importlib.import_module("joblib")
        base: Any = importlib.import_module("joblib._dask").DaskDistributedBackend
    except ImportError:
        return

    class Backend(base):  # type: ignore[misc]
        # Who does not ask for more jobs than one has calls that are over sooner than a task begins.
        default_n_jobs = 1

        def effective_n_jobs(self, n_jobs: int) -> int:
            return 1 if n_jobs in (None, 1) else int(super().effective_n_jobs(n_jobs))

    joblib.register_parallel_backend("noteship", lambda **_: Backend(client=client), make_default=True)
    # Its constructor sets it; as a context it would be over where the context is.
    _kept.append(joblib.parallel_config(backend=Backend(client=client)))


# Within the scheduler, which reads what is to be done, and the workers, which do it.


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


# Within a child of noteship's own.


def spread(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    """Call a function for each item on the cluster that the environment names.

    Gives each item's number and result as they come. What a call raises is raised here; who stops early cancels the
    rest.
    """
    with distributed.Client(set_as_default=False) as client:
        futures = client.map(function, list(items), pure=False)
        numbers = {future.key: number for number, future in enumerate(futures)}
        try:
            for future, result in distributed.as_completed(futures, loop=client.loop, with_results=True):
                yield numbers[future.key], result
        finally:
            client.cancel(futures)


if __name__ == "__main__":
    main()
