"""Deletes folders beside the work: a stage is over when its results are there, not when its workspace is gone."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
from pathlib import Path

__all__ = ["Remover"]


class Remover:
    """One folder is deleted at a time; who comes while one is, waits, so that not more pile up than disks hold.

    Thread-safe. What it is killed over looks like the folder of a dead run, and is swept like one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def remove(self, folder: Path) -> None:
        """Take a folder of a run away at once, and delete it soon; what cannot be deleted is left for a sweep."""
        aside = folder.parent.with_name(f"removed-{secrets.token_hex(6)}")
        with self._lock, contextlib.suppress(OSError):
            if self._thread is not None:
                self._thread.join()
            folder.rename(aside)
            self._thread = threading.Thread(target=shutil.rmtree, args=(aside, True), name="noteship-remover")
            self._thread.start()

    def close(self) -> None:
        """Wait until all is deleted."""
        with self._lock:
            if self._thread is not None:
                self._thread.join()
