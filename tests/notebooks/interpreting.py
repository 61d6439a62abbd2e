"""What interpreting some source tells, in a short written form."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from noteship.notebooks import interpreter
from noteship.notebooks.catalogue import Catalogue, catalogue_of
from noteship.notebooks.document import Cell, Document
from noteship.notebooks.interpreter import running
from noteship.notebooks.project_view import ProjectTexts, ProjectView
from noteship.notebooks.raw import PathText, RawAnalysis, RawUse

__all__ = ["analysis", "shown", "told", "written"]

Files = Mapping[str, str]
_MARKS = {"unknown": "{}", "segment": "*", "deep": "**/"}


def analysis(
    folder: Path,
    source: str,
    files: Files | None = None,
    *,
    cwd: str = "",
    path: str = "nb.ipynb",
    catalogue: Catalogue | None = None,
) -> RawAnalysis:
    """Interpret cells, which are divided by lines of `---`, in a project with these files."""
    for name, text in (files or {}).items():
        place = folder / "proj" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text))
    (folder / "proj").mkdir(exist_ok=True)
    kind: Literal["notebook", "script"] = "notebook" if path.endswith(".ipynb") else "script"
    cells = textwrap.dedent(source).split("---\n") if kind == "notebook" else [textwrap.dedent(source)]
    offset = 1 if kind == "notebook" else 0
    document = Document(path, kind, tuple(Cell(index + offset, "code", cell) for index, cell in enumerate(cells)))
    view = ProjectView(ProjectTexts(folder / "proj", frozenset(files or {}) | {path}))
    running.FORGIVING = False
    try:
        return interpreter.interpret(view, document, cwd=cwd, catalogue=catalogue or catalogue_of({}, {}))
    finally:
        running.FORGIVING = True


def written(path: PathText) -> str:
    """A path with its holes as marks; `/` and `~/` before those that are not relative."""
    text = "".join(part if isinstance(part, str) else _MARKS[part.kind] for part in path.parts)
    return f"~/{text}" if path.anchor == "home" else text


def shown(use: RawUse, *, marks: bool = False) -> str:
    """`r data/x.csv`, with `?` for a maybe and `/` for a folder when marks are wanted."""
    more = ("?" if use.maybe else "") + ("/" if use.folder else "") if marks else ""
    return f"{use.action[0]}{more} {written(use.path)}"


def told(folder: Path, source: str, files: Files | None = None, *, cwd: str = "", path: str = "nb.ipynb") -> list[str]:
    """The uses of some source, in the order of execution."""
    return [shown(use) for use in analysis(folder, source, files, cwd=cwd, path=path).uses]
