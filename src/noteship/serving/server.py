"""The service's event loop: its connections, its signals, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import FrameType

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from noteship import supervising
from noteship.errors import NoteshipError
from noteship.serving.application import ACCESS_LOG, application
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.observing import Observer
from noteship.serving.refusals import place_of
from noteship.serving.service import Service

__all__ = ["Running", "ServerSettings", "run", "work"]

LOG = logging.getLogger(__name__)
# Longer than the minute for which common proxies keep a connection that they may use again.
KEEP_ALIVE_S = 75
# As many objects as a hundred requests leave between two looks for circles among them; the default is 700.
GARBAGE_LOOK = 10_000
OBSERVERS_PATIENCE_S = 5.0
# Connections that wait in the system's queue when the service stops are taken, but not for ever.
LAST_CONNECTIONS = 10_000


@dataclass(frozen=True)
class ServerSettings:
    """How a service runs.

    - port: 0 takes a free one
    - drain_s: how long it says that it is not ready, and answers, before it stops listening
    - linger_s: how long connections then may bring one more request: closed at once, a request may cross the closing
    - grace_s: how long requests under way may then take
    """

    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    drain_s: float = 0.0
    linger_s: float = 1.0
    grace_s: int = 30
    access_log: bool = False


@dataclass(frozen=True, eq=False)
class Running:
    """A service that is ready."""

    url: str
    service: Service
    stop: Callable[[], None]


def run(
    settings: ServerSettings,
    load: Callable[[], Model],
    started: Callable[[Running], None] = lambda _: None,
    observers: Sequence[Observer] = (),
) -> None:
    """Serve until SIGTERM or SIGINT, or until `Running.stop` is called; then finish what is under way and return.

    It listens before the model is loaded, and `/health/ready` says so. `started` is called when it is ready.
    Raises CannotListen, CanaryFailed, and what `load` and `started` raise.
    """
    with supervising.listen(settings.host, settings.port) as listener:
        server = _server(settings, observers)
        running = Running(supervising.url_of(settings.host, listener), server.service, server.stop)
        server.begin = lambda: _begin(server, load, lambda: started(running))
        _serve(server, [listener])
    if server.fault is not None:
        raise server.fault


def work(
    settings: ServerSettings, load: Callable[[], Model], post: supervising.Post, observers: Sequence[Observer] = ()
) -> None:
    """Serve as one of several workers: on the connections that the supervisor hands over, until it says so."""
    server = _server(settings, observers)

    def begin() -> asyncio.Future[None]:
        server.post = server.service.fleet = post
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


def _server(settings: ServerSettings, observers: Sequence[Observer]) -> _Server:
    if settings.access_log:
        _log_access()
    service = Service(settings.limits, observers)
    config = uvicorn.Config(
        application(service),
        http=_Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=settings.grace_s,
    )
    return _Server(config, service, settings)


def _serve(server: _Server, listeners: list[socket.socket]) -> None:
    server.run(sockets=listeners)
    server.service.close(OBSERVERS_PATIENCE_S)


class _Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; what is not HTTP at all is told so in JSON, as every other fault."""

    def send_400_response(self, msg: str) -> None:
        """Answer, and close the connection."""
        body = json.dumps({"error": msg}).encode()
        head = "HTTP/1.1 400 Bad Request", "content-type: application/json", f"content-length: {len(body)}"
        self.transport.write("\r\n".join((*head, "connection: close", "", "")).encode() + body)
        self.transport.close()


class _Server(uvicorn.Server):
    """Loads once it listens, and on a signal drains before it stops; ends without dying of the signal."""

    def __init__(self, config: uvicorn.Config, service: Service, settings: ServerSettings) -> None:
        super().__init__(config)
        self.service = service
        self.post: supervising.Post | None = None
        self.begin: Callable[[], asyncio.Future[None]] | None = None
        self.fault: BaseException | None = None
        self._beginning: asyncio.Future[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._settings = settings
        self._stop_at: float | None = None

    def stop(self) -> None:
        """Drain, then stop; from any thread. A worker's supervisor has drained already."""
        if self._stop_at is None:
            self.service.drain()
            self._stop_at = time.monotonic() + (0.0 if self.post else self._settings.drain_s)

    def drain(self) -> None:
        """Be no longer ready; told by the supervisor."""
        self.service.drain()

    def told(self, *, is_ready: bool) -> None:
        """Whether the service as a whole is ready; told by the supervisor."""
        self.service.fleet_is_ready = is_ready

    def samples(self) -> Future[Sequence[supervising.Family]]:
        """What was counted; asked by the supervisor."""
        return self.service.samples()

    def connected(self, connection: socket.socket) -> None:
        """Answer on a connection that was accepted."""
        opening = asyncio.get_running_loop().create_task(self._open(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        connection.setblocking(False)
        # Its client may have gone already.
        with contextlib.suppress(OSError):
            await loop.connect_accepted_socket(lambda: self._protocol(loop), connection, ssl=self.config.ssl)

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> asyncio.Protocol:
        kind: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=loop)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """A signal: the first drains, a second Ctrl-C does not wait."""
        if self._stop_at is not None and sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
        self.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and begin to load."""
        await super().startup(sockets=sockets)
        if self.begin is not None:
            self._beginning = self.begin()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop now."""
        if self.post is not None:
            self.post.beat(self.service.scoring_s, len(self.server_state.connections))
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening; let each connection have the answer that closes it; then close those that are left."""
        if self.fault is None and not self.force_exit:
            for listener in sockets or []:
                self._take_last(listener)
            until = time.monotonic() + self._settings.linger_s
            while self._is_lingering() and time.monotonic() < until:
                await asyncio.sleep(0.02)
                await self.on_tick(1)
        await super().shutdown(sockets=sockets)

    def _is_lingering(self) -> bool:
        return not self.force_exit and bool(self._opening or self.server_state.connections)

    def _take_last(self, listener: socket.socket) -> None:
        """Whoever connected before the end is answered: closing would reset what waits in the system's queue."""
        own = listener.dup()
        for server in self.servers:
            server.close()
        with own:
            own.setblocking(False)
            for _ in range(LAST_CONNECTIONS):
                try:
                    self.connected(own.accept()[0])
                except OSError:
                    break


def _begin(server: _Server, load: Callable[[], Model], started: Callable[[], None]) -> asyncio.Future[None]:
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


def _log_access() -> None:
    """A line of JSON for each request on standard error; no rows, no queries."""
    log = logging.getLogger(ACCESS_LOG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
