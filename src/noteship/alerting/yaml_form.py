"""Plain values as YAML that people read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["yaml_form"]


def yaml_form(value: Any) -> str:
    r"""Of tables, lists, texts and numbers. Keys are written as they are; texts of several lines as such.

    >>> print(yaml_form({"groups": [{"name": "a", "expr": "b\nc"}]}), end="")
    groups:
      - name: "a"
        expr: |-
          b
          c
    """
    return "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _entry(f"{key}:", each)
        return
    for each in value:
        first, *rest = _lines(each) if isinstance(each, dict | list) else [_scalar(each)]
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _entry(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield key
        yield from (f"  {line}" for line in _lines(value))
    elif isinstance(value, str) and "\n" in value:
        yield f"{key} |-"
        yield from (f"  {line}" for line in value.splitlines())
    else:
        yield f"{key} {_scalar(value)}"


def _scalar(value: Any) -> str:
    # What JSON writes is YAML, too.
    return json.dumps(value, ensure_ascii=False)
