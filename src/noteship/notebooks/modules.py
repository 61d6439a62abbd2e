"""Which file of the project an import means, and what a module imports in turn."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import join, normpath

__all__ = ["ModulePlace", "ModulePlaces", "imported_names", "needed_names"]

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

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files
        self._packages: set[str] = set()
        self._homes: dict[str, set[str]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], ModulePlace | None] = {}
        for path in files:
            if path.endswith(".py"):
                self._note(path)

    def _note(self, path: str) -> None:
        """A module is at home in its folder, and so is each package above it in the next one."""
        place = path.removesuffix(".py")
        while place:
            home, _, name = place.rpartition("/")
            self._homes.setdefault(name, set()).add(home)
            place = home
            if home in self._packages:
                break
            self._packages.add(home)

    def find(self, name: str, search: Sequence[str]) -> ModulePlace | None:
        """The file of an absolute module name, in the given folders and then in the usual ones.

        A name that only one folder of the project knows is found there too, unless the standard library has it.
        """
        first = name.partition(".")[0]
        if first not in self._homes:
            return None
        question = (name, tuple(search))
        if question not in self._found:
            self._found[question] = self._search(first, name.split("."), search)
        return self._found[question]

    def _search(self, first: str, parts: list[str], search: Sequence[str]) -> ModulePlace | None:
        for folder in (*search, *USUAL_FOLDERS):
            found = self._at(folder, parts)
            if found is not None:
                return found
        if first in sys.stdlib_module_names:
            return None
        everywhere = {place for home in self._homes[first] if (place := self._at(home, parts)) is not None}
        return everywhere.pop() if len(everywhere) == 1 else None

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
        return ModulePlace("", folder, True) if folder in self._packages else None


# Who catches one of these can do without the module.
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every import in a tree as (level, dotted name); `from a import b` gives both `a` and `a.b`."""
    return _imported(_statements(tree))


def needed_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The imports without which the tree cannot run, as `imported_names` has them.

    Not those in functions, under a condition, or where their failing is caught.
    """
    return _imported(_certain(tree.body))


def _certain(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    for node in statements:
        yield node
        if isinstance(node, ast.With):
            yield from _certain(node.body)
        elif isinstance(node, ast.Try):
            if not any(_catches(handler) for handler in node.handlers):
                yield from _certain(node.body)
            yield from _certain(node.finalbody)


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in CAUGHT for kind in kinds)


def _imported(statements: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in statements:
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
