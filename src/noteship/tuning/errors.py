"""What can be wrong with a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = ["AllFailed", "EndlessGrid", "KeyMissing", "NoNumber", "SamplerMissing", "UnknownSearch", "UnreadableMetric"]


@dataclass(eq=False)
class SamplerMissing(EnvironmentLacks):
    """A sampler needs a package that is not installed."""

    sampler: str
    package: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f'the sampler "{self.sampler}" needs the package {self.package}, which is not installed',
            where="[tune] sampler",
            remedy=f'install {self.package} where noteship is installed, or take sampler = "tpe", which needs nothing',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("cmaes", "cmaes")


@dataclass(eq=False)
class EndlessGrid(UsageError):
    """A grid over numbers without a step."""

    names: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"a grid has no end where numbers have no step: {', '.join(self.names[:5])}",
            where="[tune] sampler",
            remedy='give them a step or a list of choices, or take sampler = "random"',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(("04-train.C",))


@dataclass(eq=False)
class AllFailed(WorkFailed):
    """The first trials failed, all of them, and so will the others."""

    count: int
    why: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the first {self.count} trials failed, so the search was given up",
            nearest=f"the last one: {cut(self.why)}",
            remedy="correct it, or the search space, and begin anew: noteship tune --new",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(3, "ValueError: buckets must be a power of two")


@dataclass(eq=False)
class KeyMissing(WorkFailed):
    """The metric's file does not hold what the metric names."""

    file: str
    key: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        there = f"it holds {', '.join(self.known[:12])}" if self.known else "it holds no number"
        return Parts(
            f"{self.file} does not hold '{self.key}'",
            where='[tune] metric, "FILE:KEY"',
            nearest=self.near,
            remedy=f"correct the key; {there}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("metrics.json", "f_1", "f1", ("accuracy", "f1"))


@dataclass(eq=False)
class NoNumber(WorkFailed):
    """The metric is there, and is no number that can be compared."""

    file: str
    key: str
    found: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{self.key}' of {self.file} is no number to compare: {cut(self.found, 80)}",
            where='[tune] metric, "FILE:KEY"',
            remedy="let the stage write a finite number there",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("metrics.json", "f1", "NaN")


@dataclass(eq=False)
class UnreadableMetric(WorkFailed):
    """The metric's file is not what its name says."""

    file: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"no metric can be read of {self.file}: {cut(self.reason, 200)}",
            where='[tune] metric, "FILE:KEY"',
            remedy="let the stage write a .json with an object, a .jsonl with one a line, or a .csv with a header",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("metrics.json", "Expecting value: line 1 column 1 (char 0)")


@dataclass(eq=False)
class UnknownSearch(UsageError):
    """A search is named that is not there, or that several have the name's start in common."""

    name: str
    fitting: tuple[str, ...]
    near: str

    def parts(self) -> Parts:
        """The message."""
        several = f"several searches begin with {self.name!r}: {', '.join(self.fitting[:5])}"
        return Parts(
            several if len(self.fitting) > 1 else f"there is no search {self.name!r}",
            nearest="" if self.fitting else self.near,
            remedy="name one of those that `noteship tune --list` shows",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("20260102", (), "20260103T101500123Z-0a1b2c")
