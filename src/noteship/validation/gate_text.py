"""Reads the text of a gate. Standard library only.

    gate        = condition
    condition   = condition "or" condition | condition "and" condition | "not" condition
                | number (("<" | "<=" | ">" | ">=" | "==" | "!=") number)+ | "(" condition ")"
    number      = number ("+" | "-") number | number ("*" | "/") number | "-" number
                | FUNCTION "(" number ("," number)* ")" | DIGITS | name | "(" number ")"
    name        = part ("." part)*
    part        = LETTERS | a text in single or double quotes, in which a doubled quote is one

What stands lower binds more tightly; what binds alike is read from the left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NoReturn

from noteship.nearest import nearest
from noteship.validation import gate_terms as terms
from noteship.validation.gate_terms import COMPARISONS, FUNCTIONS, Quantity, Term

__all__ = ["LONGEST", "Unreadable", "read"]

# A gate that is longer is read by nobody; and what is read is never deeper than Python's own calls may be.
LONGEST = 400
DEEPEST = 40
TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<sign><=|>=|==|!=|[<>+\-*/(),.]))""",
    re.ASCII,
)
LEVELS = {"or": 1, "and": 2, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6}
NOT, SUM, NEGATIVE = 3, 5, 7
EXAMPLE = "such as f1 >= 0.95"
# What people write who think of another language, and what is meant.
MEANT = (
    ("=>", ">="), ("=<", "<="), ("≥", ">="), ("≤", "<="), ("≠", "!="), ("&&", "and"), ("&", "and"),
    ("||", "or"), ("|", "or"), ("!", "not"), ("−", "-"), ("×", "*"), ("^", "a product"), ("=", "== or >="),
)  # fmt: skip


@dataclass(frozen=True)
class Unreadable(ValueError):
    """What is wrong with a text, at which character of it, what was perhaps meant, and what to do."""

    fault: str
    at: int
    near: str
    remedy: str


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def read(text: str) -> terms.Condition:
    """The condition that a text says. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST} characters", LONGEST, "", "make several gates of it")
    return _Reader(text).all()


class _Reader:
    """Reads from the left, one token at a time (Pratt 1973)."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._deep = 0

    def all(self) -> terms.Condition:
        if self._token.kind == "end":
            raise Unreadable("it is empty", 0, "", f"write a comparison, {EXAMPLE}")
        term = self._term(0)
        if self._token.kind != "end":
            self._unexpected(self._token)
        condition = _condition(term, self._tokens[0].at)
        if terms.constant(condition):
            raise Unreadable("it names no metric", self._tokens[0].at, "", f"compare a metric, {EXAMPLE}")
        return condition

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _is(self, *texts: str) -> bool:
        return self._token.kind in ("sign", "word") and self._token.text in texts

    def _term(self, level: int) -> Term:
        """What begins here and binds at least as tightly."""
        start = self._token.at
        self._deep += 1
        if self._deep > DEEPEST:
            raise Unreadable("it has too many parentheses within each other", start, "", "make several gates of it")
        left = self._first()
        while self._token.kind in ("sign", "word") and LEVELS.get(self._token.text, -1) >= max(level, 0):
            left = self._more(left, start)
        self._deep -= 1
        return left

    def _more(self, left: Term, start: int) -> Term:
        """What has a beginning goes on with an operator."""
        sign = self._token
        if sign.text in COMPARISONS:
            return self._comparison(_quantity(left, start), start)
        self._take()
        at = self._token.at
        right = self._term(LEVELS[sign.text] + 1)
        if sign.text in terms.WORDS:
            return terms.Joined(sign.text, _condition(left, start), _condition(right, at))
        divisor = _quantity(right, at)
        if sign.text == "/" and isinstance(divisor, terms.Number) and divisor.value == 0:
            raise Unreadable("it divides by 0", at, "", "divide by another number")
        return terms.Arithmetic(sign.text, _quantity(left, start), divisor)

    def _comparison(self, first: Quantity, start: int) -> terms.Comparison:
        several, signs = [first], []
        while self._is(*COMPARISONS):
            signs.append(self._take().text)
            at = self._token.at
            several.append(_quantity(self._term(SUM), at))
        _check_chain(several, signs, start)
        return terms.Comparison(tuple(several), tuple(signs))

    def _first(self) -> Term:
        token = self._take()
        if token.kind == "number":
            return self._number(token)
        if token.text == "not" and token.kind == "word":
            at = self._token.at
            return terms.Not(_condition(self._term(NOT), at))
        if token.text == "-" and token.kind == "sign":
            at = self._token.at
            return terms.Negative(_quantity(self._term(NEGATIVE), at))
        if token.text == "(" and token.kind == "sign":
            within = self._term(0)
            self._close(token)
            return within
        if token.kind == "quoted" or (token.kind == "word" and token.text not in terms.WORDS):
            return self._call(token) if token.kind == "word" and self._is("(") else self._name(token)
        return self._unexpected(token)

    def _number(self, token: _Token) -> terms.Number:
        value = float(token.text)
        if value == float("inf"):
            raise Unreadable(f"{token.text} is too large a number", token.at, "", "give a smaller one")
        after = self._token
        if after.kind in ("end", "sign") or after.text in terms.WORDS:
            return terms.Number(value)
        if after.text.lower() in terms.WORDS:
            self._unexpected(after)
        remedy = "put an operator between them; numbers have no units, and decimals a point"
        raise Unreadable(f"{token.text} is followed by {after.text!r}", after.at, "", remedy)

    def _name(self, token: _Token) -> terms.Name:
        parts = [_part(token)]
        while self._is("."):
            self._take()
            part = self._take()
            if part.kind not in ("word", "quoted"):
                raise Unreadable(
                    "a name ends with a dot",
                    part.at,
                    "",
                    "name what is meant, as in champion.f1; quote what is no word",
                )
            parts.append(_part(part))
        return terms.Name(tuple(parts))

    def _call(self, token: _Token) -> terms.Call:
        if token.text not in FUNCTIONS:
            near = nearest(token.text, FUNCTIONS)
            raise Unreadable(f"there is no function {token.text}", token.at, near, f"use {', '.join(FUNCTIONS)}")
        opened = self._take()
        arguments = [self._argument()]
        while self._is(","):
            self._take()
            arguments.append(self._argument())
        self._close(opened)
        if token.text == "abs" and len(arguments) != 1:
            raise Unreadable("abs is of one number", token.at, "", "as in abs(bias) <= 0.1")
        return terms.Call(token.text, tuple(arguments))

    def _argument(self) -> Quantity:
        at = self._token.at
        return _quantity(self._term(0), at)

    def _close(self, opened: _Token) -> None:
        if self._token.kind == "end":
            raise Unreadable("a parenthesis is not closed", opened.at, "", "add the ) that is missing")
        if not self._is(")"):
            self._unexpected(self._token)
        self._take()

    def _unexpected(self, token: _Token) -> NoReturn:
        if token.kind == "end":
            raise Unreadable("it ends too early", token.at, "", f"add what is missing, {EXAMPLE}")
        if token.text == ",":
            raise Unreadable(
                "a comma stands where none can", token.at, "", "write decimals with a point, and conditions with `and`"
            )
        small = token.text.lower()
        if token.kind == "word" and small in terms.WORDS and small != token.text:
            raise Unreadable(f"{token.text!r} stands where it cannot", token.at, small, f"write {small}")
        remedy = f"write metric, comparison and number, {EXAMPLE}; quote what is no word, as in slice.'2024'.f1"
        raise Unreadable(f"{token.text!r} stands where it cannot", token.at, "", remedy)


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        found = TOKEN.match(text, at)
        if found is None:
            raise _foreign(text, at + len(text[at:]) - len(text[at:].lstrip()))
        kind = str(found.lastgroup)
        yield _Token(kind, found[kind], found.start(kind))
        at = found.end()
    yield _Token("end", "", len(text.rstrip()))


