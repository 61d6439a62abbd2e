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

from noteship import logs, supervising
from noteship.errors import NoteshipError
from noteship.serving.application import ACCESS_LOG, application
from noteship.serving.callers import Callers, guard
from noteship.serving.certificates import Certificate, context
from noteship.serving.direct import Direct
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.observing import Observer
from noteship.serving.refusals import place_of
from noteship.serving.reloading import Reloading
from noteship.serving.repository import Versions
from noteship.serving.service import Service
from noteship.serving.spans import spans

__all__ = ["Running", "ServerSettings", "run", "work"]

LOG = logging.getLogger(__name__)
# Longer than the minute for which common proxies keep a connection that they may use again.
KEEP_ALIVE_S = 75
# As many objects as a hundred requests leave between two looks for circles among them; the default is 700.
GARBAGE_LOOK = 10_000
OBSERVERS_PATIENCE_S = 5.0
# What a client may send ahead before it is made to wait.
LATER_BYTES = 64 << 10
# Connections that wait in the system's queue when the service stops are taken, but not for ever.
LAST_CONNECTIONS = 10_000


@dataclass(frozen=True)
class ServerSettings:
    """How a service runs.

    - port: 0 takes a free one
    - drain_s: how long it says that it is not ready, and answers, before it stops listening
    - linger_s: how long connections then may bring one more request: closed at once, a request may cross the closing
    - grace_s: how long requests under way may then take
    - callers: who may call; everybody without it
    - certificate: for TLS
    - is_open_to_admin: whether without `callers` everybody may change what is served
    """

    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    drain_s: float = 0.0
    linger_s: float = 1.0
    grace_s: int = 30
    access_log: bool = False
    callers: Callers | None = None
    certificate: Certificate | None = None
    is_open_to_admin: bool = False


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
    Raises CannotListen, CanaryFailed, BadTokenFile, NoCluster, BadCertificate, and what `load` and `started` raise.
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
        server.post = server.service.repository.fleet = post
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


def _server(settings: ServerSettings, observers: Sequence[Observer]) -> _Server:
    _log_access(is_on=settings.access_log)
    service = Service(settings.limits, observers)
    service.is_open_to_admin = settings.is_open_to_admin
    service.spans = spans()
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
    reloading = Reloading(service.metrics.reload_failed)
    if settings.callers is not None:
        service.guard = guard(settings.callers, reloading, service.metrics.caller_refused)
    config.load()
    if settings.certificate is not None:
        config.ssl = context(settings.certificate, reloading)
    return _Server(config, service, settings, reloading)


def _serve(server: _Server, listeners: list[socket.socket]) -> None:
    with server.reloading:
        server.run(sockets=listeners)
    server.service.close(OBSERVERS_PATIENCE_S)


class _Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but for predictions that are asked for in one piece, while nothing else is under way.

    What is not HTTP at all is told so in JSON, as every other fault.
    """

    _direct: Direct | None = None
    _later = b""
    _is_reading = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._direct = self.app.direct(transport, self._default, self._answered, super().data_received)

    def data_received(self, data: bytes) -> None:
        """A client says something; what it says before it has its answer is read after it."""
        direct = self._direct
        if direct is not None and direct.is_busy:
            self._later += data
            if len(self._later) > LATER_BYTES:
                self.flow.pause_reading()
            return
        self._unset_keepalive_if_required()
        if direct is not None and self._is_idle:
            data = direct.take(data)
        if data:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins that is not answered directly."""
        self._is_reading = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """It has come to its end; what follows an upgrade would be no request."""
        self._is_reading = self.parser.should_upgrade()
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection, after the answer that is under way."""
        if self._direct is not None and self._direct.is_busy:
            self._direct.is_kept = False
        else:
            super().shutdown()

    @property
    def _is_idle(self) -> bool:
        """Whether all that came was read to its end and answered, and the answer was taken."""
        is_under_way = self.cycle is not None and not self.cycle.response_complete
        return not (self._is_reading or is_under_way or self.pipeline or self.flow.write_paused)

    def _default(self) -> bytes:
        """Of every answer's head; uvicorn makes its date anew each second."""
        return b"".join(b"%b: %b\r\n" % header for header in self.server_state.default_headers)

    def _answered(self, is_kept: bool) -> None:
        self.server_state.total_requests += 1
        if not is_kept:
            self.transport.close()
        if self.transport.is_closing():
            return
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        if self._later:
            data, self._later = self._later, b""
            self.flow.resume_reading()
            self.data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer, and close the connection."""
        body = json.dumps({"error": msg}).encode()
        head = "HTTP/1.1 400 Bad Request", "content-type: application/json", f"content-length: {len(body)}"
        self.transport.write("\r\n".join((*head, "connection: close", "", "")).encode() + body)
        self.transport.close()


class _Server(uvicorn.Server):
    """Loads once it listens, and on a signal drains before it stops; ends without dying of the signal."""

    def __init__(
        self, config: uvicorn.Config, service: Service, settings: ServerSettings, reloading: Reloading
    ) -> None:
        super().__init__(config)
        self.service = service
        self.reloading = reloading
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

    def asked(self, question: bytes) -> Future[bytes]:
        """Labels for what was answered here; asked by another worker."""
        answer = self.service.labelling.asked(question)
        return asyncio.run_coroutine_threadsafe(answer, asyncio.get_running_loop())

    def samples(self) -> Future[Sequence[supervising.Family]]:
        """What was counted; asked by the supervisor."""
        return self.service.samples()

    def ordered(self, stage: str, payload: bytes) -> Future[bytes]:
        """Change what is served; told by the supervisor."""
        return self.service.repository.ordered(stage, payload)

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


def _begin(server: _Server, load: Callable[[], Model] | Versions, started: Callable[[], None]) -> asyncio.Future[None]:
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
