"""What can go wrong with fitted steps and with composing them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, WorkFailed, cut
from noteship.models.errors.wording import FIELD_LIMIT, listed, places

__all__ = [
    "MissingFeatures",
    "NotAStep",
    "NotFitted",
    "RowsNotTaken",
    "StepDoesNotUnpickle",
    "StepOutOfPlace",
    "StepsDoNotFit",
]


@dataclass(eq=False)
class MissingFeatures(WorkFailed):
    """A step was fitted with columns that nothing before it gives."""

    path: str
    missing: tuple[str, ...]
    given: tuple[str, ...]
    made_by: str = ""
    made_at: Mapping[str, str] = dataclasses.field(default_factory=dict)
    in_data: tuple[str, ...] = ()
    works: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        function = 'a function of a project module and name it as a step, "module:function"'
        rest = tuple(name for name in self.missing if name not in self.in_data)
        remedies = []
        if self.in_data:
            remedies.append(f"add {listed(self.in_data)}, which the data has, to [service] inputs")
        if rest or not self.in_data:
            remedies.append(f"put what the notebook did to make {listed(rest) or 'the columns'} into {function}")
        if self.works:
            remedies = [f"name what [service] steps leaves out: {_steps(self.works)}"]
        return Parts(
            fact=f"step {self.path} was fitted with columns that nothing before it gives: {listed(self.missing)}",
            where="; ".join([self.path, *places(self.missing, self.made_at, self.made_by)]),
            nearest=f"the inputs and the steps before it give {listed(self.given)}",
            remedy=", and ".join(remedies),
        )

    @classmethod
    def example(cls) -> Self:
        """A column made in plain pandas."""
        return cls(
            path="model.sav",
            missing=("text_length",),
            given=("text",),
            made_at={"text_length": "03-features.ipynb, cell 3, line 1"},
        )


@dataclass(eq=False)
class NotAStep(WorkFailed):
    """What was named as a step is neither a transformer nor a predictor nor a function."""

    path: str
    holds: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"step {self.path} holds {cut(self.holds, FIELD_LIMIT)}, which neither transforms nor predicts",
            where=self.path,
            remedy='name a fitted transformer or model, or a function of a project module as "module:function"',
        )

    @classmethod
    def example(cls) -> Self:
        """A table where a step belongs."""
        return cls(path="data/features.pkl", holds="a DataFrame")


@dataclass(eq=False)
class NotFitted(WorkFailed):
    """A step was saved before it was fitted."""

    path: str
    step: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"step {self.path} holds a {self.step} that is not fitted",
            where=self.path,
            nearest="it was saved before fit was called, or a fresh copy was saved in its place",
            remedy="save the step after fitting it, and run the stage that writes it again",
        )

    @classmethod
    def example(cls) -> Self:
        """An unfitted model."""
        return cls(path="model.sav", step="LogisticRegression")


@dataclass(eq=False)
class StepDoesNotUnpickle(WorkFailed):
    """A file named as a step cannot be loaded in this environment."""

    path: str
    reason: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"step {self.path} does not load here",
            where=self.path,
            nearest=cut(self.reason),
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A missing package."""
        return cls(
            path="model.sav",
            reason="it needs the module lightgbm, which is not installed",
            remedy="install it: .venv/bin/python -m pip install lightgbm",
        )


@dataclass(eq=False)
class StepOutOfPlace(WorkFailed):
    """A model stands before other steps, or there is none at the end."""

    path: str
    kind: str
    before: tuple[str, ...] = ()
    works: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        does, remedy = "does not predict and stands last", "name the model as the last step"
        if self.before:
            does = f"predicts and stands before {listed(self.before)}"
            remedy = "name one model, after all that prepares its rows"
        return Parts(
            fact=f"step {self.path}, a {cut(self.kind, FIELD_LIMIT)}, {does}",
            where="[service] steps",
            nearest=f"these fit together: {_steps(self.works)}" if self.works else "",
            remedy="put them into that order" if self.works else remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A model before its features."""
        order = ("features.sav", "model.sav")
        return cls(path="model.sav", kind="LogisticRegression", before=("features.sav",), works=order)


@dataclass(eq=False)
class StepsDoNotFit(WorkFailed):
    """A step refuses what the step before it, or the raw rows, give it."""

    path: str
    given: str
    reason: str
    others: tuple[str, ...] = ()
    works: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        inputs = f", or its inputs (the data has {listed(self.others)}, too)" if self.others else ""
        remedy = (
            f"correct the order of [service] steps{inputs}; what the notebook did in between belongs into "
            'a function of a project module, named as a step, "module:function"'
        )
        return Parts(
            fact=f"step {self.path} does not take what it is given: {self.given}",
            where=self.path,
            nearest=cut(self.reason),
            remedy=f"these fit together: {_steps(self.works)}" if self.works else remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A model that was fitted with other features."""
        return cls(path="model.sav", given="1024 columns from feature_pipeline.sav", reason="it was fitted with 512")


@dataclass(eq=False)
class RowsNotTaken(WorkFailed):
    """A step refuses rows of `[service] data`; it takes those of `fitted_on`, where `columns` are numbers, not text."""

    step: str
    data: str
    reason: str
    fitted_on: str = ""
    columns: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        are = "is" if len(self.columns) == 1 else "are"
        text = f": {listed(self.columns)} {are} text there, and numbers in {self.fitted_on}" if self.columns else ""
        name = f"data = {json.dumps(self.fitted_on, ensure_ascii=False)}"
        return Parts(
            fact=f"step {self.step} does not take the rows of {self.data}{text}",
            where=f"{self.data}, the [service] data",
            nearest=cut(self.reason),
            remedy=f"name the rows that it was fitted on: {name}"
            if self.fitted_on
            else "name under [service] data the rows that the first fitted step takes, or what makes them of these as"
            ' the first step, "module:function"',
        )

    @classmethod
    def example(cls) -> Self:
        """A table as it came, where the step was fitted on a cleaned one."""
        reason = "ValueError: Cannot use median strategy with non-numeric data: could not convert string to float"
        return cls("features.joblib", "data/customers.csv", reason, "data/clean.parquet", ("charges",))


def _steps(names: tuple[str, ...]) -> str:
    """As `noteship.toml` has it: a JSON list of strings is one of TOML, too."""
    return f"steps = {json.dumps(names, ensure_ascii=False)}"
