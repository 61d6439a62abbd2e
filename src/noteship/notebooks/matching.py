"""Matches reads with the project's files and with what other stages write, patterns on either side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from posixpath import dirname, splitext

from noteship import patterns
from noteship.notebooks.partial_paths import Pattern, alike, covers
from noteship.notebooks.placement import Placed

__all__ = ["Matching"]

# A wildcard that takes more files than this is listed as its folder.
LISTED_FILES = 200


class Matching:
    """Reads against writes and files, patterns on either side."""

    def __init__(self, placed: Mapping[str, list[Placed]], files: frozenset[str]) -> None:
        self._placed = placed
        self._files = files
        self._exact: dict[str, set[str]] = {}
        self._patterns: dict[str, list[tuple[str, Pattern]]] = {}
        self._folders: dict[str, set[str]] = {}
        self._literal_reads: dict[str, set[str]] = {}
        for name, item in self._all():
            self._note(name, item)
        self._by_folder = _grouped([*files, *self._exact])
        self._reads_by_folder = _grouped(self._literal_reads)
        self._shown = {pattern.shown for group in self._patterns.values() for _, pattern in group}
        self._all_folders = {*self._by_folder, *self._folders}
        self._edges = _Edges(self._strong_edges())

    def _all(self) -> Iterable[tuple[str, Placed]]:
        for name, items in self._placed.items():
            yield from ((name, item) for item in items if item.pattern is not None and not item.shared)

    def _note(self, name: str, item: Placed) -> None:
        pattern = item.pattern
        if pattern is None:
            return
        if item.raw.action == "read":
            if pattern.literal:
                self._literal_reads.setdefault(pattern.text, set()).add(name)
        elif not pattern.literal:
            self._patterns.setdefault(pattern.base, []).append((name, pattern))
        else:
            self._exact.setdefault(pattern.text, set()).add(name)
            if item.raw.folder:
                self._folders.setdefault(pattern.text, set()).add(name)

    def _strong_edges(self) -> Iterable[tuple[str, str]]:
        for path, readers in self._literal_reads.items():
            for writer in self._exact.get(path, ()):
                yield from ((writer, reader) for reader in readers)

    def resolve(self) -> None:
        """Fill in every use's results."""
        for name, item in self._all():
            if item.raw.action == "write" and item.pattern is not None:
                item.results = self._written(name, item, item.pattern)
        self._resolve_reads()
        for name, items in self._placed.items():
            self._settle_choices(items)
            self._settle_doubts(name, items)
            self._find_own(name, items)

    def _written(self, name: str, item: Placed, pattern: Pattern) -> dict[str, bool]:
        """A literal write is itself; a pattern stays one unless it would claim what others make."""
        if pattern.literal:
            return {pattern.text: False}
        near = _candidates(pattern, self._reads_by_folder)
        fitting = [path for path in near if self._literal_reads[path] - {name} and pattern.fits(path)]
        claimed = [path for path in fitting if not self._explained(path, name, pattern)]
        if len(claimed) == len(fitting):
            return {pattern.shown: False}
        if not claimed:
            item.reason = f"only {pattern.shown} is known of its path"
        return dict.fromkeys(claimed, True)

    def _explained(self, path: str, name: str, pattern: Pattern) -> bool:
        if self._exact.get(path, set()) - {name}:
            return True
        return not pattern.speaks and path in self._files

    def _resolve_reads(self) -> None:
        soft: list[tuple[str, Placed, str, str]] = []
        for name, item in self._all():
            pattern = item.pattern
            if item.raw.action == "write" or pattern is None:
                continue
            if pattern.literal:
                item.results = {pattern.text: False}
            else:
                soft.extend(self._expand(name, item, pattern))
        # The usual order of names settles which of two that could feed each other comes first.
        for name, item, path, writer in sorted(soft, key=lambda each: (each[3] > each[0], each[0], each[3], each[2])):
            if self._edges.add(writer, name):
                item.results[path] = False
        for _, item in self._all():
            if item.raw.action == "read" and not item.results and item.pattern is not None:
                item.reason = item.reason or f"{item.pattern.shown} fits no file of the project"

    def _expand(self, name: str, item: Placed, pattern: Pattern) -> list[tuple[str, Placed, str, str]]:
        """Give a pattern the files that it fits; return the stages' writes that it may mean, to be settled later."""
        if not pattern.says_anything:
            item.reason = "nothing of its path is known"
            return []
        weak = pattern.guessed and not pattern.speaks
        own = [other.pattern for other in self._placed[name] if other.raw.action == "write" and other.pattern]
        own_texts = {each.text for each in own}
        soft: list[tuple[str, Placed, str, str]] = []
        plain: list[str] = []
        for path in _candidates(pattern, self._by_folder):
            writers = self._exact.get(path, set()) - {name}
            if path in own_texts or not pattern.fits(path):
                continue
            if writers and (not weak or pattern.base):
                soft.extend((name, item, path, writer) for writer in writers)
            elif not writers and not weak and path in self._files:
                plain.append(path)
        for writer, written in self._writes_near(pattern):
            if writer != name and alike(pattern, written):
                soft.append((name, item, written.shown, writer))
        for folder in patterns.folders(pattern.base):
            soft.extend((name, item, folder, writer) for writer in self._folders.get(folder, set()) - {name})
        item.results.update(dict.fromkeys(self._listed(plain, pattern), False))
        before = [other.pattern for other in self._before(name, item) if other.raw.action == "write" and other.pattern]
        if any(each.shown == pattern.shown or pattern.fits(each.text) for each in before):
            item.results.setdefault(pattern.shown, True)
        if weak and not soft:
            item.reason = f"only {pattern.shown} is known of its path"
        return soft

    def _writes_near(self, pattern: Pattern) -> Iterable[tuple[str, Pattern]]:
        """The patterns that stages write where this one may be, with their stages."""
        if not pattern.spans:
            return self._patterns.get(pattern.base, ())
        bases = (base for base in self._patterns if _below(base, pattern.base))
        return (found for base in bases for found in self._patterns[base])

    def _before(self, name: str, item: Placed) -> list[Placed]:
        items = self._placed[name]
        return items[: next(number for number, other in enumerate(items) if other is item)]

    def _settle_choices(self, items: list[Placed]) -> None:
        """Of one call's alternatives, keep those that are known to be there; all when none is."""
        groups: dict[int, list[Placed]] = {}
        for item in items:
            if item.raw.choice and item.raw.action == "read":
                groups.setdefault(item.raw.choice, []).append(item)
        for group in groups.values():
            known = [item for item in group if any(self._known(path) for path in item.results)]
            for item in group:
                item.dropped = bool(known) and item not in known

    def _settle_doubts(self, name: str, items: list[Placed]) -> None:
        """What may be no file at all counts when a file, another stage or the path's suffix says that it is one."""
        for item in items:
            if not item.raw.doubtful:
                continue
            if item.raw.action == "read":
                item.dropped = not any(self._known(path) for path in item.results)
            else:
                item.dropped = not any(
                    splitext(path)[1] or self._literal_reads.get(path, set()) - {name} for path in item.results
                )

    def _known(self, path: str) -> bool:
        return path in self._files or path in self._exact or path in self._shown or path in self._all_folders

    def _find_own(self, name: str, items: list[Placed]) -> None:
        """Reads of what the stage itself wrote before; and of what it keeps for itself under a condition."""
        before: list[tuple[Pattern, bool]] = []
        for number, item in enumerate(items):
            if item.pattern is None or item.dropped:
                continue
            if item.raw.action == "write":
                # Where another stage makes it, it is there, and nothing was made.
                if not (item.shared and item.raw.guarded):
                    before.append((item.pattern, item.raw.folder))
                continue
            item.own.update(path for path in item.results if self._is_own(name, path, before, items[number:]))

    def _is_own(self, name: str, path: str, before: list[tuple[Pattern, bool]], later: list[Placed]) -> bool:
        if any(written.text == path for written, _ in before):
            return True
        wanted = later[0].pattern
        if wanted is not None and not wanted.literal and wanted.shown == path:
            return any(wanted.fits(written.text) or covers(written, wanted, folder) for written, folder in before)
        if later[0].raw.folder and self._only_filled_by(name, path, before):
            return True
        if self._exact.get(path, set()) - {name}:
            return False
        if any(covers(written, Pattern(path), folder) for written, folder in before):
            return True
        return later[0].raw.maybe and path not in self._files and self._writes_later(path, later)

    def _only_filled_by(self, name: str, folder: str, before: list[tuple[Pattern, bool]]) -> bool:
        """Whether all that is known to be in a folder is what the stage has written there before."""
        if not any(written.text.startswith(f"{folder}/") for written, _ in before):
            return False
        others = (path for path, writers in self._exact.items() if writers - {name})
        return not any(path.startswith(f"{folder}/") for paths in (self._files, others) for path in paths)

    @staticmethod
    def _writes_later(path: str, items: list[Placed]) -> bool:
        return any(item.raw.action == "write" and path in item.results for item in items)

    @staticmethod
    def _listed(paths: list[str], pattern: Pattern) -> list[str]:
        return [pattern.base] if len(paths) > LISTED_FILES and pattern.base else paths


