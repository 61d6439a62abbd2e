"""What a stage opened: an audit log has Python's own opens, inotify those of native code and other programs."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship.notebooks.execution.jobs import Job
from noteship.notebooks.execution.looks import Look
from noteship.notebooks.execution.workspace import IPYTHON, Workspace

__all__ = ["Observed", "Observer", "mentioned"]

# Modules are a part of the code that a stage runs, not of its data; imports read them natively, too.
CODE = (".py", ".pyc", ".pyi", ".pth", ".so")
_FILE_NAME = re.compile(r"[\w~./-]*[\w-]\.\w{1,10}(?![\w/])")
_MISSING = re.compile(
    r"FileNotFoundError|no such file|not exist|not found|no files? found|(cannot|unable to) (open|find)", re.IGNORECASE
)


@dataclass(frozen=True)
class Observed:
    """Project paths, or absolute ones outside; sorted.

    `reads` were there when the stage began; `wanted` were not there when it looked; `past` are files of the project's
    own folder that it opened for writing by their absolute paths, past the workspace.
    """

    reads: tuple[str, ...]
    wanted: tuple[str, ...]
    past: tuple[str, ...]
    notes: tuple[str, ...]


class Observer:
    """Watches a workspace from its preparation to the end of the stage's processes."""

    def __init__(self, workspace: Workspace, before: Look, audit: Path) -> None:
        self._workspace = workspace
        self._before = before
        self._audit = audit
        self._first: dict[str, str] = {}
        self._notes: list[str] = []
        self._watched: dict[int, str] = {}
        self._inotify: Any = None
        if sys.platform == "linux":
            self._watch()

    def _watch(self) -> None:
        from inotify_simple import INotify, flags  # type: ignore[import-untyped]

        folders = {""} | {name.rpartition("/")[0] for name in self._before if not name.startswith("%store/")}
        mask = flags.ACCESS | flags.MODIFY | flags.CLOSE_NOWRITE | flags.CREATE | flags.MOVED_TO
        try:
            self._inotify = INotify()
            for folder in folders:
                place = self._workspace.path / folder
                self._watched[self._inotify.add_watch(place, mask | flags.ONLYDIR)] = folder + "/"
            for name, original in self._workspace.links.items():
                if not original.is_dir():
                    self._watched[self._inotify.add_watch(original, mask)] = name
        except OSError as error:
            self._notes.append(f"files that native code opened were not observed: {error.strerror}")

    def drain(self) -> None:
        """Take what inotify has; to be called often, since its queue is bounded."""
        if self._inotify is None:
            return
        from inotify_simple import flags

        for event in self._inotify.read(timeout=0):
            if event.mask & flags.Q_OVERFLOW:
                self._notes.append("so many files were opened that some were not observed")
            elif not event.mask & (flags.ISDIR | flags.IGNORED):
                place = self._watched.get(event.wd, "")
                name = (place + event.name).lstrip("/") if event.name else place
                reading = event.mask & (flags.ACCESS | flags.CLOSE_NOWRITE)
                self._first.setdefault(name, "r" if reading else "w")

    def finish(self, job: Job, text: str) -> Observed:
        """The sum, after all processes have ended; `text` is the stage's last error."""
        self.drain()
        self.close()
        audited = _Audited(self._workspace, self._before)
        for action, existed, path in _lines(self._audit):
            audited.take(action, existed, path)
        native = {name for name, action in self._first.items() if action == "r" and not name.endswith(CODE)}
        reads = {name for name in (native | audited.reads) - audited.own if self._was_there(name)} | audited.direct
        folder = self._workspace.path / job.cwd
        lost = {self._workspace.named(os.path.normpath(folder / name)) for name in mentioned(text)}
        wanted = {name for name in audited.wanted | lost if not name.startswith("/") and name not in self._before}
        own = {job.document.path, *job.sources}
        return Observed(
            reads=tuple(sorted(reads - own)),
            wanted=tuple(sorted(wanted - own)),
            past=tuple(sorted(audited.past)),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    def close(self) -> None:
        """Stop watching."""
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    def _was_there(self, name: str) -> bool:
        linked = any(name.startswith(f"{link}/") for link in self._workspace.links)
        return name.startswith("/") or linked or name in self._before


class _Audited:
    """Sorts the lines of an audit log; the first way in which a file was opened decides."""

    def __init__(self, workspace: Workspace, before: Look) -> None:
        self._workspace = workspace
        self._before = before
        self.reads = set[str]()
        self.direct = set[str]()
        self.own = set[str]()
        self.wanted = set[str]()
        self.past = set[str]()

    def take(self, action: str, existed: bool, path: str) -> None:
        name = self._workspace.named(path)
        past = path.startswith(f"{self._workspace.root}/") and not path.startswith(f"{self._workspace.folder}/")
        if past and action in "wu":
            self.past.add(name)
        if name in self.own or name.startswith(IPYTHON):
            return
        if action == "l":
            if self._is_empty(name, path):
                self.wanted.add(name)
        elif action in "ru" and existed:
            if not Path(path).is_dir():
                (self.direct if past else self.reads).add(name)
        elif action == "r":
            self.wanted.add(name)
        else:
            self.own.add(name)

    def _is_empty(self, name: str, path: str) -> bool:
        if name.startswith("/") or path == str(self._workspace.path):
            return False
        return not any(known.startswith(f"{name}/") for known in self._before)


def mentioned(text: str) -> set[str]:
    """File names in an error that says that something is missing: native readers do not try to open what is not there.

    >>> sorted(mentioned("No such file or directory (os error 2): data/a.parquet"))
    ['data/a.parquet']
    """
    return set(_FILE_NAME.findall(text[:2000])) if _MISSING.search(text) else set()


def _lines(audit: Path) -> Iterable[tuple[str, bool, str]]:
    try:
        lines = audit.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        action, existed, path = json.loads(line)
        yield action, existed, os.path.normpath(path)
