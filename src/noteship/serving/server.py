"""The service's sockets and signals."""

from __future__ import annotations

import asyncio
import errno
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

from noteship.serving.application import ACCESS_LOG, application
from noteship.serving.errors import CannotListen
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.observing import Observer
from noteship.serving.service import Service

__all__ = ["Running", "ServerSettings", "run"]

# Longer than the minute for which common proxies keep a connection that they may use again.
KEEP_ALIVE_S = 75
LAST_PORT = 65_535
OBSERVERS_PATIENCE_S = 5.0
REMEDIES = {
    errno.EADDRINUSE: ("another program listens there", "stop it, or take another port: --port 0 takes a free one"),
    errno.EACCES: ("this user may not listen on it", "take a port from 1024 upwards, such as --port 8080"),
    errno.EADDRNOTAVAIL: ("the address is not this machine's", "name one that is, such as --host 127.0.0.1 or 0.0.0.0"),
}


@dataclass(frozen=True)
class ServerSettings:
    """How a service runs.

    - port: 0 takes a free one
    - drain_s: how long it says that it is not ready, and answers, before it stops listening
    - grace_s: how long requests under way may then take
    """

    host: str = "127.0.0.1"
    port: int = 8080
    limits: Limits = field(default_factory=Limits)
    drain_s: float = 0.0
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
    if settings.access_log:
        _log_access()
    with _listener(settings) as listener:
        service = Service(settings.limits, observers)
        config = uvicorn.Config(
            application(service),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=settings.grace_s,
        )
        server = _Server(config, service, settings.drain_s)
        running = Running(_url(settings.host, listener), service, server.stop)
        server.begin = lambda: _begin(server, load, lambda: started(running))
        server.run(sockets=[listener])
        service.close(OBSERVERS_PATIENCE_S)
    if server.fault is not None:
        raise server.fault


class _Server(uvicorn.Server):
    """Loads once it listens, and on a signal drains before it stops; ends without dying of the signal."""

    def __init__(self, config: uvicorn.Config, service: Service, drain_s: float) -> None:
        super().__init__(config)
        self.service = service
        self.begin: Callable[[], asyncio.Future[None]] | None = None
        self.fault: BaseException | None = None
        self._beginning: asyncio.Future[None] | None = None
        self._drain_s = drain_s
        self._stop_at: float | None = None

    def stop(self) -> None:
        """Drain, then stop; from any thread."""
        if self._stop_at is None:
            self.service.drain()
            self._stop_at = time.monotonic() + self._drain_s

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
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def _begin(server: _Server, load: Callable[[], Model], started: Callable[[], None]) -> asyncio.Future[None]:
    """Load; whatever fails stops the server and is kept for the caller."""

    def done(loaded: asyncio.Future[None]) -> None:
        try:
            loaded.result()
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


def _listener(settings: ServerSettings) -> socket.socket:
    host, port = settings.host, settings.port
    # The system would take the rest of a division by 65536.
    if not 0 <= port <= LAST_PORT:
        raise CannotListen(host, port, f"ports go from 0 to {LAST_PORT}", "take another, such as --port 8080")
    listener: socket.socket | None = None
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, number)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on a second service cannot take the port while this one loads.
        listener.listen()
    except (OSError, UnicodeError) as error:
        if listener is not None:
            listener.close()
        code = error.errno if isinstance(error, OSError) else None
        reason, remedy = REMEDIES.get(code or 0, (str(error), "correct --host and --port, such as 127.0.0.1 and 8080"))
        raise CannotListen(host, port, reason, remedy) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    """Where the service is found from this machine."""
    port = listener.getsockname()[1]
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - compared, not listened on
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _log_access() -> None:
    """A line of JSON for each request on standard error; no rows, no queries."""
    log = logging.getLogger(ACCESS_LOG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
