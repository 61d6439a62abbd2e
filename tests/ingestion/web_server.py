"""A real HTTP server whose files can be changed, cut off, slowed down, moved elsewhere and closed to strangers."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server has, and how it behaves; `asked` are the requests that came."""

    files: dict[str, bytes] = field(default_factory=dict)
    address: str = ""
    has_etag: bool = True
    salt: bytes = b""
    takes_head: bool = True
    ranges: bool = True
    chunked: bool = False
    pace_s: float = 0.0
    cuts: list[int] = field(default_factory=list)
    busy: int = 0
    redirects: dict[str, str] = field(default_factory=dict)
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    repeats: str = ""
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""

    def _answer(self, *, with_body: bool) -> None:
        site = self.site
        headers = {name.lower(): value for name, value in self.headers.items()}
        site.asked.append((self.command, self.path, headers))
        if not with_body and not site.takes_head:
            self._empty(405)
        elif site.busy:
            site.busy -= 1
            self._empty(503, {"retry-after": "0"})
        elif self.path in site.redirects:
            self._empty(302, {"location": site.redirects[self.path]})
        elif site.token and site.token not in headers.values():
            # Some servers repeat what they were sent.
            self._empty(401, reason=f"not {headers.get('authorization', '')}")
        elif self.path not in site.files:
            self._empty(404)
        else:
            self._file(site.files[self.path], headers, with_body=with_body)

    def _empty(self, status: int, headers: dict[str, str] | None = None, reason: str | None = None) -> None:
        self.send_response(status, reason)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()

    def _file(self, data: bytes, headers: dict[str, str], *, with_body: bool) -> None:
        site = self.site
        etag = f'"{hashlib.sha256(data + site.salt).hexdigest()[:16]}"'
        wanted = headers.get("range", "")
        start = 0
        if site.ranges and wanted and headers.get("if-range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("content-range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if site.has_etag:
            self.send_header("etag", etag)
        if site.chunked and with_body:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(len(data) - start))
        for name, value in site.headers.items():
            self.send_header(name, value)
        if site.repeats:
            self.send_header(site.repeats, headers.get("authorization", ""))
        self.end_headers()
        if with_body:
            self._body(data[start:])

    def _body(self, data: bytes) -> None:
        site = self.site
        until = site.cuts.pop(0) if site.cuts else len(data)
        for at in range(0, until, 1 << 14):
            piece = data[at : min(at + (1 << 14), until)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if site.chunked else piece)
            time.sleep(site.pace_s)
        if until < len(data):
            self.close_connection = True
            self.connection.close()
        elif site.chunked:
            self.wfile.write(b"0\r\n\r\n")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients go when they like."""


@contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Site]:
    """A site on a free port of this machine."""
    site = Site()
    server = _Server((host, 0), type("Handler", (_Handler,), {"site": site}))
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
