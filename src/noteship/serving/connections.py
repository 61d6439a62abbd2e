"""Connections as uvicorn has them, and its server, which drains before it stops."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import signal
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from noteship import supervising
from noteship.serving.application import Answering, application
from noteship.serving.certificates import context
from noteship.serving.direct import Direct
from noteship.serving.reloading import Reloading
from noteship.serving.service import Service
from noteship.serving.settings import ServerSettings

__all__ = ["Server"]

# Longer than the minute for which common proxies keep a connection that they may use again.
KEEP_ALIVE_S = 75
# A head of more is no head: before it is there, nothing is known of who asks.
HEAD_BYTES = 64 << 10
BODIES = (b"content-length", b"transfer-encoding")
# What a client may send ahead before it is made to wait.
LATER_BYTES = 64 << 10
# Connections that wait in the system's queue when the service stops are taken, but not for ever.
LAST_CONNECTIONS = 10_000
# What it takes to find that a request is late and to tell its client.
TELLING_S = 0.25


class _Connection(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, but for predictions that are asked for in one piece, while nothing else is under way.

    What is not HTTP at all is told so in JSON, as every other fault.
    """

    _later = _lines = b""
    _told: list[tuple[bytes, bytes]] | None = None
    _is_reading = False
    # Nothing that comes is read any more: the answer under way is the last.
    _is_over = False
    _head_bytes = 0
    _idle_since = 0.0
    _head_timer: asyncio.TimerHandle | None = None

    def __init__(self, answering: Answering, head_s: float, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._answering, self._head_s = answering, head_s
        self._direct: Direct | None = None
        # Requests that are under way or wait for their turn, without the direct one.
        self._cycles: list[RequestResponseCycle] = []

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._direct = self._answering.direct(transport, self._default, self._answered, super().data_received)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._head_has_come()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        # Of several requests uvicorn tells only the last one that nobody waits for its answer.
        for cycle in self._cycles:
            cycle.disconnected = True

    def data_received(self, data: bytes) -> None:
        """A client says something; what it says before it has its answer is read after it."""
        direct = self._direct
        if self._is_over:
            return
        if self._later or (direct is not None and direct.is_busy):
            self._later += data
            if len(self._later) > LATER_BYTES:
                self.flow.pause_reading()
            return
        if direct is not None and self._is_idle:
            data = direct.take(data)
            if not data:
                self._head_has_come()
        if data:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins that is not answered directly."""
        self._is_reading = True
        self._head_bytes = 0
        self._await_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Of the parser."""
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the parser."""
        super().on_header(name, value)
        self._count_head(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """A head is there; a body behind an upgrade is what the parser takes for another protocol: it is refused."""
        self._head_has_come()
        if self._is_over:
            return
        is_upgrade = self.parser.should_upgrade()
        if is_upgrade and any(name in BODIES and value != b"0" for name, value in self.headers):
            self._refuse(400, "Bad Request", "the service does not change protocols: send the request without Upgrade")
            return
        super().on_headers_complete()
        self._cycles = [cycle for cycle in (*self._cycles, self.cycle) if not cycle.response_complete]
        if is_upgrade:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Of the parser."""
        if not self._is_over:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """It has come to its end; what follows an upgrade would be no request."""
        if self._is_over:
            return
        self._is_reading = False
        self._is_over = self.parser.should_upgrade()
        super().on_message_complete()

    def _await_head(self) -> None:
        """A connection on which nothing is asked, or only slowly, is closed."""
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._head_s, self.transport.close)

    def _head_has_come(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _count_head(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > HEAD_BYTES and not self._is_over:
            self._refuse(431, "Request Header Fields Too Large", f"the head is larger than {HEAD_BYTES} bytes")

    def shutdown(self) -> None:
        """Close the connection, after the answer that is under way."""
        if self._direct is not None and self._direct.is_busy:
            self._direct.is_kept = False
            return
        if self._direct is not None:
            # What was begun to be said is answered.
            self._direct.cancel()
        super().shutdown()

    @property
    def _is_idle(self) -> bool:
        """Whether all that came was read to its end and answered, and the answer was taken."""
        is_under_way = self.cycle is not None and not self.cycle.response_complete
        return not (self._is_reading or is_under_way or self.pipeline or self.flow.write_paused)

    def _default(self) -> bytes:
        """Of every answer's head; uvicorn makes its date anew each second."""
        headers = self.server_state.default_headers
        if headers is not self._told:
            self._told, self._lines = headers, b"".join(b"%b: %b\r\n" % header for header in headers)
        return self._lines

    def _answered(self, is_kept: bool) -> None:
        self.server_state.total_requests += 1
        if not is_kept:
            self.transport.close()
        if self.transport.is_closing():
            return
        self._idle_since = self.loop.time()
        # A timer for each request would cost a twentieth of answering it.
        if self.timeout_keep_alive_task is None:
            self._look_again_in(self.timeout_keep_alive)
        if self._later:
            self.loop.call_soon(self._go_on)

    def _look_again_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self._close_idle)

    def _close_idle(self) -> None:
        """Close the connection if nobody has asked for long; what is not asked directly stops this timer."""
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._direct is not None and self._direct.is_busy:
            self._look_again_in(self.timeout_keep_alive)
        elif left_s > 0:
            self._look_again_in(left_s)
        else:
            self.timeout_keep_alive_handler()

    def _go_on(self) -> None:
        data, self._later = self._later, b""
        self.flow.resume_reading()
        if not self.transport.is_closing():
            self.data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer, and close the connection."""
        self._refuse(400, "Bad Request", msg)

    def _refuse(self, status: int, phrase: str, message: str) -> None:
        """As for what is no request; where an answer is under way, the connection ends without another."""
        if self._is_over:
            return
        self._is_over = True
        if self.cycle is None or self.cycle.response_complete:
            body = json.dumps({"error": message}).encode()
            head = f"HTTP/1.1 {status} {phrase}", "content-type: application/json", f"content-length: {len(body)}"
            self.transport.write("\r\n".join((*head, "connection: close", "", "")).encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """Loads once it listens, and on a signal drains before it stops; ends without dying of the signal."""

    def __init__(self, service: Service, settings: ServerSettings, reloading: Reloading) -> None:
        answering = application(service)
        protocol: Any = functools.partial(_Connection, answering, settings.limits.head_s)
        config = uvicorn.Config(
            answering,
            http=protocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=settings.grace_s,
        )
        config.load()
        if settings.certificate is not None:
            config.ssl = context(settings.certificate, reloading)
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
        # Who would take longer than the grace is told so: afterwards connections are cut.
        self.service.deadlines.end_all(max(0.0, self._settings.grace_s - TELLING_S))
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
