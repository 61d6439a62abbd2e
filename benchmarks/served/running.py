"""A server as a process on a core of its own: started, ready, asked, measured, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from served.servers import HOST, Server, Spot

__all__ = ["Running", "running"]

PATIENCE_S = 90.0
# A whole scoring of one row takes some 10 ms; the first one imports and compiles.
ANSWER_S = 20.0


@dataclass(frozen=True)
class Running:
    """A server that is ready and has given right answers."""

    server: Server
    url: str
    process: subprocess.Popen[bytes]

    def memory_bytes(self) -> int:
        """What the server's processes hold, shared pages counted in parts."""
        return sum(_held(int(each)) for each in _family(self.process.pid))

    def processor_s(self) -> float:
        """What the server's processes have taken of processors so far, in steps of a clock tick."""
        return sum(_taken(int(each)) for each in _family(self.process.pid))


@contextmanager
def running(server: Server, core: int, place: Path) -> Iterator[Running]:
    """Start a server on one core, wait until it is ready, check its answers; stop it in the end."""
    place.mkdir(parents=True)
    spot = Spot(_free_ports(), place)
    start = server.start(spot)
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *start.words],
            cwd=start.cwd,
            env={**os.environ, **start.variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    bases = [f"http://{HOST}:{port}" for port in spot.ports]
    found = Running(server, bases[0] + server.path, process)
    try:
        _wait(found, bases[0] + server.ready)
        _check(found)
        yield found
        if server.metrics is not None and _get(bases[server.metrics[0]] + server.metrics[1]) != 200:
            raise SystemExit(f"{server.name}: the metrics are not on")
    except BaseException:
        print((place / "log").read_text(errors="replace")[-2000:], file=sys.stderr)
        raise
    finally:
        _stop(process)


def post(url: str, body: bytes) -> tuple[int, Any]:
    """Status and answer of one request."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=ANSWER_S) as response:
        return response.status, json.load(response)


def _check(found: Running) -> None:
    """Every row that will be sent gets scikit-learn's own label."""
    for row, expected in enumerate(found.server.served.labels):
        body = json.dumps(found.server.question(row)).encode()
        try:
            status, answer = post(found.url, body)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{found.server.name}: {error.code} {error.read()[:500]!r} for {body[:200]!r}") from error
        label = found.server.label(answer)
        if status != 200 or (found.server.scores and label != expected):
            raise SystemExit(f"{found.server.name}: {status}, label {label} instead of {expected}, row {row}")


def _wait(found: Running, url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while _get(url) != 200:
        if found.process.poll() is not None:
            raise SystemExit(f"{found.server.name} ended with {found.process.returncode}")
        if time.monotonic() > deadline:
            raise SystemExit(f"{found.server.name} is not ready after {PATIENCE_S:g} s")
        time.sleep(0.1)


def _get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server's own process group, kindly first."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
            # Children that outlive the first process are left to the second round.
            if kind == signal.SIGKILL:
                return


def _free_ports() -> tuple[int, int, int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in sockets:
            each.bind((HOST, 0))
        first, second, third = (each.getsockname()[1] for each in sockets)
    return first, second, third


def _family(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _held(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _taken(pid: int) -> float:
    """User and system time of a process; its name, in brackets, may hold anything."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
