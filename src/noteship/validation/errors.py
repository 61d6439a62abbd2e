"""What can be wrong with what is to be judged, and with what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut
from noteship.nearest import nearest

__all__ = [
    "HOLDOUT",
    "GateUnknown",
    "GateUnreadable",
    "GroupTooLarge",
    "HeldOutUnfit",
    "MissingTimes",
    "NoHoldoutColumn",
    "NonePositive",
    "NotJudged",
    "NotTried",
    "OneClass",
    "TiedTimes",
    "TooFewFolds",
    "TooFewRows",
    "UnfitMetric",
    "UnknownMetric",
    "UnknownPositive",
    "UnknownSlice",
]

# Where it is said; `--holdout` may have said it instead.
HOLDOUT = "[validate] holdout in noteship.toml"


@dataclass(eq=False)
class GateUnreadable(UsageError):
    """A gate does not read as one; `at` is the character where that shows."""

    text: str
    at: int
    fault: str
    place: str
    near: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the gate {cut(self.text, 80)!r} cannot be read: {cut(self.fault)}",
            where=_pointed(self.place, self.text, self.at),
            nearest=self.near,
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("f1 => 0.95", 3, "a gate has no =>", "[validate] gates in noteship.toml", ">=", "write >=")


@dataclass(eq=False)
class GateUnknown(UsageError):
    """A gate names what is not measured of this model."""

    text: str
    name: str
    why: str
    place: str
    near: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the gate {cut(self.text, 80)!r} names {self.name}: {self.why}",
            where=_pointed(self.place, self.text, self.text.find(self.name)),
            nearest=self.near,
            remedy=f"name one of these: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "f1 >= 0.95 and acuracy >= 0.9",
            "acuracy",
            "there is no such measure of a classification",
            "[validate] gates in noteship.toml",
            "accuracy",
            ("accuracy", "f1", "precision", "recall"),
        )


@dataclass(eq=False)
class NoHoldoutColumn(UsageError):
    """The rows are to be parted by a column that they do not have."""

    column: str
    present: tuple[str, ...]
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the rows are to be held out by '{cut(self.column, 80)}', which is no column of theirs",
            where=self.where,
            nearest=nearest(self.column, self.present),
            remedy=f"name one of these: {cut(', '.join(self.present))}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("dat", ("text", "date", "label"))


@dataclass(eq=False)
class MissingTimes(WorkFailed):
    """Rows are to be parted by time, and some have none, or one that cannot be read."""

    column: str
    missing: int
    unreadable: int
    rows: int
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        faults = [
            *([f"{self.missing:,} have none"] if self.missing else []),
            *([f"{self.unreadable:,} have one that is no date in ISO 8601"] if self.unreadable else []),
        ]
        return Parts(
            f"rows cannot be held out by time: of {self.rows:,} rows {' and '.join(faults)} in '{self.column}'",
            where=self.where,
            nearest="a row without a time could be of either side",
            remedy="give every row its time, or leave these rows out where the data is made",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("date", 118, 0, 2_000)


@dataclass(eq=False)
class TiedTimes(WorkFailed):
    """So many rows are of one moment that no boundary holds out about the share that was asked for."""

    column: str
    share: float
    moment: str
    rows: int
    of: int

    def parts(self) -> Parts:
        """The moment, and how many rows it has."""
        return Parts(
            f"no moment of {self.column} has about {self.share:.0%} of the rows after it:"
            f" {self.rows:,} of {self.of:,} are of {self.moment}",
            where=HOLDOUT,
            remedy="hold out by a column with finer times, another share, or a share alone: holdout = 0.2",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("date", 0.2, "2026-01-01 00:00:00", 900, 1000)


@dataclass(eq=False)
class TooFewRows(WorkFailed):
    """A part has too few rows to fit a model on, or to judge one by."""

    part: str
    rows: int
    needed: int
    by: str = "share"
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the {self.part} part has {self.rows:,} rows with an answer; {self.needed} are needed",
            where=self.where,
            remedy="give a file with more rows of its own, or judge when there is more data"
            if self.by == "file"
            else "hold another share out, or judge when there is more data",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("held-out", 7, 20)


@dataclass(eq=False)
class OneClass(WorkFailed):
    """A part has rows of one class alone: nothing can be told apart in it."""

    part: str
    rows: int
    only: str
    by: str = "share"
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"all {self.rows:,} rows of the {self.part} part are '{cut(self.only, 80)}'",
            where=self.where,
            **_of_classes(self.by, "be of one class", "rows of two classes or more"),
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("held-out", 240, "ham")


@dataclass(eq=False)
class NonePositive(WorkFailed):
    """No held-out row is of the class that precision, recall and F1 are about."""

    positive: str
    rows: int
    by: str = "share"
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"none of the {self.rows:,} held-out rows is '{cut(self.positive, 80)}', which [validate] positive names",
            where=self.where,
            **_of_classes(self.by, "lack a class", "rows of that class"),
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("spam", 240)


@dataclass(eq=False)
class GroupTooLarge(WorkFailed):
    """Every group has more rows than are to be held out."""

    column: str
    groups: int
    smallest: int
    rows: int
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the smallest of the {self.groups} groups in '{self.column}' has {self.smallest:,} of {self.rows:,} rows,"
            " more than are to be held out",
            where=self.where,
            remedy="hold a larger share out, or by a column with more groups",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("country", 2, 900, 2_000)


@dataclass(eq=False)
class UnknownPositive(UsageError):
    """`[validate] positive` is none of the model's classes."""

    positive: str
    classes: tuple[str, ...]
    where: str = "[validate] positive in noteship.toml"

    def parts(self) -> Parts:
        """The message."""
        known = cut(", ".join(self.classes))
        return Parts(
            f"[validate] positive is '{cut(self.positive, 80)}', and no row and no prediction is that",
            where=self.where,
            nearest=nearest(self.positive, self.classes),
            remedy=f"name one of these: {known}" if known else "leave it out: the model predicts numbers",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("Spam", ("ham", "spam"))


@dataclass(eq=False)
class UnknownMetric(UsageError):
    """`[validate] metric` is not measured of this model."""

    metric: str
    known: tuple[str, ...]
    where: str = "[validate] metric in noteship.toml"

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[validate] metric is '{cut(self.metric, 80)}', which is not measured of this model",
            where=self.where,
            nearest=nearest(self.metric, self.known),
            remedy=f"name one of these: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("auc", ("accuracy", "f1", "roc_auc"))


@dataclass(eq=False)
class UnknownSlice(UsageError):
    """`[validate] slices` names a column that the rows do not have."""

    column: str
    present: tuple[str, ...]
    where: str = "[validate] slices in noteship.toml"

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[validate] slices names '{cut(self.column, 80)}', which is no column of the held-out rows",
            where=self.where,
            nearest=nearest(self.column, self.present),
            remedy=f"name some of these: {cut(', '.join(self.present))}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("sendr", ("text", "sender", "label"))


@dataclass(eq=False)
class NotJudged(WorkFailed):
    """There are no rows that the model surely did not see: its steps cannot be fitted again without some."""

    step: str
    why: str
    seen: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "the model cannot be judged on rows that it has not seen: its steps cannot be fitted again without them",
            where=f"{self.step}: {cut(self.why)}",
            nearest=self.seen,
            remedy='give rows that no stage has read: [validate] holdout = { file = "data/test.parquet" }',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("model.sav", "fitted again it answers otherwise, so it was fitted on something else")


@dataclass(eq=False)
class HeldOutUnfit(WorkFailed):
    """Rows of the held-out file are not what the model takes."""

    file: str
    fault: str
    where: str = HOLDOUT

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the rows of {self.file} are not what the model takes: {cut(self.fault)}",
            where=self.where,
            remedy="the file needs the columns of [service] inputs and target, as [service] data has them",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("data/test.parquet", "it has no column 'label'")


def _of_classes(by: str, can: str, needed: str) -> dict[str, str]:
    """What of the parts depends on how rows are held out."""
    if by == "file":
        return {"remedy": f"give another file, with {needed}"}
    if by == "share":
        return {"remedy": f"give data with enough {needed}: each class has its share of the held-out rows already"}
    return {
        "nearest": f"rows that are held out by {by} can {can}",
        "remedy": "hold another share out, by another column, or a share of each class alike: holdout = 0.2",
    }


def _pointed(place: str, text: str, at: int) -> str:
    """The place, the text, and a caret below one of its characters; only what is near of a long text."""
    start = max(0, at - 60)
    line = ("…" if start else "") + text[start : at + 20] + ("…" if at + 20 < len(text) else "")
    caret = " " * (at - start + (1 if start else 0)) + "^" if at >= 0 else ""
    return "\n".join(each for each in (place, line.replace("\n", " ").replace("\t", " "), caret) if each)


@dataclass(eq=False)
class TooFewFolds(UsageError):
    """What is to be cut into folds is not enough for so many."""

    folds: int
    there: int
    what: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.there:,} {self.what} are too few for {self.folds} folds",
            where="[tune] folds",
            remedy="take fewer folds, or a holdout by share",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(5, 3, "groups of sender")


@dataclass(eq=False)
class NotTried(WorkFailed):
    """The steps cannot be fitted and judged with these parameters."""

    step: str
    why: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.step}: {cut(self.why)}",
            where="cross-validation on the training part",
            remedy="leave such points out of [tune.space]; steps that cannot be fitted again cannot be searched",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("model.sav", "fitting it again raised ValueError")


@dataclass(eq=False)
class UnfitMetric(UsageError):
    """`[tune] metric` is not measured of this model."""

    metric: str
    known: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[tune] metric is '{cut(self.metric, 80)}', which is not measured of this model",
            where="noteship.toml",
            nearest=nearest(self.metric, self.known),
            remedy=f"name one of these: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("rmse", ("accuracy", "f1", "roc_auc"))
