"""This end of the zygote: starts it with the project's interpreter, asks it for children, hears how they end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from noteship.notebooks.execution.errors import InterpreterBroken, IpykernelMissing

__all__ = ["Child", "Nursery"]

PROGRAM = Path(__file__).with_name("zygote.py")
# Forking after frameworks were loaded is safe on Linux only; elsewhere every child is a start of its own.
FORKS = sys.platform == "linux"


class Child:
    """One stage's process, which leads a session and a process group of its own."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.pid: int | None = None
        self.ready = False
        self.status: int | None = None
        self.lacks = ""
        self.fault: dict[str, Any] = {}
        self.notes: tuple[str, ...] = ()
        self.unprepared = ""
        self.last_words: Callable[[], str] = str
        self._changed = threading.Condition()

    @property
    def exited(self) -> bool:
        """Whether it has ended."""
        return self.status is not None

    def take(self, event: Mapping[str, Any]) -> None:
        """Note what the zygote says."""
        with self._changed:
            kind = event["event"]
            if kind == "started":
                self.pid = event["pid"]
            elif kind == "ready":
                self.ready = True
            elif kind == "fault":
                self.fault = dict(event)
            elif kind == "noted":
                self.notes = tuple(event["notes"])
            elif kind == "unprepared":
                self.unprepared = event["reason"]
            elif kind == "lacks":
                self.lacks, self.status = event["reason"], 0
            elif kind == "exited" and self.status is None:
                self.status = event["status"]
            self._changed.notify_all()

    def wait_ready(self, wait_s: float) -> bool:
        """Whether it takes requests or has ended, waiting at most this long."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ready or self.exited, wait_s)

    def wait_exited(self, wait_s: float) -> bool:
        """Whether it has ended, waiting at most this long."""
        with self._changed:
            return self._changed.wait_for(lambda: self.exited, wait_s)


class Nursery:
    """Keeps one zygote for all stages; starts it when the first is asked for, and again when it was killed."""

    def __init__(self, python: Path, environment: Mapping[str, str]) -> None:
        self.python = python
        self._environment = _activated(python, environment)
        self._lock = threading.Lock()
        self._zygote: _Process | None = None
        self._single: list[_Process] = []

    def start(self, request: Mapping[str, Any]) -> Child:
        """Start a child; the answer may not be ready yet. Raises InterpreterBroken."""
        child = Child(request["id"])
        with self._lock:
            if not FORKS:
                self._single = [each for each in self._single if not each.close_ended()]
                self._single.append(_Process(self.python, self._environment, "--once"))
                self._single[-1].ask(request, child)
                return child
            self._running().ask(request, child)
        return child

    def warm(self) -> None:
        """Let the zygote import what kernels need while other things are done. Raises InterpreterBroken."""
        if FORKS:
            with self._lock:
                self._running().ask({"id": "", "kind": "warm"}, Child(""))

    def _running(self) -> _Process:
        if self._zygote is not None and self._zygote.ended:
            self._zygote.close()
            self._zygote = None
        if self._zygote is None:
            self._zygote = _Process(self.python, self._environment)
        return self._zygote

    def check(self, child: Child) -> None:
        """Raise IpykernelMissing or InterpreterBroken where that is why the child is not there."""
        if child.lacks:
            raise IpykernelMissing(str(self.python), child.lacks, _command(self.python))
        if child.pid is None and child.exited:
            raise InterpreterBroken(str(self.python), child.last_words())

    def close(self) -> None:
        """End the zygote and with it every child."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None
            for process in self._single:
                process.close()
            self._single.clear()


class _Process:
    def __init__(self, python: Path, environment: Mapping[str, str], *options: str) -> None:
        self._children: dict[str, Child] = {}
        self._has_forked = False
        self._words = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            # A session of its own: Ctrl-C in the terminal is noteship's to pass on.
            self._process = subprocess.Popen(
                [python, PROGRAM, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            self._words.close()
            raise InterpreterBroken(str(python), error.strerror or str(error)) from error
        self._listener = threading.Thread(target=self._listen, name="noteship-zygote", daemon=True)
        self._listener.start()
        self._waiter = threading.Thread(target=self._wait, name="noteship-zygote-end", daemon=True)
        self._waiter.start()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, request: Mapping[str, Any], child: Child) -> None:
        self._children[child.identity] = child
        self._has_forked = self._has_forked or request["kind"] != "warm"
        child.last_words = self.last_words
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            child.take({"event": "exited", "status": _wait_status(self._process.wait())})

    def last_words(self) -> str:
        self._words.seek(0)
        return self._words.read().decode(errors="replace").strip()[-500:] or f"exit {self._process.returncode}"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as events:
            for line in events:
                with contextlib.suppress(ValueError, KeyError):
                    event = json.loads(line)
                    self._children[event["id"]].take(event)
                    if event["event"] in ("exited", "lacks"):
                        self._children.pop(event["id"], None)

    def _wait(self) -> None:
        # A grandchild can keep the pipe open, so that its end alone does not tell of the zygote's.
        status = self._process.wait()
        self._listener.join(0.5)
        for child in list(self._children.values()):
            child.take({"event": "exited", "status": _wait_status(status)})

    def close_ended(self) -> bool:
        if self.ended:
            self.close()
        return self.ended

    def close(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        if not self._has_forked:
            # It has no children to end, and would finish its imports first.
            self._process.kill()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._waiter.join(2)
        self._words.close()


def _wait_status(code: int) -> int:
    """What os.wait gives for a process that ended with `code`, which is negative for a signal."""
    return code << 8 if code >= 0 else -code


def _activated(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment as if the interpreter's own had been activated, so that `!python` and `!pip` are its own too.

    A fixed hash seed makes what is made from sets equal in each run; who wants another sets PYTHONHASHSEED.
    """
    result = {"PYTHONHASHSEED": "0", **environment}
    if (python.parent.parent / "pyvenv.cfg").exists():
        result["VIRTUAL_ENV"] = str(python.parent.parent)
        result["PATH"] = f"{python.parent}{os.pathsep}{result.get('PATH', os.defpath)}"
        result.pop("PYTHONHOME", None)
    return result


def _command(python: Path) -> str:
    asked = subprocess.run([python, "-c", "import pip"], capture_output=True, check=False)
    if asked.returncode == 0:
        return f"{python} -m pip install ipykernel"
    return f"uv pip install --python {python} ipykernel"
