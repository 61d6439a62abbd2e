"""A stage's process and its cluster of Dask, in the project's interpreter, where noteship need not be installed.

Loaded by its path, before the stage's own code. `spread` is for children of noteship's own.
"""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import importlib
import importlib.util
import os
import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Neither is typed well enough to say more of them.
dask: Any = importlib.import_module("dask")
distributed: Any = importlib.import_module("distributed")


def beside(name: str) -> Any:
    """A module of this file's folder, which is in no list of modules: what is sent of it, is sent with its code."""
    spec = importlib.util.spec_from_file_location(f"_noteship_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    from noteship.computing import dask_workers
else:
    dask_workers = beside("dask_workers")

__all__ = ["beside", "join", "spread"]

# Sources that are sent to workers on other machines: far more than any project of notebooks has.
SOURCE_BYTES = 16 << 20
# A stage that ends leaves the cluster within this time, or is dropped by it.
LEAVE_S = 2.0


_kept: list[Any] = []


def join(request: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """Make the cluster that the environment names the one that this process uses, and give what is to be noted.

    `request` is the stage's, as the zygote has it: "workspace" and "first". `options`: "stage", its name; "timeout_s";
    "modules", its own modules with their digests; "carry", whether workers may be on machines without the workspace;
    where certificates are made here, "identity", the arguments of `dask_identity.write`; where workers may still be on
    their way, "workers", how many to wait for.

    From then on `get_client()` gives a client, collections are computed on the cluster, and joblib uses it wherever
    more than one job is asked for. Tasks run in the stage's folder and import the stage's modules.
    """
    if "identity" in options:
        identity = options["identity"]
        beside("dask_identity").write(Path(identity["secret"]), identity["name"], Path(identity["folder"]))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = distributed.Client(timeout=options["timeout_s"])
    late = _waited(client, options)
    # A stage may run several times at once, with other parameters.
    workspace, name = request["workspace"], f"{options['stage']}-{secrets.token_hex(4)}"
    roots = [os.getcwd(), request["first"], workspace]  # noqa: PTH109
    sources = _sources(Path(workspace)) if options["carry"] else {}
    stage = (name, workspace, roots, options["modules"], sources)
    client.register_plugin(dask_workers.SchedulerStage(*stage, client=client.id), name=name)
    client.register_plugin(dask_workers.WorkerStage(*stage), name=name)
    annotated = dask.annotate(executor=name)
    annotated.__enter__()
    _kept.extend((client, annotated))
    atexit.register(_leave, client)
    _spread_joblib(client)
    differ = distributed.versions.VersionMismatchWarning
    return [str(each.message) for each in caught if issubclass(each.category, differ)] + late


def _waited(client: Any, options: Mapping[str, Any]) -> list[str]:
    """Wait until all workers are there; what is to be noted where they are not."""
    wanted = options.get("workers", 0)
    if not wanted:
        return []
    try:
        client.wait_for_workers(wanted, timeout=options["timeout_s"])
    except TimeoutError:
        there = len(client.ncores())
        return [f"it began with {there} of {wanted} workers; the others join it when they come"]
    return []


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
    if not hasattr(joblib, "parallel_config"):
        return  # older than 1.3

    class Backend(base):  # type: ignore[misc]
        # Who does not ask for more jobs than one has calls that are over sooner than a task begins.
        default_n_jobs = 1

        def effective_n_jobs(self, n_jobs: int) -> int:
            return 1 if n_jobs in (None, 1) else int(super().effective_n_jobs(n_jobs))

        def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
            future = super().submit(func, callback)
            if callback is not None:
                # By itself joblib waits for ever for a task that did not come to its end.
                future.add_done_callback(lambda done: callback(_Failed(done)) if done.exception() else None)
            return future

        def retrieve_result_callback(self, out: Any) -> Any:
            return out.raised() if isinstance(out, _Failed) else super().retrieve_result_callback(out)

    client = _Careful(client)
    joblib.register_parallel_backend("noteship", lambda **_: Backend(client=client), make_default=True)
    # Its constructor sets it; as a context it would be over where the context is.
    _kept.append(joblib.parallel_config(backend=Backend(client=client)))


class _Failed:
    """A task that did not come to its end."""

    def __init__(self, done: concurrent.futures.Future[Any]) -> None:
        self._done = done

    def raised(self) -> Any:
        return self._done.result()


class _Careful:
    """A client whose `submit` always gives a future: joblib calls it where nobody hears of an exception."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def submit(self, *arguments: Any, **named: Any) -> Any:
        try:
            return self._client.submit(*arguments, **named)
        except Exception as error:
            return self._client.submit(dask_workers.refuse, f"{type(error).__name__}: {error}", pure=False)


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
