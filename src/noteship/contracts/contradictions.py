"""Rules that contradict each other, found before anything is read.

Patterns are not tried on anything here: Python's own engine can take days for one.
"""

from __future__ import annotations

import datetime
import math
import re
import warnings
from collections.abc import Iterator
from typing import Any

from noteship import tabular
from noteship.contracts.contract import Bounds, ColumnContract, Contract, rule_name

__all__ = ["contradictions"]

# The rule, the fact, and the remedy.
Found = tuple[str, str, str]
NUMBERS, MOMENTS = ("whole", "number"), ("date", "time")
# What Python's expressions have and those of the engine, RE2's, mostly have not.
BEYOND_RE2 = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9]|[*+?}]\+")


def contradictions(contract: Contract) -> Iterator[Found]:
    """What is wrong with a contract as a whole, the first fault first."""
    if _upside_down(contract.rows):
        yield "rows", f"rows: at least {contract.rows.least} and at most {contract.rows.most}", "swap the two"  # type: ignore[union-attr]
    yield from _names(contract)
    for column in contract.columns:
        for rule, fact, remedy in _of_column(column, contract):
            yield rule_name(column.name, rule), f"{column.name}: {fact}", remedy
    yield from _key(contract)


def _is_doubtful(pattern: str) -> bool:
    """Whether the engine is to say if a pattern is one: to start it takes longer than a run in which nothing is new.

    What only the engine would refuse, it does when the file is there.
    """
    try:
        with warnings.catch_warnings():
            # What a later Python may read otherwise is RE2's matter here.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError):
        return True
    return bool(BEYOND_RE2.search(pattern))


def _names(contract: Contract) -> Iterator[Found]:
    listed = {column.name: column for column in contract.columns}
    for name in contract.key:
        column = listed.get(name)
        if column is None:
            yield "key", f"key: {name} is no column of the contract", f"add [{rule_name(name)}], or take it out"
        elif column.optional:
            yield "key", f"key: {name} is optional, and a key must be there", "make it required, or take it out"
        elif column.missing:
            yield "key", f"key: {name} may be missing, and a key must be there", "set its missing to 0, or take it out"
    if contract.freshness:
        column = listed.get(contract.freshness.column)
        if column is None:
            name = contract.freshness.column
            yield "freshness", f"freshness: {name} is no column of the contract", f"add [{rule_name(name)}]"
        elif column.type not in (None, *MOMENTS):
            yield "freshness", f"freshness: {column.name} is of type {column.type}", "name a column of dates or times"
    for name in contract.leave_out:
        if name not in listed:
            yield "leave_out", f"leave_out: {name} is no column of the contract", f"add [{rule_name(name)}]"


def _of_column(column: ColumnContract, contract: Contract) -> Iterator[Found]:
    yield from _range(column)
    yield from _lengths(column)
    yield from _pattern(column)
    yield from _categories(column)
    if _upside_down(column.distinct):
        yield "distinct", f"{_words(column.distinct)} distinct values", "swap the two"
    known, least = _values(column), _least_rows(contract)
    # Missing values are not repeated ones; the little is for shares such as 0.1, which no float is.
    present = least - math.floor(least * (column.missing or 0.0) + 1e-9)
    if column.unique and known is not None and known < present:
        yield "unique", f"at most {known} values, unique, in at least {least} rows", "leave one of the rules out"
    distinct = column.distinct.least if column.distinct else None
    most_rows = contract.rows.most if contract.rows else None
    if distinct and most_rows is not None and distinct > most_rows:
        yield "distinct", f"at least {distinct} distinct values in at most {most_rows} rows", "correct one of the two"
    if column.categories and column.distinct and (column.distinct.least or 0) > len(column.categories):
        fact = f"{column.distinct.least} distinct values of {len(column.categories)} categories"
        yield "distinct", fact, "correct one of the two"


def _key(contract: Contract) -> Iterator[Found]:
    """A key whose columns have fewer values together than there are rows."""
    listed = {column.name: column for column in contract.columns}
    known = [_values(listed[name]) if name in listed else None for name in contract.key]
    least = _least_rows(contract)
    if known and None not in known and (most := math.prod(each or 0 for each in known)) < least:
        named = " and ".join(contract.key)
        yield "key", f"key: {named} has at most {most} values in at least {least} rows", "leave one of the rules out"


