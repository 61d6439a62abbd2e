"""Servers beneath HTTP: one that says given bytes to each connection, and a proxy that leads all names to one place."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Said:
    """What came on each connection, as far as it was read; `host` is where it listens."""

    host: str
    came: list[bytes] = field(default_factory=list)


@contextmanager
def saying(answers: Sequence[bytes | None]) -> Iterator[Said]:
    """A server that reads a request's head and says the next of these bytes; None leaves the connection silent.

    The last one is said again and again.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = Said(f"127.0.0.1:{listening.getsockname()[1]}")
        ended = threading.Event()

        def serve(connection: socket.socket) -> None:
            with closing(connection), suppress(OSError):
                said.came.append(_head(connection))
                answer = answers[min(len(said.came), len(answers)) - 1]
                if answer is None:
                    ended.wait(60)
                else:
                    connection.sendall(answer)

        with _accepting(listening, serve):
            yield said
            ended.set()


@contextmanager
def proxying(target: str, refusal: bytes = b"") -> Iterator[Said]:
    """A proxy that leads everything, tunnels too, to one host; or refuses it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = Said(f"127.0.0.1:{listening.getsockname()[1]}")

        def serve(connection: socket.socket) -> None:
            with closing(connection), suppress(OSError):
                head = _head(connection)
                said.came.append(head)
                if refusal:
                    connection.sendall(refusal)
                    return
                host, _, port = target.rpartition(":")
                with socket.create_connection((host, int(port))) as there:
                    if head.startswith(b"CONNECT "):
                        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    else:
                        there.sendall(head)
                    _both_ways(connection, there)

        with _accepting(listening, serve):
            yield said


@contextmanager
def _accepting(listening: socket.socket, serve: object) -> Iterator[None]:
    ended = threading.Event()
    listening.settimeout(0.05)

    def accept() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(30)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()  # type: ignore[arg-type]

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _head(connection: socket.socket) -> bytes:
    """What comes until an empty line, and no byte of what follows."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            break
        head += piece
    return head


def _both_ways(one: socket.socket, other: socket.socket) -> None:
    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                target.sendall(piece)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=copy, args=(other, one), daemon=True)
    back.start()
    copy(one, other)
    back.join()
