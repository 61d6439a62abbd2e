"""What can go wrong between fitted steps and a service's scorer."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = [
    "BadRows",
    "BundleTooNew",
    "DamagedBundle",
    "DoesNotReproduce",
    "EnvironmentDiffers",
    "MissingColumns",
    "MissingFeatures",
    "NotAStep",
    "NotComparable",
    "NotFitted",
    "NotPortable",
    "PickleRefused",
    "SourceRefused",
    "StepDoesNotUnpickle",
    "StepsDoNotFit",
    "UnfitColumn",
    "UnreadableTable",
    "UntrustedTypes",
]

# Names of columns that a message shows before it counts the rest.
NAMES_SHOWN = 8
# Cells that a message shows for the columns they make.
PLACES_SHOWN = 4
# A field's name comes from a client, who may have put anything there.
FIELD_LIMIT = 60


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(cut(name, FIELD_LIMIT) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _places(columns: tuple[str, ...], made_at: Mapping[str, str], stored_at: str) -> list[str]:
    """Where columns were made, as far as that is known, else where they were stored."""
    by_place: dict[str, list[str]] = {}
    for column in columns:
        if column in made_at:
            by_place.setdefault(made_at[column], []).append(column)
    made = [f"{_listed(tuple(names))} made at {place}" for place, names in by_place.items()]
    shown = made[:PLACES_SHOWN]
    known = sum(map(len, by_place.values()))
    if stored_at and known < len(columns):
        others = tuple(column for column in columns if column not in made_at)
        shown.append(f"{_listed(others)} stored at {stored_at}")
    return shown


@dataclass(eq=False)
class BadRows(WorkFailed):
    """Rows that the signature refuses; says types and never values. `row` counts from 0."""

    row: int | None
    field: str | None
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        places = []
        if self.row is not None:
            places.append(f"row {self.row}")
        if self.field is not None:
            places.append(f"field '{cut(self.field, FIELD_LIMIT)}'")
        return Parts(
            fact=f"expected {self.expected}, got {self.got}",
            where=", ".join(places),
            remedy="send rows as the model's signature describes them",
        )

    @classmethod
    def example(cls) -> Self:
        """A text where a number belongs."""
        return cls(row=3, field="age", expected="an integer", got="text")


@dataclass(eq=False)
class MissingColumns(WorkFailed):
    """A table lacks columns that are named as inputs or target."""

    table: str
    missing: tuple[str, ...]
    present: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.table} has no column {_listed(self.missing)}",
            where=self.table,
            nearest=f"it has {_listed(self.present)}" if self.present else "it has no columns",
            remedy="correct the names under [service], or write the columns in the stage that makes the table",
        )

    @classmethod
    def example(cls) -> Self:
        """A misspelt input."""
        return cls(table="data/training.parquet", missing=("txt",), present=("text", "label"))


@dataclass(eq=False)
class UnfitColumn(WorkFailed):
    """A column's values have no form in JSON, so that no client could send them."""

    column: str
    holds: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"column '{self.column}' holds {self.holds}, which a service cannot be sent",
            where=f"column '{self.column}' of [service] data",
            remedy="store it as text, numbers, booleans, dates with times or categories, or leave it out of inputs",
        )

    @classmethod
    def example(cls) -> Self:
        """A column of lists."""
        return cls(column="tags", holds="mixed values")


@dataclass(eq=False)
class UnreadableTable(WorkFailed):
    """A file that should hold a table cannot be read as one."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} cannot be read as a table",
            where=self.path,
            nearest=cut(self.reason),
            remedy="name a Parquet, CSV, Feather, JSON lines or pickled table, or correct the stage that writes it",
        )

    @classmethod
    def example(cls) -> Self:
        """A truncated file."""
        return cls(path="data/training.parquet", reason="the file's end is missing")


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
class MissingFeatures(WorkFailed):
    """A step was fitted with columns that nothing before it gives."""

    path: str
    missing: tuple[str, ...]
    given: tuple[str, ...]
    made_by: str = ""
    made_at: Mapping[str, str] = dataclasses.field(default_factory=dict)
    in_data: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        function = 'a function of a project module and name it as a step, "module:function"'
        rest = tuple(name for name in self.missing if name not in self.in_data)
        remedies = []
        if self.in_data:
            remedies.append(f"add {_listed(self.in_data)}, which the data has, to [service] inputs")
        if rest or not self.in_data:
            remedies.append(f"put what the notebook did to make {_listed(rest) or 'the columns'} into {function}")
        return Parts(
            fact=f"step {self.path} was fitted with columns that nothing before it gives: {_listed(self.missing)}",
            where="; ".join([self.path, *_places(self.missing, self.made_at, self.made_by)]),
            nearest=f"the inputs and the steps before it give {_listed(self.given)}",
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
class StepsDoNotFit(WorkFailed):
    """A step refuses what the step before it, or the raw rows, give it."""

    path: str
    given: str
    reason: str
    others: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        inputs = f", or its inputs (the data has {_listed(self.others)}, too)" if self.others else ""
        return Parts(
            fact=f"step {self.path} does not take what it is given: {self.given}",
            where=self.path,
            nearest=cut(self.reason),
            remedy=f"correct the order of [service] steps{inputs}; what the notebook did in between belongs into "
            'a function of a project module, named as a step, "module:function"',
        )

    @classmethod
    def example(cls) -> Self:
        """A model that was fitted with other features."""
        return cls(path="model.sav", given="1024 columns from feature_pipeline.sav", reason="it was fitted with 512")


@dataclass(eq=False)
class DoesNotReproduce(WorkFailed):
    """The composed scorer does not give what the notebooks stored."""

    path: str
    made_by: str
    what: str
    columns: tuple[str, ...]
    difference: str
    row: int
    made_at: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the composed steps do not reproduce the {self.what} in {self.path}: {_listed(self.columns)}",
            where="; ".join(
                [*(_places(self.columns, self.made_at, self.made_by) or [self.path]), f"first at row {self.row}"]
            ),
            nearest=self.difference,
            remedy="put what the notebook does there between the raw rows and the step into a function of a project "
            'module, and name it in [service] steps, "module:function"',
        )

    @classmethod
    def example(cls) -> Self:
        """A feature scaled by hand in the notebook."""
        return cls(
            path="data/features.parquet",
            made_by="03-features.ipynb, cell 5, line 2",
            what="features",
            columns=("text_length",),
            difference="text_length differs by up to 41.0 in 310 of 400 rows",
            row=0,
            made_at={"text_length": "03-features.ipynb, cell 3, line 1"},
        )


@dataclass(eq=False)
class NotComparable(UsageError):
    """A file named to be reproduced has nothing in common with the raw rows."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} is named to be reproduced, but cannot be compared",
            where="[service] reproduces",
            nearest=self.reason,
            remedy="store a key column or the index of the raw rows with it, or take it out of reproduces",
        )

    @classmethod
    def example(cls) -> Self:
        """No rows in common."""
        return cls(path="data/predictions.npy", reason="it has 80 rows, the raw data 400, and no key joins them")


