"""Clients that keep asking, look at what they get, and count it."""

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

QUESTIONS = (("my dear aunt", "letter"), ("crunchy snack, five stars", "review"))
HEADERS = {"Content-Type": "application/json"}


@dataclass
class Load:
    """What came of it: statuses, and requests that were sent and never answered, by client and by the port it had.

    `wrong` are answers of 200 that are not to what was asked. A refused connection is no request.
    """

    url: str
    pause_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    lost: list[tuple[int, str]] = field(default_factory=list)
    lost_ports: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """One client: a connection that is kept as long as the service keeps it."""
        place = urlsplit(self.url)
        connection: http.client.HTTPConnection | None = None
        count = port = 0
        while not self.over.is_set():
            if connection is None:
                connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    return
                port = connection.sock.getsockname()[1]
            count += 1
            text, label = QUESTIONS[count % len(QUESTIONS)]
            name = f"{threading.get_ident()}-{count}"
            try:
                connection.request("POST", "/predict", json.dumps({"rows": [[text]], "id": name}), HEADERS)
                response = connection.getresponse()
                body = response.read()
                self.statuses[response.status] += 1
                if response.status == 200:
                    self._check(body, label, name)
                is_kept = response.getheader("connection") != "close"
            except (OSError, http.client.HTTPException) as error:
                self.lost.append((threading.get_ident(), repr(error)))
                self.lost_ports.append(port)
                is_kept = False
            if not is_kept:
                connection.close()
                connection = None
            self.over.wait(self.pause_s)
        if connection is not None:
            connection.close()

    def _check(self, body: bytes, label: str, name: str) -> None:
        told = json.loads(body)
        if (told["predictions"], told["client_id"]) != ([label], name):
            self.wrong.append(f"expected {label} for {name}, got {body!r}")


@contextlib.contextmanager
def load(url: str, clients: int, pause_s: float = 0.0) -> Iterator[Load]:
    """So many clients for as long as the block lasts, or until nobody listens any more; each rests after an answer."""
    found = Load(url, pause_s)
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
