"""Which file of the project an import means, and what a module imports in turn."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import join, normpath

__all__ = ["ModulePlace", "ModulePlaces", "imported_names"]

# Where a project's packages are when they are installed in place and no path is set in the code.
USUAL_FOLDERS = ("", "src", "lib", "python", "code")


@dataclass(frozen=True)
class ModulePlace:
    """A module's file (empty for a package without `__init__.py`) and, for a package, its folder."""

    path: str
    folder: str
    is_package: bool


class ModulePlaces:
    """The modules among a project's files."""

    def __init__(self, files: frozenset[str], folders: frozenset[str]) -> None:
        self._files = files
        self._folders = folders
        self._by_top: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(".py"):
                folder, _, name = path.rpartition("/")
                if name == "__init__.py":
                    folder, _, name = folder.rpartition("/")
                self._by_top.setdefault(name.removesuffix(".py"), []).append(folder)
        self._with_python = {path.rpartition("/")[0] for path in files if path.endswith(".py")}

    def find(self, name: str, search: Sequence[str]) -> ModulePlace | None:
        """The file of an absolute module name, in the given folders and then in the usual ones.

        A name that only one folder of the project knows is found there too, unless the standard library has it.
        """
        if not name:
            return None
        first = name.partition(".")[0]
        if first not in self._by_top and first not in self._folder_names:
            return None
        parts = name.split(".")
        for folder in (*search, *USUAL_FOLDERS):
            found = self._at(folder, parts)
            if found is not None:
                return found
        if first in sys.stdlib_module_names:
            return None
        return self._only(first, parts)

    def _only(self, first: str, parts: list[str]) -> ModulePlace | None:
        homes = set(self._by_top.get(first, ())) | self._folder_names.get(first, set())
        found = {place for home in homes if (place := self._at(home, parts)) is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def _folder_names(self) -> dict[str, set[str]]:
        names: dict[str, set[str]] = self.__dict__.setdefault("_folder_names_made", {})
        if not names and self._with_python:
            for folder in self._folders:
                home, _, name = folder.rpartition("/")
                if name:
                    names.setdefault(name, set()).add(home)
        return names

    def relative(self, importer: str, level: int, name: str) -> ModulePlace | None:
        """The file that a relative import in `importer` means."""
        folder = importer.rpartition("/")[0]
        for _ in range(level - 1):
            if not folder:
                return None
            folder = folder.rpartition("/")[0]
        if not name:
            return self._package(folder)
        return self._at(folder, name.split("."))

    def _at(self, folder: str, parts: list[str]) -> ModulePlace | None:
        base = normpath(join(folder or ".", *parts))
        if base.startswith("../") or base == "..":
            return None
        if f"{base}.py" in self._files:
            return ModulePlace(f"{base}.py", "", False)
        return self._package(base)

    def _package(self, folder: str) -> ModulePlace | None:
        init = f"{folder}/__init__.py" if folder else "__init__.py"
        if init in self._files:
            return ModulePlace(init, folder, True)
        if folder in self._with_python or any(other.startswith(f"{folder}/") for other in self._with_python):
            return ModulePlace("", folder, True)
        return None


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every import in a tree as (level, dotted name); `from a import b` gives both `a` and `a.b`."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield node.level, module
            for alias in node.names:
                if alias.name != "*":
                    yield node.level, f"{module}.{alias.name}" if module else alias.name


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a tree, without walking through expressions, which hold most of the nodes."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            if inner.__class__ is list:
                waiting.extend(inner)
