"""Values from the project's own TOML, YAML, JSON and INI files."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from typing import Any

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import absolute_texts
from noteship.notebooks.interpreter.holes import cleaned, has_hole
from noteship.notebooks.interpreter.written_texts import text_of
from noteship.notebooks.values import Const, Mapping, Seq, Unknown, Value
from noteship.notebooks.yaml_text import parsed_yaml

__all__ = ["load_ini", "load_settings", "parse_settings", "settings_text", "value_of"]

# Settings are small; a larger file of these kinds holds data.
LARGEST_TEXT = 200_000
MOST_ITEMS = 2_000


def settings_text(machine: Machine, text: str) -> tuple[str, str] | None:
    """The project-relative path and the content of a settings file."""
    if has_hole(text):
        return None
    for place in absolute_texts(machine, text):
        path = machine.inside(place)
        content = text_of(machine, path) if path else None
        if path and content is not None and len(content) <= LARGEST_TEXT:
            return path, content
    return None


def load_settings(machine: Machine, text: str, kind: str = "", dotted: bool = False) -> Value | None:
    """The value of a settings file, by its kind or its suffix; None when it cannot be read."""
    found = settings_text(machine, text)
    if found is None:
        return None
    path, content = found
    kind = kind or path.rpartition(".")[2].lower()
    return parse_settings(content, kind, dotted)


def parse_settings(content: str, kind: str, dotted: bool = False) -> Value | None:
    """The value of a text in one of the formats; None when it is not well formed."""
    parser = _PARSERS.get(kind)
    if parser is None or len(content) > LARGEST_TEXT:
        return None
    try:
        data = parser(content)
    except (ValueError, RecursionError, configparser.Error):
        return None
    if dotted:
        data = _interpolated(data)
    return value_of(data, dotted)


def _env(content: str) -> Any:
    found: dict[str, str] = {}
    for line in content.splitlines():
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$", line)
        if match:
            found[match.group(1)] = match.group(2).strip("'\"")
    return found


_PARSERS: MappingType[str, Callable[[str], Any]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": parsed_yaml,
    "yml": parsed_yaml,
    "env": _env,
}


def _interpolated(data: Any) -> Any:
    """`${a.b}` in a text stands for the value of `b` in `a`."""

    def look_up(path: str) -> str | None:
        value: Any = data
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else None

    def change(value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return {key: change(item, depth) for key, item in value.items()}
        if isinstance(value, list):
            return [change(item, depth) for item in value]
        if isinstance(value, str) and "${" in value and depth < 5:
            replaced = re.sub(r"\$\{([\w.]+)\}", lambda found: look_up(found.group(1)) or found.group(), value)
            return change(replaced, depth + 1) if replaced != value else value
        return value

    return change(data, 0)


def value_of(data: Any, dotted: bool = False, budget: list[int] | None = None) -> Value:
    """Plain data as the interpreter's value."""
    left = budget if budget is not None else [MOST_ITEMS]
    left[0] -= 1
    if left[0] < 0:
        return Unknown("an item of a large file")
    if isinstance(data, dict):
        items = {
            key: value_of(item, dotted, left) for key, item in data.items() if isinstance(key, (str, int, float, bool))
        }
        return Mapping(items, None, dotted)
    if isinstance(data, list):
        return Seq("list", [value_of(item, dotted, left) for item in data[:500]])
    if isinstance(data, str):
        return Const(cleaned(data))
    if data is None or isinstance(data, (bool, int, float)):
        return Const(data)
    return Const(str(data))


def load_ini(machine: Machine, text: str, into: Mapping, extended: bool = False) -> None:
    """Read an INI file's sections into a dictionary of dictionaries."""
    found = settings_text(machine, text)
    if found is None:
        return
    interpolation = configparser.ExtendedInterpolation() if extended else configparser.BasicInterpolation()
    parser = configparser.ConfigParser(interpolation=interpolation, strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(found[1])
    except configparser.Error:
        return
    for section in [*parser.sections(), "DEFAULT"]:
        try:
            items = dict(parser.items(section))
        except configparser.Error:
            items = dict(parser.items(section, raw=True))
        # Options are found in any case: as they are written, and in small letters.
        values: dict[str, Value] = {key.lower(): Const(cleaned(value or "")) for key, value in items.items()}
        values.update({key: Const(cleaned(value or "")) for key, value in items.items()})
        into.items[section] = Mapping(dict(values))
