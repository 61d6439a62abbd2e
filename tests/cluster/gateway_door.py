"""The way from pods to an object gateway, which a test can shut: connections break, and none is taken."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE = 1 << 16


class Door:
    """A port of this machine behind which another address answers."""

    def __init__(self, behind: str) -> None:
        found = urlsplit(behind)
        self._behind = (found.hostname or "", found.port or 80)
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = 0

    def open(self) -> None:
        """From now on connections are taken, at the same port as before."""
        listening = socket.create_server(("", self.port), backlog=100)
        self.port, self._listening = listening.getsockname()[1], listening
        threading.Thread(target=self._take, args=(listening,), daemon=True).start()

    def shut(self) -> None:
        """As a gateway that was killed: nobody listens, and what was under way breaks off."""
        if self._listening:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        with self._lock:
            broken, self._open = self._open, set()
        for each in broken:
            _end(each)

    def _take(self, listening: socket.socket) -> None:
        while True:
            try:
                here, _ = listening.accept()
                there = socket.create_connection(self._behind, timeout=20)
            except OSError:
                return
            there.settimeout(None)
            with self._lock:
                self._open |= {here, there}
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(PIECE):
                other.sendall(piece)
        for each in (one, other):
            _end(each)
        with self._lock:
            self._open -= {one, other}


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextmanager
def opened(behind: str) -> Iterator[Door]:
    """One that is shut in the end."""
    door = Door(behind)
    door.open()
    try:
        yield door
    finally:
        door.shut()