def _foreign(text: str, at: int) -> Unreadable:
    """What no gate can hold, and what is probably meant."""
    if text[at] == "%":
        number = re.search(r"(\d+\.?\d*|\.\d+)\s*$", text[:at])
        if number:
            meant = f"{float(number[1]) / 100:g}"
            return Unreadable("a gate has no percentages", at, meant, f"write {meant} for {number[1]} %")
        return Unreadable("a gate has no %", at, "", "write shares as numbers from 0 to 1")
    if text[at] in "'\"":
        return Unreadable("a quote is not closed", at, "", f"add the {text[at]} that is missing")
    for wrong, right in MEANT:
        if text.startswith(wrong, at):
            return Unreadable(f"a gate has no {wrong}", at, right, f"write {right}")
    return Unreadable(
        f"a gate has no {text[at]!r}", at, "", "delete it; a column or value with such letters is put in quotes"
    )


def _part(token: _Token) -> str:
    if token.kind == "word":
        return token.text
    quote = token.text[0]
    return token.text[1:-1].replace(quote * 2, quote)


def _quantity(term: Term, at: int) -> Quantity:
    if isinstance(term, terms.Comparison | terms.Not | terms.Joined):
        raise Unreadable(f"({term}) is true or false, and a number is needed here", at, "", "compare numbers only")
    return term


def _condition(term: Term, at: int) -> terms.Condition:
    if isinstance(term, terms.Comparison | terms.Not | terms.Joined):
        return term
    raise Unreadable(f"{term} is a number, and nothing says what it has to be", at, "", f"compare it, {EXAMPLE}")


def _check_chain(several: list[Quantity], signs: list[str], start: int) -> None:
    """Refuse a chain whose own numbers rule out that it is ever true, as in `0.4 <= share <= 0.2`."""
    fixed = [(place, each) for place, each in enumerate(several) if isinstance(each, terms.Number)]
    for (first, low), (last, high) in combinations(fixed, 2):
        between = signs[first:last]
        for rising, strict in (("<=", "<"), (">=", ">")):
            one_way = all(sign in (rising, strict, "==") for sign in between)
            apart = high.value - low.value if rising == "<=" else low.value - high.value
            if one_way and (apart < 0 or (apart == 0 and strict in between)):
                first_is = "smaller" if rising == "<=" else "larger"
                raise Unreadable(
                    f"it is never true, whatever is measured: {low} {between[0]} … {between[-1]} {high}",
                    start,
                    "",
                    f"put the {first_is} number first",
                )
