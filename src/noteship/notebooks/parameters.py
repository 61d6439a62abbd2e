"""Puts a parameter's value in the place of the literal that the code assigns at its top level; lines stay."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import math
from collections.abc import Iterator, Mapping
from typing import Any

from noteship.notebooks import magics
from noteship.notebooks.document import Cell, Document
from noteship.notebooks.errors import UnknownParameter

__all__ = ["applied"]

TAG = "parameters"


def applied(document: Document, values: Mapping[str, Any]) -> Document:
    """The document with other literals.

    The first assignment in a cell tagged `parameters` is changed, else the first one of all. Raises UnknownParameter.
    """
    for name, value in values.items():
        cell, literal = _place(document, name)
        changed = dataclasses.replace(cell, source=_replaced(cell.source, literal, value))
        cells = tuple(changed if old is cell else old for old in document.cells)
        document = dataclasses.replace(document, cells=cells)
    return document


def _place(document: Document, name: str) -> tuple[Cell, ast.expr]:
    found = [(cell, node) for cell in document.code for target, node in _assignments(cell) if target == name]
    if not found:
        known = sorted({target for cell in document.code for target, _ in _assignments(cell)})
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        raise UnknownParameter(document.path, name, nearest[0] if nearest else ", ".join(known[:8]))
    # sort is stable: a tagged cell first, then the order of the notebook.
    found.sort(key=lambda place: TAG not in place[0].tags)
    return found[0]


def _assignments(cell: Cell) -> Iterator[tuple[str, ast.expr]]:
    try:
        tree = magics.parse_cell(cell.source)
    except SyntaxError:
        return
    for statement in tree.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if _is_literal(statement.value):
            yield from ((target.id, statement.value) for target in targets if isinstance(target, ast.Name))


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _replaced(source: str, old: ast.expr, value: Any) -> str:
    # The parser counts columns in bytes of UTF-8 and lines by "\n" alone.
    lines = source.encode().split(b"\n")
    first, last = old.lineno - 1, (old.end_lineno or old.lineno) - 1
    new = _literal(value).encode()
    if last > first:
        new = b"(" + new + b"\n" * (last - first) + b")"
    joined = lines[first][: old.col_offset] + new + lines[last][old.end_col_offset :]
    return b"\n".join([*lines[:first], joined, *lines[last + 1 :]]).decode()


def _literal(value: Any) -> str:
    """The value in Python's own words, also where it has no literal for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_literal(key)}: {_literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return repr(value)
