"""What probes and Prometheus ask an evaluator: a small server of the standard library, which loads no model."""

from __future__ import annotations

import hmac
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from noteship import supervising
from noteship.evaluating import exposition
from noteship.evaluating.errors import UnusableFile

__all__ = ["Answering", "Guarded"]

LOG = logging.getLogger(__name__)
# A probe or a scrape takes milliseconds; who is slower holds a thread for no longer.
PATIENCE_S = 5.0
# Each connection has a thread while it lasts.
AT_ONCE = 32
# A token is a line; what is longer is another file.
TOKEN_BYTES = 4096


@dataclass(frozen=True)
class Guarded:
    """Who may read the metrics, and how connections are protected. Files are read anew each time: they may change.

    - token: the file with the token that is asked for; is_open: nobody is asked; neither: nobody may
    - certificate, key: to speak TLS
    """

    token: Path | None = None
    is_open: bool = False
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Raises UnusableFile."""
        if self.token is not None:
            self._expected(self.token)
        self.context()

    def lets(self, authorization: str) -> bool:
        """Whether who sends this may read."""
        if self.token is None:
            return self.is_open
        kind, _, given = authorization.partition(" ")
        try:
            expected = self._expected(self.token)
        except UnusableFile as error:
            LOG.warning("%s", error.parts().nearest)
            return False
        return kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), expected)

    def context(self) -> ssl.SSLContext | None:
        """What a connection is protected with, TLS 1.2 at least. Raises UnusableFile."""
        if self.certificate is None or self.key is None:
            return None
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            made.load_cert_chain(self.certificate, self.key, password="")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "they are not in PEM"
            raise UnusableFile("the certificate", str(self.certificate), str(reason)) from error
        return made

    def _expected(self, path: Path) -> bytes:
        try:
            with path.open("rb") as stream:
                found = stream.read(TOKEN_BYTES).strip()
        except OSError as error:
            raise UnusableFile("the token", str(path), error.strerror or "it cannot be read") from error
        if not found:
            raise UnusableFile("the token", str(path), "there is nothing in it")
        return found


@dataclass(frozen=True)
class Answering:
    """Answers `/health/live`, `/health/ready` and `/metrics`, on threads of its own.

    - is_alive, is_ready: what probes are told; families: what Prometheus is told
    """

    is_alive: Callable[[], bool]
    is_ready: Callable[[], bool]
    families: Callable[[], Sequence[supervising.Family]]
    guarded: Guarded

    def start(self, listener: socket.socket) -> Callable[[], None]:
        """Answer who comes; what ends it."""
        server = _Server(self, listener)
        thread = threading.Thread(target=server.serve_forever, args=(0.2,), name="noteship-answers", daemon=True)
        thread.start()

        def end() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        return end

    def answer(self, path: str, authorization: str) -> tuple[HTTPStatus, str, str]:
        """The status, the content type and the text."""
        plain = "text/plain; charset=utf-8"
        if path in ("/health/live", "/health/ready"):
            is_well = self.is_alive() if path == "/health/live" else self.is_ready()
            status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
            return status, plain, "yes\n" if is_well else "no\n"
        if path != "/metrics":
            return HTTPStatus.NOT_FOUND, plain, "there are /metrics, /health/live and /health/ready\n"
        if not self.guarded.lets(authorization):
            return HTTPStatus.UNAUTHORIZED, plain, "send `Authorization: Bearer TOKEN`\n"
        return HTTPStatus.OK, exposition.CONTENT_TYPE, exposition.text(self.families())


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    # Threads that answer end within moments; none is waited for.
    block_on_close = False

    def __init__(self, answering: Answering, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.answering = answering
        self._room = threading.BoundedSemaphore(AT_ONCE)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """On the connection's own thread, as many at a time as there is room for."""
        with self._room:
            super().process_request_thread(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer, in TLS where that is spoken."""
        request.settimeout(PATIENCE_S)
        context = self.answering.guarded.context()
        if context is None:
            super().finish_request(request, client_address)
            return
        with context.wrap_socket(request, server_side=True) as protected:
            super().finish_request(protected, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who breaks off, or speaks another protocol, is left alone."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE_S
    # It says neither what it is nor of which Python.
    server_version, sys_version = "noteship", ""

    def do_GET(self) -> None:
        """Answer."""
        status, content_type, text = self.server.answering.answer(
            self.path.partition("?")[0], self.headers.get("Authorization", "")
        )
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Probes come every few seconds: nothing is said of them."""
