"""Everything at once: load, slow clients, cut connections, workers that are killed or stand still, and the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from .fleets import end, kept, process, until_both, workers
from .load import Load, load
from .waiting import until

CLIENTS, SLOW, CUT = 24, 8, 150
GROWTH_BYTES = 50 << 20
# A byte a second makes this take nine seconds.
BODY = b'[["dear"]]'
HEAD = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)
# A connection that is closed with this is reset.
AT_ONCE = struct.pack("ii", 1, 0)


def place_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


@contextmanager
def setting(over: threading.Event) -> Iterator[None]:
    """However the block ends, nobody goes on."""
    try:
        yield
    finally:
        over.set()


def slow_body(url: str) -> tuple[int, bytes]:
    """A client that sends a byte a second; its own port, and what it got."""
    with socket.create_connection(place_of(url), 30) as connection:
        port = connection.getsockname()[1]
        try:
            connection.sendall(HEAD)
            for number in range(len(BODY)):
                time.sleep(1 if number else 0)
                connection.sendall(BODY[number : number + 1])
            return port, b"".join(iter(lambda: connection.recv(1 << 16), b""))
        except ConnectionError:
            return port, b""


def slow_head(url: str, over: threading.Event) -> None:
    """A client that never comes to its request's body."""
    with socket.create_connection(place_of(url), 30) as connection:
        for number in range(len(HEAD)):
            if over.wait(1):
                return
            try:
                connection.sendall(HEAD[number : number + 1])
            except ConnectionError:
                return


def cut(url: str) -> None:
    """Clients that go in the middle of a request, some without a word."""
    whole = HEAD + BODY
    for number in range(CUT):
        with socket.create_connection(place_of(url), 30) as connection:
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            connection.sendall(whole[: 1 + number % len(whole)])
        time.sleep(0.02)


def memory(supervisor: int) -> int:
    """Of the supervisor and its workers, in bytes."""
    return sum(psutil.Process(each).memory_info().rss for each in (supervisor, *workers(supervisor)))


def stop(worker: int) -> set[int]:
    """SIGSTOP; the clients' ports of the connections that the worker had."""
    os.kill(worker, signal.SIGSTOP)
    return {each.raddr.port for each in psutil.Process(worker).net_connections("tcp") if each.raddr}


def kill(worker: int) -> set[int]:
    """As `stop`, and then SIGKILL."""
    ports = stop(worker)
    os.kill(worker, signal.SIGKILL)
    return ports


def replaced(one: subprocess.Popen[str], url: str, asked: Load, hurt: Callable[[int], set[int]]) -> set[int]:
    """Hurt the oldest worker, until another is in its place; the ports of all that it could have taken with it.

    The service stays ready. Each client loses one request at most, as it asks one thing at a time.
    """
    until_both(one, url)
    before, oldest = len(asked.lost), workers(one.pid)[0]
    ports = hurt(oldest)
    until(lambda: len(asked.lost) > before)
    assert httpx.get(f"{url}/health/ready").status_code == 200
    until(lambda: oldest not in workers(one.pid))
    until_both(one, url)
    lost = asked.lost[before:]
    assert set(asked.lost_ports[before:]) <= ports
    assert len({client for client, _ in lost}) == len(lost) <= CLIENTS
    return ports


def predictions(answers: list[Future[tuple[int, bytes]]], lost: set[int]) -> list[str]:
    """What the slow clients were answered, without those whose worker was killed."""
    told = [answer.result(30) for answer in answers]
    bodies = [answer.partition(b"\r\n\r\n")[2] for port, answer in told if answer or port not in lost]
    return [json.loads(body)["predictions"][0] for body in bodies]


@pytest.mark.slow
def test_chaos(tmp_path: Path) -> None:
    """What is answered is right; lost is only what a worker that ended was asked; memory stays; the end loses nothing.

    The oldest worker has all clients whom the one before left, so each of them is hurt once.
    """
    over = threading.Event()
    with (
        ThreadPoolExecutor(40) as pool,
        setting(over),
        process(kept(tmp_path)) as (one, url),
        load(url, CLIENTS, 0.02) as asked,
    ):
        until_both(one, url)
        until(lambda: sum(asked.statuses.values()) > 1000)
        before = memory(one.pid)
        first = [pool.submit(slow_body, url) for _ in range(SLOW)]
        heads = [pool.submit(slow_head, url, over) for _ in range(SLOW)]
        cutting = pool.submit(cut, url)
        time.sleep(2)
        lost = replaced(one, url, asked, kill)
        # The other worker had some of the clients.
        assert len(asked.lost) < CLIENTS
        cutting.result(30)
        survived = predictions(first, lost)
        assert (set(survived), len(survived) > 0) == ({"letter"}, True)
        for hurt in (stop, kill):
            replaced(one, url, asked, hurt)
        was_lost = len(asked.lost)
        last = [pool.submit(slow_body, url) for _ in range(SLOW)]
        time.sleep(6)
        after = memory(one.pid)
        end(one)
        over.set()
        wait(heads, 30)
        assert predictions(last, set()) == ["letter"] * SLOW
    assert len(asked.lost) == was_lost, asked.lost[was_lost:]
    assert asked.wrong == []
    assert set(asked.statuses) == {200}
    assert sum(asked.statuses.values()) > 3000
    assert after - before < GROWTH_BYTES
