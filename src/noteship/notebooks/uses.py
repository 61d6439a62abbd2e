"""What a stage reads and writes, with the evidence: the results that other rooms see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship.digests import Digest
from noteship.errors import NoteshipError

__all__ = ["Action", "Call", "Elsewhere", "External", "ProjectSources", "StageSource", "Unknown", "Use"]

Action = Literal["read", "write"]


@dataclass(frozen=True)
class Use:
    """One file of the project that a stage reads or writes, and how that is known.

    `path` is relative to the project's root, in POSIX form; a write may be a pattern (`plots/*.png`).
    `maybe` is true under a condition, in a `try`, or in a loop of unknown length. `folder` says that the path is a
    folder, `own` that the stage reads what it has written itself before, `optional` that it reads only what is there.
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
    optional: bool = False


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
class Call:
    """One way in which a script is called: the words after its name; `module` where `python -m` calls it by that.

    `origin` is the file that has the call.
    """

    words: tuple[str, ...] = ()
    module: str = ""
    origin: str = field(default="", compare=False)


@dataclass(frozen=True)
class Elsewhere:
    """A path of another machine in a stage's code, and the file or folder of the project that it is taken for.

    `path` is absolute (`/home/a/proj`, `C:/proj`), begins with `~/`, or climbs out of the project (`../input`, from the
    project's root); `place` is relative to the root, which is the empty text. `files` are what the code names below it.
    """

    path: str
    place: str
    files: tuple[str, ...] = ()
    folder: bool = True


@dataclass(frozen=True)
class StageSource:
    """One notebook or script as a stage, as far as reading it tells.

    `calls` are how the project's own files call the script, in the order in which it is run; none when it is run once
    and without words. `pieces` are the parts of its code, and of each module's by path, with their digests.
    `calls_note` says what of them cannot be followed. `redone` are files that it makes anew, by running other
    stages within itself or with the same text as they do: those are their writers. `imports` are the modules, by the
    first part of their names, that are not the project's own and without which it cannot run.
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
    pieces: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fault: NoteshipError | None = None
    calls: tuple[Call, ...] = ()
    calls_note: str = ""
    elsewhere: tuple[Elsewhere, ...] = ()
    redone: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Files read before the stage itself writes them, sorted."""
        return tuple(sorted({use.path for use in self.uses if use.action == "read" and not use.own}))

    @property
    def optional(self) -> tuple[str, ...]:
        """Files read only where they are there, sorted: the stage asks first, and does without them."""
        needed = {use.path for use in self.uses if use.action == "read" and not (use.own or use.optional)}
        return tuple(path for path in self.reads if path not in needed)

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

    `digests` are those of the documents' and modules' bytes as they were read; `consulted` are all files whose contents
    decided what the stages are and read.
    """

    stages: tuple[StageSource, ...]
    files: frozenset[str]
    digests: Mapping[str, str] = field(default_factory=dict)
    consulted: frozenset[str] = frozenset()
