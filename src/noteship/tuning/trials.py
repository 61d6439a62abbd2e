"""Trials as plain values: what was tried, and what came of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Direction", "State", "Trial", "best", "point_of"]

Direction = Literal["maximize", "minimize"]
State = Literal["done", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One trial that has ended.

    - value: what is searched for; of a pruned one the mean of its steps; None where there is none
    - error: the standard error of the value, where folds tell one; of folds that share rows
    - steps: what its parts came to, by number; marks: what the pruner remembers of it
    - why: of a failed one, in a few words
    - run: the run aside that it was, where it ran notebooks
    - own_seconds: what the stages, or the folds, took themselves
    """

    number: int
    parameters: Mapping[str, Any]
    state: State
    value: float | None = None
    error: float | None = None
    steps: Mapping[int, float] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    own_seconds: float = 0.0
    why: str = ""
    run: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it has a value that counts."""
        return self.state == "done" and self.value is not None and math.isfinite(self.value)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "number": self.number,
            "parameters": dict(self.parameters),
            "state": self.state,
            "value": self.value,
            "error": self.error,
            "steps": {str(step): value for step, value in self.steps.items()},
            "marks": dict(self.marks),
            "seconds": round(self.seconds, 4),
            "own_seconds": round(self.own_seconds, 4),
            "why": self.why,
            "run": self.run,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Trial:
        """From its plain value."""
        return cls(**{**value, "steps": {int(step): each for step, each in value["steps"].items()}})

    @classmethod
    def read(cls, value: Any) -> Trial | None:
        """From its plain value; None of what is none, or of another version of noteship."""
        try:
            return cls.from_json(value)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


def best(trials: Iterable[Trial], direction: Direction) -> Trial | None:
    """The best of those that are done, the earliest of equal ones; None where none is."""
    done = sorted((each for each in trials if each.is_done), key=lambda each: each.number)
    sign = -1.0 if direction == "maximize" else 1.0
    return min(done, key=lambda each: sign * (each.value or 0.0), default=None)


def point_of(parameters: Mapping[str, Any]) -> str:
    """Parameters in one written form, to tell equal ones."""
    return json.dumps(dict(parameters), sort_keys=True)
