"""Open-loop load: requests leave when they are due, whether or not those before were answered.

A closed loop slows down with the server, so it cannot show what happens beyond capacity. Here the times are drawn
beforehand (exponential gaps, seeded), each request goes out on an idle connection, and its latency counts from when it
was due, so that one that had to wait for a connection is not flattered (Tene, "How not to measure latency", 2013).

    open_loop.py URL BODIES RATE SECONDS
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

__all__ = ["drive"]

# To begin with, at most, and how many are opened at a time when all are under way.
CONNECTIONS, MOST_CONNECTIONS, OPENED_AT_ONCE = 512, 4096, 32
TICK_S = 0.001
# How long answers are waited for after the last request went out.
GRACE_S = 10.0
# How much later than due a request may leave before it counts as late.
LATE_S = 0.01
END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length:"


class _Connection(asyncio.Protocol):
    """One connection, with at most one request under way."""

    def __init__(self, load: _Load) -> None:
        self._load = load
        self._received = b""
        self._due: float | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._load.connected += 1
        self._load.idle.append(self)

    def send(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        end = received.find(END_OF_HEAD)
        if end < 0:
            return
        head = received[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(received) < end + len(END_OF_HEAD) + length or self._due is None:
            return
        self._received = b""
        due, self._due = self._due, None
        self._load.answered(int(received[9:12]), due)
        if b"connection: close" in head:
            self._transport.close()
        else:
            self._load.idle.append(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._load.lost(self, self._due is not None)


class _Load:
    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self.idle: deque[_Connection] = deque()
        self.codes: Counter[int] = Counter()
        self.latencies_s: list[float] = []
        self.broken = self.sent = self.late = self.connected = self.unopened = 0
        self._opening: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Connection(self), *self._address)

    def answered(self, code: int, due: float) -> None:
        self.codes[code] += 1
        if code == 200:
            self.latencies_s.append(time.perf_counter() - due)

    def lost(self, connection: _Connection, under_way: bool) -> None:
        self.connected -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        self.broken += under_way

    def _more(self) -> None:
        """Open some more connections, unless there are enough."""
        wanted = min(OPENED_AT_ONCE, MOST_CONNECTIONS - self.connected) - len(self._opening)
        for _ in range(wanted):
            task = asyncio.ensure_future(self.open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self.unopened += not task.cancelled() and task.exception() is not None

    async def run(self, requests: Sequence[bytes], due: Sequence[float]) -> None:
        await asyncio.gather(*(self.open() for _ in range(CONNECTIONS)))
        begun = time.perf_counter()
        while self.sent < len(due):
            now = time.perf_counter() - begun
            while self.sent < len(due) and due[self.sent] <= now and self.idle:
                moment = due[self.sent]
                self.late += now - moment > LATE_S
                self.idle.popleft().send(requests[self.sent % len(requests)], begun + moment)
                self.sent += 1
            if self.sent < len(due) and due[self.sent] <= now:
                self._more()
            await asyncio.sleep(TICK_S)
            if now > due[-1] + GRACE_S:
                break
        self.sending_s = time.perf_counter() - begun
        self.answered_meanwhile = self.codes[200]
        deadline = time.perf_counter() + GRACE_S
        while self.codes.total() + self.broken < self.sent and time.perf_counter() < deadline:
            await asyncio.sleep(TICK_S)


def drive(url: str, bodies: Sequence[bytes], rate: float, seconds: float) -> dict[str, object]:
    """Send `rate` requests a second for some seconds.

    Returns what went out and came back: counts by status, 200s a second while it was sending, their latencies in ms,
    and how many left late, for then the connections or this process, and not the clock, were what set the pace.
    """
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    draw, due, at = random.Random(7), [], 0.0
    while (at := at + draw.expovariate(rate)) < seconds:
        due.append(at)
    load = _Load(parts.hostname or "127.0.0.1", parts.port or 80)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(load.run(requests, due))
    latencies = sorted(load.latencies_s) or [float("nan")]
    return {
        "asked_rps": rate,
        "sent_rps": load.sent / load.sending_s,
        "codes": dict(load.codes),
        "answered_rps": load.answered_meanwhile / load.sending_s,
        "p50_ms": 1e3 * latencies[len(latencies) // 2],
        "p99_ms": 1e3 * latencies[len(latencies) * 99 // 100],
        "connections": load.connected,
        "broken": load.broken,
        "unopened": load.unopened,
        "unanswered": load.sent - load.codes.total() - load.broken,
        "unsent": len(due) - load.sent,
        "late_share": load.late / max(load.sent, 1),
    }


if __name__ == "__main__":
    lines = Path(sys.argv[2]).read_bytes().splitlines()
    print(json.dumps(drive(sys.argv[1], lines, float(sys.argv[3]), float(sys.argv[4]))))