def _candidates(pattern: Pattern, by_folder: Mapping[str, set[str]]) -> list[str]:
    """The paths that a pattern may fit, by the part of it that is known."""
    base = pattern.base
    if "/" not in pattern.text[len(base) :].lstrip("/") and not pattern.deep:
        return sorted(by_folder.get(base, ()))
    return sorted(path for folder, paths in by_folder.items() if _below(folder, base) for path in paths)


def _below(folder: str, base: str) -> bool:
    return not base or folder == base or folder.startswith(f"{base}/")


def _grouped(paths: Iterable[str]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for path in paths:
        groups.setdefault(dirname(path), set()).add(path)
    return groups


class _Edges:
    """Who feeds whom, so that a wildcard is not read as taking what comes after."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        self._after: dict[str, set[str]] = {}
        for writer, reader in edges:
            self._after.setdefault(writer, set()).add(reader)

    def add(self, writer: str, reader: str) -> bool:
        """Add an edge unless it closes a circle; whether it was added."""
        if reader in self._after.get(writer, ()):
            return True
        if self._reaches(reader, writer):
            return False
        self._after.setdefault(writer, set()).add(reader)
        return True

    def _reaches(self, start: str, goal: str) -> bool:
        waiting, seen = [start], set()
        while waiting:
            name = waiting.pop()
            if name == goal:
                return True
            if name not in seen:
                seen.add(name)
                waiting.extend(self._after.get(name, ()))
        return False
