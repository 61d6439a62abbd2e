"""Notebooks and scripts as cells: `.ipynb` (nbformat 3 and 4), percent `.py`, plain `.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from noteship.notebooks.errors import NotJson, OtherLanguage

__all__ = ["Cell", "Document", "read_document"]

Kind = Literal["notebook", "percent", "script"]

_MARKER = re.compile(r"^#\s*%%(?P<title>.*)$|^#\s*In\s?\[[\d ]*\]:\s*$|^#\s*<codecell>\s*$|^#\s*<markdowncell>\s*$")
_PERCENT = re.compile(r"^#\s*%%|^#\s*In\s?\[[\d ]*\]:\s*$|^#\s*<codecell>\s*$", re.MULTILINE)
_HIDDEN_MAGIC = re.compile(r"^(\s*)# ((?:%{1,2}[A-Za-z]|!)\S?.*)$")


@dataclass(frozen=True)
class Cell:
    """One cell: its place among all cells counted from 1 (0 for a script), its text, its first line in the file."""

    index: int
    kind: Literal["code", "markdown", "raw"]
    source: str
    line: int = 1
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """A notebook or script, as written."""

    path: str
    kind: Kind
    cells: tuple[Cell, ...]

    @property
    def code(self) -> tuple[Cell, ...]:
        """The code cells that are not empty, in order."""
        return tuple(cell for cell in self.cells if cell.kind == "code" and cell.source.strip())


def read_document(path: str, text: str) -> Document:
    """Split a file's text into cells. Raises NotJson and OtherLanguage."""
    if path.endswith(".ipynb"):
        return Document(path, "notebook", tuple(_notebook_cells(path, text)))
    if _PERCENT.search(text):
        return Document(path, "percent", tuple(_percent_cells(text)))
    return Document(path, "script", (Cell(0, "code", text),))


def _notebook_cells(path: str, text: str) -> Iterator[Cell]:
    content = _json(path, text)
    _check_language(path, content)
    index = 0
    for raw in _raw_cells(content):
        if not isinstance(raw, dict):
            continue
        index += 1
        kind = raw.get("cell_type")
        source = _joined(raw.get("source", raw.get("input", "")))
        if kind == "code":
            yield Cell(index, "code", source, 1, _tags(raw))
        else:
            yield Cell(index, "raw" if kind == "raw" else "markdown", source)


def _json(path: str, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotJson(path, error.lineno, error.msg) from error
    except RecursionError as error:
        raise NotJson(path, 1, "nested too deeply") from error
    if not isinstance(content, dict) or not ("cells" in content or "worksheets" in content):
        raise NotJson(path, 1, "there are no cells in it")
    return content


def _raw_cells(content: dict[str, Any]) -> list[Any]:
    cells = content.get("cells")
    if isinstance(cells, list):
        return cells
    found: list[Any] = []
    worksheets = content.get("worksheets")
    for sheet in worksheets if isinstance(worksheets, list) else []:
        if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list):
            found.extend(sheet["cells"])
    return found


def _check_language(path: str, content: dict[str, Any]) -> None:
    metadata = content.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        place = metadata.get(section)
        language = place.get(key) if isinstance(place, dict) else None
        if isinstance(language, str) and language:
            if not language.lower().startswith(("python", "ipython")):
                raise OtherLanguage(path, language)
            return


def _joined(source: Any) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _tags(raw: dict[str, Any]) -> tuple[str, ...]:
    metadata = raw.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _percent_cells(text: str) -> Iterator[Cell]:
    lines = text.splitlines(keepends=True)
    # jupytext comments magics out when it writes, and takes the comment away when it reads.
    jupytext = any("jupytext" in line for line in lines[:40])
    starts = [number for number, line in enumerate(lines) if _MARKER.match(line.rstrip())]
    bounds = [*starts, len(lines)]
    index = 0
    if any(_is_code(line) for line in lines[: bounds[0]]):
        index += 1
        yield Cell(index, "code", "".join(lines[: bounds[0]]), 1)
    for start, end in pairwise(bounds):
        index += 1
        kind = _marker_kind(lines[start])
        body = [_shown(line) for line in lines[start + 1 : end]] if jupytext else lines[start + 1 : end]
        yield Cell(index, kind, "".join(body), start + 2, _marker_tags(lines[start]))


def _is_code(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")


def _marker_kind(line: str) -> Literal["code", "markdown", "raw"]:
    if "[markdown]" in line or "[md]" in line or "<markdowncell>" in line:
        return "markdown"
    return "raw" if "[raw]" in line else "code"


def _marker_tags(line: str) -> tuple[str, ...]:
    found = re.search(r"tags=\[([^\]]*)\]", line)
    return tuple(re.findall(r"[\"']([^\"']+)[\"']", found.group(1))) if found else ()


def _shown(line: str) -> str:
    found = _HIDDEN_MAGIC.match(line)
    return f"{found.group(1)}{found.group(2)}\n" if found else line
