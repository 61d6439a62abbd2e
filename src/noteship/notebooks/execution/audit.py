"""Notes every file that the Python code of a stage opens, from within the stage's own process.

Needs the standard library alone: `zygote` loads it by its path in the project's interpreter.
"""

from __future__ import annotations

import json
import os
import site
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

__all__ = ["observe"]

OBSERVED = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect"})
# These read source files to show or inspect them, not as data.
SOURCE_READERS = ("linecache.py", "tokenize.py", "inspect.py")


def observe(request: dict[str, Any]) -> None:
    """Write every file that Python code opens from now on into a log, in order, once for each way of opening it.

    A line is a JSON list: "r", "w" (made new), "u" (read and written) or "l" (listed), whether it was there, and its
    absolute path. In the folder for temporary files only what is read counts, and only if nobody touched it since the
    request's "began", in seconds of the system's clock.
    """
    log = os.open(request["audit"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    matters = _relevance(request)
    is_older = _Older(request)
    seen: set[tuple[str, str]] = set()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in OBSERVED:
            return
        # An audit hook that raises would make the observed call fail.
        try:
            name = arguments[0]
            if name is None or isinstance(name, int):
                return
            path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100
            action = _action(event, arguments)
            if (action, path) in seen or not (matters(path) or is_older(action, path)) or _by_machinery():
                return
            seen.add((action, path))
            os.write(log, (json.dumps([action, os.path.exists(path), path]) + "\n").encode())  # noqa: PTH110
        except Exception:  # noqa: S110
            pass

    sys.addaudithook(hook)


def _action(event: str, arguments: tuple[Any, ...]) -> str:
    """How a call opens a file, from its flags."""
    if event == "open":
        flags = arguments[2] or 0
        access = flags & (os.O_WRONLY | os.O_RDWR)
        if not access:
            return "r"
        return "u" if flags & os.O_APPEND or (access == os.O_RDWR and not flags & os.O_TRUNC) else "w"
    return "u" if event == "sqlite3.connect" else "l"


def _by_machinery() -> bool:
    """Whether the observed call comes from an import or from showing source."""
    file = sys._getframe(2).f_code.co_filename
    return file.startswith("<frozen importlib") or file.endswith(SOURCE_READERS)


class _Older:
    """A test of temporary files: whether one that is read is an input that was there, or the stage's own scratch."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._temporary = os.path.realpath(tempfile.gettempdir()) + os.sep, tempfile.gettempdir() + os.sep
        self._own = request["root"] + os.sep, request["folder"] + os.sep, *_packages()
        self._began: float = request["began"]

    def __call__(self, action: str, path: str) -> bool:
        if action != "r" or not path.startswith(self._temporary) or path.startswith(self._own):
            return False
        # Programs cannot set this time back: who writes or moves a file changes it.
        return os.stat(path).st_ctime < self._began  # noqa: PTH116


def _packages() -> Iterator[str]:
    """The folders of the interpreter and of what is installed for it, wherever they lie."""
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(), site.getusersitepackages()}
    return (folder + os.sep for folder in folders)


def _relevance(request: dict[str, Any]) -> Any:
    """A test of absolute paths: packages, the system's files, temporary and hidden personal ones do not matter."""
    workspace, root = request["folder"] + os.sep, request["root"] + os.sep
    packages = (*_packages(), root + ".noteship" + os.sep)
    home = os.path.expanduser("~") + os.sep + "."  # noqa: PTH111
    temporary = tempfile.gettempdir() + os.sep
    system = ("/dev/", "/proc/", "/sys/", "/etc/", "/usr/", "/lib/", "/run/", "/var/lib/", home, temporary)

    def matters(path: str) -> bool:
        if path.startswith(workspace):
            return True
        if path.startswith(packages):
            return False
        return path.startswith(root) or not path.startswith(system)

    return matters
