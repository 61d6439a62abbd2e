"""Lets a stage's code find what it looks for under another machine's paths, in the copies that its workspace has."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from noteship import errors
from noteship.notebooks.document import Document
from noteship.notebooks.execution.jobs import Job
from noteship.notebooks.execution.redirection import Redirection
from noteship.notebooks.execution.workspace import Workspace
from noteship.notebooks.uses import Call, Elsewhere

__all__ = ["Redirected", "as_written", "redirected", "restore"]

# Files of settings may hold paths, too; those that are larger hold data.
SETTINGS = (".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".env")
LARGEST_BYTES = 1 << 20
# What is a text for whoever reads it; in other files a text may have its length beside it.
TEXTS = (*SETTINGS, ".py", ".ipynb", ".txt", ".md", ".log", ".csv", ".tsv", ".jsonl", ".xml", ".html")
# To look through this much takes 0.1 s.
LARGEST_TEXT_BYTES = 64 << 20


@dataclass(frozen=True)
class Redirected:
    """What is run instead: the document and the words, with paths that lead into the workspace; and what to say.

    `copies` are the texts of the copies that were changed, as they are and as they were.
    """

    document: Document
    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()
    copies: Mapping[Path, tuple[str, str]] = field(default_factory=dict)


def redirected(workspace: Workspace, job: Job, document: Document) -> Redirected:
    """Change the copies of the stage's sources; the document as it is shown stays."""
    active = workspace.roots.active
    if not active:
        return Redirected(document, job.calls)
    copies = dict(_copies(workspace, job))
    words = [word for call in job.calls for word in call.words]
    sources = [*(cell.source for cell in document.code), *copies.values(), *words]
    redirection = Redirection(active, str(workspace.roots.top), sources)
    if not any("mkdir" in source or "makedirs" in source for source in sources):
        # Code that makes no folders counts on those of its author's machine.
        workspace.roots.furnish()
    for piece in sorted(redirection.pieces):
        workspace.roots.show(piece)
    changed = {path: (new, text) for path, text in copies.items() if (new := redirection.text(text)) != text}
    for path, (new, _) in changed.items():
        path.write_text(new, encoding="utf-8", newline="")
    cells = tuple(
        replace(cell, source=redirection.cell(cell.source)) if cell.kind == "code" else cell for cell in document.cells
    )
    calls = tuple(replace(call, words=tuple(map(redirection.text, call.words))) for call in job.calls)
    return Redirected(replace(document, cells=cells), calls, tuple(_notes(active, redirection)), changed)


def _notes(active: Sequence[Elsewhere], redirection: Redirection) -> Iterator[str]:
    taken = [each for each in active if redirection.possible or each.path.startswith("../")]
    if taken:
        yield f"took {errors.cut(', '.join(map(_told, taken)))}"
    if redirection.lost:
        why = "its code composes it" if redirection.possible else "a folder above it has a quote or a brace in its name"
        yield f"cannot take {errors.cut(redirection.lost[0])} for a file of the project: {why}"


def restore(workspace: Workspace, runs: Redirected, written: Iterable[str]) -> None:
    """Put the paths that the code has back into the changed copies, and into the texts that the stage wrote.

    Settings that a stage changes, or copies, are its outputs: they are not to name a folder that is gone when it ends.
    """
    if not workspace.roots.active:
        return
    names = (name for name in written if name.lower().endswith(TEXTS))
    for path in dict.fromkeys((*runs.copies, *map(workspace.place, names))):
        if not _is_own(workspace, path, LARGEST_TEXT_BYTES):
            continue
        with contextlib.suppress(UnicodeDecodeError):
            text = _read(path)
            new, old = runs.copies.get(path, ("", ""))
            given_back = old if text == new else as_written(text, workspace)
            if given_back != text:
                path.write_text(given_back, encoding="utf-8", newline="")


def as_written(text: str, workspace: Workspace) -> str:
    """A text with the paths that the code has, not those that stand for them."""
    top = str(workspace.roots.top)
    spelled = "|".join(re.escape(each) for each in {top, json.dumps(top)[1:-1]})
    # The home and a drive have nothing before them.
    return re.sub(rf"(?:{spelled})(?:/(?=~|[A-Za-z]:))?", "", text)


def _told(each: Elsewhere) -> str:
    return f"{each.path} for {each.place or 'the root of the project'}"


def _copies(workspace: Workspace, job: Job) -> Iterator[tuple[Path, str]]:
    """The texts of the sources and settings that are the workspace's own copies."""
    produced = [name for name in job.inputs if name.endswith(".py")]
    settings = [name for name in job.known_reads if name.lower().endswith(SETTINGS)]
    for name in dict.fromkeys((*job.sources, *produced, *settings)):
        path = workspace.place(name)
        if _is_own(workspace, path, LARGEST_BYTES):
            with contextlib.suppress(UnicodeDecodeError):
                yield path, _read(path)


def _is_own(workspace: Workspace, path: Path, largest_bytes: int) -> bool:
    """Whether it is a file of the workspace's own, not one that a link leads to."""
    return workspace.path in path.resolve().parents and path.is_file() and path.stat().st_size <= largest_bytes


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as stream:
        return stream.read()
