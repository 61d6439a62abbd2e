"""The scheduler, or one worker, of a cluster of Dask whose processes are in pods of their own.

Run by its path in the project's interpreter, with one argument: a JSON object.

    {"role": "scheduler", "port", "secret", "name", "folder"}
    {"role": "worker", "address", "port", "nanny_port", "secret", "name", "folder", "threads", "memory_bytes",
     "spill_bytes"}

Times of waiting may be given, too: "deserted_s" and "gone_s". The scheduler says what happens on standard output, a
JSON object a line, among whatever else is said there:

    {"event": "lost", "worker"}     a worker ended
    {"event": "memory", "worker"}   a worker took more than its memory, and is ended for it

It ends, with success, once the stage that it was made for has gone, whatever became of whoever made it; workers end,
with success, once it is gone. So all of it comes to an end by itself.
"""

from __future__ import annotations

import os
import sys

# Python puts this file's folder first, whose modules are not meant for the project.
if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):  # noqa: PTH120
    del sys.path[0]

import asyncio
import contextlib
import importlib
import importlib.util
import json
import logging
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

# Neither is typed well enough to say more of them.
dask: Any = importlib.import_module("dask")
distributed: Any = importlib.import_module("distributed")

if TYPE_CHECKING:
    from noteship.computing import dask_identity
else:
    _spec = importlib.util.spec_from_file_location("_noteship_identity", Path(__file__).with_name("dask_identity.py"))
    dask_identity = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(dask_identity)

__all__ = ["main"]

SETTINGS = {
    # Nobody is to ask by HTTP what goes on here, which no certificate protects.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    # What fills a worker's memory may be there to stay: who is ended is replaced, who is paused is waited for.
    "distributed.worker.memory.pause": False,
}
ROLES = ("client", "scheduler", "worker")
# A stage may be called several times, each call being a process; so long after the last one nobody is to come.
DESERTED_S = 60.0
# A stage whose pod has not come after this time is taken for one that never will.
AWAITED_S = 3600.0
LOOK_S = 1.0
# The scheduler's pod is started before this one, and may still pull the image.
MEETING_S = 600.0
# A worker takes seconds to start, on a busy machine many.
STARTING_S = 120.0
# A scheduler that is not reached for so long is gone; a connection that broke off is made again.
GONE_S = 20.0
CONNECT_S = 3.0
END_S = 3.0
STOPPED = 143  # as a shell tells of SIGTERM
# Clients that tasks open are workers' own.
OF_WORKERS = "Client-worker-"


def main(request: Mapping[str, Any]) -> int:
    """Be a scheduler or a worker to the end; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    for each in ("distributed.core", "distributed.worker", "distributed.nanny", "distributed.scheduler"):
        logging.getLogger(each).setLevel(logging.WARNING)
    dask.config.set(SETTINGS)
    if "spill_bytes" in request:
        # Who wrote more than its folder takes would have its pod evicted.
        dask.config.set({"distributed.worker.memory.max-spill": request["spill_bytes"]})
    role = _schedule if request["role"] == "scheduler" else _work
    return asyncio.run(_until_stopped(role(request)))


async def _until_stopped(role: Any) -> int:
    """What the role ends with, or, told to stop, what says so: it is no success."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    working, stopping = asyncio.ensure_future(role), asyncio.ensure_future(stopped.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        return int(working.result())
    _end_children()
    # What hangs holds up nobody: the pod is to be gone.
    os._exit(STOPPED)


def _end_children() -> None:
    psutil: Any = importlib.import_module("psutil")  # which Dask needs, too
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()


def _security(request: Mapping[str, Any]) -> Any:
    folder = Path(request["folder"])
    dask_identity.write(Path(request["secret"]), request["name"], folder)
    authority, certificate, key = (str(folder / name) for name in dask_identity.FILES)
    own = {"cert": certificate, "key": key}
    files = {f"tls_{role}_{name}": own[name] for role in ROLES for name in own}
    return distributed.Security(require_encryption=True, tls_ca_file=authority, **files)


async def _schedule(request: Mapping[str, Any]) -> int:
    async with distributed.Scheduler(
        protocol="tls://", port=request["port"], security=_security(request), dashboard=False
    ) as scheduler:
        # One stage's `client.shutdown()` would take the cluster from what it runs next.
        scheduler.handlers["terminate"] = _refuse
        watcher = _Watcher(request.get("deserted_s", DESERTED_S))
        scheduler.add_plugin(watcher)
        while scheduler.status == distributed.Status.running and not watcher.is_over:
            await asyncio.sleep(LOOK_S)
        failed = scheduler.status != distributed.Status.running
        with contextlib.suppress(Exception):
            await asyncio.wait_for(scheduler.close(), END_S)
    return 1 if failed else 0


async def _refuse(*_arguments: Any, **_named: Any) -> None:
    """Nothing is done."""


class _Watcher(distributed.SchedulerPlugin):  # type: ignore[misc]
    """Sees clients come and go, and says what befalls workers."""

    def __init__(self, deserted_s: float) -> None:
        self._deserted_s = deserted_s
        self._clients: set[str] = set()
        self._since = time.monotonic()
        self._was_used = False

    @property
    def is_over(self) -> bool:
        """Whether nobody uses it any more, or nobody came."""
        idle_s = 0.0 if self._clients else time.monotonic() - self._since
        return idle_s > (self._deserted_s if self._was_used else AWAITED_S)

    def add_client(self, scheduler: Any, client: str) -> None:  # noqa: ARG002
        if not client.startswith(OF_WORKERS):
            self._clients.add(client)
            self._was_used = True

    def remove_client(self, scheduler: Any, client: str) -> None:  # noqa: ARG002
        self._clients.discard(client)
        self._since = time.monotonic()

    def remove_worker(self, scheduler: Any, worker: str, **_more: Any) -> None:  # noqa: ARG002
        _say(event="lost", worker=worker)

    def log_event(self, topic: str, msg: Any) -> None:
        if topic == "worker-restart-memory":
            _say(event="memory", worker=msg["worker"])


def _say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def _work(request: Mapping[str, Any]) -> int:
    security, address = _security(request), request["address"]
    if not await _is_reached(address, MEETING_S):
        logging.getLogger(__name__).error("no scheduler answers at %s", address)
        return 1
    while True:
        nanny = distributed.Nanny(
            address,
            nthreads=request["threads"],
            memory_limit=request["memory_bytes"],
            protocol="tls://",
            security=security,
            port=request["nanny_port"],
            worker_port=request["port"],
            local_directory=request["folder"],
            death_timeout=STARTING_S,
        )
        try:
            await nanny
            await nanny.finished()
            is_up = True
        except Exception:
            logging.getLogger(__name__).exception("the worker did not come up")
            is_up = False
        with contextlib.suppress(Exception):
            await asyncio.wait_for(nanny.close(), END_S)
        # It may have been a connection alone that went.
        if not await _is_reached(address, request.get("gone_s", GONE_S)):
            return 0
        if not is_up:
            return 1


async def _is_reached(address: str, limit_s: float) -> bool:
    """Whether somebody listens there, within some time."""
    parts, end = urlsplit(address), time.monotonic() + limit_s
    while True:
        with contextlib.suppress(OSError, TimeoutError):
            opened = asyncio.open_connection(parts.hostname, parts.port)
            _, writer = await asyncio.wait_for(opened, CONNECT_S)
            writer.close()
            return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(LOOK_S / 2)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
