"""What can go wrong with a pipeline as such, whatever its stages do inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = [
    "AmbiguousRun",
    "ChangedByHand",
    "CyclicStages",
    "LostOriginal",
    "MissingInput",
    "MissingInputs",
    "MissingOutput",
    "NotAnAlternative",
    "TwoOfOneChoice",
    "UnchosenAlternatives",
    "Undeliverable",
    "UnknownRun",
    "UnknownStage",
    "UnreadableInput",
]

# More than fit on half a terminal are a folder that is not there, or one wrong root.
MOST_MISSING = 10


@dataclass(eq=False)
class CyclicStages(errors.UsageError):
    """Stages that need each other's files; `steps` are (producer, file, consumer) around the cycle."""

    steps: tuple[tuple[str, str, str], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        names = [step[0] for step in self.steps]
        return errors.Parts(
            fact=f"the stages {', '.join(names)} need each other's files",
            where="\n".join(
                f"{producer} writes {file}, which {consumer} reads" for producer, file, consumer in self.steps
            ),
            remedy="write to a file of another name in one of them, or take a read away that is none: "
            f'{errors.stage_section(self.steps[0][2])} reads = ["!{self.steps[0][1]}"]',
        )

    @classmethod
    def example(cls) -> Self:
        """Two stages in a circle."""
        return cls((("02-clean", "data/clean.csv", "03-features"), ("03-features", "words.json", "02-clean")))


@dataclass(eq=False)
class MissingInput(errors.UsageError):
    """A stage reads a file that is not there and that nobody writes; `near` is itself what an earlier run left."""

    stage: str
    file: str
    place: str
    near: str
    near_writer: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"stage '{self.stage}' reads {self.file}, which is not in the project and which no stage writes",
            where=self.place,
            nearest=self._nearest(),
            remedy="correct the path, put the file there, or, if it is not read, "
            f'say so: {errors.stage_section(self.stage)} reads = ["!{self.file}"]',
        )

    def _nearest(self) -> str:
        if self.near == self.file:
            return f"{self.near}, made by {self.near_writer} in an earlier run, which no longer writes it"
        return self.near and (
            self.near + (f", written by {self.near_writer}" if self.near_writer else ", in the project")
        )

    @classmethod
    def example(cls) -> Self:
        """A letter too many."""
        place = "04-train.ipynb, cell 3, line 2"
        return cls("04-train", "data/features.parquet", place, "data/feature.parquet", "03-features")


@dataclass(eq=False)
class MissingInputs(errors.UsageError):
    """Stages read several files that are not there and that nobody writes: all of them, to be seen to at once."""

    inputs: tuple[MissingInput, ...]

    def parts(self) -> errors.Parts:
        """The message."""
        readers: dict[str, list[MissingInput]] = {}
        for each in self.inputs:
            readers.setdefault(each.file, []).append(each)
        lines = [_missing_line(file, of) for file, of in readers.items()]
        more = [f"and {len(lines) - MOST_MISSING} more"] if len(lines) > MOST_MISSING else []
        first = self.inputs[0]
        return errors.Parts(
            fact=f"{len(readers)} files that stages read are not in the project, and no stage writes them",
            where="\n".join([*lines[:MOST_MISSING], *more]),
            remedy="correct the paths, put the files there, or say of each that is not read: "
            f'{errors.stage_section(first.stage)} reads = ["!{first.file}"]',
        )

    @classmethod
    def example(cls) -> Self:
        """A table with a letter too many, and one that nobody has put there."""
        other = MissingInput("02-clean", "data/raw.csv", "02-clean.ipynb, cell 2, line 1", "", "")
        return cls((other, MissingInput.example()))


def _missing_line(file: str, of: list[MissingInput]) -> str:
    first = of[0]
    near = first.parts().nearest
    others = f" and {len(of) - 1} more" if len(of) > 1 else ""
    return f"{file}: {first.place or first.stage}{others}" + (f"; nearest: {near}" if near else "")


@dataclass(eq=False)
class MissingOutput(errors.WorkFailed):
    """A stage ended well without a file that it was to write."""

    stage: str
    file: str
    place: str
    needed_by: str
    near: str

    def parts(self) -> errors.Parts:
        """The message."""
        why = f", which {self.needed_by} reads" if self.needed_by else ""
        return errors.Parts(
            fact=f"stage '{self.stage}' ended without writing {self.file}{why}",
            where=self.place,
            nearest=f"{self.near}, which it wrote" if self.near else "",
            remedy="correct the path in one of the two, or, if it does not write the file, "
            f'say so: {errors.stage_section(self.stage)} writes = ["!{self.file}"]',
        )

    @classmethod
    def example(cls) -> Self:
        """A file under another name."""
        return cls("03-features", "data/features.parquet", "03-features.ipynb", "04-train", "data/feature.parquet")


@dataclass(eq=False)
class UnchosenAlternatives(errors.UsageError):
    """Several stages make the same file for others; `choices` are (files, stages)."""

    choices: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        lines = [f"{', '.join(files)}: {' or '.join(stages)}" for files, stages in self.choices]
        flags = " ".join(f"--with {stages[0]}" for _, stages in self.choices)
        names = ", ".join(f'"{stages[0]}"' for _, stages in self.choices)
        return errors.Parts(
            fact="several stages write the same file for others to read, and none of them is chosen",
            where="\n".join(lines),
            remedy=f"choose one of each: noteship run {flags}, or in noteship.toml: [notebooks] with = [{names}]",
        )

    @classmethod
    def example(cls) -> Self:
        """Two ways to make features."""
        return cls(((("features.parquet",), ("03a-hashing", "03b-summaries")),))


