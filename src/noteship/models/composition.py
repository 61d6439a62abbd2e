"""Fitted steps, applied in order to raw rows, as the notebooks applied them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas

from noteship.models.failing import note_step
from noteship.models.handing import Flow, Handing, feature_names, hand, names_given, needed_names
from noteship.models.loading import Step
from noteship.models.predictor import Predictor
from noteship.models.scorer import Scores
from noteship.models.signature import Output, Signature

__all__ = ["ComposedScorer", "Composition", "Layer", "is_label_encoder"]

# Rows that go through the steps at once: a thousand dense features of so many rows are 64 MB.
PIECE_ROWS = 8192


@dataclass(frozen=True)
class Layer:
    """What stands between two steps for some rows: the values, and the names that their columns may go by."""

    label: str
    names: tuple[tuple[str, ...], ...]
    values: Any


class Composition:
    """Steps with the form in which each is handed its input; the last one predicts."""

    def __init__(self, inputs: Sequence[str], steps: Sequence[Step], handings: Sequence[Handing]) -> None:
        self.inputs = tuple(inputs)
        self.steps = tuple(steps)
        self.handings = tuple(handings)
        labels = self.steps[-1].value if is_label_encoder(self.steps[-1].value) else None
        self.front = self.steps[: -1 if labels is None else -2]
        self.predictor = Predictor(self.steps[len(self.front)].value, labels)
        later = [handing.form for handing in self.handings]
        # Names cost time, and only a step that picks columns by name asks for them.
        self._named = ["columns" in later[number + 1 :] for number in range(len(self.front))]

    def score(self, frame: pandas.DataFrame) -> Scores:
        """Scores of raw rows, in pieces of 8192 rows."""
        pieces = [frame.iloc[start : start + PIECE_ROWS] for start in range(0, len(frame), PIECE_ROWS)]
        return Scores.joined([self._score(piece) for piece in pieces or [frame]])

    @property
    def unused(self) -> tuple[str, ...]:
        """The inputs that no step takes; a function, and a step that was fitted without names, take them all."""
        used: set[str] = set()
        for step, handing in zip(self.steps, self.handings, strict=False):
            if handing.form in ("frame", "array") or step.is_function:
                return ()
            used |= {handing.column} if handing.form == "column" else set(needed_names(step.value))
        return tuple(name for name in self.inputs if name not in used)

    def output(self, name: str) -> Output:
        """What comes out, under a name."""
        classes = self.predictor.classes
        return Output(name, "classification" if classes else "regression", classes)

    def layers(self, frame: pandas.DataFrame) -> Iterator[Layer]:
        """What stands between the steps for these rows: each step's output, and what the next one takes of it."""
        flow = Flow(frame[list(self.inputs)])
        for number, step in enumerate(self.steps[: len(self.front) + 1]):
            taken = feature_names(step.value)
            if number and self.handings[number].form in ("columns", "joined", "joined dense"):
                given = hand(self.handings[number], flow, step.value)
                own = tuple(map(str, given.columns)) if isinstance(given, pandas.DataFrame) else ()
                yield Layer(f"what {step.label} takes", (own or taken,), given)
            if number == len(self.front):
                return
            with self._noted(number):
                self._advance(flow, number, always_named=True)
            names = flow.outputs[-1][0] if flow.outputs else tuple(map(str, flow.frame.columns))
            after = feature_names(self.steps[number + 1].value)
            fitting = tuple(option for option in dict.fromkeys((after, names)) if option)
            yield Layer(f"what {step.label} gives", fitting, flow.last)

    def handed(self, frame: pandas.DataFrame, through: Callable[[int, Any], Any]) -> Any:
        """What the step that predicts is handed; `through` is given the number and the input of each one before it."""
        flow = Flow(frame[list(self.inputs)])
        for number in range(len(self.front)):
            self._advance(flow, number, through=through)
        last = len(self.front)
        return hand(self.handings[last], flow, self.steps[last].value)

    def _score(self, frame: pandas.DataFrame) -> Scores:
        flow = Flow(frame[list(self.inputs)])
        number = 0
        try:
            for number in range(len(self.front)):
                self._advance(flow, number)
            number = len(self.front)
            return self.predictor.predict(hand(self.handings[number], flow, self.steps[number].value))
        except Exception as error:
            self._note(error, number)
            raise

    @contextmanager
    def _noted(self, number: int) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._note(error, number)
            raise

    def _note(self, error: Exception, number: int) -> None:
        step = self.steps[number]
        note_step(error, step.label, self.handings[number].column, (*self.inputs, *feature_names(step.value)))

    def _advance(
        self,
        flow: Flow,
        number: int,
        *,
        always_named: bool = False,
        through: Callable[[int, Any], Any] | None = None,
    ) -> None:
        step = self.steps[number]
        given = hand(self.handings[number], flow, step.value)
        if step.is_function:
            result = step.value(given)
            if isinstance(result, pandas.DataFrame):
                flow.frame = result
                flow.outputs.clear()
                return
        else:
            result = step.value.transform(given) if through is None else through(number, given)
        named = always_named or self._named[number]
        taken = feature_names(step.value) or ((self.handings[number].column,) if self.handings[number].column else ())
        flow.outputs.append((names_given(step.value, result, taken) if named else (), result))


@dataclass(frozen=True, eq=False)
class ComposedScorer:
    """A composition with its signature: the plain implementation of Scorer."""

    signature: Signature
    composition: Composition

    def score(self, frame: pandas.DataFrame) -> Scores:
        """Scores of encoded rows."""
        return self.composition.score(frame)


def is_label_encoder(value: Any) -> bool:
    """Whether a step turns encoded predictions back into labels."""
    return type(value).__name__ == "LabelEncoder" and hasattr(value, "inverse_transform")
