"""Laws of streams: unchanged, wobbling within the tolerance, dependent, and changed in one way each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy
from scipy.signal import lfilter

from noteship import monitor
from noteship.monitor import statistics

__all__ = ["COLUMNS", "FIELDS", "LAWS", "Case", "Drawn", "Law", "draw", "observed"]

Array = numpy.ndarray[Any, Any]

COLUMNS = 30
FIELDS = tuple(monitor.Field(f"x{column}", "number", is_plain=True) for column in range(COLUMNS))
# The logits' spread: most rows are clear, some are not.
LOGIT_SPREAD = 2.0
# The work of a row depends on what its inputs do not tell, as the number of words of a text does.
MEDIAN_WORK, WORK_SPREAD = 1_000.0, 0.5
TOLERANCE = statistics.DEFAULT_TOLERANCE
# exp(shift^2) - 1 is the chi-squared distance of two normals: here just the tolerance's.
EDGE = math.sqrt(math.log(1 + TOLERANCE**2))
# What a change of one marginal is, in standard deviations, and one of all.
HALF, LITTLE = 0.5, 0.15
CORRELATION = 0.8
AUTOREGRESSION, ALIKE, TOGETHER = 0.9, 0.5, 16


@dataclass(frozen=True, eq=False)
class Case:
    """One stream: its number, its randomness, the model's weights, and what it carries from window to window."""

    number: int
    random: numpy.random.Generator
    weights: Array
    carried: dict[str, Array]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A window: standard normal inputs (n, 30), logits' weights and bias, log work, rows by request."""

    inputs: Array
    weights: Array
    bias: float
    log_work: Array
    rows_each: int = 1


Change = Callable[[Drawn, Case], Drawn]


@dataclass(frozen=True)
class Law:
    """How a stream differs from the reference.

    kind: "allowed" is promised not to ring before its time, "dependent" is outside of what is promised, "changed" is
    to be found.
    """

    name: str
    kind: Literal["allowed", "dependent", "changed"]
    words: str
    change: Change


def draw(law: Law, rows: int, case: Case) -> Drawn:
    """One window of a stream."""
    work = math.log(MEDIAN_WORK) + WORK_SPREAD * case.random.normal(size=rows)
    return law.change(Drawn(case.random.normal(size=(rows, COLUMNS)), case.weights, 0.0, work), case)


def observed(drawn: Drawn) -> monitor.Observed:
    """The rows with their predictions and their work."""
    positive = 1 / (1 + numpy.exp(-(drawn.inputs @ drawn.weights + drawn.bias)))
    predictions = monitor.Predictions(positive > 0.5, numpy.column_stack([1 - positive, positive]), (False, True))
    return monitor.Observed(drawn.inputs, (), predictions, numpy.rint(numpy.exp(drawn.log_work)))


def _unchanged(drawn: Drawn, _: Case) -> Drawn:
    return drawn


def _shifted(drawn: Drawn, case: Case) -> Drawn:
    return replace(drawn, inputs=drawn.inputs + EDGE * _unit(case.weights))


def _moving(drawn: Drawn, case: Case) -> Drawn:
    way = _unit(case.random.normal(size=COLUMNS))
    return replace(drawn, inputs=drawn.inputs + case.random.uniform(-EDGE, EDGE) * way)


def _tilted(drawn: Drawn, case: Case) -> Drawn:
    column = int(numpy.abs(case.weights).argmax())
    return _with(drawn, column, numpy.abs(drawn.inputs[:, column]) * _signs(drawn, case))


def _pair_tilted(drawn: Drawn, case: Case) -> Drawn:
    first, second = _pair(case)
    values = numpy.abs(drawn.inputs[:, second]) * numpy.sign(drawn.inputs[:, first]) * _signs(drawn, case)
    return _with(drawn, second, values)


def _signs(drawn: Drawn, case: Case) -> Array:
    """Plus more often than minus: a density of 1 ± the tolerance over the reference's."""
    return numpy.where(case.random.random(len(drawn.inputs)) < (1 + TOLERANCE) / 2, 1.0, -1.0)


def _autoregressive(drawn: Drawn, case: Case) -> Drawn:
    before = case.carried.get("last", case.random.normal(size=COLUMNS))
    steps = drawn.inputs * math.sqrt(1 - AUTOREGRESSION**2)
    inputs, _ = lfilter([1.0], [1.0, -AUTOREGRESSION], steps, axis=0, zi=AUTOREGRESSION * before[None, :])
    case.carried["last"] = inputs[-1]
    return replace(drawn, inputs=inputs)


