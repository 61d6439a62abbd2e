"""Clients that keep asking, and count what they get."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Load", "load"]

BODY = json.dumps([["my dear aunt"]])
HEADERS = {"Content-Type": "application/json"}


@dataclass
class Load:
    """What came of it: statuses, and requests that were sent and never answered, by client.

    A refused connection is no request.
    """

    url: str
    statuses: Counter[int] = field(default_factory=Counter)
    lost: list[tuple[int, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """One client: a connection that is kept as long as the service keeps it."""
        place = urlsplit(self.url)
        connection: http.client.HTTPConnection | None = None
        while not self.over.is_set():
            if connection is None:
                connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    return
            try:
                connection.request("POST", "/predict", BODY, HEADERS)
                response = connection.getresponse()
                response.read()
                self.statuses[response.status] += 1
                is_kept = response.getheader("connection") != "close"
            except (OSError, http.client.HTTPException) as error:
                self.lost.append((threading.get_ident(), repr(error)))
                is_kept = False
            if not is_kept:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


@contextlib.contextmanager
def load(url: str, clients: int) -> Iterator[Load]:
    """So many clients for as long as the block lasts, or until nobody listens any more."""
    found = Load(url)
    threads = [threading.Thread(target=found.ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        found.over.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
