"""A real PostgreSQL server of Debian's package, with a folder and a port of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD = "owner", "hunter2 & 'sons' %41"


@dataclass(frozen=True)
class Database:
    """A server; `url` is of its database, without the password."""

    url: str
    port: int

    def do(self, *statements: str) -> None:
        """Change something."""
        with self._connected() as connection, connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)
            connection.commit()

    def _connected(self) -> Any:
        from adbc_driver_postgresql import dbapi

        password = PASSWORD.replace("'", "\\'")
        return dbapi.connect(f"host=127.0.0.1 port={self.port} dbname=postgres user={USER} password='{password}'")


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and not shutil.which("initdb"):
        pytest.fail("these tests need PostgreSQL: apt-get install postgresql")
    return found[-1].parent if found else Path(str(shutil.which("initdb"))).parent


def _as_postgres(*words: str) -> None:
    # It refuses to run as root.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run([*user, *words], check=True, capture_output=True, timeout=60, cwd="/")


@cache
def shared() -> Database:
    """One server for all tests of this process; it ends with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(database())


@contextmanager
def database() -> Iterator[Database]:
    """A fresh server, asking for passwords."""
    programs = _programs()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="noteship-pg-"))
    try:
        (folder / "password").write_text(PASSWORD)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = str(folder / "data")
        _as_postgres(
            str(programs / "initdb"),
            "-D",
            data,
            "-A",
            "scram-sha-256",
            "-U",
            USER,
            "--pwfile",
            str(folder / "password"),
        )
        options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
        _as_postgres(str(programs / "pg_ctl"), "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield Database(f"postgresql://{USER}@127.0.0.1:{port}/postgres", port)
        finally:
            _as_postgres(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
