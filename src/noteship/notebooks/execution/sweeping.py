"""Workspaces of runs whose process is dead are deleted; a lock that the system frees tells who is alive."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from pathlib import Path
from urllib.parse import quote

__all__ = ["KEPT", "RunFolders"]

# In a run's folder: workspaces of failed stages are meant to be looked at.
KEPT = "kept"
KEPT_DAYS = 7


class RunFolders:
    """The runs of this process under `.noteship/work`; thread-safe."""

    def __init__(self, root: Path) -> None:
        self._work = root / ".noteship" / "work"
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    def hold(self, run: str) -> None:
        """Make a run's folder and keep it from being swept; at the first call dead runs are swept."""
        with self._lock:
            if run in self._held:
                return
            if not self._held:
                self._sweep()
            folder = self._work / quote(run, safe="")
            folder.mkdir(parents=True, exist_ok=True)
            ignored = self._work.parent / ".gitignore"
            if not ignored.exists():
                ignored.write_text("*\n")
            self._held[run] = _locked(folder)

    def keep(self, run: str) -> None:
        """Leave the run's folder for a week."""
        (self._work / quote(run, safe="") / KEPT).touch()

    def close(self) -> None:
        """Let go of all runs; what is not kept is deleted."""
        with self._lock:
            for run, descriptor in self._held.items():
                folder = self._work / quote(run, safe="")
                if not (folder / KEPT).exists():
                    shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)
            self._held.clear()

    def _sweep(self) -> None:
        if not self._work.is_dir():
            return
        for folder in self._work.iterdir():
            if not folder.is_dir() or _is_kept(folder):
                continue
            try:
                descriptor = _locked(folder, wait=False)
            except OSError:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _is_kept(folder: Path) -> bool:
    try:
        return time.time() - (folder / KEPT).stat().st_mtime < KEPT_DAYS * 86400
    except OSError:
        return False


def _locked(folder: Path, *, wait: bool = True) -> int:
    # Shared: a run that is resumed may have two processes for a moment. The sweep asks for the exclusive lock.
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
