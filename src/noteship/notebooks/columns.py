"""Where a notebook assigns the columns of its tables, told by its text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from noteship.notebooks.document import Document
from noteship.notebooks.magics import parse_cell

__all__ = ["assigned_columns"]

_LOCATORS = frozenset({"loc", "iloc", "at", "iat"})


def assigned_columns(document: Document) -> dict[str, tuple[int, int]]:
    """Each column's name, and the cell and the line in it of its last assignment.

    Known forms: `df["x"] = ...`, `df[["a", "b"]] = ...`, `df.loc[:, "x"] = ...`, `df.x = ...`, `.assign(x=...)` and
    `.insert(place, "x", ...)`, with names written out. A cell that does not parse gives none. Nothing tells tables
    from dictionaries and other objects: ask for the names of columns that are known to be some.
    """
    found: dict[str, tuple[int, int]] = {}
    for cell in document.code:
        try:
            tree = parse_cell(cell.source)
        except SyntaxError:
            continue
        places = sorted((line, name) for node in ast.walk(tree) for name, line in _assigned(node))
        found.update({name: (cell.index, line) for line, name in places})
    return found


def _assigned(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The columns that one node of a syntax tree assigns, with their lines."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _of_target(target)
    elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        yield from _of_target(node.target)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _of_call(node, node.func.attr)


def _of_target(target: ast.expr) -> Iterator[tuple[str, int]]:
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _of_target(element)
    elif isinstance(target, ast.Attribute):
        yield target.attr, target.lineno
    elif isinstance(target, ast.Subscript):
        chosen = target.slice
        if isinstance(target.value, ast.Attribute) and target.value.attr in _LOCATORS:
            # The first of the two chooses rows.
            chosen = chosen.elts[1] if isinstance(chosen, ast.Tuple) and len(chosen.elts) == 2 else ast.Constant(None)
        for name in _names(chosen):
            yield name, target.lineno


def _of_call(node: ast.Call, method: str) -> Iterator[tuple[str, int]]:
    if method == "assign":
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield keyword.arg, keyword.lineno
            elif isinstance(keyword.value, ast.Dict):
                yield from ((name, keyword.lineno) for key in keyword.value.keys if key for name in _names(key))
    elif method == "insert":
        named = [keyword.value for keyword in node.keywords if keyword.arg == "column"]
        # A list's own `insert` has two arguments, a table's three.
        if not named and len(node.args) + len(node.keywords) >= 3 and len(node.args) > 1:
            named = [node.args[1]]
        yield from ((name, node.lineno) for value in named for name in _names(value))


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List):
        for element in node.elts:
            yield from _names(element)
