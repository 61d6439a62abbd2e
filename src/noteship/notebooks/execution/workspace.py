"""A clean folder for one stage: the project's own files, and just the produced files that the stage reads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from noteship import digests, patterns, store
from noteship.notebooks.execution import copying, neighbours, project_files
from noteship.notebooks.execution.errors import WorkspaceFailed
from noteship.notebooks.execution.jobs import Job
from noteship.notebooks.execution.roots import Roots

__all__ = ["IPYTHON", "STORED", "Workspace"]

# Larger files are linked, not copied, where the stage is not known to read them: at 1 GB/s the copy would take 0.06 s.
LINK_FROM_BYTES = 64 << 20
# Folders above the project that a stage can reach with "..".
LEVELS_ABOVE = 2
# IPython's own folder in the workspace; `%store` keeps its variables there, which count as files named %store/NAME.
IPYTHON = ".noteship-ipython"
STORED = f"{IPYTHON}/profile_default/db/autorestore"


class Workspace:
    """The folder `path` stands for the project's root; what lies beside the root is linked beside it.

    Nothing prevents a stage from writing through a link. `altered` tells of linked files that it changed; what lies in
    linked folders is not looked at.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
        above = [parent for parent in root.parents[:LEVELS_ABOVE] if parent.name]
        self._above = above
        self.path = folder.joinpath(*(parent.name for parent in reversed(above)), root.name or "project")
        self.roots = Roots(root, self.path, folder)
        self.links: dict[str, Path] = {}
        self._facts: dict[str, tuple[int, int, int]] = {}

    @classmethod
    def of(cls, root: Path, job: Job) -> Workspace:
        """The place for a job's workspace; nothing is made yet."""
        # Long names are cut, since systems take 255 bytes; the digest tells apart what is equal up to there.
        # No percent sign: code that fills a name into a path below it (`"%s.csv" % x`) would take it for its own.
        name = f"{quote(job.stage, safe='').replace('%', '_')[:60]}-{_digest(job.stage)}"
        return cls(root, root / ".noteship" / "work" / quote(job.run, safe="") / name)

    def prepare(self, job: Job, objects: store.Store) -> None:
        """Fill it. Raises WorkspaceFailed, and what the store raises."""
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.path.mkdir(parents=True)
            self._link_neighbours(job)
            self._copy_project(job)
            (self.path / job.cwd).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceFailed(str(error.filename or self.folder), error.strerror or str(error)) from error
        for name, artifact in job.inputs.items():
            objects.fetch_artifact(artifact, self.place(name))
        try:
            self.roots.prepare(job.elsewhere, job.produced)
        except OSError as error:
            raise WorkspaceFailed(str(error.filename or self.folder), error.strerror or str(error)) from error

    def place(self, name: str) -> Path:
        """Where a project path is in the workspace."""
        if name.startswith("%store/"):
            return self.path / STORED / name.removeprefix("%store/")
        return self.path / name

    def named(self, path: str) -> str:
        """The project path of an absolute path in the workspace or the project; another path as it is outside."""
        if path.startswith(f"{self.folder}{os.sep}"):
            stood_for = self.roots.named(path)
            if stood_for is not None:
                return stood_for
            name = os.path.relpath(path, self.path)
            if name.startswith(STORED + os.sep):
                return f"%store/{name.removeprefix(STORED + os.sep)}"
            # Above the project's copy: the same steps up and down from the real one.
            return os.path.normpath(self.root / name) if name.startswith("..") else name
        return path[len(str(self.root)) + 1 :] if path.startswith(f"{self.root}{os.sep}") else path

    def altered(self) -> tuple[str, ...]:
        """Linked files of the project that are not what they were when they were linked, sorted."""
        return tuple(sorted(name for name, facts in self._facts.items() if _facts(self.links[name]) != facts))

    def _copy_project(self, job: Job) -> None:
        produced, expected = patterns.PathSet(job.produced), patterns.PathSet(job.expected_writes)
        known = frozenset(job.known_reads)
        changing = patterns.PathSet((*job.produced, *job.inputs, *job.expected_writes))
        for found in project_files.walk(self.root, job.known_reads, changing.reach):
            target = self.path / found.path
            if found.kind == "folder":
                target.mkdir()
            elif found.path in produced and (produced.names(found.path) or found.path not in known):
                # What only a pattern names and nobody made for this stage is the project's own if the stage reads it.
                continue
            elif found.path in job.inputs:
                continue
            elif found.kind == "link":
                self._link(found.path, target)
            elif found.size_bytes <= LINK_FROM_BYTES or found.path in known or found.path in expected:
                copying.copy(self.root / found.path, target, found.size_bytes)
            elif not copying.share(self.root / found.path, target):
                self._facts[found.path] = _facts(self._link(found.path, target))

    def _link(self, name: str, target: Path) -> Path:
        original = (self.root / name).resolve()
        target.symlink_to(original)
        self.links[name] = original
        return original

    def _link_neighbours(self, job: Job) -> None:
        named = neighbours.named(job, self.root)
        below, copy = self.root, self.path
        for parent in self._above:
            copy = copy.parent
            for entry in neighbours.shown(parent, named, below.name):
                (copy / entry).symlink_to(parent / entry)
            below = parent


def _digest(text: str) -> str:
    return digests.short(digests.of_bytes(text.encode()))


def _facts(path: Path) -> tuple[int, int, int]:
    """Size and times in nanoseconds; programs cannot set the time of change back."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (-1, 0, 0)
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
