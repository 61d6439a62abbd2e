"""The abstract machine: what is known at a moment of the execution, and the steps that every part of it uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingType
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from noteship.notebooks.catalogue import Catalogue
from noteship.notebooks.document import Document
from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.findings import Findings, Place
from noteship.notebooks.interpreter.frames import Flow, Frame, OutOfSteps, Raised
from noteship.notebooks.interpreter.holes import Holes, has_hole, project_place
from noteship.notebooks.project_view import ProjectView
from noteship.notebooks.raw import CommandLine
from noteship.notebooks.values import (
    ClassValue,
    Const,
    Func,
    Instance,
    Library,
    Mapping,
    Method,
    ModuleValue,
    PathValue,
    Scope,
    Seq,
    Union,
    Unknown,
    Value,
    join,
    key_of,
    options,
    truth,
)

__all__ = [
    "DEEPEST_CALL",
    "HURRY_STEPS",
    "MOST_ITEMS",
    "MOST_STEPS",
    "Machine",
    "Model",
    "Parts",
    "joined_names",
    "unkey",
]

# An ordinary notebook takes a few thousand steps. Past the first limit loops are no longer unrolled, past the second
# a statement is given up; both keep the worst document within a few seconds.
HURRY_STEPS = 60_000
MOST_STEPS = 250_000
DEEPEST_CALL = 24


# No path is longer, and no list of paths that somebody wrote.
LONGEST_TEXT = 20_000
MOST_ITEMS = 1_000
Executor = Callable[["Machine", Any], Flow]
Evaluator = Callable[["Machine", Any], Value]
Model = Callable[["Machine", Call], Value]


@dataclass(frozen=True)
class Parts:
    """The machine's dispatch tables."""

    executors: MappingType[type, Executor]
    evaluators: MappingType[type, Evaluator]
    models: MappingType[str, Model]
    invoke: Callable[[Machine, Value, Arguments, ast.Call | None], Value]
    attribute: Callable[[Machine, Value, str], Value]


