"""The environment that the project's notebooks run in, locked once, and its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from noteship import digests
from noteship.digests import Digest
from noteship.project import image_environment, interpreter, locks
from noteship.project.errors import ImageDiffers, LockNotInstalled
from noteship.project.interpreter import Interpreter
from noteship.project.locks import Pin
from noteship.project.settings import EnvironmentSettings

__all__ = ["Environment", "inspect"]


@dataclass(frozen=True)
class Environment:
    """An interpreter with its locked packages.

    `lines` are the sorted "name==version; marker" of the lock, or of what is installed where there is no lock. In an
    image they are those of the environment that it was made for, whatever is installed beside them.
    """

    interpreter: Interpreter
    lock: str | None
    lines: tuple[str, ...]
    installed: Mapping[str, str]

    @property
    def digest(self) -> Digest:
        """Version 1: SHA-256 over the lines and the Python minor ("python==3.11" first), each ended by a newline.

        Equal wherever the same lock holds; noteship's own version is not in it.
        """
        return digests.of_bytes("".join(f"{line}\n" for line in self.all_lines).encode())

    @property
    def all_lines(self) -> tuple[str, ...]:
        """The lines that the digest is over."""
        return (f"python=={self.interpreter.minor}", *self.lines)


def inspect(root: Path, settings: EnvironmentSettings) -> Environment:
    """Find the project's interpreter and its lock, and compare the two.

    Nothing is written into the project. Cost: about 10 ms once the interpreter is known.

    Raises: InterpreterUnusable, BadLock, LockNotInstalled, ImageDiffers.
    """
    python = interpreter.find(root, settings.python)
    found = interpreter.installed(python)
    carried = image_environment.of_image() if python.is_this else None
    if carried is not None:
        pins = tuple(map(Pin.of_line, carried.lines))
        problems = locks.missing(pins, found, python.markers)
        if problems:
            raise ImageDiffers(str(image_environment.place()), problems)
        return Environment(python, carried.lock, carried.lines, found)
    lock = locks.find(root, settings.lock)
    if lock is None:
        lines = tuple(sorted(f"{name}=={version}" for name, version in found.items() if name != "noteship"))
        return Environment(python, None, lines, found)
    pins = locks.read(lock)
    problems = locks.missing(pins, found, python.markers)
    if problems:
        raise LockNotInstalled(lock.relative_to(root).as_posix(), python.path, problems)
    return Environment(python, lock.relative_to(root).as_posix(), tuple(sorted(map(str, pins))), found)
