"""Plain values as YAML that people read: the same values are the same bytes, keys in the order that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["documents", "yaml_form"]

# What every reader takes for a text: names, paths and options, which begin with a letter, so that they are no number or
# date, and have no mark of YAML's; and quantities with a unit that ends no number.
PLAIN = re.compile(r"(?:-{0,2}[A-Za-z]|[/_])(?:[A-Za-z0-9_./@+=:-]*[A-Za-z0-9_./@+=-])?|[0-9]+(?:m|s|h|d|%|[KMGT]i)")
# Words that YAML 1.1 has as values.
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
# What YAML does not print, but JSON does; and ends of lines beside "\n", which it would read as one.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
# In texts of several lines; tabs are as they are.
UNFIT_FOR_LINES = re.compile(f"[\x00-\x08\x0b-\x1f]|{UNPRINTABLE.pattern}")


def yaml_form(value: Any) -> str:
    r"""Of tables, lists, texts, numbers, true, false and null. Texts of several lines are written as such.

    >>> print(yaml_form({"groups": [{"name": "a", "port": "8080", "expr": "b\nc"}]}), end="")
    groups:
      - name: a
        port: "8080"
        expr: |-
          b
          c
    """
    return "".join(f"{line}\n" for line in _lines(value))


def documents(values: Iterable[Any]) -> str:
    """Several values as one stream, each with a line of dashes before it but the first.

    >>> print(documents([{"a": 1}, {"b": []}]), end="")
    a: 1
    ---
    b: []
    """
    return "---\n".join(yaml_form(value) for value in values)


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _entry(f"{_text(str(key))}:", each)
    elif isinstance(value, list | tuple) and value:
        for each in value:
            first, *rest = _lines(each)
            yield f"- {first}"
            yield from (f"  {line}" if line else line for line in rest)
    elif isinstance(value, str) and _is_block(value):
        yield _head(value)
        yield from (f"  {line}" if line else line for line in _body(value))
    else:
        yield _scalar(value)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from (f"  {line}" if line else line for line in _lines(value))
        return
    first, *rest = _lines(value)
    yield f"{key} {first}"
    yield from rest


def _is_block(text: str) -> bool:
    # A first line that begins with a space, or is empty, would need its indentation told.
    return "\n" in text and not text.startswith((" ", "\n", "\t")) and not UNFIT_FOR_LINES.search(text)


def _head(text: str) -> str:
    if not text.endswith("\n"):
        return "|-"
    return "|+" if text.endswith("\n\n") else "|"


def _body(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping | list | tuple):
        return "{}" if isinstance(value, Mapping) else "[]"
    # What JSON writes is YAML, too, but for numbers such as 1e-07: YAML 1.1 wants the point.
    told = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return re.sub(r"^(-?\d+)e", r"\1.0e", told)


def _text(text: str) -> str:
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