@dataclass(eq=False)
class DamagedBundle(WorkFailed):
    """A folder is not a bundle, or parts of it are missing."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} is not a bundle that can be read",
            where=self.path,
            nearest=cut(self.reason),
            remedy="make the bundle again with noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """A folder without its description."""
        return cls(path="bundle", reason="bundle.json is missing")


@dataclass(eq=False)
class NotPortable(WorkFailed):
    """The model works in the project, but not from the bundle, with nothing else of the project around."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact="the model does not score from its bundle as it does in the project",
            where=self.path,
            nearest=cut(self.reason),
            remedy="import the project's modules at the top of the modules that need them, and let no step read files",
        )

    @classmethod
    def example(cls) -> Self:
        """A function that imports late."""
        return cls(path="bundle", reason="ModuleNotFoundError: No module named 'cleaning'")


@dataclass(eq=False)
class BundleTooNew(EnvironmentLacks):
    """A bundle was written in a later format than this noteship reads."""

    path: str
    format: int
    supported: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the bundle has format {self.format}; this noteship reads up to {self.supported}",
            where=self.path,
            remedy="install a newer noteship where the bundle is loaded, or make the bundle with this one",
        )

    @classmethod
    def example(cls) -> Self:
        """One version ahead."""
        return cls(path="bundle.json", format=2, supported=1)


@dataclass(eq=False)
class PickleRefused(UsageError):
    """The model is stored as a pickle, which runs code when it is loaded."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact="the bundle's model is a pickle, and loading one runs whatever code it holds",
            where=self.path,
            nearest=self.reason,
            remedy="if you trust who made it, allow pickles in the server's own settings (--allow-pickle); "
            "no bundle can allow it",
        )

    @classmethod
    def example(cls) -> Self:
        """A class made in a notebook."""
        return cls(path="model.pkl", reason="skops cannot store type __main__.Clean")


@dataclass(eq=False)
class SourceRefused(UsageError):
    """The bundle brings project source, and its digest is not among those the operator named."""

    path: str
    modules: tuple[str, ...]
    digest: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the bundle's steps come from project source that may not be imported here: {_listed(self.modules)}",
            where=self.path,
            nearest=f"the bundle's digest is {self.digest or 'not known'}",
            remedy=f"if you trust who made it, name it by its digest: noteship serve {self.digest[:12] or 'DIGEST'}",
        )

    @classmethod
    def example(cls) -> Self:
        """A helper module."""
        return cls(path="bundle", modules=("helpers.py",), digest="3f" * 32)


@dataclass(eq=False)
class UntrustedTypes(UsageError):
    """The model holds types that neither scikit-learn nor the bundle's own source defines."""

    path: str
    types: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the model holds types that are not trusted: {_listed(self.types)}",
            where=self.path,
            remedy="if you trust them, name them in the server's own settings (--trust-type TYPE)",
        )

    @classmethod
    def example(cls) -> Self:
        """A boosted model of another library."""
        return cls(path="model.skops", types=("lightgbm.sklearn.LGBMClassifier",))


@dataclass(eq=False)
class EnvironmentDiffers(EnvironmentLacks):
    """Packages that the bundle's model needs are missing here or of another version."""

    missing: tuple[str, ...]
    differing: tuple[tuple[str, str, str], ...]
    interpreter: str

    def parts(self) -> Parts:
        """The message."""
        facts = []
        if self.missing:
            facts.append(f"missing: {_listed(self.missing)}")
        if self.differing:
            facts.append(_listed(tuple(f"{name} is {here}, not {there}" for name, there, here in self.differing)))
        wanted = [*self.missing, *(f"{name}=={there}" for name, there, _ in self.differing)]
        return Parts(
            fact="this environment is not the one the bundle was made in: " + "; ".join(facts),
            where=self.interpreter,
            remedy=f"install what the bundle names: {self.interpreter} -m pip install {' '.join(wanted)}",
        )

    @classmethod
    def example(cls) -> Self:
        """Another scikit-learn."""
        return cls(
            missing=("skops==0.11.0",),
            differing=(("scikit-learn", "1.5.2", "1.7.0"),),
            interpreter=".venv/bin/python",
        )
