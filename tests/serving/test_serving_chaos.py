"""Everything at once: load, slow clients, cut connections, a killed worker, and the end."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from .load import load
from .served import letters_bundle
from .test_serving_workers import SERVES, process, until, until_both, workers

CLIENTS, SLOW, CUT = 24, 8, 150
GROWTH_BYTES = 50 << 20
# A byte a second makes this take nine seconds.
BODY = b'[["dear"]]'
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(BODY)
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


def kill(worker: int) -> set[int]:
    """SIGKILL; the clients' ports of the connections that the worker had."""
    os.kill(worker, signal.SIGSTOP)
    ports = {each.raddr.port for each in psutil.Process(worker).net_connections("tcp") if each.raddr}
    os.kill(worker, signal.SIGKILL)
    return ports


def predictions(answers: list[Future[tuple[int, bytes]]], lost: set[int]) -> list[str]:
    """What the slow clients were answered, without those whose worker was killed."""
    told = [answer.result(30) for answer in answers]
    bodies = [answer.partition(b"\r\n\r\n")[2] for port, answer in told if answer or port not in lost]
    return [json.loads(body)["predictions"][0] for body in bodies]


def terminate(one: subprocess.Popen[str]) -> None:
    assert one.stdout is not None
    one.send_signal(signal.SIGTERM)
    assert one.stdout.read() == "ended\n"
    assert one.wait(20) == 0


@pytest.mark.slow
def test_chaos(tmp_path: Path) -> None:
    """What is answered is right; lost is only what a killed worker was asked; memory stays; the end loses nothing."""
    letters_bundle(tmp_path)
    (tmp_path / "serves.py").write_text(SERVES)
    over = threading.Event()
    with (
        ThreadPoolExecutor(40) as pool,
        setting(over),
        process(tmp_path) as (one, url),
        load(url, CLIENTS, 0.02) as asked,
    ):
        until_both(one, url)
        until(lambda: sum(asked.statuses.values()) > 1000)
        before = memory(one.pid)
        first = [pool.submit(slow_body, url) for _ in range(SLOW)]
        heads = [pool.submit(slow_head, url, over) for _ in range(SLOW)]
        cutting = pool.submit(cut, url)
        time.sleep(2)
        lost = kill(workers(one.pid)[0])
        until(lambda: len(asked.lost) > 0)
        assert httpx.get(f"{url}/health/ready").status_code == 200
        until_both(one, url)
        assert set(asked.lost_ports) <= lost
        assert len({client for client, _ in asked.lost}) == len(asked.lost) < CLIENTS
        was_lost = len(asked.lost)
        cutting.result(30)
        survived = predictions(first, lost)
        assert (set(survived), len(survived) > 0) == ({"letter"}, True)
        last = [pool.submit(slow_body, url) for _ in range(SLOW)]
        time.sleep(6)
        after = memory(one.pid)
        terminate(one)
        over.set()
        wait(heads, 30)
        assert predictions(last, set()) == ["letter"] * SLOW
    assert len(asked.lost) == was_lost, asked.lost[was_lost:]
    assert asked.wrong == []
    assert set(asked.statuses) == {200}
    assert sum(asked.statuses.values()) > 3000
    assert after - before < GROWTH_BYTES
