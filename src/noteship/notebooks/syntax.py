"""The digest of code as syntax trees: the same on every Python, whatever the comments and the layout.

Byte form, version 1: SHA-256 of the canonical JSON of `[1, [text of each cell]]`, then of
`[1, that digest, [[module's path, its digest]…]]`. A text is made by `canonical`: a node is `(Name field=value…)` with
its fields in alphabetical order, without those that are None or empty lists, positions, `ctx`, `kind` and
`type_comment`; a list is `[value …]`; a constant is `type:repr`, integers in hexadecimal; in a JoinedStr neighbouring
constants are one and empty ones are none, and an empty format is none.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from noteship import digests
from noteship.digests import Digest

__all__ = ["canonical", "cells_digest", "code_digest", "definitions_of", "piece_digest"]

FORM_VERSION = 1
TOP_LEVEL = "top level"
_LEFT_OUT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def cells_digest(cells: Iterable[ast.Module]) -> Digest:
    """Digest over cells in order; those without statements do not count."""
    return digests.of_value([FORM_VERSION, [canonical(tree) for tree in cells if tree.body]])


def code_digest(own: str, modules: Mapping[str, str]) -> Digest:
    """Digest of a stage's own cells and of every project module that it imports, by path."""
    return digests.of_value([FORM_VERSION, own, sorted(modules.items())])


def piece_digest(*trees: ast.AST) -> str:
    """A short digest of a part of the code, to tell whether it changed; it decides nothing."""
    return digests.short(digests.of_bytes("".join(map(canonical, trees)).encode("utf-8", "surrogatepass")))


def definitions_of(tree: ast.Module) -> list[tuple[str, str]]:
    """The functions and classes at the top level, each with its digest, and last what else there is."""
    named: dict[str, list[ast.AST]] = defaultdict(list)
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                named[f"function {name}"].append(statement)
            case ast.ClassDef(name=name):
                named[f"class {name}"].append(statement)
            case _:
                named[TOP_LEVEL].append(statement)
    rest = named.pop(TOP_LEVEL, [])
    found = [(name, piece_digest(*trees)) for name, trees in named.items()]
    return [*found, (TOP_LEVEL, piece_digest(*rest))] if rest else found


def canonical(tree: ast.AST) -> str:
    """The canonical text of a tree."""
    out: list[str] = []
    _node(tree, out)
    return "".join(out)


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    if kind not in _FIELDS:
        _FIELDS[kind] = tuple(sorted(field for field in kind._fields if field not in _LEFT_OUT))
    return _FIELDS[kind]


def _node(node: ast.AST, out: list[str]) -> None:
    if isinstance(node, ast.Constant):
        out.append(_constant(node.value))
        return
    kind = type(node)
    out.append(f"({kind.__name__}")
    for field in _fields(kind):
        value = getattr(node, field, None)
        if kind is ast.JoinedStr:
            value = _merged(value or [])
        elif field == "format_spec" and isinstance(value, ast.JoinedStr) and not _merged(value.values):
            value = None
        if value is None or (value.__class__ is list and not value):
            continue
        out.append(f" {field}=")
        _value(value, out)
    out.append(")")


def _value(value: Any, out: list[str]) -> None:
    if isinstance(value, ast.AST):
        _node(value, out)
    elif value.__class__ is list:
        out.append("[")
        for item in value:
            _value(item, out)
            out.append(" ")
        out.append("]")
    else:
        out.append(_constant(value))


def _constant(value: Any) -> str:
    if value.__class__ is int:
        return f"int:{value:x}"
    return f"{type(value).__name__}:{value!r}"


def _merged(values: list[Any]) -> list[Any]:
    """The pieces of an f-string, which Python versions cut differently."""
    merged: list[Any] = []
    for value in values:
        text = value.value if isinstance(value, ast.Constant) else None
        if text == "":
            continue
        last = merged[-1] if merged else None
        if isinstance(text, str) and isinstance(last, ast.Constant) and isinstance(last.value, str):
            merged[-1] = ast.Constant(last.value + text)
        else:
            merged.append(value)
    return merged
