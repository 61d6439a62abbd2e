"""What is asked of the execution of one notebook or script, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship import store
from noteship.notebooks.document import Document
from noteship.notebooks.uses import Call, Elsewhere

__all__ = ["Execution", "Failure", "Job", "Kind", "Progress"]

Kind = Literal["code", "timeout", "memory", "interrupted", "kernel", "cluster"]


@dataclass(frozen=True)
class Job:
    """One document to run in a workspace of its own.

    Paths are relative to the project, with `/`; those outside are absolute. `produced` are the files, folders and
    patterns that stages of this project write: the project's own copies of them stay out of the workspace, and just
    `inputs` go in. A script is run once for each of its `calls`, in their order. Paths of `elsewhere` are those of the
    project in the document and in its `sources`, the other files of the project with code that it runs. `redone` are
    files that it makes anew and whose writers are other stages: they are not its outputs.

    `environment` has variables that only this job's process gets, and `prelude` is code that runs in it before its own:
    it finds `request`, what the process was started with, and may leave `notes`. It sees no variable of the document's.
    """

    run: str
    stage: str
    document: Document
    cwd: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, store.Artifact] = field(default_factory=dict)
    produced: tuple[str, ...] = ()
    known_reads: tuple[str, ...] = ()
    expected_writes: tuple[str, ...] = ()
    redone: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    calls: tuple[Call, ...] = (Call(),)
    elsewhere: tuple[Elsewhere, ...] = ()
    timeout_s: float | None = None
    memory_bytes: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    prelude: str = ""


@dataclass(frozen=True)
class Failure:
    """Why a document did not run to its end.

    `cell` counts all cells from 1 and is None in scripts; `line` counts in the cell, for scripts in `file`. `call` has
    the words that a script was called with. `cause` is the word for what befell it where it ran, for who may try again.
    """

    kind: Kind
    message: str
    file: str = ""
    cell: int | None = None
    line: int | None = None
    exception: str = ""
    last_output: str = ""
    remedy: str = ""
    retryable: bool = False
    call: str = ""
    cause: str = ""

    @property
    def where(self) -> str:
        """The place in words.

        >>> Failure("code", "ValueError: no", "04-train.ipynb", 3, 2).where
        '04-train.ipynb, cell 3, line 2'
        """
        places = [self.file] if self.file else []
        if self.cell is not None:
            places.append(f"cell {self.cell}")
        if self.line is not None:
            places.append(f"line {self.line}")
        if self.call:
            places.append(f"called with {self.call}")
        return ", ".join(places)


@dataclass(frozen=True)
class Progress:
    """The stage is at cell `cell` of `cells` code cells; where it has not begun, `waits` says what for."""

    stage: str
    cell: int = 0
    cells: int = 0
    waits: str = ""


@dataclass(frozen=True)
class Execution:
    """What came of a job.

    `outputs` are in the store, by their path in the project. `record` is the executed notebook, or what a script
    printed. `reads` were there when the stage began and were opened by it; `wanted` were looked for and not there.
    """

    outputs: Mapping[str, store.Artifact] = field(default_factory=dict)
    record: store.Artifact | None = None
    reads: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