def _least_rows(contract: Contract) -> int:
    return (contract.rows.least if contract.rows else None) or 0


def _values(column: ColumnContract) -> int | None:
    """How many values a column can have at most; None where no rule says so."""
    counts = [column.distinct.most if column.distinct else None, len(column.categories or ()) or None]
    if column.type == "bool":
        counts.append(2)
    bounds = column.range
    if column.type == "whole" and bounds and isinstance(bounds.least, int) and isinstance(bounds.most, int):
        counts.append(max(0, bounds.most - bounds.least + 1))
    return min((each for each in counts if each is not None), default=None)


def _range(column: ColumnContract) -> Iterator[Found]:
    if column.range is None:
        return
    if column.type not in (None, *NUMBERS, *MOMENTS):
        yield "range", f"a range, of type {column.type}", "give texts a length or categories, and others no range"
        return
    for each in (column.range.least, column.range.most):
        if each is not None and column.type and not _is_of(each, "time" if column.type == "date" else column.type):
            yield "range", f"a bound of {each}, of type {column.type}", "give it bounds of its type"
            return
    kinds = {isinstance(each, datetime.date) for each in (column.range.least, column.range.most) if each is not None}
    if len(kinds) > 1:
        yield "range", "one bound is a number, the other a date", "give it bounds of one type"
    elif _upside_down(column.range):
        yield "range", f"the range begins at {column.range.least} and ends at {column.range.most}", "swap the two"


def _lengths(column: ColumnContract) -> Iterator[Found]:
    if column.length is None:
        return
    if column.type not in (None, "text"):
        yield "length", f"a length, of type {column.type}", "only texts have one"
    elif _upside_down(column.length):
        yield "length", f"the length begins at {column.length.least} and ends at {column.length.most}", "swap the two"


def _pattern(column: ColumnContract) -> Iterator[Found]:
    if column.pattern is None:
        return
    if column.type not in (None, "text"):
        yield "pattern", f"a pattern, of type {column.type}", "only texts have one"
    elif _is_doubtful(column.pattern) and (fault := tabular.pattern_fault(column.pattern)):
        yield "pattern", f"the pattern cannot be read: {fault}", "correct it; a backslash needs no other in '…'"


def _categories(column: ColumnContract) -> Iterator[Found]:
    given = column.categories or ()
    if not column.type and len({_kind(value) for value in given}) > 1:
        yield "categories", "the categories are of several types", "give categories of one type"
        return
    for value in given:
        if column.type and not _is_of(value, column.type):
            yield "categories", f"the category {value!r}, of type {column.type}", "give categories of its type"
            return
        if column.range and not _within(value, column.range):
            yield "categories", f"the category {value} is not within the range", "correct one of the two"
        if column.length and isinstance(value, str) and not _within(len(value), column.length):
            yield "categories", f"the category '{value}' is not of the length", "correct one of the two"
    if len(set(given)) < len(given):
        yield "categories", "a category is named twice", "name each once"


def _kind(value: Any) -> type:
    """What values can be compared with each other."""
    kinds = (bool, str, datetime.date)
    return next((kind for kind in kinds if isinstance(value, kind)), float)


def _is_of(value: Any, type_name: str) -> bool:
    """Whether a value of TOML can be one of the type."""
    if isinstance(value, bool):
        return type_name == "bool"
    if isinstance(value, datetime.datetime):
        return type_name == "time"
    if isinstance(value, datetime.date):
        return type_name in MOMENTS
    if isinstance(value, int):
        return type_name in NUMBERS
    return type_name == ("number" if isinstance(value, float) else "text")


def _within(value: Any, bounds: Bounds) -> bool:
    moment = _moment(value)
    try:
        return (bounds.least is None or moment >= _moment(bounds.least)) and (
            bounds.most is None or moment <= _moment(bounds.most)
        )
    except TypeError:
        return False


def _upside_down(bounds: Bounds | None) -> bool:
    if bounds is None or bounds.least is None or bounds.most is None:
        return False
    return bool(_moment(bounds.least) > _moment(bounds.most))


def _moment(value: Any) -> Any:
    """A date as the time at its beginning, so that it can be compared with one."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime.combine(value, datetime.time())
    return value


def _words(bounds: Bounds | None) -> str:
    return f"at least {bounds.least} and at most {bounds.most}" if bounds else ""