@dataclass(eq=False)
class TwoOfOneChoice(errors.UsageError):
    """Two stages were chosen that stand for each other."""

    stages: tuple[str, ...]
    files: tuple[str, ...]

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the stages {' and '.join(self.stages)} are chosen together, and both write {', '.join(self.files)}",
            remedy="choose one of them",
        )

    @classmethod
    def example(cls) -> Self:
        """Both ways at once."""
        return cls(("03a-hashing", "03b-summaries"), ("features.parquet",))


@dataclass(eq=False)
class NotAnAlternative(errors.UsageError):
    """A stage was chosen where there is nothing to choose."""

    stage: str
    choices: tuple[str, ...]

    def parts(self) -> errors.Parts:
        """The message."""
        known = f"the alternatives are {', '.join(self.choices)}" if self.choices else "there are no alternatives here"
        return errors.Parts(
            fact=f"'{self.stage}' is chosen, but no other stage writes what it writes",
            nearest=known,
            remedy="leave it out: what is no alternative runs anyway",
        )

    @classmethod
    def example(cls) -> Self:
        """A choice that is none."""
        return cls("02-clean", ("03a-hashing", "03b-summaries"))


@dataclass(eq=False)
class UnknownStage(errors.UsageError):
    """A stage was named that the project does not have; `place` is where, if not on the command line."""

    stage: str
    near: str
    total: int
    place: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"there is no stage '{errors.cut(self.stage)}' among the {self.total} of this project",
            where=self.place,
            nearest=self.near,
            remedy="name a stage by its notebook's path without the suffix; noteship graph lists them",
        )

    @classmethod
    def example(cls) -> Self:
        """A slip of the finger."""
        return cls("03-featurs", "03-features", 5)


@dataclass(eq=False)
class ChangedByHand(errors.WorkFailed):
    """Files that a stage made were changed since, and would have to give way; `files` are (path, stage)."""

    files: tuple[tuple[str, str], ...]

    def parts(self) -> errors.Parts:
        """The message."""
        first, stage = self.files[0]
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        verb = "were" if more else "was"
        return errors.Parts(
            fact=f"{first}{more}, which stage '{stage}' makes, {verb} changed by hand since",
            where="\n".join(f"{path}, made by {maker}" for path, maker in self.files[:10]) if more else "",
            remedy="save it under another name or delete it; "
            "or noteship run --replace, which sets it aside in .noteship/replaced",
        )

    @classmethod
    def example(cls) -> Self:
        """A cleaned table that somebody mended."""
        return cls((("data/clean.csv", "02-clean"),))


@dataclass(eq=False)
class UnknownRun(errors.UsageError):
    """A run was named that the ledger does not have."""

    run: str
    latest: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the ledger has no run '{errors.cut(self.run)}'" if self.latest else "the ledger has no run yet",
            nearest=self.latest and f"the latest is {self.latest}",
            remedy="noteship runs lists them" if self.latest else "noteship run makes the first",
        )

    @classmethod
    def example(cls) -> Self:
        """A run of another project."""
        return cls("20250101T", "20260301T101500204Z-3fa2c1")


@dataclass(eq=False)
class AmbiguousRun(errors.UsageError):
    """The start of a run's name fits several."""

    run: str
    candidates: tuple[str, ...]

    def parts(self) -> errors.Parts:
        """The message."""
        shown = ", ".join(self.candidates[:4]) + ("…" if len(self.candidates) > 4 else "")
        return errors.Parts(
            fact=f"'{errors.cut(self.run)}' is the start of {len(self.candidates)} runs",
            nearest=shown,
            remedy="write more of its name",
        )

    @classmethod
    def example(cls) -> Self:
        """Two runs of one morning."""
        return cls("20260301T10", ("20260301T101500204Z-3fa2c1", "20260301T104211871Z-b0417e"))


@dataclass(eq=False)
class UnreadableInput(errors.WorkFailed):
    """A file that a stage reads is there and cannot be read."""

    path: str
    reason: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"{self.path}, which a stage reads, cannot be read",
            nearest=errors.cut(self.reason),
            remedy="make it readable for you",
        )

    @classmethod
    def example(cls) -> Self:
        """Somebody else's file."""
        return cls("data/raw.csv", "Permission denied")


@dataclass(eq=False)
class Undeliverable(errors.WorkFailed):
    """A file that a stage made cannot be put into the project's folder."""

    stage: str
    path: str
    reason: str
    remedy: str = "make room for it there and run again; what was made is in the store"

    def parts(self) -> errors.Parts:
        """The message."""
        maker = f", which stage '{self.stage}' made," if self.stage else ""
        return errors.Parts(
            fact=f"{self.path}{maker} cannot be put into the project's folder",
            nearest=errors.cut(self.reason),
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A folder that is not ours to write in."""
        return cls("03-features", "data/features.parquet", "Permission denied")


@dataclass(eq=False)
class LostOriginal(errors.WorkFailed):
    """The original of a file that a stage changed in place is not in the store any more."""

    stage: str
    path: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"stage '{self.stage}' changes {self.path} in place, and its original is lost from the store",
            nearest=f"{self.path} in the project is the changed one",
            remedy=f"put the original at {self.path} again; it need not be the same file",
        )

    @classmethod
    def example(cls) -> Self:
        """A table that was cleaned in place."""
        return cls("02-clean", "data/raw.csv")
