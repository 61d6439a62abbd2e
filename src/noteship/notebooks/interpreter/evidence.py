"""What is said about a use of a file besides its path: where, by which call, and how the path is known."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.findings import Evidence
from noteship.notebooks.uses import Action
from noteship.notebooks.values import Const, Mapping, ModuleValue, PathValue, Seq, Union

__all__ = ["Manner", "evidence_of"]


@dataclass(frozen=True)
class Manner:
    """How a call uses a path."""

    folder: bool = False
    extension: str = ""
    doubtful: bool = False
    weak: bool = False
    how: str = ""


def evidence_of(machine: Machine, call: Call, action: Action, manner: Manner) -> Evidence:
    """The evidence of a use at this moment."""
    place = machine.where()
    how = manner.how or ("; ".join(place.via[:3]) and f"through {'; '.join(place.via[:3])}")
    how = how or _how(machine, call)
    by = machine.state.get("by", ())
    maybe, lacking, present = machine.maybe > 0, machine.lacking, machine.present
    return Evidence(action, place, call.text, how[:200], maybe, manner.folder, manner.doubtful, by, lacking, present)


def _how(machine: Machine, call: Call) -> str:
    if call.node is None:
        return "the working folder's own" if call.receiver is None else "followed"
    parts = _paths_of(call.node)
    words = [next((found for part in parts for found in _origins(machine, part)), "")]
    if not words[0]:
        words = ["literal" if _has_literal(parts) else _followed(machine, parts)]
    if len(machine.frames) > 1 and machine.frame.name and not words[0].startswith("an argument"):
        words.append(f"in {machine.frame.name}()")
    return ", ".join(words)


def _has_literal(parts: list[ast.expr]) -> bool:
    """Whether the path stands in the call: the first argument, or a later one that looks like a path."""
    texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    return any(isinstance(text, str) and (index == 0 or "." in text or "/" in text) for index, text in enumerate(texts))


def _paths_of(node: ast.Call) -> list[ast.expr]:
    """Where the path may stand in a call: among the arguments, or in front of a path's own method."""
    found = [*node.args, *(keyword.value for keyword in node.keywords)]
    return [*found, node.func.value] if isinstance(node.func, ast.Attribute) else found


def _followed(machine: Machine, parts: list[ast.expr]) -> str:
    """A path that no named constant explains: a function's argument, or what an expression gives."""
    function = machine.frame.function
    names = [inner.id for part in parts[:1] for inner in ast.walk(part) if isinstance(inner, ast.Name)]
    if function is not None:
        arguments = function.node.args
        known = {argument.arg for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
        known -= {"self", "cls"}
        given = next((name for name in names if name in known), None)
        if given is not None:
            return f"an argument, {given} of {function.name}()"
    return "put together from literals" if not names else "followed through expressions"


def _origins(machine: Machine, part: ast.expr) -> Iterator[str]:
    for inner in ast.walk(part):
        found = _origin(machine, inner)
        if found:
            yield found


def _origin(machine: Machine, node: ast.AST) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        base = machine.scope.names.get(node.value.id) or machine.scope.top.names.get(node.value.id)
        if isinstance(base, ModuleValue) and node.attr in base.scope.places:
            return _told(node.attr, base.scope.places[node.attr], "")
    if isinstance(node, ast.Name):
        scope = machine.scope
        place = scope.places.get(node.id) or scope.top.places.get(node.id)
        value = scope.names.get(node.id) or scope.top.names.get(node.id)
        if place is not None and isinstance(value, (Const, PathValue, Seq, Mapping, Union)):
            return _told(node.id, place, machine.document.path)
    return ""


def _told(name: str, place: tuple[str, int | None, int], document: str) -> str:
    path, cell, line = place
    if path != document:
        return f"{name} from {path}, line {line}"
    return f"{name}, cell {cell}, line {line}" if cell else f"{name}, line {line}"
