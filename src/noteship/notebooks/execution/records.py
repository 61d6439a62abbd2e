"""The executed notebook as a file: nbformat 4, with what the source had beside its code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship.notebooks.document import Cell, Document

__all__ = ["Executed", "notebook"]


@dataclass(frozen=True)
class Executed:
    """One code cell after it ran."""

    count: int | None
    outputs: list[dict[str, Any]] = field(default_factory=list)


def notebook(document: Document, original: str, executed: Mapping[int, Executed], language: Mapping[str, Any]) -> bytes:
    """The notebook with the outputs of the executed cells, by cell index, and none in the others.

    `original` is the text of an `.ipynb`, whose metadata, attachments and cell ids are kept where it is of nbformat 4.
    """
    content = _original(original) if document.path.endswith(".ipynb") else {}
    kept: list[dict[str, Any]] = content.get("cells", [])
    if len(kept) != len(document.cells):
        kept = [{} for _ in document.cells]
    cells = [_cell(cell, old, executed.get(cell.index)) for cell, old in zip(document.cells, kept, strict=True)]
    metadata = _metadata(content.get("metadata"), language)
    value = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _original(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(content, dict) or content.get("nbformat") != 4:
        return {}
    content["cells"] = [cell for cell in content.get("cells", []) if isinstance(cell, dict)]
    return content


def _cell(cell: Cell, old: dict[str, Any], executed: Executed | None) -> dict[str, Any]:
    metadata = old.get("metadata")
    new: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": old.get("id") or f"cell-{cell.index}",
        "metadata": metadata if isinstance(metadata, dict) else {"tags": list(cell.tags)} if cell.tags else {},
        "source": cell.source,
    }
    if cell.kind == "code":
        executed = executed or Executed(None)
        new |= {"execution_count": executed.count, "outputs": executed.outputs}
    elif isinstance(old.get("attachments"), dict):
        new["attachments"] = old["attachments"]
    return new


def _metadata(old: Any, language: Mapping[str, Any]) -> dict[str, Any]:
    metadata = dict(old) if isinstance(old, dict) else {}
    metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
    # What the source says of the Python that it ran on last is no longer true.
    metadata["language_info"] = {"name": "python", "version": ".".join(map(str, language)), "file_extension": ".py"}
    metadata.pop("widgets", None)
    return metadata
