"""What the branches of a statement are for: to go on in another way, to complain, or to give up."""

from __future__ import annotations

import ast

__all__ = ["caught_names", "does_without", "gives_up", "goes_on", "last_else"]

_NO_FILE = frozenset({"FileNotFoundError", "IOError", "OSError"})
_ENDS = frozenset({"exit", "quit", "_exit"})


def gives_up(body: list[ast.stmt]) -> bool:
    """Whether a branch ends with an exception, or ends the program."""
    last = body[-1] if body else None
    return isinstance(last, ast.Raise) or (isinstance(last, ast.Expr) and _called(last.value) in _ENDS)


def goes_on(body: list[ast.stmt]) -> bool:
    """Whether a branch is a way of its own: it does more than to complain."""
    return not all(isinstance(each, ast.Raise | ast.Pass) or _only_speaks(each) for each in body)


def last_else(node: ast.If) -> list[ast.stmt]:
    """What is done when all tests of an `if` with its `elif`s fail."""
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
    return node.orelse


def _only_speaks(statement: ast.stmt) -> bool:
    name = _called(statement.value) if isinstance(statement, ast.Expr) else ""
    return name in {"print", "display", "warn", "warning", "error", "info"} | _ENDS


def _called(node: ast.expr) -> str:
    """The last name of the function that is called."""
    return getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""


def does_without(node: ast.Try) -> bool:
    """Whether a file that is not there is no failure: what is done instead is more than a message."""
    handlers = [handler for handler in node.handlers if _NO_FILE & set(caught_names(handler))]
    return bool(handlers) and not any(
        gives_up(handler.body) or all(map(_only_speaks, handler.body)) for handler in handlers
    )


def caught_names(handler: ast.ExceptHandler) -> list[str]:
    """The last names of the exceptions that a handler is for; a star for all of them."""
    if handler.type is None:
        return ["*"]
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in nodes]
