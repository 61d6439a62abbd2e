"""Serves a registry of this process's memory on a free port of this machine, over real connections."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from noteship.images.registries.memory_registry import Asked, MemoryRegistry, Said

__all__ = ["serving"]

PIECE_BYTES = 1 << 16


@contextmanager
def serving(registry: MemoryRegistry, trust: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve until the block ends; gives the host with its port, as names of images begin. With `trust`, over TLS."""
    server = _Server(("127.0.0.1", 0), type("_Bound", (_Handler,), {"registry": registry}))
    host = f"127.0.0.1:{server.server_port}"
    registry.address = f"{'https' if trust else 'http'}://{host}"
    if trust:
        server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients go when they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: MemoryRegistry

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        cut = self._cut_of(headers)
        body, is_whole = self._body(int(headers.get("content-length", "0")), cut)
        said = self.registry.answer(Asked(self.command, self.path, headers, body, is_whole))
        if is_whole:
            self._say(said, cut)
        if not is_whole or cut is not None:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _cut_of(self, headers: dict[str, str]) -> int | None:
        """Where a transfer of a blob ends too early; cuts are taken in their order."""
        is_upload = "/blobs/uploads/" in self.path and self.command in ("PATCH", "PUT")
        is_download = "/blobs/sha256:" in self.path and self.command == "GET"
        with self.registry.lock:
            is_sent = is_upload and headers.get("content-length", "0") != "0"
            return self.registry.cuts.pop(0) if self.registry.cuts and (is_sent or is_download) else None

    def _body(self, size: int, cut: int | None) -> tuple[bytes, bool]:
        body = bytearray()
        end = size if cut is None else min(size, cut)
        while len(body) < end:
            piece = self.rfile.read(min(PIECE_BYTES, end - len(body)))
            if not piece:
                break
            body += piece
        return bytes(body), len(body) == size

    def _say(self, said: Said, cut: int | None) -> None:
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        if said.status != 204:
            self.send_header("content-length", str(len(said.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said.body[:cut])
