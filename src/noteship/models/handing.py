"""How a step is handed what comes before it: the forms there are, and carrying one out."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy
import pandas

__all__ = ["Flow", "Form", "Handing", "feature_names", "hand", "names_given", "needed_names", "width"]

Form = Literal["frame", "column", "array", "columns", "output", "dense", "named", "joined", "joined dense"]


@dataclass(frozen=True)
class Handing:
    """The form in which a step takes its input.

    - frame: the raw input columns, or the frame that a function made of them
    - column: the one column `column` of that frame, one-dimensional, as text vectorisers take it
    - array: that frame's values, or the last output's where it is a frame, without names
    - columns: the columns the step was fitted with, by name, from the latest step that gives it, else the frame
    - output, dense: what the last step gave; made dense
    - named: the last output under the names the step was fitted with
    - joined, joined dense: the outputs of all steps since the frame, side by side
    """

    form: Form
    column: str = ""

    def to_json(self) -> dict[str, str]:
        """The written form."""
        return {"form": self.form, "column": self.column} if self.column else {"form": self.form}


@dataclass
class Flow:
    """One batch on its way through the steps: the frame, and what each step since gave, with names where known."""

    frame: pandas.DataFrame
    outputs: list[tuple[tuple[str, ...], Any]] = field(default_factory=list)

    @property
    def last(self) -> Any:
        """The last step's output, or the frame."""
        return self.outputs[-1][1] if self.outputs else self.frame

    def sources(self, name: str) -> int | None:
        """Which output gives a column, the latest first; -1 is the frame, None nothing."""
        for number in range(len(self.outputs) - 1, -1, -1):
            if name in self.outputs[number][0]:
                return number
        return -1 if name in self.frame.columns else None


def hand(handing: Handing, flow: Flow, value: Any) -> Any:
    """The input of step `value`. Raises whatever the libraries raise where the form does not apply."""
    form = handing.form
    names = feature_names(value)
    if form == "frame":
        return flow.frame
    if form == "column":
        return flow.frame[handing.column]
    if form == "array":
        return flow.last.to_numpy()
    if form == "columns":
        needed = set(needed_names(value))
        return _columns(flow, tuple(name for name in names if name in needed or flow.sources(name) is not None))
    if form in ("joined", "joined dense"):
        joined = _joined([output for _, output in flow.outputs], dense=form != "joined" or bool(names))
        return pandas.DataFrame(joined, columns=list(names), index=flow.frame.index) if names else joined
    dense = _dense(flow.last)
    if form == "named":
        return pandas.DataFrame(dense, columns=list(names), index=flow.frame.index)
    return flow.last if form == "output" else dense


def feature_names(value: Any) -> tuple[str, ...]:
    """The columns a step was fitted with, where it knows."""
    names = getattr(value, "feature_names_in_", None)
    if names is None:
        names = getattr(value, "feature_name_", None)  # LightGBM's word
    return () if names is None else tuple(map(str, names))


def needed_names(value: Any) -> tuple[str, ...]:
    """The columns that a step cannot do without: those it was fitted with, but for what a ColumnTransformer drops."""
    names = feature_names(value)
    inner = value
    while isinstance(getattr(inner, "steps", None), list):
        inner = inner.steps[0][1]
    if not names or type(inner).__name__ != "ColumnTransformer":
        return names
    empty = pandas.DataFrame(columns=list(names))
    used = {
        name
        for _, transformer, columns in inner.transformers_
        if not (isinstance(transformer, str) and transformer == "drop")
        for name in _picked(empty, columns)
    }
    return tuple(name for name in names if name in used)


def _picked(frame: pandas.DataFrame, columns: Any) -> list[str]:
    """The names that a ColumnTransformer's choice stands for: a name, a place, several of them, a mask or a slice."""
    if isinstance(columns, str):
        return [columns]
    if isinstance(columns, numbers.Integral):
        return [str(frame.columns[int(columns)])]
    ends = [columns.start, columns.stop] if isinstance(columns, slice) else list(columns)
    by_name = any(isinstance(end, str) for end in ends)
    return list(frame.loc[:, columns].columns if by_name else frame.iloc[:, columns].columns)


def names_given(value: Any, output: Any, taken: tuple[str, ...]) -> tuple[str, ...]:
    """The columns a step's output has: a frame's own, else those the step tells, else, for as many, those it took."""
    if isinstance(output, pandas.DataFrame):
        return tuple(map(str, output.columns))
    if len(taken) == width(output):
        return taken
    try:
        told = tuple(map(str, value.get_feature_names_out()))
    except Exception:
        # Many steps do not know, and say so in many ways.
        return ()
    return told if len(told) == width(output) else ()


def width(output: Any) -> int:
    """How many columns an output has."""
    shape: tuple[int, ...] = getattr(output, "shape", ())
    return shape[1] if len(shape) > 1 else 1


def _dense(output: Any) -> Any:
    if hasattr(output, "toarray"):
        return output.toarray()
    return output.to_numpy() if isinstance(output, (pandas.DataFrame, pandas.Series)) else output


def _columns(flow: Flow, names: tuple[str, ...]) -> pandas.DataFrame:
    sources = {name: flow.sources(name) for name in names}
    if set(sources.values()) <= {-1}:
        return flow.frame[list(names)]
    only = next(iter(sources.values()))
    if only is not None and only >= 0 and set(sources.values()) == {only} and flow.outputs[only][0] == names:
        return pandas.DataFrame(_dense(flow.outputs[only][1]), columns=list(names), index=flow.frame.index)
    pieces = {name: _piece(flow, sources[name], name) for name in names}
    return pandas.DataFrame(pieces, index=flow.frame.index)


def _piece(flow: Flow, source: int | None, name: str) -> Any:
    if source is None or source < 0:
        return flow.frame[name]
    names, output = flow.outputs[source]
    if isinstance(output, pandas.DataFrame):
        return output[name].set_axis(flow.frame.index)
    column = output[:, [names.index(name)]] if width(output) > 1 or output.ndim > 1 else output
    return numpy.ravel(_dense(column))


def _joined(outputs: list[Any], *, dense: bool) -> Any:
    if not dense and any(hasattr(output, "toarray") for output in outputs):
        import scipy.sparse  # type: ignore[import-untyped]

        return scipy.sparse.hstack(outputs, format="csr")
    shaped = [numpy.asarray(_dense(output)) for output in outputs]
    return numpy.hstack([part.reshape(len(part), -1) for part in shaped])
