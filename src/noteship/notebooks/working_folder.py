"""The folder that a stage runs in: a notebook's own, the root for a script, another where that alone fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from posixpath import dirname

from noteship.notebooks.partial_paths import Pattern, pattern_of
from noteship.notebooks.raw import RawAnalysis, RawUse

__all__ = ["Candidate", "WorkingFolder", "choose", "folders_above"]

# A second look lets writes that moved with the first answer count; more never changed anything.
ROUNDS = 3


def folders_above(path: str) -> list[str]:
    """The folder of a file and those above it, up to the root as `""`."""
    folders = [dirname(path)]
    while folders[-1]:
        folders.append(dirname(folders[-1]))
    return folders


@dataclass(frozen=True)
class Candidate:
    """A stage before its working folder is known; `fixed` when the user says it, `called` where it is called from."""

    name: str
    path: str
    script: bool
    fixed: str | None = None
    called: str | None = None

    @property
    def usual(self) -> str:
        """The folder it runs in by rule, the root as `""`."""
        if self.fixed is not None:
            return self.fixed
        if self.called is not None:
            return self.called
        return "" if self.script else dirname(self.path)

    @property
    def others(self) -> list[str]:
        """The folders that it may have been meant for: of its own folder, the root and those between, all but one."""
        if self.fixed is not None:
            return []
        between = folders_above(self.path)
        # The root first, then from its own folder upwards: the places where people start their work.
        ordered = [between[-1], *between[:-1]]
        return [each for each in ordered if each != self.usual]


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
            if stage.others and not chosen[stage.name].note:
                known = _Known(files, folders, writers, stage.name)
                chosen[stage.name] = _better(stage, known, analyse)
        if chosen == before:
            break
    for stage in stages:
        if stage.called and chosen[stage.name] == WorkingFolder(stage.called):
            chosen[stage.name] = WorkingFolder(stage.called, f"runs in {stage.called}: it is called from there")
    return chosen


def _better(stage: Candidate, known: _Known, analyse: Analyse) -> WorkingFolder:
    usual = _judge(analyse(stage.path, stage.usual), known)
    best, best_rank, evidence = stage.usual, usual.rank, ""
    for folder in stage.others if usual.missing else ():
        other = _judge(analyse(stage.path, folder), known)
        if other.rank > best_rank and len(other.found) > len(usual.found):
            best, best_rank, evidence = folder, other.rank, min(other.found)
    if not evidence:
        return WorkingFolder(best)
    return WorkingFolder(best, f"runs in {best or 'the root of the project'}: {evidence} is found only from there")


@dataclass(frozen=True)
class _Judgement:
    """How well a folder fits: what is found from it, by its tail alone or not at all; where what is written goes."""

    found: frozenset[str]
    by_tail: int
    missing: bool
    writes: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """More is better: files found, then writes in the right places, then files found without climbing out."""
        return len(self.found) + self.by_tail, self.writes, len(self.found)


class _Known:
    """What can be read: the project's files, and what other stages write."""

    def __init__(self, files: frozenset[str], folders: frozenset[str], writers: dict[str, set[str]], own: str) -> None:
        self._files, self._folders, self._writers, self._own = files, folders, writers, own

    def has(self, pattern: Pattern) -> bool:
        if not pattern.literal:
            return pattern.base in self._folders and (not pattern.guessed or any(map(pattern.fits, self._files)))
        path = pattern.text
        return path in self._files or path in self._folders or self._written(path)

    def has_tail(self, pattern: Pattern) -> bool:
        """Whether a path that climbs above the root would be found, were the root its top."""
        if not pattern.text.startswith("../"):
            return False
        return self.has(Pattern(pattern.text.replace("../", "")))

    def place_of(self, pattern: Pattern) -> int:
        """1 for a write into a folder that is there, -1 for one out of the project."""
        if pattern.text.startswith(".."):
            return -1
        folder = dirname(pattern.text)
        return int(folder != "" and (folder in self._folders or self._written(f"{folder}/")))

    def _written(self, path: str) -> bool:
        return bool(self._writers.get(path, set()) - {self._own})


def _judge(raw: RawAnalysis, known: _Known) -> _Judgement:
    reads, writes = _relative_uses(raw)
    found = {text for text, pattern in reads.items() if known.has(pattern)}
    by_tail = sum(known.has_tail(pattern) for pattern in reads.values())
    places = sum(known.place_of(pattern) for pattern in writes.values())
    return _Judgement(frozenset(found), by_tail, len(found) < len(reads), places)


def _relative_uses(raw: RawAnalysis) -> tuple[dict[str, Pattern], dict[str, Pattern]]:
    """What is read before it is written, and what is written."""
    reads: dict[str, Pattern] = {}
    writes: dict[str, Pattern] = {}
    for use in raw.uses:
        pattern = _relative(use)
        if pattern is not None and use.action == "write":
            writes[pattern.text] = pattern
        elif pattern is not None and pattern.text not in writes:
            reads[pattern.text] = pattern
    return reads, writes


def _relative(use: RawUse) -> Pattern | None:
    if use.path.anchor != "relative":
        return None
    first = use.path.parts[0] if use.path.parts else ""
    if not isinstance(first, str) or first.startswith("%store/"):
        return None
    return pattern_of(use.path)


def _writers(stages: Iterable[Candidate], chosen: dict[str, WorkingFolder], analyse: Analyse) -> dict[str, set[str]]:
    """Who writes each file, and into each folder (with a slash at its end)."""
    writers: dict[str, set[str]] = {}
    for stage in stages:
        for use in analyse(stage.path, chosen[stage.name].path).uses:
            pattern = _relative(use) if use.action == "write" else None
            if pattern is not None and pattern.literal:
                for path in (pattern.text, f"{dirname(pattern.text)}/"):
                    writers.setdefault(path, set()).add(stage.name)
    return writers


def _folders_of(files: frozenset[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in files:
        folder = dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = dirname(folder)
    return frozenset(found)
