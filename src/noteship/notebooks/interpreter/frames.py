"""What runs: functions and loops on their way, and how statements end."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field

from noteship.notebooks.values import (
    ClassValue,
    Func,
    Scope,
    Value,
)

__all__ = ["Flow", "Frame", "Loop", "OutOfSteps", "Raised"]


class Flow(enum.Enum):
    """How a statement ended."""

    NORMAL = 0
    RAISE = 1
    RETURN = 2
    BREAK = 3
    CONTINUE = 4


class OutOfSteps(Exception):
    """The budget of a statement is used up."""


class Raised(Exception):
    """The interpreted code surely raises here."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(eq=False, slots=True)
class Loop:
    """One loop that is running: the names as they were where it may have been left or gone on early."""

    breaks: list[dict[str, Value]] = field(default_factory=list)
    continues: list[dict[str, Value]] = field(default_factory=list)
    uncertain: int = 0


@dataclass(eq=False, slots=True)
class Frame:
    """One running function, module or document."""

    scope: Scope
    name: str
    path: str
    cell: int | None
    first_line: int
    line: int = 1
    node: ast.AST | None = None
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] | None = None
    loops: list[Loop] = field(default_factory=list)
    uncertain: int = 0
    receiver: Value | None = None
    owner: ClassValue | None = None
    function: Func | None = None
