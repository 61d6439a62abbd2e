"""What a gate is made of: numbers, names, arithmetic, comparisons, and what joins them. Standard library only.

The text of each is the shortest that is read as the same again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "COMPARISONS",
    "FUNCTIONS",
    "WORDS",
    "Arithmetic",
    "Call",
    "Comparison",
    "Condition",
    "Joined",
    "Name",
    "Negative",
    "Not",
    "Number",
    "Quantity",
    "Term",
    "constant",
    "names",
]

WORDS = ("and", "or", "not")
FUNCTIONS = ("abs", "max", "min")
COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")
BARE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Number:
    """A number as it is written; never a negative one, which is a `Negative` of it."""

    value: float

    def __str__(self) -> str:
        short = f"{self.value:g}"
        return short if float(short) == self.value else repr(self.value)


@dataclass(frozen=True)
class Name:
    """A metric, or what is measured of something else: `f1`, `champion.f1`, `slice.'a column'.f1`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(map(_written, self.parts))


@dataclass(frozen=True)
class Negative:
    """A number with the other sign."""

    of: Quantity

    def __str__(self) -> str:
        return f"-{_within(self.of, 7)}"


@dataclass(frozen=True)
class Call:
    """A function of numbers."""

    function: str
    arguments: tuple[Quantity, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers added, subtracted, multiplied or divided."""

    sign: str
    left: Quantity
    right: Quantity

    def __str__(self) -> str:
        level = _level(self)
        return f"{_within(self.left, level)} {self.sign} {_within(self.right, level + 1)}"


@dataclass(frozen=True)
class Comparison:
    """Numbers, each compared with the next."""

    terms: tuple[Quantity, ...]
    signs: tuple[str, ...]

    def __str__(self) -> str:
        rest = (f" {sign} {term}" for sign, term in zip(self.signs, self.terms[1:], strict=True))
        return f"{self.terms[0]}{''.join(rest)}"


@dataclass(frozen=True)
class Not:
    """What is true when the condition is not."""

    of: Condition

    def __str__(self) -> str:
        return f"not {_within(self.of, 3)}"


@dataclass(frozen=True)
class Joined:
    """Two conditions, of which both or one have to be true."""

    word: str
    left: Condition
    right: Condition

    def __str__(self) -> str:
        level = _level(self)
        return f"{_within(self.left, level)} {self.word} {_within(self.right, level + 1)}"


Quantity = Number | Name | Negative | Call | Arithmetic
Condition = Comparison | Not | Joined
Term = Quantity | Condition


def names(term: Term) -> Iterator[Name]:
    """Every name in it, as often as it stands there."""
    match term:
        case Name():
            yield term
        case Negative(of) | Not(of):
            yield from names(of)
        case Call(_, several) | Comparison(several, _):
            for each in several:
                yield from names(each)
        case Arithmetic(_, left, right) | Joined(_, left, right):
            yield from names(left)
            yield from names(right)
        case Number():
            pass


def constant(term: Term) -> bool:
    """Whether it is the same whatever is measured."""
    return next(names(term), None) is None


def _written(part: str) -> str:
    if BARE.fullmatch(part) and part not in WORDS:
        return part
    return "'" + part.replace("'", "''") + "'"


def _within(term: Term, level: int) -> str:
    return str(term) if _level(term) >= level else f"({term})"


def _level(term: Term) -> int:
    """How tightly it binds: more than what binds less."""
    match term:
        case Joined(word):
            return 1 if word == "or" else 2
        case Not():
            return 3
        case Comparison():
            return 4
        case Arithmetic(sign):
            return 5 if sign in "+-" else 6
        case Negative():
            return 7
        case _:
            return 8
