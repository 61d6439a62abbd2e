"""Ways out of pods on a real cluster: through a proxy, and to a server whose certificate a private authority signed."""

from __future__ import annotations

import os
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from cli.projects import Project, project
from cluster import deployables, run_places
from cluster.deployables import HOST, Deployable
from cluster.run_places import Away
from contracts import store_places
from noteship.store.bucket import Bucket

__all__ = ["project"]

pytestmark = pytest.mark.cluster


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A prefix on the object gateway, with a file to score."""
    lacking = deployables.missing_store() or ("" if HOST else "CLUSTER_HOST does not say how pods reach this machine")
    if lacking:
        pytest.skip(lacking)
    with store_places.on_gateway() as found:
        found.put("in/one.csv", [b"a,b\n59,3\n"])
        yield found


@contextmanager
def listening(handle: Any) -> Iterator[int]:
    """A server on all of this machine's addresses, each connection in a thread; gives its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                handle(self.request)

    socketserver.ThreadingTCPServer.daemon_threads = True
    with socketserver.ThreadingTCPServer(("0.0.0.0", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def joined(one: socket.socket, other: socket.socket) -> None:
    """Pass on what each says, until one ends."""
    while True:
        pending = [each for each in (one, other) if isinstance(each, ssl.SSLSocket) and each.pending()]
        for each in pending or select.select([one, other], [], [], 60)[0]:
            data = each.recv(1 << 16)
            if not data:
                return
            (other if each is one else one).sendall(data)


@contextmanager
def in_tls(authority: trustme.CA) -> Iterator[int]:
    """The object gateway behind TLS, with a certificate that only this authority speaks for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    gateway = urlsplit(os.environ["AWS_ENDPOINT_URL"])

    def handle(connection: socket.socket) -> None:
        address = str(gateway.hostname), gateway.port or 80
        with context.wrap_socket(connection, server_side=True) as secured, socket.create_connection(address) as there:
            joined(secured, there)

    with listening(handle) as port:
        yield port


@contextmanager
def proxying(asked: list[str]) -> Iterator[int]:
    """A proxy for tunnels, which notes what it is asked for."""

    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        verb, target, _ = head.decode("latin-1").split(" ", 2)
        asked.append(f"{verb} {target}")
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            joined(connection, there)

    with listening(handle) as port:
        yield port


@pytest.fixture
def away(project: Project, tmp_path: Path) -> Iterator[Away]:
    """A project whose stages run on the cluster."""
    with run_places.opened(project, tmp_path) as made:
        yield made


def test_stages_of_a_run_go_the_same_ways(away: Away) -> None:
    """Driver and stages reach the store, and a notebook what it asks for, by the proxy and with the authority."""
    authority, asked = trustme.CA(), list[str]()
    away.project.write("authority.pem", authority.cert_pem.bytes().decode())
    with in_tls(authority) as port, proxying(asked) as proxy:
        fetched = f"answer = urllib.request.urlopen('https://{HOST}:{port}/').status"
        away.project.notebook("s", f"import urllib.request; {fetched}; open('s.txt', 'w').write(str(answer))")
        away.declare(f'[kubernetes.proxy]\nurl = "http://{HOST}:{proxy}"\n')
        plain = f'endpoint = "{run_places.endpoint()}"'
        text = (away.project.root / "noteship.toml").read_text(encoding="utf-8")
        text = text.replace(plain, f'endpoint = "https://{HOST}:{port}"')
        text = text.replace("[kubernetes]\n", '[kubernetes]\nauthorities = "authority.pem"\n', 1)
        away.project.write("noteship.toml", text)
        document = away.run()
    assert [each["state"] for each in document["stages"]] == ["executed"]
    assert set(asked) == {f"CONNECT {HOST}:{port}"} and len(asked) > 2


def test_a_proxy_and_a_private_authority_are_honoured(mail: Deployable, bucket: Bucket) -> None:
    """The bundle comes from the store and scores go there, all by the proxy; without the authority it is refused."""
    authority, asked = trustme.CA(), list[str]()
    mail.project.write("authority.pem", authority.cert_pem.bytes().decode())
    mail.keep("mail-store", credentials=deployables.credentials())
    with in_tls(authority) as port, proxying(asked) as proxy:
        tables = f"""[store]
url = "{bucket.url}/store"
[kubernetes.store]
endpoint = "https://{HOST}:{port}"
region = "us-east-1"
[kubernetes.proxy]
url = "http://{HOST}:{proxy}"
[kubernetes.job]
from = "{bucket.url}/in/"
to = "{bucket.url}/out/{{bundle}}/"
retries = 0
"""
        mail.declare('as = "job"\nbundle = "store"', tables)
        mail.project.json("run")
        answer = mail.project.call("deploy")
        assert answer.code == 1 and "its certificate is not trusted" in answer.err, answer.err
        before = len(asked)
        mail.declare('as = "job"\nbundle = "store"\nauthorities = "authority.pem"', tables)
        assert mail.deploy()["state"] == "done"
        assert set(asked[before:]) == {f"CONNECT {HOST}:{port}"}
    assert any(each.key.endswith((".csv", ".jsonl")) for each in bucket.list("out/"))
