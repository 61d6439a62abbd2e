"""Folders that end with their process: locks that the system frees tell who is alive, and the rest is deleted.

The lock of a folder is a file beside it, which is locked before the folder is made and deleted after the folder is. Who
gets a lock whose file was deleted meanwhile has nothing, and tries again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

__all__ = ["folder", "held", "new_name", "sweep", "sweep_temporary"]

LOCK = ".lock"
PREFIX = "noteship-"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A new folder among the system's temporary ones, which only this user can read.

    What killed processes left there is deleted at the first call.
    """
    _sweep_once(tempfile.gettempdir())
    place = new_name()
    descriptor = held(place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        _beside(place).unlink(missing_ok=True)
        os.close(descriptor)


def new_name() -> Path:
    """A short path among the system's temporary folders, where nothing is yet."""
    return Path(tempfile.gettempdir(), PREFIX + secrets.token_hex(4))


def held(place: Path) -> int:
    """Make a folder, if need be, and keep it from being swept until the descriptor is closed; several may."""
    descriptor = _locked(place, fcntl.LOCK_SH)
    place.mkdir(mode=0o700, exist_ok=True)
    return descriptor


def sweep_temporary() -> None:
    """Delete what killed processes left among the system's temporary folders."""
    sweep(Path(tempfile.gettempdir()).glob(f"{PREFIX}*{LOCK}"))


@cache
def _sweep_once(_temporary: str) -> None:
    sweep_temporary()


def sweep(entries: Iterable[Path], is_kept: Callable[[Path], bool] = lambda _: False) -> None:
    """Delete the folders that nobody holds, of these and of these locks: a process may have died between the two."""
    for place in sorted({path.with_suffix("") if path.suffix == LOCK else path for path in entries}):
        with contextlib.suppress(OSError):
            descriptor = _locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                if not is_kept(place):
                    shutil.rmtree(place, ignore_errors=True)
                _beside(place).unlink()
            finally:
                os.close(descriptor)


def _beside(place: Path) -> Path:
    return place.with_name(place.name + LOCK)


def _locked(place: Path, how: int) -> int:
    while True:
        descriptor = os.open(_beside(place), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how)
            if os.path.samestat(os.fstat(descriptor), _beside(place).lstat()):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
