"""A cluster of Dask: a scheduler with its workers, in the project's interpreter, where noteship need not be installed.

Run by its path. A request comes in as a line of JSON on standard input, and events go out on standard output, a JSON
object a line:

    {"event": "ready", "address", "workers", "threads", "memory_bytes"}   as it came up
    {"event": "lost", "worker", "why"}                                    a worker ended; another takes its place

When standard input ends, noteship is gone, and so is all of it: workers, what they have started, and the folder with
the certificates.
"""

from __future__ import annotations

import os
import sys

# Python puts this file's folder first, whose modules are not meant for the project.
if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):  # noqa: PTH120
    del sys.path[0]

import contextlib
import ctypes
import importlib
import json
import logging
import multiprocessing.resource_tracker as tidying
import shutil
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Neither is typed well enough to say more of them.
dask: Any = importlib.import_module("dask")
distributed: Any = importlib.import_module("distributed")

__all__ = ["main"]

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
# Certificates and keys are read and written by this user alone.
PRIVATE = 0o600
ROLES = ("client", "scheduler", "worker")
SETTINGS = {
    # Nobody is to ask by HTTP what goes on here, which no certificate protects.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # What fills a worker's memory may be there to stay: who is ended is replaced, who is paused is waited for.
    "distributed.worker.memory.pause": False,
    # By default a worker that takes longer to come back, on a busy machine, is given up for good.
    "distributed.deploy.lost-worker-timeout": "1d",
}


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
    dask.config.set(SETTINGS)
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
    # Its lack is to be said plainly.
    importlib.import_module("cryptography")
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


if __name__ == "__main__":
    main()
