"""What a project may say about how its notebooks are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ReadingSettings", "StageOverride"]


@dataclass(frozen=True)
class StageOverride:
    """`[stage.NAME]`: files added to what was inferred or, in the `not_` fields, taken away; the working folder.

    `params` replace literals, and may so change which files are read.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    not_reads: tuple[str, ...] = ()
    not_writes: tuple[str, ...] = ()
    cwd: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadingSettings:
    """`[notebooks]` and the sections of stages; `python` is the project's own interpreter.

    `coming` are files and folders of others: they lie in the project's folder when the stages run, whether or not they
    lie there now, and none of what is in them is taken for a stage or for how one is called.
    """

    exclude: tuple[str, ...] = ()
    readers: Mapping[str, str | int] = field(default_factory=dict)
    writers: Mapping[str, str | int] = field(default_factory=dict)
    stages: Mapping[str, StageOverride] = field(default_factory=dict)
    python: Path | None = None
    coming: tuple[str, ...] = ()
