"""A TOML table read into a frozen dataclass, every key and type checked, every fault with its line."""

from __future__ import annotations

import difflib
import json
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import partial
from typing import Any, TypeVar

from noteship.project.errors import BadSetting, UnknownSetting
from noteship.toml_lines import Source

__all__ = ["Source", "read_table"]

T = TypeVar("T")

# For values that could be secrets by mistake.
HIDDEN = "what is written there"
WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def read_table(kind: type[T], value: object, source: Source, name: str = "") -> T:
    """Make a dataclass of a table.

    Keys are the fields' names with `-` or `_`; a field's metadata may give another `key` and a `parse` that turns the
    plain value into the field's own (raising ValueError with what was expected), or a `parse_item` that is given the
    key and the value of each item of a table; one that is `hidden` is not told where it is wrong.

    Raises: UnknownSetting, BadSetting.
    """
    table = _expect(value, dict, "a table", source, name)
    hints = typing.get_type_hints(kind)
    known = {field.metadata.get("key", field.name): field for field in fields(kind)}  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for key, item in table.items():
        dotted = f"{name}.{_quoted(key)}" if name else _quoted(key)
        if key not in known:
            lacking = [each for each, field in known.items() if each not in table and _is_needed(field)]
            near = difflib.get_close_matches(key, lacking, n=1) or difflib.get_close_matches(key, known, n=1)
            raise UnknownSetting(
                dotted,
                source.place(dotted),
                _joined(name, near[0]) if near else "",
                tuple(sorted(known)),
                tuple(_joined(name, each) for each in lacking),
            )
        field = known[key]
        parse, parse_item = field.metadata.get("parse"), field.metadata.get("parse_item")
        if parse_item:
            items = _expect(item, dict, "a table", source, dotted)
            given[field.name] = {
                each: _parsed(partial(parse_item, each), value, source, _joined(dotted, _quoted(each)))
                for each, value in items.items()
            }
            continue
        hidden = HIDDEN if field.metadata.get("hidden") else ""
        if hidden and not parse:
            _parsed(_tables, item, source, dotted, hidden)
        given[field.name] = (
            _parsed(parse, item, source, dotted, hidden) if parse else _typed(hints[field.name], item, source, dotted)
        )
    for key, field in known.items():
        if field.name not in given and _is_needed(field):
            raise BadSetting(_joined(name, key), source.place(name), "a value: it is needed", "missing")
    try:
        return kind(**given)
    except ValueError as error:
        raise BadSetting(name, source.place(name), str(error), "as it is") from error


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _quoted(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else f'"{key}"'


def _parsed(parse: Any, value: object, source: Source, dotted: str, shown: str = "") -> Any:
    try:
        return parse(value)
    except (TypeError, ValueError) as error:
        raise BadSetting(dotted, source.place(dotted), str(error), shown or repr(value)) from error


def _tables(value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise ValueError("tables, each under a name of its own: [data.NAME]")


def _expect(value: object, kind: type, words: str, source: Source, dotted: str) -> Any:
    right = isinstance(value, kind) and not (kind is not bool and isinstance(value, bool))
    if not right:
        raise BadSetting(dotted, source.place(dotted), words, repr(value))
    return value


def _typed(hint: Any, value: object, source: Source, dotted: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return _typed(next(a for a in arguments if a is not types.NoneType), value, source, dotted)
    if is_dataclass(hint) and isinstance(hint, type):
        return read_table(hint, value, source, dotted)
    if origin is tuple:
        words = f"a list, such as {json.dumps([value], ensure_ascii=False)}" if isinstance(value, str) else "a list"
        items = _expect(value, list, words, source, dotted)
        return tuple(_typed(arguments[0], item, source, dotted) for item in items)
    if origin in (Mapping, dict):
        table = _expect(value, dict, "a table", source, dotted)
        return {key: _typed(arguments[1], item, source, _joined(dotted, _quoted(key))) for key, item in table.items()}
    if hint in (Any, object):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _expect(value, hint, WORDS[hint], source, dotted)
