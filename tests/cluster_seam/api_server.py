"""A server of the API's protocol whose answers a test writes: for what a real cluster cannot be made to do."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import trustme

from noteship.cluster import kubeconfig
from noteship.cluster.kubernetes_cluster import KubernetesCluster

MAPS = {"name": "configmaps", "kind": "ConfigMap", "namespaced": True, "verbs": ["get", "list", "watch", "patch"]}


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Said:
    """An answer; `lines` are sent one by one and the connection is then broken off, or ended well."""

    status: int = 200
    body: Any = None
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    lines: list[Any] = field(default_factory=list)
    is_cut: bool = False


@dataclass
class ApiServer:
    """What it was asked, and how it answers."""

    url: str
    authority: trustme.CA
    answer: Callable[[Asked], Said]
    asked: list[Asked] = field(default_factory=list)

    def config(self, **user: Any) -> dict[str, Any]:
        """A kubeconfig."""
        authority = base64.b64encode(self.authority.cert_pem.bytes()).decode()
        cluster = {"server": self.url, "certificate-authority-data": authority}
        return {
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "ada", "namespace": "team-a"}}],
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "ada", "user": user}],
        }

    @contextmanager
    def opened(
        self, folder: Path, *, cluster: dict[str, Any] | None = None, **user: Any
    ) -> Iterator[KubernetesCluster]:
        config = self.config(**user)
        config["clusters"][0]["cluster"] |= cluster or {}
        with KubernetesCluster(kubeconfig.chosen([(folder / "config", config)])) as opened:
            yield opened

    def paths(self) -> list[str]:
        """What was asked beside what is served."""
        return [each.path for each in self.asked if each.path != "/api/v1"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        at = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, at.path, dict(parse_qsl(at.query)), headers, self.rfile.read(length))
        self.server.api.asked.append(asked)
        is_served = at.path == "/api/v1"
        self.say(Said(body={"resources": [MAPS]}) if is_served else self.server.api.answer(asked))

    def do_PATCH(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def say(self, said: Said) -> None:
        self.send_response(said.status)
        for name, value in {**said.headers, **({"content-type": said.kind} if said.kind else {})}.items():
            self.send_header(name, value)
        if said.lines:
            self.stream(said)
            return
        data = said.body if isinstance(said.body, bytes) else json.dumps(said.body or {}).encode()
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, said: Said) -> None:
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for line in said.lines:
            if callable(line):
                line()
                continue
            piece = (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        if said.is_cut:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    api: ApiServer

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are what is tested."""


@contextmanager
def serving(
    answer: Callable[[Asked], Said], *, names: tuple[str, ...] = ("127.0.0.1",), wants_certificate: bool = False
) -> Iterator[ApiServer]:
    """A server on this machine, with a certificate of an authority of its own."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    if wants_certificate:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.api = ApiServer(f"https://127.0.0.1:{server.server_address[1]}", authority, answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
