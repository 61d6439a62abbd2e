"""What a name means: local, global, built in, from a star import, or assigned only further down."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from noteship.notebooks.document import Document
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.values import Const, Library, Scope, Unknown, Value

__all__ = ["assigned_names", "later_assignments", "look_up"]

_BUILT_IN = frozenset(dir(builtins)) | {
    "display",
    "get_ipython",
    "exit",
    "quit",
    "reload",
    "__noteship_shell__",
    "__noteship_magic__",
    "__noteship_cell_magic__",
}

# Names that notebooks use for these libraries, also where the cell that imports them is gone.
_CUSTOMARY = {
    "pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot", "sns": "seaborn", "pl": "polars", "tf": "tensorflow",
    "gpd": "geopandas", "xr": "xarray", "px": "plotly.express", "go": "plotly.graph_objects", "nx": "networkx",
    "Path": "pathlib.Path", **{name: name for name in (
        "os", "sys", "json", "pickle", "joblib", "glob", "yaml", "cv2", "sqlite3", "shutil", "csv", "torch", "keras",
        "pathlib", "re", "io", "zipfile", "duckdb", "requests", "subprocess", "itertools", "datetime", "time", "random",
    )},
}  # fmt: skip


def look_up(machine: Machine, name: str) -> Value:
    """The value of a name where the machine is now."""
    scope: Scope | None = machine.scope
    shared = machine.scope.shared.get(name)
    if shared is not None and name in shared.names:
        return shared.names[name]
    while scope is not None:
        value = scope.names.get(name)
        if value is not None:
            return value
        scope = scope.parent
    if name in _BUILT_IN:
        return Library(name)
    return _from_star(machine, name) or _missing(machine, name)


def _from_star(machine: Machine, name: str) -> Value | None:
    for library in machine.state.get("stars", ()):
        full = f"{library}.{name}"
        if full in machine.parts.models or machine.catalogue.knows(full):
            return Library(full)
    return None


def _missing(machine: Machine, name: str) -> Value:
    if machine.catches("NameError") and (name not in machine.later or name.startswith("__")):
        machine.fail("NameError")
    if name == "__IPYTHON__" and machine.document.kind != "script":
        return Const(True)
    if name in machine.later and not machine.state.get(("late", name)):
        return _from_below(machine, name)
    if name in _CUSTOMARY:
        return Library(_CUSTOMARY[name])
    stars = machine.state.get("stars")
    return Library(f"{stars[-1]}.{name}") if stars else Unknown(f"{name}, which is not assigned here")


def _from_below(machine: Machine, name: str) -> Value:
    """A name that only a later cell assigns: notebooks are also run out of order."""
    statement, cell, first_line = machine.later[name]
    machine.state["late", name] = True
    frame = machine.frames[0]
    place = (frame.cell, frame.line, frame.first_line)
    above = machine.frames[1:]
    del machine.frames[1:]
    frame.cell, frame.first_line = cell, first_line
    try:
        machine.findings.quiet += 1
        machine.run([statement])
    finally:
        machine.findings.quiet -= 1
        frame.cell, frame.line, frame.first_line = place
        machine.frames[1:] = above
    value = frame.scope.names.get(name)
    return value if value is not None else Unknown(f"{name}, which is not assigned here")


def later_assignments(
    trees: list[tuple[Document, ast.Module, int | None, int]],
) -> dict[str, tuple[ast.stmt, int | None, int]]:
    """The first statement at the top level of the cells that assigns each name."""
    found: dict[str, tuple[ast.stmt, int | None, int]] = {}
    for _, tree, cell, first_line in trees:
        for statement in tree.body:
            for name in assigned_names(statement):
                found.setdefault(name, (statement, cell, first_line))
    return found


def assigned_names(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement surely assigns."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for node in ast.walk(target):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id
