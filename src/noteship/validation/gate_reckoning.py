"""Works gates out: what they come to with the values of a judgement, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from noteship.errors import cut
from noteship.validation import gate_terms as terms
from noteship.validation.judgement import Estimate, Gate

__all__ = ["ABOUT_CHAMPION", "Values", "work_out"]

# Names that begin so are about the champion.
ABOUT_CHAMPION = ("champion", "difference")
# Letters of the names of slices that a message takes.
LISTED = 120
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
FUNCTIONS: Mapping[str, Callable[[list[float]], float]] = {
    "abs": lambda several: abs(several[0]),
    "max": max,
    "min": min,
}
Values = Mapping[str, float | Estimate]


def work_out(
    text: str, condition: terms.Condition, values: Values, *, has_champion: bool, uncompared: str = ""
) -> Gate:
    """Whether values pass the gate of this text and condition, and why; `uncompared`: why the champion has none."""
    reckoning = _Reckoning(values, has_champion, uncompared)
    answer = reckoning.condition(condition)
    if reckoning.faults:
        return Gate(text, passed=False, told="; ".join(reckoning.faults))
    told = "; ".join([*reckoning.told, *(("there is no champion to compare with",) if reckoning.is_open else ())])
    judged = Gate(text, answer is not False, told)
    return judged if answer is None else _with_sides(judged, condition, reckoning)


def _with_sides(judged: Gate, condition: terms.Condition, reckoning: _Reckoning) -> Gate:
    """With the numbers of both sides, where there are just two."""
    if not isinstance(condition, terms.Comparison) or len(condition.terms) != 2:
        return judged
    left, right = map(reckoning.quantity, condition.terms)
    measured = [reckoning.estimate(each) for each in condition.terms if isinstance(each, terms.Name)]
    estimate = measured[0] if len(measured) == 1 else None
    return Gate(judged.expression, judged.passed, judged.told, left, condition.signs[0], right, estimate)


class _Reckoning:
    """Works one gate out. What is left open is None; what is wrong is collected, and then nothing else counts."""

    def __init__(self, values: Values, has_champion: bool, uncompared: str) -> None:
        self._values = values
        self._has_champion, self._uncompared = has_champion, uncompared
        self.told: list[str] = []
        self.faults: list[str] = []
        self.is_open = False

    def condition(self, term: terms.Condition) -> bool | None:
        if isinstance(term, terms.Comparison):
            return self._comparison(term)
        if isinstance(term, terms.Not):
            of = self.condition(term.of)
            return None if of is None else not of
        return _joined(term.word, [self.condition(term.left), self.condition(term.right)])

    def _comparison(self, term: terms.Comparison) -> bool | None:
        values = [self.quantity(each) for each in term.terms]
        answers: list[bool | None] = []
        chain = ""
        for place, sign in enumerate(term.signs):
            left, right = values[place], values[place + 1]
            if left is None or right is None:
                chain = self._tell(chain)
                answers.append(None)
                continue
            answers.append(_holds(left, sign, right))
            shown = _told_apart(left, right)
            real = sign if answers[-1] else OPPOSITE[sign]
            begun = chain or self._side(term.terms[place], shown[0])
            chain = f"{begun} {real} {self._side(term.terms[place + 1], shown[1])}"
        self._tell(chain)
        return _joined("and", answers)

    def _tell(self, chain: str) -> str:
        if chain and chain not in self.told:
            self.told.append(chain)
        return ""

    def quantity(self, term: terms.Quantity) -> float | None:
        match term:
            case terms.Number(value):
                return value
            case terms.Name():
                return self._named(term)
            case terms.Negative(of):
                value_of = self.quantity(of)
                return None if value_of is None else -value_of
            case terms.Call(function, arguments):
                several = [each for each in map(self.quantity, arguments) if each is not None]
                return FUNCTIONS[function](several) if several else None
            case terms.Arithmetic(sign, left, right):
                return self._arithmetic(term, sign, self.quantity(left), self.quantity(right))

    def estimate(self, name: terms.Name) -> Estimate | None:
        value = self._values.get(str(name))
        return value if isinstance(value, Estimate) else None

    def _named(self, name: terms.Name) -> float | None:
        if name.parts[0] in ABOUT_CHAMPION and not self._has_champion:
            self.is_open = True
            return None
        value = self._values.get(str(name))
        if value is None and name.parts[-1] in ("low", "high"):
            of = self.estimate(terms.Name(name.parts[:-1]))
            value = getattr(of, name.parts[-1], None)
        number = value.value if isinstance(value, Estimate) else value
        if number is None or not math.isfinite(number):
            self._fault(f"{name} has no value{self._why_none(name)}, which fails the gate")
            return None
        return float(number)

    def _why_none(self, name: terms.Name) -> str:
        if self._uncompared and name.parts[0] in ABOUT_CHAMPION:
            return f" as the champion was not compared ({self._uncompared})"
        there = self._slices(name)
        if there and str(terms.Name(name.parts[:4])) not in self._values:
            return f", as there is no such slice (of {name.parts[1]} there are {cut(', '.join(there), LISTED)})"
        return " on these rows"

    def _slices(self, name: terms.Name) -> list[str]:
        """The values of a column that rows were sliced by, where the name is that of a slice."""
        if name.parts[0] != "slice" or len(name.parts) < 4:
            return []
        before, after = f"{terms.Name(name.parts[:2])}.", f".{name.parts[3]}"
        named = (each for each in self._values if each.startswith(before) and each.endswith(after))
        return [text for each in named if (text := each[len(before) : -len(after)])]

    def _arithmetic(self, term: terms.Arithmetic, sign: str, left: float | None, right: float | None) -> float | None:
        if left is None or right is None:
            return None
        if sign == "/" and right == 0:
            self._fault(f"{term} divides by 0, which fails the gate")
            return None
        value = {"+": left + right, "-": left - right, "*": left * right}[sign] if sign != "/" else left / right
        if not math.isfinite(value):
            self._fault(f"{term} is beyond all numbers, which fails the gate")
            return None
        return value

    def _fault(self, told: str) -> None:
        if told not in self.faults:
            self.faults.append(told)

    def _side(self, term: terms.Quantity, shown: str) -> str:
        if isinstance(term, terms.Name):
            return f"{term} {shown}"
        return shown if terms.constant(term) else f"{shown} ({self._filled(term)})"

    def _filled(self, term: terms.Quantity) -> str:
        """The text of an expression with the value behind each name."""
        known = {name: self.quantity(name) for name in terms.names(term)}
        values = {name: f"{name} {_digits(value, 3)}" for name, value in known.items() if value is not None}
        return str(_renamed(term, values))


@dataclass(frozen=True)
class _Shown(terms.Name):
    """A name that is written otherwise."""

    def __str__(self) -> str:
        return self.parts[0]


def _renamed(term: terms.Quantity, values: Mapping[terms.Name, str]) -> terms.Quantity:
    match term:
        case terms.Name() if term in values:
            return _Shown((values[term],))
        case terms.Negative(of):
            return terms.Negative(_renamed(of, values))
        case terms.Call(function, arguments):
            return terms.Call(function, tuple(_renamed(each, values) for each in arguments))
        case terms.Arithmetic(sign, left, right):
            return terms.Arithmetic(sign, _renamed(left, values), _renamed(right, values))
        case _:
            return term


def _joined(word: str, answers: Sequence[bool | None]) -> bool | None:
    """Both or one of them, in three-valued logic (Kleene 1938): open answers matter where no other settles it."""
    settles = word == "or"
    if settles in answers:
        return settles
    return None if None in answers else not settles


def _holds(left: float, sign: str, right: float) -> bool:
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[sign]


def _told_apart(left: float, right: float) -> tuple[str, str]:
    """Both numbers with as few digits, but three, as leave them in their order."""
    for digits in range(3, 17):
        one, other = float(f"{left:.{digits}g}"), float(f"{right:.{digits}g}")
        if left == right or (one != other and (one < other) == (left < right)):
            return _digits(left, digits), _digits(right, digits)
    return repr(left), repr(right)


def _digits(value: float, digits: int) -> str:
    """So many digits that count, and a power of ten only where there would be many zeros.

    >>> _digits(18612.0, 3), _digits(0.94812, 3), _digits(-1234567.0, 4), _digits(0.0, 3), _digits(1.2e-7, 3)
    ('18,600', '0.948', '-1,235,000', '0', '1.2e-07')
    """
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.{max(digits, 12)}g}" if 1e3 <= abs(rounded) < 1e12 else f"{value:.{digits}g}"
