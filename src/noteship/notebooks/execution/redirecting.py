"""Lets a stage's code find what it looks for under another machine's paths, in the copies that its workspace has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from noteship import errors
from noteship.notebooks.document import Document
from noteship.notebooks.execution.jobs import Job
from noteship.notebooks.execution.redirection import Redirection
from noteship.notebooks.execution.workspace import Workspace
from noteship.notebooks.uses import Call, Elsewhere

__all__ = ["Redirected", "redirected"]

# Files of settings may hold paths, too; those that are larger hold data.
SETTINGS = (".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".env")
LARGEST_BYTES = 1 << 20


@dataclass(frozen=True)
class Redirected:
    """What is run instead: the document and the words, with paths that lead into the workspace; and what to say."""

    document: Document
    calls: tuple[Call, ...]
    notes: tuple[str, ...] = ()


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
    for path, text in copies.items():
        changed = redirection.text(text)
        if changed != text:
            path.write_text(changed, encoding="utf-8", newline="")
    cells = tuple(
        replace(cell, source=redirection.cell(cell.source)) if cell.kind == "code" else cell for cell in document.cells
    )
    calls = tuple(replace(call, words=tuple(map(redirection.text, call.words))) for call in job.calls)
    notes = [f"took {errors.cut(', '.join(map(_told, active)))}"]
    if redirection.lost:
        notes.append(f"cannot take {errors.cut(redirection.lost[0])} for a file of the project: its code composes it")
    return Redirected(replace(document, cells=cells), calls, tuple(notes))


def _told(each: Elsewhere) -> str:
    return f"{each.path} for {each.place or 'the root of the project'}"


def _copies(workspace: Workspace, job: Job) -> Iterator[tuple[Path, str]]:
    """The texts of the sources and settings that are the workspace's own copies."""
    produced = [name for name in job.inputs if name.endswith(".py")]
    settings = [name for name in job.known_reads if name.lower().endswith(SETTINGS)]
    for name in dict.fromkeys((*job.sources, *produced, *settings)):
        path = workspace.place(name)
        if workspace.path in path.resolve().parents and path.is_file() and path.stat().st_size <= LARGEST_BYTES:
            try:
                with path.open(encoding="utf-8", newline="") as stream:
                    yield path, stream.read()
            except UnicodeDecodeError:
                continue
