"""What the document itself writes into sources and settings: their whole text, where it is known."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import PurePosixPath

from noteship.notebooks import magics
from noteship.notebooks.document import Document, read_document
from noteship.notebooks.errors import NotJson, OtherLanguage
from noteship.notebooks.interpreter.arguments import Arguments, Call
from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import absolute_texts, path_texts, used
from noteship.notebooks.interpreter.evidence import Manner
from noteship.notebooks.interpreter.holes import has_hole
from noteship.notebooks.raw import TAKEN_UP
from noteship.notebooks.values import Const, Value

__all__ = ["add_text", "begin_text", "copy_text", "document_of", "known_texts", "note_made", "text_of", "tree_of"]

# What is executed, and what settings are read from; other files are data.
SUFFIXES = frozenset({".py", ".toml", ".yaml", ".yml", ".json", ".ini", ".cfg", ".env"})
# A module that a person writes into a cell is far smaller.
LARGEST_TEXT = 100_000


@dataclass(frozen=True)
class _Text:
    """A text under way; `depth` is how uncertain it was that the file is written at all."""

    text: str
    depth: int


def _texts(machine: Machine) -> dict[str, _Text | None]:
    found: dict[str, _Text | None] = machine.state.setdefault("texts", {})
    return found


def _place(machine: Machine, value: Value) -> str:
    """The one path in the project that a value names, when it may hold a source or settings; else nothing."""
    named = path_texts(machine, value)
    places = absolute_texts(machine, named[0]) if len(named) == 1 and not has_hole(named[0]) else []
    inside = machine.inside(places[0]) if len(places) == 1 else None
    return inside if inside and PurePosixPath(inside).suffix in SUFFIXES else ""


def begin_text(machine: Machine, value: Value, *, append: bool = False) -> None:
    """A file is opened to be written."""
    path = _place(machine, value)
    if not path:
        return
    if append:
        _texts(machine).setdefault(path, None)
    else:
        _texts(machine)[path] = _Text("", machine.maybe)


def add_text(machine: Machine, value: Value, text: str | None) -> None:
    """More is written into a file; None when it is not known."""
    path = _place(machine, value)
    if not path:
        return
    old = _texts(machine).get(path)
    known = old is not None and text is not None and not has_hole(text) and old.depth == machine.maybe
    whole = f"{old.text}{text}" if old is not None and known else ""
    _texts(machine)[path] = _Text(whole, machine.maybe) if known and len(whole) <= LARGEST_TEXT else None


def copy_text(machine: Machine, source: Value, target: Value) -> None:
    """A file becomes a copy of another."""
    path = _place(machine, source)
    begin_text(machine, target)
    if path:
        add_text(machine, target, text_of(machine, path))


def known_texts(machine: Machine) -> tuple[tuple[str, str], ...]:
    """The files whose whole text is known; one into which nothing was seen to be written is not."""
    return tuple(sorted((path, each.text) for path, each in _texts(machine).items() if each is not None and each.text))


def _own(machine: Machine, path: str) -> str | None:
    found = _texts(machine).get(path)
    return found.text if found is not None and found.text else None


def text_of(machine: Machine, path: str) -> str | None:
    """The text of a small file: what the document has written there, else the project's."""
    own = _own(machine, path)
    return machine.project.read_text(path) if own is None else own


def tree_of(machine: Machine, path: str) -> ast.Module | None:
    """The tree of a module file: of what the document has written there, else of the project's."""
    text = _own(machine, path)
    if text is None:
        return machine.project.module_tree(path)
    try:
        return magics.parse_cell(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def document_of(machine: Machine, path: str) -> Document | None:
    """A notebook or script to be run: as the document has written it, else the project's."""
    text = _own(machine, path)
    if text is None:
        return machine.project.document(path)
    try:
        return read_document(path, text)
    except (NotJson, OtherLanguage):
        return None


def note_made(machine: Machine, path: str, label: str) -> None:
    """A source that is taken up is read like a data file when a stage makes it."""
    if path and machine.project.is_made(path):
        call = Call("import", Arguments(), label=label)
        used(machine, Const(machine.place(path)), "read", call, Manner(how=TAKEN_UP))
