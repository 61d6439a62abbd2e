"""Imports find the project's module files."""

from __future__ import annotations

import ast

import pytest

from noteship.notebooks import modules

FILES = frozenset(
    {"helpers.py", "src/pkg/__init__.py", "src/pkg/io.py", "src/pkg/sub/deep.py", "tools/only.py", "notebooks/local.py"}
    | {"one/same.py", "two/same.py", "tools/json.py", "data/x.csv"}
)


def _places() -> modules.ModulePlaces:
    return modules.ModulePlaces(FILES)


@pytest.mark.parametrize(
    ("name", "search", "expected"),
    [
        ("helpers", [], "helpers.py"),
        ("helpers", ["notebooks"], "helpers.py"),
        ("local", ["notebooks"], "notebooks/local.py"),
        ("pkg", [], "src/pkg/__init__.py"),
        ("pkg.io", [], "src/pkg/io.py"),
        ("src.pkg.io", [], "src/pkg/io.py"),
        ("io", ["src/pkg"], "src/pkg/io.py"),
        ("io", [], None),
        ("only", [], "tools/only.py"),
        ("same", [], None),
        ("same", ["two"], "two/same.py"),
        ("same", ["notebooks/../one"], "one/same.py"),
        ("json", [], None),
        ("pandas", [], None),
        ("pkg.missing", [], None),
        ("pkg.sub.deep", [], "src/pkg/sub/deep.py"),
    ],
)
def test_absolute_names_are_found(name: str, search: list[str], expected: str | None) -> None:
    """The search folders come first, then the usual ones, then the only folder that knows the name."""
    place = _places().find(name, search)
    assert (place.path if place else None) == expected


def test_packages_without_a_file_are_folders() -> None:
    """A folder with modules is a package even without `__init__.py`."""
    assert _places().find("pkg.sub", []) == modules.ModulePlace("", "src/pkg/sub", True)


@pytest.mark.parametrize(
    ("level", "name", "expected"), [(1, "io", "src/pkg/io.py"), (2, "io", None), (1, "sub.deep", "src/pkg/sub/deep.py")]
)
def test_relative_names_are_found(level: int, name: str, expected: str | None) -> None:
    """Dots climb from the importing module's folder."""
    place = _places().relative("src/pkg/other.py", level, name)
    assert (place.path if place else None) == expected


def test_every_import_is_named() -> None:
    """Imports anywhere in a tree are named with their level; a name may be a module or something in one."""
    tree = ast.parse("import a.b\ndef f():\n    from . import c\n    from ..d import e\n    from g import *")
    assert set(modules.imported_names(tree)) == {(0, "a.b"), (1, ""), (1, "c"), (2, "d"), (2, "d.e"), (0, "g")}
