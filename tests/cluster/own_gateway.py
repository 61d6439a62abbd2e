"""A second object gateway in front of the same Ceph: a process of a test's own, which it may kill."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

STARTED_S = 60


@dataclass
class Gateway:
    """radosgw on a port of this machine."""

    folder: Path
    port: int
    kills: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin again at the same port, and wait until it answers."""
        own = {
            "rgw_frontends": f"beast endpoint=0.0.0.0:{self.port}",
            "rgw_enable_ops_log": "false",
            "rgw_data": self.folder / "data",
            "admin_socket": self.folder / "socket",
            "pid_file": self.folder / "pid",
            "log_file": self.folder / "log",
        }
        words = [f"--{name}={value}" for name, value in own.items()]
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(["radosgw", "-n", "client.rgw.a", "-f", *words], stdout=said, stderr=said)
        end = time.monotonic() + STARTED_S
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < end, (self.folder / "said").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """At once: nothing that is under way is finished."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self.kills += 1

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


@contextmanager
def opened(folder: Path) -> Iterator[Gateway]:
    """One that runs, and is gone in the end."""
    if not (shutil.which("radosgw") and os.environ.get("CEPH_CONF")):
        pytest.skip("needs radosgw, and CEPH_CONF that leads to what is behind it")
    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir()
    gateway = Gateway(folder, port)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.kill()
