"""Which runs of this project's folder go on: each holds a lock that the system frees when its process is gone.

``.noteship/alive/RUN`` is there while a run goes on, and after its process was killed. It has the names of the stages
that have begun, each a line of JSON.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from noteship import files

__all__ = ["alive", "begun_in", "forget", "note_begun", "open_runs"]


@contextmanager
def alive(root: Path, run: str) -> Iterator[None]:
    """Let a run count as going on, in this process; where there can be no locks, nobody will know."""
    try:
        descriptor = _held(root, run)
    except OSError:
        yield
        return
    try:
        yield
    finally:
        forget(root, run)
        os.close(descriptor)


def _held(root: Path, run: str) -> int:
    folder = files.own_folder(root) / "alive"
    folder.mkdir(exist_ok=True)
    # It appears under its name when it is locked, so that nobody finds it unlocked before.
    fresh = folder / f".{run}"
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        fresh.rename(folder / run)
    except OSError:
        os.close(descriptor)
        fresh.unlink(missing_ok=True)
        raise
    return descriptor


def open_runs(root: Path) -> dict[str, Literal["under way", "interrupted"]]:
    """The runs of this folder whose end was not noted: they go on, or their process was killed."""
    folder = root / ".noteship/alive"
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return {}
    return {name: "interrupted" if _is_free(folder / name) else "under way" for name in names}


def note_begun(root: Path, run: str, stage: str) -> None:
    """Note that a stage of a run begins, for who looks after its process was killed."""
    with suppress(OSError), (root / ".noteship/alive" / run).open("r+", encoding="utf-8") as stream:
        stream.seek(0, os.SEEK_END)
        stream.write(json.dumps(stage) + "\n")


def begun_in(root: Path, run: str) -> tuple[str, ...]:
    """The stages that had begun in a run of this folder that goes on or was killed."""
    try:
        lines = (root / ".noteship/alive" / run).read_text(encoding="utf-8").split("\n")
        # What follows the last end of a line was not wholly written.
        return tuple(str(json.loads(line)) for line in lines[:-1])
    except (OSError, ValueError):
        return ()


def _is_free(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False  # it has ended since
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def forget(root: Path, run: str) -> None:
    """Let a run count as ended."""
    with suppress(OSError):
        (root / ".noteship/alive" / run).unlink(missing_ok=True)
