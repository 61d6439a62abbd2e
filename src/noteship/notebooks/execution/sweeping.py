"""Folders of runs whose process is dead are deleted; locks that the system frees tell who is alive.

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
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from noteship import files

__all__ = ["KEPT", "RunFolders"]

# In a run's folder: workspaces of failed stages are meant to be looked at.
KEPT = "kept"
KEPT_DAYS = 7
LOCK = ".lock"
TEMPORARY = "noteship-"


class RunFolders:
    """The runs of this process under `.noteship/work`, and a temporary folder of its own; thread-safe."""

    def __init__(self, root: Path) -> None:
        self._work = root / ".noteship" / "work"
        self._held: dict[Path, int] = {}
        self._temporary: Path | None = None
        self._lock = threading.Lock()

    def hold(self, run: str) -> None:
        """Make a run's folder and keep it from being swept; at the first call dead runs are swept."""
        folder = self.of(run)
        with self._lock:
            if folder in self._held:
                return
            files.own_folder(self._work.parent.parent)
            self._work.mkdir(exist_ok=True)
            if not self._held:
                _sweep(_folders(self._work.iterdir()))
                _sweep(_folders(Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*{LOCK}")))
            self._hold(folder)

    def private(self) -> Path:
        """A new folder that only this user can read, with a short path: paths of sockets must be short."""
        with self._lock:
            if self._temporary is None:
                folder = Path(tempfile.gettempdir(), TEMPORARY + secrets.token_hex(4))
                self._hold(folder)
                self._temporary = folder
            return Path(tempfile.mkdtemp(prefix="", dir=self._temporary))

    def keep(self, run: str) -> None:
        """Leave the run's folder for a week."""
        (self.of(run) / KEPT).touch()

    def release(self, run: str) -> None:
        """Let go of a run's folder; unless it is kept, or held by another process, it is deleted."""
        folder = self.of(run)
        with self._lock:
            descriptor = self._held.pop(folder, None)
            if descriptor is not None:
                os.close(descriptor)
                _sweep([folder])

    def close(self) -> None:
        """Let go of all folders; what is not kept, nor held by another process, is deleted."""
        with self._lock:
            for descriptor in self._held.values():
                os.close(descriptor)
            _sweep(self._held)
            self._held.clear()
            self._temporary = None

    def of(self, run: str) -> Path:
        """The run's folder, which is there while it is held."""
        return self._work / quote(run, safe="")

    def _hold(self, folder: Path) -> None:
        # Shared: a run that is resumed may have two processes for a moment. The sweep asks for the exclusive lock.
        self._held[folder] = _locked(folder, fcntl.LOCK_SH)
        folder.mkdir(mode=0o700, exist_ok=True)


def _folders(entries: Iterable[Path]) -> list[Path]:
    """The folders among the entries, and those whose locks are: a process may have died between the two."""
    return sorted({path.with_suffix("") if path.suffix == LOCK else path for path in entries})


def _sweep(folders: Iterable[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            descriptor = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                if not _is_kept(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                _beside(folder).unlink()
            finally:
                os.close(descriptor)


def _is_kept(folder: Path) -> bool:
    try:
        return time.time() - (folder / KEPT).stat().st_mtime < KEPT_DAYS * 86400
    except OSError:
        return False


def _beside(folder: Path) -> Path:
    return folder.with_name(folder.name + LOCK)


def _locked(folder: Path, how: int) -> int:
    while True:
        descriptor = os.open(_beside(folder), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, how)
            if os.path.samestat(os.fstat(descriptor), _beside(folder).lstat()):
                return descriptor
        except FileNotFoundError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
