"""What the interpreter knows of a Python value: a constant, a container, a function, a library's thing, or nothing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "NONE",
    "ClassValue",
    "Const",
    "Func",
    "Instance",
    "Library",
    "Mapping",
    "Method",
    "ModuleValue",
    "PathValue",
    "Scope",
    "Seq",
    "Union",
    "Unknown",
    "Value",
    "join",
    "key_of",
    "options",
    "truth",
]

# A name with more possible values than this says nothing any more.
UNION_LIMIT = 24


class Value:
    """Anything an expression can give."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Const(Value):
    """A plain Python constant; a text may hold holes (one private-use character each)."""

    value: Any


NONE = Const(None)


@dataclass(frozen=True, slots=True)
class PathValue(Value):
    """A `pathlib` path, as text with holes."""

    text: str


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """A value that is not known, and why; `likely` is what its truth most probably is.

    `exists` is the absolute path of which it tells whether it is there.
    """

    reason: str
    likely: bool | None = None
    exists: str = ""


@dataclass(frozen=True, slots=True)
class Library(Value):
    """A thing of a library that is not interpreted, by the dotted way to it: `pandas.read_csv().to_csv`.

    `data` is what the interpreter's models keep about it: the path of an open file, the values of parsed arguments.
    """

    name: str
    reason: str = ""
    data: Any = None


@dataclass(frozen=True, slots=True)
class Union(Value):
    """One of several values."""

    options: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Seq(Value):
    """A list, tuple, set or iterator: known items, then perhaps any number of `rest`.

    It is `fuzzy` when some of the known items may be absent.
    """

    kind: Literal["list", "tuple", "set"]
    items: list[Value]
    rest: Value | None = None
    fuzzy: bool = False
    depth: int = 0


@dataclass(eq=False, slots=True)
class Mapping(Value):
    """A dictionary: values by constant keys, and perhaps others; `dotted` ones give their keys as attributes too.

    `keys` is what the others' keys may be, where something is known of them.
    """

    items: dict[Any, Value]
    rest: Value | None = None
    dotted: bool = False
    depth: int = 0
    keys: Value | None = None

    def add(self, key: Value, value: Value) -> None:
        """Another value under a key that is no constant."""
        self.rest = value if self.rest is None else join([value, self.rest])
        self.keys = key if self.keys is None else join([key, self.keys])


@dataclass(eq=False, slots=True)
class Scope:
    """Names of a module, class or function, and the scope that a name not found here is looked for in."""

    names: dict[str, Value]
    parent: Scope | None = None
    path: str = ""
    cell: int | None = None
    first_line: int = 1
    places: dict[str, tuple[str, int | None, int]] = field(default_factory=dict)
    shared: dict[str, Scope] = field(default_factory=dict)

    @property
    def top(self) -> Scope:
        """The module's scope."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(eq=False, slots=True)
class Func(Value):
    """A function of the project, with what its definition closed over."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    name: str
    scope: Scope
    defaults: dict[str, Value]
    cell: int | None = None
    first_line: int = 1
    kind: Literal["plain", "static", "class", "property"] = "plain"
    owner: ClassValue | None = None
    context_manager: bool = False
    options: dict[str, Any] | None = None
    path: str = ""


@dataclass(eq=False, slots=True)
class ClassValue(Value):
    """A class of the project."""

    name: str
    bases: list[Value]
    scope: Scope
    fields: list[str]
    decorated: bool = False

    def chain(self) -> Iterator[ClassValue]:
        """This class and those of the project that it derives from, nearest first."""
        yield self
        for base in self.bases:
            if isinstance(base, ClassValue) and base is not self:
                yield from base.chain()

    def find(self, name: str) -> Value | None:
        """An attribute of the class or the nearest base of the project that has it."""
        for cls in self.chain():
            if name in cls.scope.names:
                return cls.scope.names[name]
        return None

    def libraries(self) -> list[str]:
        """The dotted names of the libraries' classes that it derives from."""
        return [base.name for cls in self.chain() for base in cls.bases if isinstance(base, Library)]


@dataclass(eq=False, slots=True)
class Instance(Value):
    """An object of a project's class."""

    cls: ClassValue
    attributes: dict[str, Value]
    depth: int = 0


@dataclass(eq=False, slots=True)
class Method(Value):
    """A function, or a built-in type's method, bound to its receiver."""

    receiver: Value
    name: str
    function: Func | None = None


@dataclass(eq=False, slots=True)
class ModuleValue(Value):
    """A module or package of the project."""

    name: str
    scope: Scope
    path: str
    folder: str


def options(value: Value) -> tuple[Value, ...]:
    """The values that a value may be."""
    return value.options if isinstance(value, Union) else (value,)


def join(values: Iterable[Value]) -> Value:
    """One value that may be any of these; past the limit the rest is one unknown."""
    found: dict[Any, Value] = {}
    for value in values:
        for option in options(value):
            found.setdefault(_identity(option), option)
        if len(found) > UNION_LIMIT:
            kept = [option for option in found.values() if not isinstance(option, Unknown)][:UNION_LIMIT]
            return Union((*kept, Unknown("one of many values")))
    if len(found) == 1:
        return next(iter(found.values()))
    return Union(tuple(found.values())) if found else Unknown("no value")


def _identity(value: Value) -> Any:
    """What makes two values the same; all unknown ones are."""
    if isinstance(value, Const):
        return type(value.value), value.value
    if isinstance(value, PathValue):
        return PathValue, value.text
    if isinstance(value, Library):
        return Library, value.name, id(value.data)
    return Unknown if isinstance(value, Unknown) else id(value)


def key_of(value: Value, holed: Callable[[str], bool]) -> Any:
    """The constant that a value is as a dictionary's key, else None. A text with holes is no key."""
    if isinstance(value, Const):
        if isinstance(value.value, str) and holed(value.value):
            return None
        return ("none",) if value.value is None else value.value
    if isinstance(value, PathValue):
        return None if holed(value.text) else ("path", value.text)
    if isinstance(value, Seq) and value.kind == "tuple" and value.rest is None:
        keys = tuple(key_of(item, holed) for item in value.items)
        return None if None in keys else keys
    if isinstance(value, Instance):
        return ("instance", id(value))
    return None


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None when it is not known."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, (PathValue, Func, ClassValue, Method, ModuleValue)):
        return True
    if isinstance(value, Seq):
        return True if value.items and not value.fuzzy else None if value.rest or value.fuzzy else False
    if isinstance(value, Mapping):
        return True if value.items else None if value.rest else False
    if isinstance(value, Union):
        found = {truth(option) for option in value.options}
        return found.pop() if len(found) == 1 else None
    return None