def _alike(drawn: Drawn, case: Case) -> Drawn:
    groups = numpy.arange(len(drawn.inputs)) // TOGETHER
    shared = case.random.normal(size=(groups[-1] + 1, COLUMNS))[groups]
    return replace(drawn, inputs=math.sqrt(ALIKE) * shared + math.sqrt(1 - ALIKE) * drawn.inputs)


def _one_request(drawn: Drawn, case: Case) -> Drawn:
    return replace(_alike(drawn, case), rows_each=TOGETHER)


def _repeated(drawn: Drawn, case: Case) -> Drawn:
    is_new = case.random.random(len(drawn.inputs)) < 0.5
    is_new[0] = True
    places = numpy.maximum.accumulate(numpy.where(is_new, numpy.arange(len(is_new)), 0))
    return replace(drawn, inputs=drawn.inputs[places], log_work=drawn.log_work[places])


def _marginal(drawn: Drawn, case: Case) -> Drawn:
    column = case.number % COLUMNS
    return _with(drawn, column, drawn.inputs[:, column] + HALF)


def _many(drawn: Drawn, _: Case) -> Drawn:
    return replace(drawn, inputs=drawn.inputs + LITTLE)


def _correlated(drawn: Drawn, case: Case) -> Drawn:
    first, second = _pair(case)
    mixed = CORRELATION * drawn.inputs[:, first] + math.sqrt(1 - CORRELATION**2) * drawn.inputs[:, second]
    return _with(drawn, second, mixed)


def _swapped(drawn: Drawn, case: Case) -> Drawn:
    """The distribution of predictions stays; old and new logits have a correlation of 0.8."""
    weights = case.weights
    other = numpy.random.default_rng(case.number).normal(size=COLUMNS)
    other -= other @ _unit(weights) * _unit(weights)
    new = CORRELATION * weights + math.sqrt(1 - CORRELATION**2) * LOGIT_SPREAD * _unit(other)
    return replace(drawn, weights=new)


def _biased(drawn: Drawn, _: Case) -> Drawn:
    return replace(drawn, bias=HALF * LOGIT_SPREAD)


def _worked(drawn: Drawn, _: Case) -> Drawn:
    return replace(drawn, log_work=drawn.log_work + HALF * WORK_SPREAD)


def _pair(case: Case) -> tuple[int, int]:
    return case.number % COLUMNS, (case.number + 7) % COLUMNS


def _unit(vector: Array) -> Array:
    return numpy.asarray(vector / numpy.linalg.norm(vector))


def _with(drawn: Drawn, column: int, values: Array) -> Drawn:
    drawn.inputs[:, column] = values
    return drawn


_ALL = (
    Law("unchanged", "allowed", "unchanged", _unchanged),
    Law("shifted", "allowed", "a mean moved by the tolerance, in the model's direction", _shifted),
    Law("moving", "allowed", "means moving within the tolerance, another way each window", _moving),
    Law("tilted", "allowed", "one column's halves out of balance by the tolerance", _tilted),
    Law("pair-tilted", "allowed", "two columns correlated by the tolerance", _pair_tilted),
    Law("requests", "dependent", f"requests of {TOGETHER} rows that are half alike", _one_request),
    Law("repeats", "dependent", "half of the requests repeat the one before", _repeated),
    Law("bursts", "dependent", f"{TOGETHER} requests in a row half alike", _alike),
    Law("autoregressive", "dependent", f"each row {AUTOREGRESSION:g} of the one before, AR(1)", _autoregressive),
    Law("marginal", "changed", "one column of thirty up by half a spread", _marginal),
    Law("many", "changed", f"all thirty columns up by {LITTLE:g} of a spread", _many),
    Law("correlation", "changed", f"a correlation of {CORRELATION:g} between two columns of thirty", _correlated),
    Law("prediction", "changed", "other weights, same inputs, same distribution of predictions", _swapped),
    Law("bias", "changed", "predictions' logits up by half a spread, same inputs", _biased),
    Law("work", "changed", "work up by half a spread, a quarter more; same inputs and predictions", _worked),
)
LAWS = {law.name: law for law in _ALL}
