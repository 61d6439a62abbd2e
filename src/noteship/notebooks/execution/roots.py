"""Stands in for folders of other machines: links that lead from their paths into the workspace."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from posixpath import join, normpath

from noteship.notebooks import taken
from noteship.notebooks.uses import Elsewhere
from noteship.patterns import PathSet

__all__ = ["Roots"]

# Entries of a folder of this machine that are shown beside the project's own.
SHOWN = 1000


class Roots:
    """A tree of folders and links below `top`, in which `top/home/a/proj` is a folder of the workspace `copy`.

    Paths that climb out of the project (`../input`) have their link beside the copy, as far as `within` reaches.
    """

    def __init__(self, root: Path, copy: Path, within: Path) -> None:
        self.top = within / ".elsewhere"
        self._root = root
        self._copy = copy
        self._within = within
        self._active: tuple[Elsewhere, ...] = ()
        self._made: list[Path] = []

    @property
    def active(self) -> tuple[Elsewhere, ...]:
        """What is stood in for."""
        return self._active

    def prepare(self, elsewhere: Sequence[Elsewhere], produced: Iterable[str]) -> None:
        """Make the links. What really is on this machine and is made by no stage is left alone."""
        made = PathSet(produced)
        self._active = tuple(
            each for each in elsewhere if taken.is_taken(each, self._root, made) and self._reaches(each)
        )
        for each in sorted(self._active, key=lambda one: one.path.count("/"), reverse=True):
            target = self._copy / each.place
            with contextlib.suppress(FileExistsError):
                (target if each.folder else target.parent).mkdir(parents=True, exist_ok=True)
            hidden = frozenset(
                str(taken.real(file, self._root)) for file in each.files if taken.inside(each, file) in made
            )
            self._link(
                self._place(each.path), target, taken.real(each.path, self._root) if each.folder else None, hidden
            )
            if each.path[1:3] == ":/":
                self._link_joined(each)

    def _link(self, place: Path, target: Path, real: Path | None, hidden: frozenset[str]) -> None:
        """Let a place lead to its target; a folder that is also on this machine shows both, except what is `hidden`.

        A link to a file that a stage makes would let it write there, outside of the workspace.
        """
        self._open(place.parent)
        if place.is_symlink():
            place.unlink()
        # What lies deeper was made before, so that a folder may be there already.
        if place.is_dir() or (real is not None and self._is_beside(real)):
            place.mkdir(exist_ok=True)
            self._made.append(place)
            self._show(target, place)
            if real is not None:
                self._show(real, place, hidden)
        elif target.exists():
            # A file that is not there yet is written as one, and collected: links that lead nowhere confuse programs.
            place.symlink_to(target)

    def _link_joined(self, each: Elsewhere) -> None:
        r"""Let `folder + "\\x.csv"` lead to the file, which is one name to a system that is not Windows."""
        for file in each.files:
            target, parts = self._copy / taken.inside(each, file), file.split("/")
            for known in range(1, each.path.count("/") + 1) if target.is_file() else ():
                place = self.top.joinpath(*parts[:known], "\\".join(parts[known:]))
                if not os.path.lexists(place):
                    place.symlink_to(target)

    def show(self, path: str) -> None:
        """Show in a folder above those that are stood in for what this machine has there."""
        place = self._place(path)
        place.mkdir(parents=True, exist_ok=True)
        self._show(taken.real(path, self._root), place)

    def furnish(self) -> None:
        """Make the folders of the files that the code names."""
        for each in self._active:
            for file in each.files:
                with contextlib.suppress(FileExistsError, NotADirectoryError):
                    (self._copy / taken.inside(each, file)).parent.mkdir(parents=True, exist_ok=True)

    def named(self, path: str) -> str | None:
        """The project path of an absolute path below `top` or beside the copy; None for any other.

        What is not the project's is named by its own absolute path.
        """
        top = f"{self.top}{os.sep}"
        below = path.startswith(top)
        name = path[len(top) :] if below else os.path.relpath(path, self._copy)
        name = name.replace("\\", "/") if below and name[1:2] == ":" else name
        keys = {each.path.lstrip("/"): each.place for each in self._active if each.path.startswith("../") != below}
        found = max((key for key in keys if f"{name}/".startswith(f"{key}/")), key=len, default=None)
        if found is None or self._leads_out(path):
            return f"/{name}" if below else None
        return normpath(join(keys[found], name[len(found) + 1 :]))

    def collect(self) -> list[str]:
        """Move what was written beside the links to where it belongs; the paths of what belongs nowhere."""
        lost = []
        for top in (self.top, *(place for place in self._made if self.top not in place.parents)):
            for folder, _, names in os.walk(top):
                for name in names:
                    path = Path(folder, name)
                    inside = None if path.is_symlink() else self.named(str(path))
                    if inside is not None and inside.startswith("/"):
                        lost.append(inside)
                    elif inside is not None:
                        (self._copy / inside).parent.mkdir(parents=True, exist_ok=True)
                        path.replace(self._copy / inside)
        return sorted(lost)

    def _leads_out(self, path: str) -> bool:
        """Whether a path that this machine has too goes there."""
        place = max(
            (each for each in self._made if each in Path(path).parents), key=lambda one: len(str(one)), default=None
        )
        if place is None:
            return False
        link = next((each for each in reversed([Path(path), *Path(path).parents]) if place in each.parents), place)
        return link.is_symlink() and self._within not in link.readlink().parents

    def _is_beside(self, real: Path) -> bool:
        return not taken.is_own(real, self._root) and os.path.isdir(real)  # noqa: PTH112 - never raises

    def _reaches(self, each: Elsewhere) -> bool:
        place = self._place(each.path)
        return self._within in place.parents and place != self._copy and place not in self._copy.parents

    def _place(self, path: str) -> Path:
        if path.startswith("../"):
            return Path(normpath(self._copy / path))
        return self.top / path.lstrip("/")

    def _open(self, folder: Path) -> None:
        """Make a folder and those above it; where one is a link, a folder that shows the same takes its place."""
        for place in reversed([folder, *folder.parents]):
            if self._within in place.parents and place.is_symlink():
                real = place.resolve()
                place.unlink()
                place.mkdir()
                self._made.append(place)
                self._show(real, place)
        folder.mkdir(parents=True, exist_ok=True)

    def _show(self, source: Path, place: Path, hidden: frozenset[str] = frozenset()) -> None:
        """Link what a folder has into another, where that has nothing of the name; not what is `hidden`."""
        if taken.is_own(source, self._root) and self._copy not in (source, *source.parents):
            return
        with contextlib.suppress(OSError), os.scandir(source) as entries:
            for _, entry in zip(range(SHOWN), entries, strict=False):
                target = place / entry.name
                if any(each.startswith(f"{entry.path}{os.sep}") for each in hidden):
                    target.mkdir(exist_ok=True)
                if target.is_dir() and not target.is_symlink():
                    self._show(Path(entry.path), target, hidden)
                elif entry.path not in hidden and not os.path.lexists(target):
                    target.symlink_to(entry.path)
