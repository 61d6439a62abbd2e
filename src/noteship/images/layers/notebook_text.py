"""Notebooks without what running them leaves: outputs, counts, times, states of widgets and of editors."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["stripped"]

# What is kept of a cell's metadata: what its author says, and no program. Some editors write who ran it and when.
CELL_METADATA = ("jupytext", "name", "tags")


def stripped(data: bytes) -> bytes:
    r"""A notebook's bytes as they are before it is run, in one form: running and saving it changes no byte.

    - data: JSON of nbformat 3 or 4
    Raises: ValueError where it is no notebook.

    >>> stripped(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["1"], "execution_count": 7}]}')[:80]
    b'{"cells":[{"cell_type":"code","execution_count":null,"metadata":{},"outputs":[],'
    """
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict) or not isinstance(content.get("nbformat"), int):
        raise ValueError("it has no nbformat")
    plain = {**content, "metadata": _notebook_metadata(_table(content.get("metadata")))}
    if "cells" in content:
        plain["cells"] = _cells(content["cells"])
    if "worksheets" in content:
        sheets = [sheet for sheet in _list(content["worksheets"]) if isinstance(sheet, dict)]
        plain["worksheets"] = [{"cells": _cells(sheet.get("cells")), "metadata": {}} for sheet in sheets]
    # Other than a digest's canonical JSON it may hold NaN and lone surrogates, as Python's own notebooks do.
    return json.dumps(plain, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _cells(cells: Any) -> list[dict[str, Any]]:
    return [_cell(cell) for cell in _list(cells) if isinstance(cell, dict)]


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = _table(cell.get("metadata"))
    plain = {**cell, "metadata": {key: metadata[key] for key in CELL_METADATA if key in metadata}}
    plain |= {key: _source(cell[key]) for key in ("source", "input") if key in cell}
    if cell.get("cell_type") == "code":
        plain |= {"outputs": []} | ({"prompt_number": None} if "prompt_number" in cell else {"execution_count": None})
    return plain


def _notebook_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """The language and jupytext's settings: programs write the rest, the kernel's name and version among it."""
    kept = {"jupytext": metadata["jupytext"]} if "jupytext" in metadata else {}
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        language = _table(metadata.get(section)).get(key)
        if isinstance(language, str) and language:
            return kept | {"language_info": {"name": language}}
    return kept | {"language_info": {"name": "python"}}


def _source(source: Any) -> Any:
    """Programs save it as one text or as lines."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
