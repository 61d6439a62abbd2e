"""What a judgement measures: each number's name, what it is, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["COSTS", "MEASURES", "Kind", "Measure", "goodness", "main_measure", "means_of", "words_of"]

Kind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Measure:
    """One number that tells how good a model is.

    - words: what it is, for a heading
    - better: "more", "less", or "zero" where both directions are wrong
    - kind: the models that have it
    - by: "answers", "scores" where probabilities are needed, and "either" where a probability of the class asked about
      is compared with all others
    """

    name: str
    words: str
    better: Literal["more", "less", "zero"]
    kind: Kind
    by: Literal["answers", "scores"] = "answers"


_ALL = (
    Measure("accuracy", "accuracy", "more", "classification"),
    Measure("balanced_accuracy", "balanced accuracy", "more", "classification"),
    Measure("f1", "F1", "more", "classification"),
    Measure("precision", "precision", "more", "classification"),
    Measure("recall", "recall", "more", "classification"),
    Measure("mcc", "Matthews correlation", "more", "classification"),
    Measure("roc_auc", "area under ROC", "more", "classification", "scores"),
    Measure("average_precision", "average precision", "more", "classification", "scores"),
    Measure("log_loss", "log loss", "less", "classification", "scores"),
    Measure("brier", "Brier score", "less", "classification", "scores"),
    Measure("rmse", "root mean squared error", "less", "regression"),
    Measure("mae", "mean absolute error", "less", "regression"),
    Measure("median_ae", "median absolute error", "less", "regression"),
    Measure("mape", "mean absolute percentage error", "less", "regression"),
    Measure("r2", "R squared", "more", "regression"),
    Measure("bias", "mean of predicted less true", "zero", "regression"),
)
MEASURES: Mapping[str, Measure] = {each.name: each for each in _ALL}
# Of one class each: where none is named, the mean over all of them. Of two, the area is the same for both.
_OF_A_CLASS = ("f1", "precision", "recall", "average_precision")
# What a gate may ask of the cost, with what it is.
COSTS: Mapping[str, str] = {
    "p50_ms": "milliseconds that half of the calls for one row stay within",
    "p95_ms": "milliseconds that 95 % of the calls for one row stay within",
    "p99_ms": "milliseconds that 99 % of the calls for one row stay within",
    "rows_per_second": "rows scored in a second, 32 at a time",
    "work_mean": "multiplications that a row takes, on average",
    "work_p99": "multiplications that 99 % of the rows stay within",
}


def means_of(classes: Sequence[str], positive: str | None) -> tuple[str, ...]:
    """The measures that are means over the classes, since none of them is asked about."""
    if not classes or positive is not None:
        return ()
    return (*_OF_A_CLASS, *(("roc_auc",) if len(classes) > 2 else ()))


def words_of(name: str, classes: Sequence[str] = (), positive: str | None = None) -> str:
    """What a measure is, for a person, of a model of these classes; one of a newer version has its name.

    >>> words_of("f1", ("no", "yes")), words_of("f1", ("no", "yes"), "yes"), words_of("roc_auc", ("a", "b", "c"))
    ('F1 (mean of both classes)', 'F1', 'area under ROC (mean of all classes)')
    """
    words = MEASURES[name].words if name in MEASURES else name
    if name not in means_of(classes, positive):
        return words
    return f"{words} (mean of {'both' if len(classes) == 2 else 'all'} classes)"


def goodness(name: str, value: Any) -> Any:
    """A value of a measure, or an array of them, so turned that more is better; so is more of an unknown one.

    >>> goodness("f1", 0.9), goodness("rmse", 3.0), goodness("bias", -2.0)
    (0.9, -3.0, -2.0)
    """
    better = MEASURES[name].better if name in MEASURES else "more"
    return {"more": value, "less": -value, "zero": -abs(value)}[better]


def main_measure(kind: Kind) -> str:
    """The measure that slices, robustness and the champion are compared by where `[validate] metric` names none."""
    return "f1" if kind == "classification" else "rmse"
