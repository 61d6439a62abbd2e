"""A call with its evaluated arguments, as models of functions see it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from noteship.notebooks.interpreter.findings import redacted
from noteship.notebooks.values import (
    Const,
    Value,
)

__all__ = ["Arguments", "Call"]


# What of a call is shown as evidence.
LONGEST_CALL = 100
MOST_CALL_LINES = 8


@dataclass(slots=True)
class Arguments:
    """Evaluated arguments; `spread` when a `*` or `**` of unknown content is among them."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    spread: Value | None = None


@dataclass(slots=True)
class Call:
    """One call of a library's function or a built-in type's method, as models see it."""

    name: str
    arguments: Arguments
    node: ast.Call | None = None
    receiver: Value | None = None
    data: Any = None
    reason: str = ""
    label: str = ""

    @property
    def text(self) -> str:
        """The call as it is written, cut where it grows long; one over many lines without its arguments."""
        if self.label or self.node is None:
            return self.label or self.name
        many = (self.node.end_lineno or 0) - self.node.lineno > MOST_CALL_LINES
        text = f"{ast.unparse(self.node.func)}(…)" if many else ast.unparse(self.node)
        return redacted(text if len(text) <= LONGEST_CALL else f"{text[:LONGEST_CALL]}…")

    def get(self, position: int | None, *keywords: str) -> Value | None:
        """The argument at a position or under one of these keywords."""
        for keyword in keywords:
            if keyword in self.arguments.keywords:
                return self.arguments.keywords[keyword]
        if position is not None and position < len(self.arguments.positional):
            return self.arguments.positional[position]
        return None

    def text_of(self, position: int | None, *keywords: str) -> str | None:
        """The argument as a constant text, holes included."""
        value = self.get(position, *keywords)
        return value.value if isinstance(value, Const) and isinstance(value.value, str) else None

    def constant(self, position: int | None, *keywords: str, default: Any = None) -> Any:
        """The argument as a constant."""
        value = self.get(position, *keywords)
        return value.value if isinstance(value, Const) else default
