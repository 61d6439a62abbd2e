"""The folder that a stage runs in: a notebook's own, the root for a script, the other where that alone fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from posixpath import dirname

from noteship.notebooks.patterns import Pattern, pattern_of
from noteship.notebooks.raw import RawAnalysis, RawUse

__all__ = ["Candidate", "WorkingFolder", "choose"]

# A second look lets writes that moved with the first answer count; more never changed anything.
ROUNDS = 3


@dataclass(frozen=True)
class Candidate:
    """A stage before its working folder is known; `fixed` when the user says it."""

    name: str
    path: str
    script: bool
    fixed: str | None = None

    @property
    def usual(self) -> str:
        """The folder it runs in by rule, the root as `""`."""
        if self.fixed is not None:
            return self.fixed
        return "" if self.script else dirname(self.path)

    @property
    def other(self) -> str | None:
        """The folder that it may have been meant for."""
        other = dirname(self.path) if self.script else ""
        return other if self.fixed is None and other != self.usual else None


@dataclass(frozen=True)
class WorkingFolder:
    """The folder, and why it is not the usual one."""

    path: str
    note: str = ""


Analyse = Callable[[str, str], RawAnalysis]


def choose(stages: Sequence[Candidate], files: frozenset[str], analyse: Analyse) -> dict[str, WorkingFolder]:
    """The working folder of every stage by name; `analyse(path, cwd)` is asked for the other one only in doubt."""
    folders = _folders_of(files)
    chosen = {stage.name: WorkingFolder(stage.usual) for stage in stages}
    for _ in range(ROUNDS):
        writers = _writers(stages, chosen, analyse)
        before = dict(chosen)
        for stage in stages:
            if stage.other is not None and not chosen[stage.name].note:
                known = _Known(files, folders, writers, stage.name)
                chosen[stage.name] = _better(stage, known, analyse)
        if chosen == before:
            break
    return chosen


def _better(stage: Candidate, known: _Known, analyse: Analyse) -> WorkingFolder:
    usual = _relative_reads(analyse(stage.path, stage.usual))
    found = {pattern.text for pattern in usual if known.has(pattern)}
    if stage.other is None or len(found) == len({pattern.text for pattern in usual}):
        return WorkingFolder(stage.usual)
    elsewhere = {pattern.text for pattern in _relative_reads(analyse(stage.path, stage.other)) if known.has(pattern)}
    if len(elsewhere) <= len(found):
        return WorkingFolder(stage.usual)
    place = stage.other or "the project's root"
    return WorkingFolder(stage.other, f"runs in {place}: {min(elsewhere)} is found only from there")


class _Known:
    """What can be read: the project's files, and what other stages write."""

    def __init__(
        self,
        files: frozenset[str],
        folders: frozenset[str],
        writers: dict[str, set[str]],
        own: str,
    ) -> None:
        self._files, self._folders, self._writers, self._own = files, folders, writers, own

    def has(self, pattern: Pattern) -> bool:
        if not pattern.literal:
            base = pattern.base
            return bool(base) and (base in self._folders) and not base.startswith("..")
        path = pattern.text
        return path in self._files or path in self._folders or bool(self._writers.get(path, set()) - {self._own})


def _relative_reads(raw: RawAnalysis) -> list[Pattern]:
    written: set[str] = set()
    reads: list[Pattern] = []
    for use in raw.uses:
        pattern = _relative(use)
        if pattern is None:
            continue
        if use.action == "write":
            written.add(pattern.text)
        elif pattern.text not in written:
            reads.append(pattern)
    return reads


def _relative(use: RawUse) -> Pattern | None:
    if use.path.anchor != "relative":
        return None
    first = use.path.parts[0] if use.path.parts else ""
    if not isinstance(first, str) or first.startswith("%store/"):
        return None
    return pattern_of(use.path)


def _writers(stages: Iterable[Candidate], chosen: dict[str, WorkingFolder], analyse: Analyse) -> dict[str, set[str]]:
    writers: dict[str, set[str]] = {}
    for stage in stages:
        for use in analyse(stage.path, chosen[stage.name].path).uses:
            pattern = _relative(use) if use.action == "write" else None
            if pattern is not None and pattern.literal:
                writers.setdefault(pattern.text, set()).add(stage.name)
    return writers


def _folders_of(files: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in files:
        folder = dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = dirname(folder)
    return frozenset(found)
