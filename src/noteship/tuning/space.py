"""What is searched: by name a span of numbers or a list of choices, checked when it is made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Choices", "Dimension", "Space", "Span", "dimension"]

# Of numbers without a step: what is shown and pasted is what ran, and no search needs more.
DIGITS = 6
# Of numbers with one, which are multiples of it but for the last bits.
STEP_DIGITS = 12
# Within this share of a span from its end, a best value may well lie beyond it.
EDGE = 0.02
# How far the last multiple of a step may be from `high`, in steps.
SLACK = 1e-6
FORM = 'a list of choices, or a table such as { low = 1, high = 10 } with "log" or "step" if need be'


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, both included; whole ones where both ends are written as whole numbers.

    `log`: searched evenly by magnitude. `step`: only low, low + step, … Raises ValueError with what was expected.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    def __post_init__(self) -> None:
        given = [self.low, self.high] if self.step is None else [self.low, self.high, self.step]
        if not all(_is_number(each) for each in given):
            raise ValueError("numbers for low, high and step")
        if not self.low < self.high:
            raise ValueError(f"a low below its high: {self.low} is not below {self.high}")
        if self.log and self.low <= 0:
            raise ValueError("a low above 0 where log = true: the magnitude of 0 is nowhere")
        if self.log and self.step is not None:
            raise ValueError("either log or step: magnitudes have no steps")
        if self.step is not None:
            self._check_step(self.step)

    def _check_step(self, step: float) -> None:
        if step <= 0:
            raise ValueError("a step above 0")
        steps = (self.high - self.low) / step
        if steps < 1 - SLACK:
            raise ValueError(f"a step that fits between {self.low} and {self.high}")
        if abs(steps - round(steps)) > SLACK:
            last = self._rounded(self.low + step * math.floor(steps))
            raise ValueError(f"a high that steps of {step} from {self.low} reach, such as {last}")

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return all(isinstance(each, int) for each in (self.low, self.high, self.step or 1))

    @property
    def size(self) -> int | None:
        """How many values it holds; None for a continuum."""
        if self.step is None and not self.is_whole:
            return None
        return round((self.high - self.low) / (self.step or 1)) + 1

    def at(self, place: int) -> float:
        """Its value at a place, from 0; for a span that is no continuum."""
        return self._rounded(self.low + place * (self.step or 1))

    def holds(self, value: Any) -> bool:
        """Whether it is one of its values."""
        if not _is_number(value) or not self.low <= value <= self.high or (self.is_whole and value != int(value)):
            return False
        steps = (value - self.low) / self.step if self.step else 0.0
        return bool(abs(steps - round(steps)) <= SLACK)

    def is_end(self, value: float) -> bool:
        """Whether a value is its lowest or highest, or close to that."""
        low, high, at = (math.log(each) if self.log else each for each in (self.low, self.high, value))
        return not EDGE < (at - low) / (high - low) < 1 - EDGE

    def own(self, value: float) -> float:
        """A number as it is used: with so many digits, and within the ends."""
        return min(max(self._rounded(value), self.low), self.high)

    def _rounded(self, value: float) -> float:
        return int(value) if self.is_whole else float(f"{value:.{DIGITS if self.step is None else STEP_DIGITS}g}")

    def to_json(self) -> dict[str, Any]:
        """As `noteship.toml` has it."""
        more: dict[str, Any] = {"log": True} if self.log else {}
        return {"low": self.low, "high": self.high, **more, **({} if self.step is None else {"step": self.step})}


@dataclass(frozen=True)
class Choices:
    """One of several plain values, without an order. Raises ValueError with what was expected."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("at least one choice")
        texts = [json.dumps(value, sort_keys=True) for value in self.values]
        twice = next((text for text in texts if texts.count(text) > 1), "")
        if twice:
            raise ValueError(f"each choice once: {twice} is there twice")

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.values)

    def at(self, place: int) -> Any:
        """The choice at a place, from 0."""
        return self.values[place]

    def place(self, value: Any) -> int:
        """Where a choice is; -1 for what is none. True is not 1, and 1 not 1.0."""
        text = json.dumps(value, sort_keys=True)
        return next((at for at, each in enumerate(self.values) if json.dumps(each, sort_keys=True) == text), -1)

    def holds(self, value: Any) -> bool:
        """Whether it is one of them."""
        return self.place(value) >= 0

    def to_json(self) -> list[Any]:
        """As `noteship.toml` has it."""
        return list(self.values)


Dimension = Span | Choices


def dimension(value: object) -> Dimension:
    """A dimension from its plain value. Raises ValueError with what was expected.

    >>> dimension({"low": 2, "high": 12, "step": 2})
    Span(low=2, high=12, log=False, step=2)
    """
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Choices(tuple(value))
    if not isinstance(value, Mapping) or not {"low", "high"} <= value.keys() <= {"low", "high", "log", "step"}:
        raise ValueError(FORM)
    if not isinstance(value.get("log", False), bool):
        raise ValueError("true or false for log")
    return Span(value["low"], value["high"], value.get("log", False), value.get("step"))


@dataclass(frozen=True)
class Space:
    """The dimensions by name. Raises ValueError where there is none."""

    dimensions: Mapping[str, Dimension]

    def __post_init__(self) -> None:
        if not self.dimensions:
            raise ValueError("at least one parameter")

    @property
    def size(self) -> int | None:
        """How many points it has; None for a continuum."""
        found = 1
        for each in self.dimensions.values():
            if each.size is None:
                return None
            found *= each.size
        return found

    @property
    def continua(self) -> tuple[str, ...]:
        """The names of the dimensions that are one."""
        return tuple(name for name, each in self.dimensions.items() if each.size is None)

    def at(self, place: int) -> dict[str, Any]:
        """The point at a place, from 0; for a space that is no continuum."""
        point = {}
        for name, each in self.dimensions.items():
            place, rest = divmod(place, each.size or 1)
            point[name] = each.at(rest)
        return point

    def holds(self, point: Mapping[str, Any]) -> bool:
        """Whether it is one of its points."""
        return point.keys() == self.dimensions.keys() and all(
            each.holds(point[name]) for name, each in self.dimensions.items()
        )

    def ends(self, point: Mapping[str, Any]) -> tuple[str, ...]:
        """The spans at an end of which a point lies."""
        return tuple(
            name for name, each in self.dimensions.items() if isinstance(each, Span) and each.is_end(point[name])
        )

    def to_json(self) -> dict[str, Any]:
        """As `noteship.toml` has it."""
        return {name: each.to_json() for name, each in self.dimensions.items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Space:
        """From its plain value. Raises ValueError with what was expected."""
        return cls({name: dimension(each) for name, each in value.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
