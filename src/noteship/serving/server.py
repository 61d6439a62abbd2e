"""A service from its start to its end, alone or as one of several workers."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from noteship import logs, supervising
from noteship.errors import NoteshipError
from noteship.serving.application import ACCESS_LOG
from noteship.serving.callers import guard
from noteship.serving.connections import Server
from noteship.serving.local_guard import LocalGuard
from noteship.serving.model import Model
from noteship.serving.observing import Observer
from noteship.serving.refusals import place_of
from noteship.serving.reloading import Reloading
from noteship.serving.repository import Versions
from noteship.serving.service import Service
from noteship.serving.settings import ServerSettings
from noteship.serving.spans import spans

__all__ = ["Running", "run", "work"]

LOG = logging.getLogger(__name__)
# As many objects as a hundred requests leave between two looks for circles among them; the default is 700.
GARBAGE_LOOK = 10_000
OBSERVERS_PATIENCE_S = 5.0


@dataclass(frozen=True, eq=False)
class Running:
    """A service that is ready."""

    url: str
    service: Service
    stop: Callable[[], None]


def run(
    settings: ServerSettings,
    load: Callable[[], Model] | Versions,
    started: Callable[[Running], None] = lambda _: None,
    observers: Sequence[Observer] = (),
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until `Running.stop` is called; then finish what is under way and return.

    It listens before the model is loaded, and `/health/ready` says so. `listening` is called when the port is taken,
    and `started` when the service is ready.
    Raises CannotListen, CanaryFailed, FieldsDiffer, BadTokenFile, NoCluster, BadCertificate, and what `load` and
    `started` raise.
    """
    with supervising.listen(settings.host, settings.port) as listener:
        listening()
        server = _server(settings, observers)
        url = supervising.url_of(settings.host, listener, is_tls=settings.certificate is not None)
        running = Running(url, server.service, server.stop)
        server.begin = lambda: _begin(server, load, lambda: started(running))
        _serve(server, [listener])
    if server.fault is not None:
        raise server.fault


def work(
    settings: ServerSettings,
    load: Callable[[], Model] | Versions,
    post: supervising.Post,
    observers: Sequence[Observer] = (),
) -> None:
    """Serve as one of several workers: on the connections that the supervisor hands over, until it says so.

    Of versions, those that all workers were told to serve meanwhile come before those that are given.
    """
    if isinstance(load, Versions) and post.kept is not None:
        load = load.as_kept(post.kept)
    try:
        server = _server(settings, observers)
    except NoteshipError as error:
        post.failed(error)
        return

    def begin() -> asyncio.Future[None]:
        server.post = post
        server.service.join(post)
        post.attach(server)
        return _begin(server, load, post.loaded)

    server.begin = begin
    _serve(server, [])
    if server.fault is not None:
        if not isinstance(server.fault, Exception):
            raise server.fault
        if not isinstance(server.fault, NoteshipError):
            LOG.error("worker %d failed: %s", post.number, place_of(server.fault))
        post.failed(server.fault)


def _server(settings: ServerSettings, observers: Sequence[Observer]) -> Server:
    _log_access(is_on=settings.access_log)
    service = Service(settings.limits, observers)
    service.is_open_to_admin = settings.is_open_to_admin
    service.spans = spans()
    reloading = Reloading(service.metrics.reload_failed)
    if settings.callers is not None:
        service.guard = guard(settings.callers, reloading, service.metrics.caller_refused)
    elif settings.is_local:
        service.guard = LocalGuard(settings.host, service.metrics.caller_refused)
    return Server(service, settings, reloading)


def _serve(server: Server, listeners: list[socket.socket]) -> None:
    with server.reloading:
        server.run(sockets=listeners)
    server.service.close(OBSERVERS_PATIENCE_S)


def _begin(server: Server, load: Callable[[], Model] | Versions, started: Callable[[], None]) -> asyncio.Future[None]:
    """Load; whatever fails stops the server and is kept for the caller."""

    def done(loaded: asyncio.Future[None]) -> None:
        try:
            loaded.result()
            _settle()
            started()
        except asyncio.CancelledError:
            server.should_exit = True
        except BaseException as error:
            server.fault = error
            server.should_exit = True

    loading: Future[None] = server.service.load(load)
    loaded = asyncio.wrap_future(loading)
    loaded.add_done_callback(done)
    return loaded


def _settle() -> None:
    """Take what was loaded out of the garbage collector's sight: looking through it cost as much as answering did."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_LOOK)


def _log_access(*, is_on: bool) -> None:
    """A line of JSON for each request on standard error, or none; no rows, no queries."""
    log = logging.getLogger(ACCESS_LOG)
    if not is_on:
        # Else whatever lets the records of noteship through would let these through, too.
        log.setLevel(logging.WARNING)
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logs.JsonLines())
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