class Machine:
    """The state of one interpretation."""

    def __init__(self, parts: Parts, project: ProjectView, document: Document, catalogue: Catalogue, cwd: str) -> None:
        self.parts = parts
        self.project = project
        self.document = document
        self.catalogue = catalogue
        self.holes = Holes()
        self.findings = Findings(self.holes, project_place(project.root.name), document.path)
        self.cwd: Value = Const(self.place(cwd))
        self.environ = Mapping({}, Unknown("an environment variable", likely=False))
        self.modules: dict[str, ModuleValue] = {}
        self.sys_path = Seq("list", [Const(self.place(cwd))])
        self.argv = Seq("list", [Const(document.path.rpartition("/")[2])])
        self.later: dict[str, tuple[ast.stmt, int | None, int]] = {}
        self.ran: list[str] = []
        self.calls: dict[tuple[str, CommandLine], None] = {}
        self.frames: list[Frame] = []
        self.maybe = 0
        self.lacking: frozenset[str] = frozenset()
        self.present: frozenset[str] = frozenset()
        self.steps = 0
        self.step_limits = (HURRY_STEPS, MOST_STEPS)
        self.guards: list[frozenset[str]] = []
        self.state: dict[Any, Any] = {}

    # -- places ---------------------------------------------------------------------------------------------------

    @property
    def root(self) -> str:
        """The absolute path that stands for the project's root."""
        return self.findings.root

    def place(self, path: str) -> str:
        """The absolute path of a place in the project."""
        root = project_place(self.project.root.name)
        return root if path in {"", "."} else f"{root}/{path}"

    def inside(self, path: str) -> str | None:
        """The project-relative form of an absolute path; None when it lies elsewhere."""
        path = self.findings.own(path)
        if path == self.root:
            return ""
        return path[len(self.root) + 1 :] if path.startswith(self.root + "/") else None

    @property
    def frame(self) -> Frame:
        """The function, module or document that runs now."""
        return self.frames[-1]

    @property
    def scope(self) -> Scope:
        """Where names are assigned now."""
        return self.frames[-1].scope

    def where(self) -> Place:
        """The place in the document of what happens now, and the way from there through other files."""
        via: list[str] = []
        for index in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[index]
            if frame.path == self.document.path:
                return Place(frame.cell, frame.first_line + frame.line - 1, tuple(via), index == len(self.frames) - 1)
            via.append(f"{frame.name} in {frame.path}, line {frame.line}")
        return Place(None, 1, tuple(via), False)

    # -- steps ----------------------------------------------------------------------------------------------------

    @property
    def hurried(self) -> bool:
        """Whether the statement has taken so many steps that precision is given up."""
        return self.steps > self.step_limits[0]

    def spend(self, steps: int) -> None:
        """Count steps against the statement's budget."""
        self.steps += steps
        if self.steps > self.step_limits[1]:
            raise OutOfSteps

    def value(self, node: ast.expr) -> Value:
        """Evaluate an expression."""
        self.spend(1)
        evaluator = self.parts.evaluators.get(type(node))
        return evaluator(self, node) if evaluator is not None else Unknown("an expression that is not followed")

    def run(self, statements: list[ast.stmt]) -> Flow:
        """Execute statements until one leaves the block."""
        for statement in statements:
            self.steps += 1
            self.frames[-1].line = statement.lineno
            executor = self.parts.executors.get(type(statement))
            flow = executor(self, statement) if executor is not None else Flow.NORMAL
            if flow is not Flow.NORMAL:
                return flow
        return Flow.NORMAL

    def invoke(self, function: Value, *positional: Value, **keywords: Value) -> Value:
        """Call a value from within a model."""
        return self.parts.invoke(self, function, Arguments(list(positional), keywords), None)

    def attribute(self, value: Value, name: str) -> Value:
        """Look an attribute up."""
        return self.parts.attribute(self, value, name)

    def fail(self, name: str) -> NoReturn:
        """Raise an exception of the interpreted code."""
        raise Raised(name)

    def catches(self, name: str) -> bool:
        """Whether a handler that names this exception is around."""
        return any(name in names for names in self.guards)

    # -- uncertainty ----------------------------------------------------------------------------------------------

    @contextmanager
    def perhaps(self, condition: bool = True) -> Iterator[None]:
        """What happens inside may not happen."""
        self.maybe += condition
        try:
            yield
        finally:
            self.maybe -= condition

    @contextmanager
    def given(self, present: frozenset[str]) -> Iterator[None]:
        """What happens inside happens only where these paths are there; "" stands for whatever is read."""
        before = self.present
        self.present |= present
        try:
            yield
        finally:
            self.present = before

    def fork(self, *bodies: Callable[[], Flow]) -> Flow:
        """Execute alternatives from the same state and join what they leave."""
        scope = self.scope
        before, cwd, lacking, present = scope.names, self.cwd, self.lacking, self.present
        ends: list[tuple[dict[str, Value], Value]] = []
        flows: list[Flow] = []
        for body in bodies:
            scope.names, self.cwd = dict(before), cwd
            with self.perhaps():
                flow, _ = self.guarded(body)
            self.lacking, self.present = lacking, present
            flows.append(flow)
            if flow is Flow.NORMAL:
                ends.append((scope.names, self.cwd))
        if not ends:
            scope.names, self.cwd = before, cwd
            return max(flows, key=lambda flow: flow.value)
        scope.names = joined_names([names for names, _ in ends])
        self.cwd = join(place for _, place in ends)
        self._doubt(flows)
        return Flow.NORMAL

    def guarded(self, body: Callable[[], Flow]) -> tuple[Flow, str]:
        """Execute; when the code surely raises, go back to where this began and tell the exception's name."""
        depth, loops, maybe = len(self.frames), len(self.frame.loops), self.maybe
        try:
            return body(), ""
        except Raised as error:
            del self.frames[depth:]
            del self.frame.loops[loops:]
            self.maybe = maybe
            return Flow.RAISE, error.name

    def _doubt(self, flows: list[Flow]) -> None:
        """After an alternative that left the function or the loop, the rest of it may not happen."""
        if Flow.RETURN in flows:
            self.frame.uncertain += 1
            self.maybe += 1
        elif self.frame.loops and (Flow.BREAK in flows or Flow.CONTINUE in flows):
            self.frame.loops[-1].uncertain += 1
            self.maybe += 1

    # -- values ---------------------------------------------------------------------------------------------------

    def truth(self, value: Value) -> bool | None:
        """Whether a value counts as true, None when that is not known."""
        if isinstance(value, Const) and isinstance(value.value, str) and has_hole(value.value):
            return True if any(isinstance(part, str) for part in self.holes.split(value.value)) else None
        if isinstance(value, Instance):
            return None if value.cls.find("__bool__") or value.cls.find("__len__") else True
        return truth(value)

    def key(self, value: Value) -> Any:
        """The constant that a value is as a key of a dictionary, else None."""
        return key_of(value, has_hole)

    def hole(self, reason: str, kind: str = "unknown") -> str:
        """A text of which nothing is known."""
        return self.holes.character(reason, kind)

    def known(self, text: str) -> Const:
        """A text as a value; one that grows beyond all paths says nothing any more."""
        return Const(text if len(text) <= LONGEST_TEXT else self.hole("a long text"))

    def gathered(self, items: list[Value], rest: Value | None, like: Seq) -> Seq:
        """A sequence of these items; those beyond the limit are one unknown number of others."""
        if len(items) > MOST_ITEMS:
            items, rest = items[:MOST_ITEMS], rest or Unknown("an item of a long list")
        return Seq(like.kind, items, rest, like.fuzzy, self.maybe)

    def text(self, value: Value) -> str | None:
        """What `str()` gives, with holes; None when a union has to be taken apart first."""
        if isinstance(value, Const):
            if value.value is None:
                # Nobody means "None" in a path: something else is there when the code runs.
                return self.hole("a value that is not given")
            return value.value if isinstance(value.value, str) else str(value.value)
        if isinstance(value, PathValue):
            return value.text
        if isinstance(value, Union):
            return None
        if isinstance(value, Instance):
            return self._instance_text(value)
        return self.hole(self.reason(value))

    def written(self, value: Value, reason: str = "") -> str:
        """What `str()` gives, a hole where that is not known; an empty text is known."""
        text = self.text(value)
        return self.hole(reason or self.reason(value)) if text is None else text

    def _instance_text(self, value: Instance) -> str | None:
        for name in ("__fspath__", "__str__", "__repr__"):
            method = value.cls.find(name)
            if isinstance(method, Func):
                found = self.invoke(Method(value, name, method))
                return self.text(found) if isinstance(found, (Const, PathValue)) else self.hole(self.reason(found))
        inner = value.attributes.get("value")
        return self.text(inner) if isinstance(inner, Const) else self.hole(f"an object of {value.cls.name}")

    def reason(self, value: Value) -> str:
        """Why a value is not known, in a few words."""
        if isinstance(value, Unknown):
            return value.reason
        if isinstance(value, Library):
            return value.reason or f"what {value.name.removesuffix('()')} gives"
        if isinstance(value, Union):
            return next((self.reason(option) for option in value.options if isinstance(option, (Unknown, Library))), "")
        return f"a {type(value).__name__.lower()}"

    def each(self, value: Value, change: Callable[[Value], Value]) -> Value:
        """Apply an operation to every value that this one may be."""
        if not isinstance(value, Union):
            return change(value)
        return join([change(option) for option in value.options])

    def store(self, items: dict[Any, Value], key: Any, value: Value, depth: int) -> None:
        """Set an item or attribute; where that may not happen, the old value stays possible."""
        if self.maybe > depth and key in items:
            value = join([value, items[key]])
        items[key] = value

    def items(self, value: Value) -> tuple[list[Value], Value | None]:
        """What iterating gives: known items, and perhaps any number of others."""
        if isinstance(value, Seq):
            self.spend(len(value.items) // 8)
            return list(value.items), value.rest
        if isinstance(value, Mapping):
            self.spend(len(value.items) // 8)
            rest = None if value.rest is None else value.keys or Unknown("a key of a dictionary")
            return [unkey(key) for key in value.items], rest
        if isinstance(value, Const) and isinstance(value.value, str) and not has_hole(value.value):
            return [Const(character) for character in value.value], None
        if isinstance(value, Union):
            parts = [self.items(option) for option in options(value)]
            rests = [rest for _, rest in parts if rest is not None]
            if all(items for items, _ in parts):
                return [item for items, _ in parts for item in items], join(rests) if rests else None
            known = [item for items, _ in parts for item in items]
            telling = [rest for rest in rests if not isinstance(rest, (Unknown, Library))]
            return known, join(telling or rests) if telling or (rests and not known) else None
        if isinstance(value, ClassValue):
            return [item for item in value.scope.names.values() if isinstance(item, Instance)], None
        if isinstance(value, Instance):
            return self._instance_items(value)
        return [], Unknown(f"an item of {self.reason(value)}")

    def _instance_items(self, value: Instance) -> tuple[list[Value], Value | None]:
        method = value.cls.find("__iter__")
        if isinstance(method, Func):
            found = self.invoke(Method(value, "__iter__", method))
            return self.items(found) if not isinstance(found, Instance) else ([], Unknown("an item"))
        getter = value.cls.find("__getitem__")
        if isinstance(getter, Func):
            return [], self.invoke(Method(value, "__getitem__", getter), Unknown("an index"))
        if "_fields" in value.attributes:
            return [item for name, item in value.attributes.items() if name != "_fields"], None
        return [], Unknown(f"an item of {value.cls.name}")


def unkey(key: Any) -> Value:
    """The value that a dictionary's key stands for."""
    if isinstance(key, tuple):
        if key == ("none",):
            return Const(None)
        if len(key) == 2 and key[0] == "path":
            return PathValue(key[1])
        if len(key) == 2 and key[0] == "instance":
            return Unknown("an object")
        return Seq("tuple", [unkey(part) for part in key])
    return Const(key)


def joined_names(states: list[dict[str, Value]]) -> dict[str, Value]:
    """The names of several states; where they differ, a name has any of its values."""
    if len(states) == 1:
        return states[0]
    merged = dict(states[0])
    for state in states[1:]:
        for name, value in state.items():
            old = merged.get(name)
            if old is None:
                merged[name] = value
            elif old is not value:
                merged[name] = join([old, value])
    return merged
