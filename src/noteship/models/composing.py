"""Finding out how the steps fit together, by trying them on the first raw rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy
import pandas
from pandas.api import types

from noteship.errors import WorkFailed
from noteship.models import errors
from noteship.models.composition import Composition, is_label_encoder
from noteship.models.handing import Flow, Handing, feature_names, hand, names_given, needed_names, width
from noteship.models.loading import Step
from noteship.models.predictor import Predictor

__all__ = ["compose", "compositions"]

# Enough rows to tell one row each from one row for each column, few enough to be quick.
TRIAL_ROWS = 50
# scikit-learn says with these words that a frame's names are missing, or there without being wanted.
NAMES_WARNING = "feature names"


def compose(inputs: Sequence[str], steps: Sequence[Step], frame: pandas.DataFrame) -> Composition:
    """The first way in which the steps fit together on these raw rows. Raises as `compositions` does."""
    return next(compositions(inputs, steps, frame))


def compositions(inputs: Sequence[str], steps: Sequence[Step], frame: pandas.DataFrame) -> Iterator[Composition]:
    """Every way in which the steps fit together on these raw rows, the most usual first; at least one.

    Raises NotAStep, StepOutOfPlace, NotFitted, MissingColumns, MissingFeatures, StepsDoNotFit.
    """
    missing = tuple(name for name in inputs if name not in frame.columns)
    if missing:
        raise errors.MissingColumns("[service] data", missing, tuple(map(str, frame.columns)))
    _check_roles(steps)
    others = tuple(str(name) for name in frame.columns if name not in inputs)
    search = _Search(steps, others)
    sample = frame[list(inputs)].head(TRIAL_ROWS)
    found = False
    for handings in search.ways((), Flow(sample)):
        found = True
        yield Composition(inputs, steps, handings)
    if not found:
        raise search.failure or errors.StepsDoNotFit(
            steps[0].label, f"{len(sample)} rows", "there are no raw rows to try"
        )


def _check_roles(steps: Sequence[Step]) -> None:
    if not steps:
        raise errors.NotAStep("[service] steps", "no step")
    last = len(steps) - 1
    if last and is_label_encoder(steps[last].value):
        last -= 1
    for number, step in enumerate(steps[:last]):
        if not step.is_function and not hasattr(step.value, "transform"):
            after = tuple(other.label for other in steps[number + 1 :])
            raise errors.StepOutOfPlace(step.label, step.kind, after)
    if not hasattr(steps[last].value, "predict"):
        raise errors.StepOutOfPlace(steps[last].label, steps[last].kind)


class _Search:
    """Depth first through the forms of each step; remembers the failure that got furthest."""

    def __init__(self, steps: Sequence[Step], others: tuple[str, ...]) -> None:
        self.steps = steps
        self.others = others
        self.failure: WorkFailed | None = None
        self.depth = -1

    def ways(self, handings: tuple[Handing, ...], flow: Flow) -> Iterator[tuple[Handing, ...]]:
        number = len(handings)
        step = self.steps[number]
        last = number == len(self.steps) - 1 or (
            is_label_encoder(self.steps[-1].value) and number == len(self.steps) - 2
        )
        tried = 0
        reasons = []
        try:
            candidates = self._candidates(step, flow)
        except errors.MissingFeatures as error:
            self._remember(number, error)
            return
        for handing in candidates:
            try:
                after = self._tried(step, handing, flow, last=last)
            except WorkFailed:
                raise
            except Exception as error:
                # Anything may happen when a step is handed what it was not made for; that is the question.
                reasons.append(f"{type(error).__name__}: {error}")
                continue
            tried += 1
            if last:
                yield (*handings, handing)
            else:
                yield from self.ways((*handings, handing), after)
        if not tried:
            given = _given(self.steps, number, flow)
            self._remember(number, errors.StepsDoNotFit(step.label, given, reasons[0] if reasons else "", self.others))

    def _remember(self, depth: int, failure: WorkFailed) -> None:
        if depth > self.depth:
            self.depth, self.failure = depth, failure

    def _tried(self, step: Step, handing: Handing, flow: Flow, *, last: bool) -> Flow:
        from sklearn.exceptions import NotFittedError  # type: ignore[import-untyped]

        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                given = hand(handing, flow, step.value)
                result = _applied(step, given, last=last)
            except NotFittedError as error:
                raise errors.NotFitted(step.label, step.kind) from error
        for warning in said:
            if NAMES_WARNING in str(warning.message):
                raise ValueError(str(warning.message))
        _check_rows(result, len(flow.frame))
        if isinstance(result, pandas.DataFrame) and step.is_function:
            return Flow(result)
        taken = feature_names(step.value) or ((handing.column,) if handing.column else ())
        return Flow(flow.frame, [*flow.outputs, (names_given(step.value, result, taken), result)])

    def _candidates(self, step: Step, flow: Flow) -> list[Handing]:
        names = feature_names(step.value)
        if step.is_function:
            return [Handing("output" if flow.outputs else "frame")]
        if names:
            return self._by_name(step, names, flow)
        if not flow.outputs:
            return _of_frame(flow.frame)
        forms = [Handing("output")]
        if isinstance(flow.last, pandas.DataFrame):
            forms.insert(0, Handing("array"))
        if hasattr(flow.last, "toarray"):
            forms.append(Handing("dense"))
        if len(flow.outputs) > 1:
            forms += [Handing("joined"), Handing("joined dense")]
        wanted = getattr(step.value, "n_features_in_", None)
        return forms + (_of_text(flow.frame) if wanted is None else [])

    def _by_name(self, step: Step, names: tuple[str, ...], flow: Flow) -> list[Handing]:
        missing = tuple(name for name in needed_names(step.value) if flow.sources(name) is None)
        forms = [] if missing else [Handing("columns")]
        if flow.outputs and width(flow.last) == len(names):
            forms.append(Handing("named"))
        if len(flow.outputs) > 1 and sum(width(output) for _, output in flow.outputs) == len(names):
            forms.append(Handing("joined"))
        if not forms:
            given = [*flow.frame.columns, *(name for output_names, _ in flow.outputs for name in output_names)]
            in_data = tuple(name for name in missing if name in self.others)
            raise errors.MissingFeatures(step.label, missing, tuple(dict.fromkeys(map(str, given))), in_data=in_data)
        return forms


def _of_frame(frame: pandas.DataFrame) -> list[Handing]:
    """A vectoriser takes one column; given a frame it would see a row for each column."""
    if len(frame.columns) == 1:
        return [Handing("column", str(frame.columns[0])), Handing("array"), Handing("frame")]
    return [Handing("array"), Handing("frame"), *_of_text(frame)]


def _of_text(frame: pandas.DataFrame) -> list[Handing]:
    texts = [str(name) for name in frame.columns if types.infer_dtype(frame[name], skipna=True) == "string"]
    return [Handing("column", texts[0])] if len(texts) == 1 else []


def _applied(step: Step, given: Any, *, last: bool) -> Any:
    if not last:
        return step.value(given) if step.is_function else step.value.transform(given)
    predictions = Predictor(step.value).predict(given).predictions
    if predictions.ndim != 1:
        raise ValueError(f"it predicts {predictions.shape[1]} values a row; a service gives one")
    return predictions


def _check_rows(result: Any, rows: int) -> None:
    count = result.shape[0] if hasattr(result, "shape") else len(result)
    if count != rows:
        raise ValueError(f"it gives {count} rows for {rows}")
    if isinstance(result, numpy.ndarray) and result.ndim > 2:
        raise ValueError(f"it gives an array of {result.ndim} dimensions")


def _given(steps: Sequence[Step], number: int, flow: Flow) -> str:
    if not number:
        return f"the raw columns {', '.join(map(str, flow.frame.columns[:8]))}"
    return f"{width(flow.last)} columns from {steps[number - 1].label}"
