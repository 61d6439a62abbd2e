"""What can be wrong with a search over a project's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = [
    "DirectionNeeded",
    "MetricOfNobody",
    "NothingToTune",
    "SearchedInVain",
    "TrialFailed",
    "UnknownMeasure",
    "UnknownSearchedStage",
    "UnknownStepParameter",
    "UntunedFails",
]

METRIC = "[tune] metric"
SPACE = "[tune.space]"


@dataclass(eq=False)
class NothingToTune(UsageError):
    """`noteship tune` in a project that says no space and no metric."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "there is no [tune] in noteship.toml, which says what is searched, and for what",
            remedy='add [tune] with a metric such as "metrics.json:f1", and [tune.space] with "04-train.C" = [0.1, 1]',
        )

    @classmethod
    def example(cls) -> Self:
        """The only one there is."""
        return cls()


@dataclass(eq=False)
class UnknownSearchedStage(UsageError):
    """The space names a stage, or a step, that there is not."""

    name: str
    what: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the search space names {self.name!r}, and there is no {self.what}",
            where=SPACE,
            nearest=self.near,
            remedy=f"correct the name; there is {', '.join(self.known[:8]) or 'none'}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-tran.depth", "stage '04-tran'", "04-train", ("01-collect", "04-train"))


@dataclass(eq=False)
class UnknownStepParameter(UsageError):
    """The space names a parameter that a step does not have."""

    name: str
    step: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the search space names {self.name!r}, and {self.step} has no such parameter",
            where=SPACE,
            nearest=self.near,
            remedy=f"correct the name; it has {cut(', '.join(self.known), 300)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("model.sav:c", "LogisticRegression", "C", ("C", "class_weight", "max_iter"))


@dataclass(eq=False)
class SearchedInVain(UsageError):
    """A parameter is searched whose stage the metric does not depend on."""

    name: str
    stage: str
    metric: str
    needed: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.name!r} changes nothing in {self.metric}: the metric does not need the stage {self.stage}",
            where=SPACE,
            nearest=f"it needs {', '.join(self.needed[:8])}",
            remedy="leave the parameter out, or take a metric that depends on it",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("05-plot.bins", "05-plot", "metrics.json:f1", ("01-collect", "04-train"))


@dataclass(eq=False)
class MetricOfNobody(UsageError):
    """The metric's file is one that no stage writes."""

    file: str
    near: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"no stage writes {self.file}",
            where=METRIC,
            nearest=self.near,
            remedy="correct the path, which is relative to the project, or let a notebook write that file",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("metric.json", "metrics.json")


@dataclass(eq=False)
class UnknownMeasure(UsageError):
    """The metric is neither in a file nor a measure that noteship takes; what to do beside naming a `known` one."""

    name: str
    why: str
    near: str
    known: tuple[str, ...]
    beside: str = 'or give it as "FILE:KEY", as in "metrics.json:f1"'

    def parts(self) -> Parts:
        """The message."""
        measures = f"name one of {', '.join(self.known)}; " if self.known else ""
        return Parts(
            f"{self.name!r} cannot be the metric: {self.why}",
            where=METRIC,
            nearest=self.near,
            remedy=f"{measures}{self.beside}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("f_1", "it names no file and no measure", "f1", ("accuracy", "f1", "rmse"))


@dataclass(eq=False)
class DirectionNeeded(UsageError):
    """The metric's name does not say whether more or less of it is better."""

    metric: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"nothing says whether more or less of {self.metric!r} is better",
            where="[tune] direction",
            remedy='add direction = "maximize" or direction = "minimize" to [tune]',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("metrics.json:share")


@dataclass(eq=False)
class UntunedFails(WorkFailed):
    """The metric cannot be had with the parameters as they are, so there is nothing to begin from."""

    stage: str
    why: str
    where: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"stage '{self.stage}' fails with the parameters as they are: {cut(self.why, 200)}",
            where=self.where,
            remedy="correct it first, with `noteship run`; the search begins from what runs",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-train", "NameError: name 'depht' is not defined", "04-train.ipynb, cell 3, line 2")


@dataclass(eq=False)
class TrialFailed(WorkFailed):
    """A stage fails with the parameters of a trial; the search goes on."""

    stage: str
    why: str
    where: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.stage}: {cut(self.why)}",
            where=self.where,
            remedy="leave such points out of the space, or let the notebook take them",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-train", "ValueError: C must be positive", "04-train.ipynb, cell 3, line 2")
