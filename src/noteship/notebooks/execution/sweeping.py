"""Folders of runs whose process is dead are deleted, but for those that are kept to be looked at."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from noteship import files, temporary

__all__ = ["KEPT", "RunFolders"]

# In a run's folder: workspaces of failed stages are meant to be looked at.
KEPT = "kept"
KEPT_DAYS = 7


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
                temporary.sweep(self._work.iterdir(), _is_kept)
                temporary.sweep_temporary()
            # Shared: a run that is resumed may have two processes for a moment.
            self._held[folder] = temporary.held(folder)

    def private(self) -> Path:
        """A new folder that only this user can read, with a short path: paths of sockets must be short."""
        with self._lock:
            if self._temporary is None:
                folder = temporary.new_name()
                self._held[folder] = temporary.held(folder)
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
                temporary.sweep([folder], _is_kept)

    def close(self) -> None:
        """Let go of all folders; what is not kept, nor held by another process, is deleted."""
        with self._lock:
            for descriptor in self._held.values():
                os.close(descriptor)
            temporary.sweep(self._held, _is_kept)
            self._held.clear()
            self._temporary = None

    def of(self, run: str) -> Path:
        """The run's folder, which is there while it is held."""
        return self._work / quote(run, safe="")


def _is_kept(folder: Path) -> bool:
    try:
        return time.time() - (folder / KEPT).stat().st_mtime < KEPT_DAYS * 86400
    except OSError:
        return False
