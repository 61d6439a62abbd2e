"""From a composition to a program: each step's input by its handing, each step by its class, or the reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy

from noteship.models.compiled import forests, linear
from noteship.models.compiled.containers import of_scikit_learn, stacked, transformed
from noteship.models.compiled.fields import Frame, Single, frame_of
from noteship.models.compiled.program import Beyond, Program, Stack, Wire
from noteship.models.compiled.scorer import CompiledScorer
from noteship.models.composition import ComposedScorer
from noteship.models.handing import Handing, feature_names, names_given, needed_names

__all__ = ["NotCompiled", "compile_scorer"]

# What the words of a form say of the predictors.
TREES = {**forests.CLASSIFIERS, **forests.REGRESSORS}
PREDICTORS = {**linear.CLASSIFIERS, **linear.REGRESSORS, **TREES}


@dataclass(frozen=True)
class NotCompiled:
    """Why a model is scored by scikit-learn itself."""

    why: str


@dataclass(frozen=True, eq=False)
class _Picked:
    """One column of an array."""

    place: int

    def __call__(self, given: Any) -> Any:
        return given[:, self.place : self.place + 1]


def compile_scorer(scorer: ComposedScorer) -> CompiledScorer | NotCompiled:
    """The compiled form of a model, or why it has none: a step that is not known here, exactly.

    Accuracy: as `CompiledScorer` guarantees. Cost: a copy of the coefficients, or 37 bytes a node of the trees; for
    hashed words a cache of at most 15 MB.
    """
    try:
        return _compiled(scorer)
    except Beyond as reason:
        return NotCompiled(str(reason))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # A fitted object of another version has other attributes; scikit-learn itself can still score it.
        # Its words may hold addresses, and the reason goes into the bundle.
        return NotCompiled(f"steps that look other than expected ({type(error).__name__})")


def _compiled(scorer: ComposedScorer) -> CompiledScorer:
    composition = scorer.composition
    program = Program()
    flow = _Flow(program, frame_of(scorer.signature))
    for step, handing in zip(composition.front, composition.handings, strict=False):
        if step.is_function:
            raise Beyond(f"the function {step.label}")
        flow.advance(step.value, handing)
    predictor = composition.predictor
    last = composition.handings[len(composition.front)]
    given = flow.given(last, composition.steps[len(composition.front)].value)
    given = transformed(predictor.front, given, program)
    model = predictor.model
    while of_scikit_learn(model) == "Pipeline":
        given = transformed(model[:-1], given, program)
        model = model.steps[-1][1]
    kind = of_scikit_learn(model)
    if kind not in PREDICTORS:
        raise Beyond(f"the model {type(model).__name__}")
    given = stacked(given, program, single=kind in TREES)
    if given.width != model.n_features_in_:
        raise Beyond(f"a model of {model.n_features_in_} columns for {given.width}")
    PREDICTORS[kind](model, given, program)
    return CompiledScorer(scorer, program, _labels(predictor, kind), _form(scorer, kind))


def _labels(predictor: Any, kind: str) -> Any:
    """The labels by the number of their class, as predictions have them; None for a regression."""
    if kind in linear.REGRESSORS or kind in forests.REGRESSORS:
        if predictor.labels is not None:
            raise Beyond("a label encoder behind a regression")
        return None
    classes = numpy.asarray(predictor.model.classes_)
    return classes if predictor.labels is None else numpy.asarray(predictor.labels.inverse_transform(classes))


def _form(scorer: ComposedScorer, kind: str) -> str:
    types = {column.type for column in scorer.signature.inputs}
    inputs = "text-" if types == {"text"} else "" if types <= {"number", "integer"} else "mixed-"
    if kind not in TREES:
        return f"{inputs}bayes" if kind.endswith("NB") else f"{inputs}linear"
    if "Boosting" in kind:
        return f"{inputs}boosting"
    return f"{inputs}tree" if kind.startswith(("DecisionTree", "ExtraTreeC", "ExtraTreeR")) else f"{inputs}forest"


class _Flow:
    """What the steps have given so far, with names where they are known."""

    def __init__(self, program: Program, frame: Frame) -> None:
        self._program = program
        self._frame = frame
        self._outputs: list[tuple[tuple[str, ...], Stack]] = []

    def advance(self, value: Any, handing: Handing) -> None:
        given = self.given(handing, value)
        output = stacked(transformed(value, given, self._program), self._program)
        taken = feature_names(value) or ((handing.column,) if handing.column else ())
        names = names_given(value, numpy.broadcast_to(0.0, (1, output.width)), taken)
        self._outputs.append((names, output))

    def given(self, handing: Handing, value: Any) -> Any:
        """What a step is handed, as `handing.hand` has it. Raises Beyond."""
        form = handing.form
        if form == "columns":
            return self._columns(value)
        if form == "column":
            return Single(self._frame.picked([self._frame.names.index(handing.column)]).fields[0])
        if form in ("joined", "joined dense"):
            parts = [output for _, output in self._outputs]
            is_sparse = form == "joined" and not feature_names(value) and any(part.is_sparse for part in parts)
            return Stack(tuple(wire for part in parts for wire in part.parts), is_sparse)
        if not self._outputs:
            return replace(self._frame, is_named=form == "frame")
        last = self._outputs[-1][1]
        return last if form == "output" else replace(last, is_sparse=False)

    def _columns(self, value: Any) -> Any:
        needed = set(needed_names(value))
        sources = {name: self._source(name) for name in feature_names(value)}
        sources = {name: source for name, source in sources.items() if source is not None or name in needed}
        if set(sources.values()) <= {-1}:
            return self._frame.picked([self._frame.names.index(name) for name in sources])
        whole = next(iter(sources.values()))
        if whole is not None and set(sources.values()) == {whole} and self._outputs[whole][0] == tuple(sources):
            return replace(self._outputs[whole][1], is_sparse=False)
        return self._mixed(sources)

    def _source(self, name: str) -> int | None:
        for number in range(len(self._outputs) - 1, -1, -1):
            if name in self._outputs[number][0]:
                return number
        return -1 if name in self._frame.names else None

    def _mixed(self, sources: Mapping[str, int | None]) -> Stack:
        """Columns of several outputs, and of the frame."""
        parts: list[Wire] = []
        for name, source in sources.items():
            if source is None:
                raise Beyond(f"the column {name}, which nothing gives")
            if source < 0:
                parts += stacked(self._frame.picked([self._frame.names.index(name)]), self._program).parts
                continue
            names, output = self._outputs[source]
            if len(output.parts) != 1 or output.parts[0].is_entries:
                raise Beyond(f"the column {name} of a table that is sparse in part")
            parts.append(self._program.add(_Picked(names.index(name)), output.parts, 1))
        return Stack(tuple(parts))
