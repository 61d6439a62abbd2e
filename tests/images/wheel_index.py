"""A package index on this machine, with wheels made here: what uv and a wheelhouse ask."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

__all__ = ["Index", "wheel"]


def wheel(
    name: str, version: str = "1.0", tag: str = "py3-none-any", files: Mapping[str, bytes] | None = None
) -> bytes:
    """A wheel with a module, or with these files."""
    info = f"{name}-{version}.dist-info"
    whole = {
        **(files or {f"{name}.py": f"version = {version!r}\n".encode()}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = "".join(f"{path},sha256={_urlsafe(data)},{len(data)}\n" for path, data in whole.items())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in whole.items():
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record + f"{info}/RECORD,,\n")
    return buffer.getvalue()


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class Index:
    """Serves files as `http://127.0.0.1:PORT/simple/`; with a login where `user` is set.

    - cut: after how many bytes of a file the connection is cut, one number each time
    - ranges: whether parts of files are given
    - broken: names whose bytes are changed on the way
    """

    def __init__(self, files: Mapping[str, bytes], *, user: str = "", ranges: bool = True) -> None:
        self.files, self.user, self.ranges = dict(files), user, ranges
        self.cut: list[int] = []
        self.broken: set[str] = set()
        self.asked: list[tuple[str, str | None]] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                index.answer(self, body=False)

            def do_GET(self) -> None:
                index.answer(self, body=True)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The index's address, with the login."""
        return f"http://{self.user + '@' if self.user else ''}{self.host}/simple/"

    def answer(self, to: BaseHTTPRequestHandler, *, body: bool) -> None:
        """One request."""
        expected = f"Basic {base64.b64encode(self.user.encode()).decode()}"
        if self.user and to.headers.get("authorization") != expected:
            return self._send(to, 401, b"", body=body, more={"www-authenticate": "Basic"})
        if to.path.startswith("/simple/"):
            name = to.path.removeprefix("/simple/").strip("/")
            links = "".join(
                f'<a href="/files/{each}#sha256={hashlib.sha256(data).hexdigest()}">{each}</a>'
                for each, data in self.files.items()
                if re.split(r"-\d", each)[0].replace("_", "-") == name
            )
            page = f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
            return self._send(to, 200 if links else 404, page, body=body, more={"content-type": "text/html"})
        name = Path(to.path).name
        if name not in self.files:
            return self._send(to, 404, b"", body=body)
        data = self.files[name]
        if name in self.broken:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if body:
            self.asked.append((name, to.headers.get("range")))
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", to.headers.get("range", ""))
        if wanted and self.ranges:
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            more = {"content-range": f"bytes {first}-{last}/{len(data)}"}
            return self._send(to, 206, data[first : last + 1], body=body, more=more)
        return self._send(to, 200, data, body=body)

    def _send(
        self, to: BaseHTTPRequestHandler, status: int, data: bytes, *, body: bool, more: Mapping[str, str] | None = None
    ) -> None:
        to.send_response(status)
        for key, value in {"content-length": str(len(data)), **(more or {})}.items():
            to.send_header(key, value)
        if self.ranges:
            to.send_header("accept-ranges", "bytes")
        to.end_headers()
        if not body:
            return
        if self.cut and to.path.startswith("/files/"):
            to.wfile.write(data[: self.cut.pop(0)])
            to.wfile.flush()
            to.close_connection = True
            to.connection.shutdown(2)
            return
        to.wfile.write(data)
