"""What can be wrong where bundles are made, named and loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = ["BundleFailed", "InputChanged", "LeftOver", "NoBundle", "NoteshipMissing", "StepNotMade", "UnknownBundle"]


@dataclass(eq=False)
class NoteshipMissing(EnvironmentLacks):
    """What loads models runs in the project's interpreter, and noteship is not installed there."""

    python: str
    doing: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.doing} needs noteship in the project's environment, and it is not there",
            where=self.python,
            remedy=f"install it: {self.python} -m pip install noteship",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(".venv/bin/python", "making the bundle")


@dataclass(eq=False)
class BundleFailed(WorkFailed):
    """The bundle could not be made: the reason comes from the process that composes, in its own four parts."""

    code: int
    fact: str
    where: str
    nearest: str
    remedy: str

    def __post_init__(self) -> None:
        self.exit_code = self.code  # type: ignore[misc]

    def parts(self) -> Parts:
        """The message."""
        return Parts(self.fact, self.where, self.nearest, self.remedy)

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            1,
            "the composed model does not reproduce data/features.parquet: column 'length' differs in 118 of 2,000 rows",
            "03-features.ipynb, cell 4, line 2",
            "what that cell does before the step is not part of the model",
            'move it into a function of a module and name it under [service] steps, as in "helpers:prepare"',
        )


@dataclass(eq=False)
class InputChanged(WorkFailed):
    """A file of the project's own is not what the run read any more, and the bundle is to be made of it."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} has changed since the run read it, so the bundle would not be the run's",
            where=self.path,
            remedy="run again: noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data/rows.csv")


@dataclass(eq=False)
class StepNotMade(UsageError):
    """`[service]` names a file that is neither in the project nor made by a stage of the run."""

    setting: str
    path: str
    near: str
    where: str = "noteship.toml"

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[service] {self.setting} names {self.path}, which is not there and which no stage makes",
            where=self.where,
            nearest=self.near,
            remedy="correct the path; `noteship graph` lists what the stages are seen to write. Where one writes it"
            f" unseen, say so: [stage.NAME] writes = {json.dumps([self.path], ensure_ascii=False)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("steps", "modle.sav", "model.sav", "noteship.toml, line 6")


@dataclass(eq=False)
class LeftOver(UsageError):
    """`[service]` names a file that an earlier run left and that no stage writes any more."""

    setting: str
    path: str
    stage: str
    is_stage: bool
    writes: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        writes = cut(", ".join(self.writes)) or "nothing"
        return Parts(
            f"[service] {self.setting} names {self.path}, which {self.stage} made in an earlier run and no stage"
            " writes any more",
            where="noteship.toml",
            nearest=f"{self.stage} now writes {writes}"
            if self.is_stage
            else f"there is no stage {self.stage} any more",
            remedy="name what a stage writes now; a file that is to stay as it is, keep under another name",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("steps", "scaler.sav", "02-prepare", True, ("features.parquet", "pipeline.sav"))


@dataclass(eq=False)
class NoBundle(UsageError):
    """There is no bundle to serve yet; `run` is the last run, and `why` it made none, where a [service] is declared."""

    name: str
    run: str = ""
    why: str = ""

    def parts(self) -> Parts:
        """The message."""
        if self.run:
            return Parts(
                f"{self.name} has no bundle yet: its last run {self.why}",
                where=f"run {self.run}",
                remedy=f"run it all: noteship run; `noteship show {self.run}` tells what happened in that run",
            )
        if self.why:
            return Parts(f"{self.name} has no bundle yet: {self.why}", remedy="make one: noteship run")
        return Parts(
            f"{self.name} has no bundle yet", remedy="make one: `noteship run`, with a [service] in noteship.toml"
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail")


@dataclass(eq=False)
class UnknownBundle(UsageError):
    """The name of a bundle fits none, or several."""

    name: str
    fitting: tuple[str, ...]
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        fact = f"{len(self.fitting)} bundles start with" if self.fitting else "no bundle is named by"
        return Parts(
            f"{fact} '{self.name}'",
            nearest=", ".join(self.fitting[:5] or self.known[:5]),
            remedy="name one by more digits of its digest, or say `latest`",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3f", ("3f2a91c04d11", "3fe0a7719b02"), ())
