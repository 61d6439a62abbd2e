"""What a stage reads and writes, with the evidence: the results that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship.digests import Digest
from noteship.errors import NoteshipError

__all__ = ["Action", "External", "ProjectSources", "StageSource", "Unknown", "Use"]

Action = Literal["read", "write"]


@dataclass(frozen=True)
class Use:
    """One file of the project that a stage reads or writes, and how that is known.

    `path` is relative to the project's root, in POSIX form; a write may be a pattern (`plots/*.png`).
    `maybe` is true under a condition, in a `try`, or in a loop of unknown length. `folder` says that the path is a
    folder, `own` that the stage reads what it has written itself before.
    """

    path: str
    action: Action
    cell: int | None
    line: int
    call: str
    how: str
    maybe: bool = False
    folder: bool = False
    own: bool = False


@dataclass(frozen=True)
class External:
    """Something outside the project: a URL (without credentials), a database, a file elsewhere."""

    what: str
    action: Action
    cell: int | None
    line: int
    call: str
    how: str


@dataclass(frozen=True)
class Unknown:
    """A read or write whose path cannot be known, and why."""

    cell: int | None
    line: int
    call: str
    action: Action
    reason: str


@dataclass(frozen=True)
class StageSource:
    """One notebook or script as a stage, as far as reading it tells.

    `calls` are the words that the project's own files call the script with, one tuple for each command line all of
    whose words are known.
    """

    name: str
    path: str
    kind: Literal["notebook", "script"]
    twin: str | None = None
    cwd: str = "."
    cwd_note: str = ""
    uses: tuple[Use, ...] = ()
    external: tuple[External, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    modules: tuple[str, ...] = ()
    code: Digest | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fault: NoteshipError | None = None
    calls: tuple[tuple[str, ...], ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Files read before the stage itself writes them, sorted."""
        return tuple(sorted({use.path for use in self.uses if use.action == "read" and not use.own}))

    @property
    def writes(self) -> tuple[str, ...]:
        """Files, folders and patterns written, sorted."""
        return tuple(sorted({use.path for use in self.uses if use.action == "write"}))

    @property
    def in_place(self) -> tuple[str, ...]:
        """Files read and then written again, sorted."""
        written = set(self.writes)
        return tuple(path for path in self.reads if path in written)


@dataclass(frozen=True)
class ProjectSources:
    """All stages of a project, by name, and the listing of the project's own files.

    `digests` are those of the documents' and modules' bytes as they were read.
    """

    stages: tuple[StageSource, ...]
    files: frozenset[str]
    digests: Mapping[str, str] = field(default_factory=dict)
