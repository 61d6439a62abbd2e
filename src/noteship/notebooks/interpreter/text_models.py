"""Methods of texts and numbers, on texts that may have holes."""

from __future__ import annotations

import re
import string
import textwrap
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.interpreter.modelling import argument_text, distributed, formatted
from noteship.notebooks.values import Const, Mapping, Seq, Unknown, Value

__all__ = ["TEXT_MODELS"]

_LONGEST = 20_000


def _own(call: Call) -> str:
    receiver = call.receiver
    return receiver.value if isinstance(receiver, Const) and isinstance(receiver.value, str) else ""


def _same_letters(name: str) -> Model:
    """A method that changes each literal piece for itself."""

    def model(machine: Machine, call: Call) -> Value:
        return Const(getattr(_own(call), name)())

    return model


def _strip(name: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        given = call.text_of(0)
        if given is None and call.constant(0, default=1) is not None and (call.get(0) is not None or "remove" in name):
            return Const(machine.hole(f"what {name} gives"))
        return Const(getattr(_own(call), name)(*([given] if given is not None else [])))

    return model


def _test(name: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        value = call.get(0)
        wanted = [value] if not isinstance(value, Seq) else value.items
        found = {_tested(machine, _own(call), name, item) for item in wanted}
        if True in found:
            return Const(True)
        return Const(False) if found == {False} else Unknown("a test of a text")

    return model


def _tested(machine: Machine, text: str, name: str, value: Value | None) -> bool | None:
    if not isinstance(value, Const) or not isinstance(value.value, str) or has_hole(value.value):
        return None
    if not has_hole(text) or getattr(text, name)(value.value):
        return bool(getattr(text, name)(value.value))
    parts = machine.holes.split(text)
    end = parts[0] if name == "startswith" else parts[-1]
    size = len(value.value)
    if isinstance(end, str) and (len(end) >= size or not getattr(value.value, name)(end)):
        return False
    return None


def _replace(machine: Machine, call: Call) -> Value:
    old, new = call.text_of(0), argument_text(machine, call, 1)
    if not old or has_hole(old):
        return Const(machine.hole("a text with something replaced"))
    found = _own(call).replace(old, new)
    return Const(found if len(found) < _LONGEST else machine.hole("a long text"))


def _part(machine: Machine, text: str) -> str:
    """A part of a text that is not known; of a name that a wildcard stands for, it is as sure as the name."""
    holes = [part for part in machine.holes.split(text) if not isinstance(part, str)]
    listed = bool(holes) and all(hole.kind == "segment" for hole in holes)
    return machine.hole("a part of a text", "segment" if listed else "unknown")


def _split(name: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        separator, count = call.text_of(0, "sep"), call.constant(1, "maxsplit", default=-1)
        text = _own(call)
        if separator == "" or (separator is not None and has_hole(separator)) or not isinstance(count, int):
            return Seq("list", [], Const(machine.hole("a part of a text")))
        pieces: list[str] = getattr(text, name)(separator, count)
        whole = has_hole(text) and "/" not in (separator or "") and len(pieces) == 1
        if whole:
            part = Const(_part(machine, text))
            return Seq("list", [part], part)
        return Seq("list", [Const(piece) for piece in pieces[:500]], depth=machine.maybe)

    return model


def _partition(name: str) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        separator = call.text_of(0)
        if not separator:
            return Unknown("a part of a text")
        text = _own(call)
        if has_hole(text) and separator not in text:
            part = Const(_part(machine, text))
            return Seq("tuple", [part, Const(separator), part])
        return Seq("tuple", [Const(piece) for piece in getattr(text, name)(separator)])

    return model


def _join(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    items, rest = machine.items(value) if value is not None else ([], None)
    texts = [machine.written(item) for item in items]
    if rest is not None or (isinstance(value, Seq) and value.fuzzy):
        texts.append(machine.hole("a joined text"))
    return Const(_own(call).join(texts)[:_LONGEST])


def _lines(machine: Machine, call: Call) -> Value:
    return Seq("list", [Const(line) for line in _own(call).splitlines()[:500]], depth=machine.maybe)


class _Fields(string.Formatter):
    """Formats with values that may be unknown."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        """A field by its name, its attributes and items looked up in the abstract."""
        first, rest = re.match(r"([^.\[]*)(.*)", field_name).groups()  # type: ignore[union-attr]
        values = dict(enumerate(args))
        value: Value | None = values.get(int(first)) if first.isdigit() else kwargs.get(first)
        for dot, item in re.findall(r"\.(\w+)|\[([^\]]*)\]", rest):
            value = self._inner(value, dot, item)
        return value, first

    def _inner(self, value: Value | None, dot: str, item: str) -> Value | None:
        if value is not None and dot:
            return self.machine.attribute(value, dot)
        return value.items.get(item) if isinstance(value, Mapping) else None

    def format_field(self, value: Any, format_spec: str) -> Any:
        """One field as text."""
        if value is None:
            return self.machine.hole("a formatted value")
        if isinstance(value, Const) and format_spec:
            found = formatted(value.value, format_spec)
            return self.machine.hole("a formatted value") if found is None else found
        return self.machine.written(value)

    def convert_field(self, value: Any, _conversion: Any) -> Any:
        """Conversions do not matter for paths."""
        return value


def _format(machine: Machine, call: Call) -> Value:
    text = _own(call)
    if len(text) > 2000:
        return Const(machine.hole("a long text"))
    try:
        return Const(_Fields(machine).format(text, *call.arguments.positional, **call.arguments.keywords))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Const(re.sub(r"\{[^{}]*\}", machine.hole("a formatted value"), text))


def _format_map(machine: Machine, call: Call) -> Value:
    value = call.get(0)
    if isinstance(value, Mapping):
        call.arguments.keywords.update({str(key): item for key, item in value.items.items()})
    call.arguments.positional.clear()
    return _format(machine, call)


def _exact(name: str) -> Model:
    """A method whose result is only known when the text is."""

    def model(machine: Machine, call: Call) -> Value:
        arguments = [item.value for item in call.arguments.positional if isinstance(item, Const)]
        text = _own(call)
        whole = not has_hole(text) and len(arguments) == len(call.arguments.positional) and len(text) < _LONGEST
        if not whole or any(isinstance(item, int) and abs(item) > 500 for item in arguments):
            return Unknown(f"what {name} gives of a text")
        try:
            return Const(getattr(text, name)(*arguments))
        except (TypeError, ValueError):
            return Unknown(f"what {name} gives of a text")

    return model


def _encode(machine: Machine, call: Call) -> Value:
    return Const(_own(call))


def _decode(machine: Machine, call: Call) -> Value:
    receiver = call.receiver
    raw = receiver.value if isinstance(receiver, Const) else b""
    return Const(raw.decode("utf-8", "replace")) if isinstance(raw, bytes) else Unknown("a text")


_LETTERS = ("capitalize", "casefold", "lower", "swapcase", "title", "upper")
_EXACT = ("center", "count", "find", "index", "isalnum", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric",
          "isspace", "isupper", "ljust", "rfind", "rindex", "rjust", "zfill")  # fmt: skip


def _of_text(change: Callable[[str], str]) -> Model:
    """A library's function that changes the layout of a text."""

    def model(machine: Machine, call: Call) -> Value:
        return Const(change(argument_text(machine, call, 0, "text", "doc")))

    return distributed(model)


TEXT_MODELS: MappingType[str, Callable[[Machine, Call], Value]] = {
    **{f"str.{name}": _same_letters(name) for name in _LETTERS},
    **{f"str.{name}": distributed(_exact(name)) for name in _EXACT},
    **{
        f"str.{name}": distributed(_strip(name))
        for name in ("strip", "lstrip", "rstrip", "removeprefix", "removesuffix")
    },
    "str.startswith": distributed(_test("startswith")),
    "str.endswith": distributed(_test("endswith")),
    "str.replace": distributed(_replace),
    "str.split": distributed(_split("split")),
    "str.rsplit": distributed(_split("rsplit")),
    "str.partition": _partition("partition"),
    "str.rpartition": _partition("rpartition"),
    "str.join": _join,
    "str.splitlines": _lines,
    "str.format": distributed(_format),
    "str.format_map": _format_map,
    "str.encode": _encode,
    "str.__str__": _encode,
    "bytes.decode": _decode,
    "textwrap.dedent": _of_text(textwrap.dedent),
}
