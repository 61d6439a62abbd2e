"""What has been found so far: reads and writes with their evidence, in the order of execution."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from posixpath import join, normpath, relpath

from noteship.notebooks.interpreter.holes import TEMPORARY, Holes, above_project, has_hole
from noteship.notebooks.raw import Hole, PathText, RawExternal, RawUnknown, RawUse
from noteship.notebooks.uses import Action

__all__ = ["Evidence", "Findings", "Place", "redacted"]

_ADDRESS = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*@")
_SECRETS = re.compile(r"(?i)((?:token|key|secret|password|pwd|sig|signature|auth)[a-z_]*\s*=\s*)['\"]?[^&\s'\"]+['\"]?")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
_NO_FILES = frozenset({"", "-", ":memory:", "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "NUL"})


def redacted(text: str) -> str:
    """A text without credentials in addresses and without what is set to be a key or a password."""
    return _SECRETS.sub(r"\1…", _CREDENTIALS.sub("", text))


@dataclass(frozen=True)
class Place:
    """A place in the document; `via` are the functions of other files on the way; `direct` when there are none."""

    cell: int | None
    line: int
    via: tuple[str, ...]
    direct: bool


@dataclass(frozen=True)
class Evidence:
    """What is said about a use besides its path; `lacking` are the paths that are not there at this moment.

    `present` are those that are there, or else this would not happen; with "" it is whatever is used.
    """

    action: Action
    place: Place
    call: str
    how: str
    maybe: bool = False
    folder: bool = False
    doubtful: bool = False
    by: tuple[str, ...] = ()
    lacking: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()


class Findings:
    """Collects what a document reads and writes."""

    def __init__(self, holes: Holes, root: str, document: str) -> None:
        self.root = root
        self._holes = holes
        self._document = document
        self._uses: dict[tuple[object, ...], RawUse] = {}
        self._external: dict[tuple[object, ...], RawExternal] = {}
        self._unknown: dict[tuple[object, ...], RawUnknown] = {}
        self._order = 0
        self._choices = 0
        self.quiet = 0
        # Where the project lies once more, since the document clones it.
        self.clones: set[str] = set()

    def record(self, texts: list[str], cwds: list[str], evidence: Evidence, alternatives: bool) -> None:
        """Record one use of each path; `alternatives` when only one of them is meant."""
        if self.quiet:
            return
        placed = [(text, cwd) for text in texts for cwd in (cwds if _is_relative(text) else cwds[:1])]
        choice = 0
        if len(placed) > 1 and (alternatives or len(cwds) > 1):
            self._choices += 1
            choice = self._choices
        for text, cwd in placed:
            self._record(text, cwd, evidence, choice)

    def _record(self, text: str, cwd: str, evidence: Evidence, choice: int) -> None:
        text = text.strip()
        if text in _NO_FILES or text.startswith(TEMPORARY):
            return
        if _ADDRESS.match(text) and not text.startswith("file://"):
            self.external(text, evidence)
            return
        path = self._path(text.removeprefix("file://"), cwd)
        if not any(isinstance(part, str) and part.strip("./") for part in path.parts):
            if any(not isinstance(part, str) for part in path.parts):
                self.unknown(self._holes.reason(text) or "not known", evidence)
        else:
            place = self.placed(text, cwd)
            guarded = evidence.present if evidence.action == "read" else evidence.lacking
            self._add(path, evidence, choice, place in guarded or "" in guarded)

    def _add(self, path: PathText, evidence: Evidence, choice: int, guarded: bool = False) -> None:
        place = evidence.place
        key = (path, evidence.action, place.cell, place.line, evidence.call)
        old = self._uses.get(key)
        if old is not None:
            self._uses[key] = replace(old, maybe=old.maybe and evidence.maybe, guarded=old.guarded and guarded)
            return
        self._order += 1
        self._uses[key] = RawUse(
            path, evidence.action, place.cell, place.line, evidence.call, evidence.how, evidence.maybe,
            self._order, evidence.folder, choice, evidence.doubtful, guarded, evidence.by,
        )  # fmt: skip

    def external(self, what: str, evidence: Evidence) -> None:
        """Record something that is no file of the project."""
        if self.quiet:
            return
        what = redacted(self._holes.shown(what))[:300]
        place = evidence.place
        found = RawExternal(what, evidence.action, place.cell, place.line, evidence.call, evidence.how, evidence.by)
        self._external.setdefault((what, evidence.action, place.cell, place.line), found)

    def unknown(self, reason: str, evidence: Evidence) -> None:
        """Record a use of which nothing of the path is known."""
        if self.quiet or evidence.doubtful:
            return
        place = evidence.place
        found = RawUnknown(place.cell, place.line, evidence.call, evidence.action, reason[:200], evidence.by)
        self._unknown.setdefault((place.cell, place.line, evidence.call, evidence.action), found)

    def remove(self, text: str, cwd: str) -> bool:
        """A file is deleted or moved away: when it was written before, it was only the document's own affair."""
        path = self._path(text, cwd) if text and not text.startswith(TEMPORARY) else None
        if path is None or has_hole(text):
            return False
        ours = [key for key, use in self._uses.items() if use.path == path and not use.choice]
        if not ours or self._uses[ours[0]].action != "write":
            return False
        for key in ours:
            del self._uses[key]
        return True

    def pseudo(self, text: str, evidence: Evidence) -> None:
        """Record a use of something that is kept outside of the folder's files, under a name of its own."""
        if not self.quiet:
            self._add(PathText(self._holes.split(text)), evidence, 0)

    def _path(self, text: str, cwd: str) -> PathText:
        """The path as literal pieces and holes."""
        text = text.replace("\\", "/")
        if text == "~" or text.startswith("~/"):
            return PathText(self._parts(text[2:]), "home")
        if _DRIVE.match(text):
            return PathText(self._parts(text), "absolute")
        place = self.own(self.placed(text, cwd))
        if place == self.root or place.startswith(self.root + "/"):
            return PathText(self._parts(place[len(self.root) + 1 :] or "."))
        if above_project(place):
            return PathText(self._parts(relpath(place, self.root)))
        return PathText(self._parts(place), "absolute")

    def own(self, place: str) -> str:
        """A place within a clone of the project as that of the project itself."""
        for clone in self.clones:
            if place == clone or place.startswith(f"{clone}/"):
                return self.root + place[len(clone) :]
        return place

    def placed(self, text: str, cwd: str) -> str:
        """A path joined to the working folder and normalised."""
        place = normpath(join(cwd, text))
        return place[1:] if place.startswith("//") else place

    def _parts(self, text: str) -> tuple[str | Hole, ...]:
        deep = self._holes.character("a pattern", "deep")
        return self._holes.split(normpath(text).replace(deep + "/", deep))

    def results(self) -> tuple[tuple[RawUse, ...], tuple[RawExternal, ...], tuple[RawUnknown, ...]]:
        """Everything recorded, in order."""
        uses = sorted(self._uses.values(), key=lambda use: use.order)
        return tuple(uses), tuple(self._external.values()), tuple(self._unknown.values())


def _is_relative(text: str) -> bool:
    return not (text.startswith(("/", "~")) or _DRIVE.match(text) or _ADDRESS.match(text))
