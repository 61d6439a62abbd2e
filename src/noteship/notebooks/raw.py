"""What interpreting one document tells, before paths are matched with the project's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from noteship.notebooks.uses import Action

__all__ = [
    "TAKEN_UP",
    "Anchor",
    "CommandLine",
    "Hole",
    "PathText",
    "RawAnalysis",
    "RawExternal",
    "RawUnknown",
    "RawUse",
    "Word",
]

Anchor = Literal["relative", "absolute", "home"]
# How it is said that a module or a script is read since a stage writes it.
TAKEN_UP = "a source that a stage writes"


@dataclass(frozen=True)
class Hole:
    """A piece of a path that is not known: `unknown` stands for any text, and `reason` says why.

    `segment` is a wildcard that the author wrote (`*`, `?`, `[ab]`): any text without a slash. `deep` is `**`: any
    number of whole folders, none included (the slash after it belongs to it).
    """

    reason: str
    kind: Literal["unknown", "segment", "deep"] = "unknown"


Word = tuple[str | Hole, ...]


@dataclass(frozen=True)
class CommandLine:
    """What follows a script's name where it is called.

    `origin` is the file that calls it, `cwd` the project's folder it does so in, None when that is not known. `module`
    is its name where `python -m` calls it.
    """

    words: tuple[Word, ...] = ()
    origin: str = ""
    cwd: str | None = None
    module: str = ""


@dataclass(frozen=True)
class PathText:
    """A path as literal text and holes, with forward slashes, normalised where no hole forbids it.

    `relative` paths are already joined to the working folder as of that moment, so they are relative to the project's
    root and may begin with `..`. `absolute` ones begin with `/` or a drive (`C:/`); `home` ones are what follows `~/`.
    """

    parts: tuple[str | Hole, ...]
    anchor: Anchor = "relative"


@dataclass(frozen=True)
class RawUse:
    """One read or write; `order` grows with the order of execution.

    Uses of one document with the same `choice`, not 0, are alternatives of one call: a name that may have several
    values. A `doubtful` use may be no file at all; it counts when a file of the project or another stage confirms it.
    `by` are the scripts, started as commands of their own, in which it happens. A `guarded` write happens only where
    the file is not there before, a `guarded` read only where it is.
    """

    path: PathText
    action: Action
    cell: int | None
    line: int
    call: str
    how: str
    maybe: bool = False
    order: int = 0
    folder: bool = False
    choice: int = 0
    doubtful: bool = False
    guarded: bool = False
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawExternal:
    """A URL, database or other thing that is no file."""

    what: str
    action: Action
    cell: int | None
    line: int
    call: str
    how: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawUnknown:
    """A read or write of which nothing of the path is known."""

    cell: int | None
    line: int
    call: str
    action: Action
    reason: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawAnalysis:
    """All that one document does, in the order of execution.

    `modules` are the project's module files that were imported, `runs` the notebooks and scripts that were run from
    it and whose uses are included; both project-relative. `calls` are the scripts that it starts as commands. `order`
    has the positions of the document's own command lines as they come after each other, where it was read with several.
    `texts` are the sources and settings that it writes, with their whole text where that is known.
    """

    uses: tuple[RawUse, ...] = ()
    external: tuple[RawExternal, ...] = ()
    unknown: tuple[RawUnknown, ...] = ()
    modules: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    calls: tuple[tuple[str, CommandLine], ...] = ()
    order: tuple[int, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
