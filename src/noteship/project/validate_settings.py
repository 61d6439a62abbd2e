"""`[validate]`: which rows are held out, what a model is judged by, and what it has to pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from noteship.nearest import nearest
from noteship.validation.gates import Gate
from noteship.validation.holdout import Holdout
from noteship.validation.measures import MEASURES

__all__ = ["ValidateSettings"]

WHERE = "[validate] gates in noteship.toml"
# With fewer the ends of an interval are those of a handful of resamples; more change its third digit.
LEAST_RESAMPLES, MOST_RESAMPLES = 200, 20_000


def _positive(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float) or value == "":
        raise ValueError('one of the classes, such as "spam"')
    return str(value)


def _metric(value: object) -> str:
    if value not in MEASURES:
        near = nearest(str(value), MEASURES)
        raise ValueError(f"one of {', '.join(MEASURES)}{f' (such as {near})' if near else ''}")
    return str(value)


def _gates(value: object) -> tuple[Gate, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('a list of comparisons, such as ["f1 >= 0.95", "p99_ms <= 5"]')
    return tuple(Gate.parse(each, WHERE) for each in value)


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise ValueError("a whole number from 0 on, below 2 ** 32")
    return value


def _resamples(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not LEAST_RESAMPLES <= value <= MOST_RESAMPLES:
        raise ValueError(f"a whole number from {LEAST_RESAMPLES} to {MOST_RESAMPLES:,}")
    return value


@dataclass(frozen=True)
class ValidateSettings:
    """`[validate]`: how a bundle is judged."""

    holdout: Holdout = field(default=Holdout(), metadata={"parse": Holdout.read})
    positive: str | None = field(default=None, metadata={"parse": _positive})
    metric: str | None = field(default=None, metadata={"parse": _metric})
    gates: tuple[Gate, ...] = field(default=(), metadata={"parse": _gates})
    slices: tuple[str, ...] = ()
    seed: int = field(default=0, metadata={"parse": _seed})
    resamples: int = field(default=1000, metadata={"parse": _resamples})
    robustness: bool = True

    def to_json(self) -> dict[str, Any]:
        """As a judgement has it; gates as they are written."""
        return {
            "holdout": self.holdout.to_json(),
            "positive": self.positive,
            "metric": self.metric,
            "gates": [gate.text for gate in self.gates],
            "slices": list(self.slices),
            "seed": self.seed,
            "resamples": self.resamples,
            "robustness": self.robustness,
        }
