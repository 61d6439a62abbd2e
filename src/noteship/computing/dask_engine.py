"""Clusters of Dask as noteship sees them: it starts `dask_cluster` in the project's interpreter, and knows no Dask."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from noteship import distributions, processors
from noteship.computing.engines import Access, Cluster, OpeningStopped, Place, Wanted
from noteship.computing.errors import ClusterBroken, ClusterGone, ClusterUnreachable, EngineMissing

if TYPE_CHECKING:
    import ssl

__all__ = ["NEEDED", "DaskEngine", "access", "described", "size", "without_clusters"]

PROGRAM = Path(__file__).with_name("dask_cluster.py")
JOINING = Path(__file__).with_name("dask_stage.py")
NEEDED = ("dask", "distributed", "cryptography")
# A worker takes a second to start, on a busy machine several, and workers start beside each other.
START_LIMIT_S = 60.0
WORKER_START_S = 5.0
END_LIMIT_S = 5.0
# A scheduler answers within milliseconds, from far away within one second.
ANSWER_LIMIT_S = 3.0
JOIN_LIMIT_S = 20.0
# How long to believe that a scheduler that answered is still there, and from when on that it is not.
BELIEVED_S = 5.0
GONE_S = 15.0
TLS = "DASK_DISTRIBUTED__COMM__TLS__"
LEFT_OUT = ("DASK_SCHEDULER_ADDRESS", TLS, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION")


class DaskEngine:
    """Makes a cluster of processes on this machine, or finds the one at an address."""

    def open(self, wanted: Wanted, place: Place, cancel: threading.Event) -> Cluster:
        """A cluster as wanted. Raises EngineMissing, ClusterBroken, ClusterUnreachable, OpeningStopped."""
        return _Found(wanted, place) if wanted.address else _Made(wanted, place, cancel)


class _Made:
    """A scheduler and its workers, all of them processes that end with this one."""

    def __init__(self, wanted: Wanted, place: Place, cancel: threading.Event) -> None:
        self._python = place.python
        self._threads = wanted.threads
        self._workers = wanted.workers or max(1, int(processors.processors() / wanted.threads))
        self._memory = wanted.memory_bytes
        self._news: list[str] = []
        self._ready = threading.Event()
        self._address = ""
        # Made by this user for this user alone: certificates, and what workers have no memory for.
        self._folder = Path(tempfile.mkdtemp(prefix="noteship-cluster-"))
        self._words = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            # A session of its own: Ctrl-C in the terminal is noteship's to pass on.
            self._process = subprocess.Popen(
                [place.python, PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                cwd=self._folder,
                env={**without_clusters(place.environment), **dict.fromkeys(processors.VARIABLES, "1")},
                start_new_session=True,
            )
        except OSError as error:
            self._words.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise ClusterBroken(self.describe(), str(place.python), error.strerror or str(error)) from error
        self._listener = threading.Thread(target=self._listen, name="noteship-cluster", daemon=True)
        self._listener.start()
        try:
            self._begin(cancel)
        except BaseException:
            self.close()
            raise

    def access(self, stage: str, modules: Mapping[str, str]) -> Access:
        cert, key = str(self._folder / "cert.pem"), str(self._folder / "key.pem")
        return access(self._address, (cert, cert, key), {"stage": stage, "modules": dict(modules), "carry": False})

    def alive(self, *, now: bool = False) -> bool:  # noqa: ARG002 - it always knows
        return self._process.poll() is None

    def describe(self) -> str:
        return f"a Dask cluster made for the run: {described(self._workers, self._threads, self._memory)}"

    def gone(self) -> ClusterGone:
        return ClusterGone(self.describe())

    def news(self) -> tuple[str, ...]:
        return tuple(self._news)

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.returncode:
            # It had no time to end the others.
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._listener.join(1)
        self._words.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self, cancel: threading.Event) -> None:
        request = {
            "folder": str(self._folder),
            "workers": self._workers,
            "threads": self._threads,
            "memory_bytes": self._memory,
        }
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        deadline = time.monotonic() + START_LIMIT_S + WORKER_START_S * self._workers
        while not self._ready.wait(0.1):
            if cancel.is_set():
                raise OpeningStopped
            if not self.alive() or time.monotonic() > deadline:
                raise self._fault()

    def _fault(self) -> EngineMissing | ClusterBroken:
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").strip()
        lacks = re.search(r"No module named '(dask|distributed|cryptography)\b", words)
        if lacks:
            return EngineMissing(str(self._python), lacks[1], distributions.install_command(str(self._python), *NEEDED))
        return ClusterBroken(self.describe(), str(self._python), words[-500:] or "it said nothing")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as events:
            for line in events:
                with contextlib.suppress(ValueError, KeyError):
                    self._take(json.loads(line))

    def _take(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "ready":
            self._address, self._memory = event["address"], event["memory_bytes"]
            self._ready.set()
        elif event["event"] == "lost":
            why = f": it took more than its memory of {size(self._memory)}" if event["why"] == "memory" else ""
            self._news.append(f"a worker of the cluster ended{why}; another took its place and its tasks")


class _Found:
    """A cluster that somebody else keeps."""

    def __init__(self, wanted: Wanted, place: Place) -> None:
        assert wanted.address is not None
        self._address = wanted.address
        files = (wanted.identity.ca, wanted.identity.cert, wanted.identity.key)
        self._files = tuple(str(place.root / Path(each).expanduser()) if each else "" for each in files)
        self._variables = place.environment
        self._answered = self._asked = time.monotonic()
        self._lock = threading.Lock()
        try:
            self._ask()
        except (OSError, ValueError) as error:
            raise ClusterUnreachable(self._address, _reason(error)) from error

    def access(self, stage: str, modules: Mapping[str, str]) -> Access:
        return access(self._address, self._files, {"stage": stage, "modules": dict(modules), "carry": True})

    def alive(self, *, now: bool = False) -> bool:
        with self._lock:
            at = time.monotonic()
            if now or at - self._asked >= BELIEVED_S:
                self._asked = at
                with contextlib.suppress(OSError):
                    self._ask()
                    self._answered = at
            return at == self._answered if now else at - self._answered < GONE_S

    def describe(self) -> str:
        return f"the Dask cluster at {self._address}"

    def gone(self) -> ClusterGone:
        return ClusterGone(self.describe(), self._address)

    def news(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """It stays as it is."""

    def _ask(self) -> None:
        """Connect, and with TLS agree on who is who. Raises OSError, and ValueError for what is no address."""
        parts = urlsplit(self._address)
        if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
            raise ValueError("an address is such as tls://HOST:8786 or tcp://HOST:8786")
        with socket.create_connection((parts.hostname, parts.port), ANSWER_LIMIT_S) as connection:
            if parts.scheme == "tls":
                with self._context().wrap_socket(connection) as secured:
                    # Whether it takes our certificate a scheduler says after the handshake, with its first words.
                    secured.recv(1)

    def _context(self) -> ssl.SSLContext:
        import ssl

        variables = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")
        ca, cert, key = (
            given or self._variables.get(TLS + name, "") for given, name in zip(self._files, variables, strict=True)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # As Dask does: who has a certificate of this authority belongs to the cluster, wherever it runs.
        context.check_hostname = False
        if ca:
            context.load_verify_locations(ca)
        else:
            # The user's own files of Dask's settings may name them, which noteship does not read.
            context.verify_mode = ssl.CERT_NONE
        if cert:
            context.load_cert_chain(cert, key or None)
        return context


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came within {ANSWER_LIMIT_S:g} s"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


def access(address: str, files: tuple[str, ...], options: Mapping[str, Any]) -> Access:
    """For a stage that uses the cluster at an address, by files of an authority, a certificate and its key.

    Equal arguments give equal ones. `options` are those of `dask_stage.join`, but for the time to wait.
    """
    names = ("CA_FILE", "CLIENT__CERT", "CLIENT__KEY")
    variables = {TLS + name: file for name, file in zip(names, files, strict=True) if file}
    if variables:
        variables["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] = "true"
    variables["DASK_SCHEDULER_ADDRESS"] = address
    options = {**options, "timeout_s": JOIN_LIMIT_S}
    return Access(variables, PRELUDE.format(path=str(JOINING), options=options))


# What a stage's process runs before its own code; it is given the `request` for the stage, and gives `notes`.
PRELUDE = """
import importlib.util
spec = importlib.util.spec_from_file_location("_noteship_dask_stage", {path!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
notes = module.join(request, {options!r})
"""


def without_clusters(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what names another cluster."""
    return {name: value for name, value in environment.items() if not name.startswith(LEFT_OUT)}


def described(workers: int, threads: int, memory_bytes: int | None) -> str:
    """So many workers, for a person."""
    each = f"{threads} thread" + ("s" if threads > 1 else "")
    memory = f" and {size(memory_bytes)} of memory" if memory_bytes else ""
    return f"{workers} worker{'s' if workers > 1 else ''} with {each}{memory}" + (" each" if workers > 1 else "")


def size(count: int | None) -> str:
    """So many bytes, for a person."""
    return f"{(count or 0) / 2**30:.1f} GiB" if (count or 0) >= 2**30 else f"{(count or 0) / 2**20:.0f} MiB"
