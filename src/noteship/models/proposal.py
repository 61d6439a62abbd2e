"""The [service] section that a project without one could have, where its files leave one obvious choice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from pandas.api import types

from noteship.errors import NoteshipError
from noteship.models import errors
from noteship.models.composing import compose
from noteship.models.handing import needed_names
from noteship.models.importing import source_modules
from noteship.models.loading import Step, load_steps
from noteship.models.predictor import Predictor
from noteship.models.tables import read_table

__all__ = ["Proposal", "StageFiles", "propose"]

FITTED = {".pkl", ".pickle", ".sav", ".joblib", ".skops", ".p"}
PICKLES = {".pkl", ".pickle", ".joblib", ".p"}
TABLES = {".parquet", ".pq", ".feather", ".csv", ".tsv", ".jsonl"}
# Texts shorter than a few words on average are names and codes, not what a vectoriser was made for.
TEXT_LENGTH = 20
TARGETS = ("target", "label", "class", "y", "outcome")


@dataclass(frozen=True)
class StageFiles:
    """What a stage reads and writes, as paths below the project's folder."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """The section as TOML, or None; and the reason for the one or the other."""

    toml: str | None
    reason: str


@dataclass(frozen=True)
class _Fitted:
    path: str
    stage: int
    steps: tuple[Step, ...]

    @property
    def predicts(self) -> bool:
        last = self.steps[-1].value
        return hasattr(last, "predict") and not hasattr(last, "transform")


def propose(root: Path, stages: Sequence[StageFiles], roots: Sequence[str] = (".",)) -> Proposal:
    """A section for the fitted scikit-learn objects that `stages`, given in the order of the graph, have written.

    There is one where one model was saved, the transformers behind it form a chain, and one table holds what the first
    step takes. Loads the files that were written as steps.
    """
    with source_modules([root / folder for folder in roots]):
        fitted = _fitted(root, stages)
        models = [item for item in fitted if item.predicts]
        if len(models) != 1:
            names = ", ".join(item.path for item in models)
            return Proposal(None, f"several models were saved: {names}" if models else "no stage saved a fitted model")
        model = models[0]
        behind = _behind(stages, model.stage)
        chain = [item for item in fitted if item is not model and item.stage in behind]
        return _for_chain(root, stages, [*chain, model])


def _fitted(root: Path, stages: Sequence[StageFiles]) -> list[_Fitted]:
    found = []
    for number, stage in enumerate(stages):
        for path in stage.writes:
            if Path(path).suffix.lower() not in FITTED or not (root / path).is_file():
                continue
            try:
                found.append(_Fitted(path, number, load_steps(path, root)))
            except (errors.NotAStep, errors.NotFitted, errors.StepDoesNotUnpickle):
                continue
    return found


def _behind(stages: Sequence[StageFiles], stage: int) -> set[int]:
    """A stage and those whose files it reads, directly or through others."""
    behind = {stage}
    while True:
        read = {path for number in behind for path in stages[number].reads}
        more = {number for number, other in enumerate(stages) if read.intersection(other.writes)} | behind
        if more == behind:
            return behind
        behind = more


def _for_chain(root: Path, stages: Sequence[StageFiles], chain: Sequence[_Fitted]) -> Proposal:
    steps = [step for item in chain for step in item.steps]
    # A pickle may hold a table, too; one that does not is told so below.
    own = {item.path for item in chain}
    tables = [
        path
        for path in stages[chain[0].stage].reads
        if Path(path).suffix.lower() in TABLES | PICKLES and path not in own
    ]
    reasons = []
    for path in tables:
        if not (root / path).is_file():
            continue
        try:
            table = read_table(root / path, path)
            inputs = _inputs(steps, table)
            if isinstance(inputs, str):
                reasons.append(f"{path}: {inputs}")
                continue
            compose(inputs, steps, table)
        except errors.UnreadableTable as error:
            reasons.append(f"{path}: {error.reason}")
            continue
        except NoteshipError as error:
            reasons.append(f"{path}: {error.parts().fact}")
            continue
        names = [item.path for item in chain]
        target = _target(table, inputs, steps[-1].value)
        fit = "fit together" if len(names) > 1 else "fits"
        return Proposal(_toml(names, path, inputs, target), f"{' and '.join(names)} {fit} on {path}")
    told = "; ".join(reasons) or f"stage {stages[chain[0].stage].name} reads no table that is there"
    return Proposal(None, f"no raw rows were found for {chain[0].path}: {told}")


def _inputs(steps: Sequence[Step], table: pandas.DataFrame) -> list[str] | str:
    """The columns of the table that the steps take, or why that cannot be told."""
    first = needed_names(steps[0].value)
    if first:
        missing = [name for name in first if name not in table.columns]
        if missing:
            return f"it lacks {', '.join(missing[:5])}"
        named = [name for step in steps for name in needed_names(step.value) if name in table.columns]
        return list(dict.fromkeys(named))
    if getattr(steps[0].value, "n_features_in_", None) is not None:
        return f"{steps[0].label} was fitted without names of columns"
    texts = [str(name) for name in table.columns if _is_prose(table[name])]
    return texts if len(texts) == 1 else f"it has {len(texts)} columns of prose"


def _is_prose(series: pandas.Series[Any]) -> bool:
    if types.infer_dtype(series, skipna=True) != "string":
        return False
    return bool(series.dropna().head(1000).str.len().mean() >= TEXT_LENGTH)


def _target(table: pandas.DataFrame, inputs: Sequence[str], model: Any) -> str | None:
    classes = {str(label) for label in Predictor(model).classes}
    others = [str(name) for name in table.columns if name not in inputs]
    if classes:
        others = [name for name in others if {str(value) for value in table[name].dropna().unique()} == classes]
    named = [name for name in others if name.lower() in TARGETS]
    if len(named) == 1:
        return named[0]
    if not classes:
        others = [name for name in others if _is_measured(table[name])]
    return others[0] if len(others) == 1 else None


def _is_measured(series: pandas.Series[Any]) -> bool:
    """Whether it holds numbers and not a number of each row."""
    whole = types.is_integer_dtype(series.dtype) and series.is_unique
    return types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype) and not whole


def _toml(steps: Sequence[str], data: str, inputs: Sequence[str], target: str | None) -> str:
    # A JSON string or list of strings is one of TOML, too.
    lines = [
        "[service]",
        f"steps = {json.dumps(list(steps))}",
        f"data = {json.dumps(data)}",
        f"inputs = {json.dumps(list(inputs))}",
    ]
    if target is not None:
        lines.append(f"target = {json.dumps(target)}")
    return "\n".join(lines) + "\n"
