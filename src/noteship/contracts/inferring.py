"""A contract made of what a good file holds, with room for what the next one may."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from noteship import tabular
from noteship.contracts import facts as asking
from noteship.contracts import plainly, room
from noteship.contracts.contract import Bounds, ColumnContract, Contract, rule_name

__all__ = ["Inferred", "infer", "keeping_decisions"]

# A value that was seen ten times has most likely no unseen one of its kind beside it: the chance that the next value is
# new is about the share of values that were seen only once (Good, 1953).
SEEN_EACH = 10
CATEGORIES = 30
# Fewer rows say too little of a key, which by chance all columns of numbers would be.
ROWS_FOR_KEY = 20
KEY_NAME = re.compile(r"(?i:(?:.*[_\W])?(?:id|key|uuid|guid|pk))|.*[a-z0-9]I[dD]")
# Without a word before, it is the row's own. With one, as in customer_id, it may be of another table, and no two of few
# rows have the same by chance: with a probability of exp(-n² / 2m) of n rows of m possible ones, here one in a hundred.
OWN_NAME = re.compile(r"(?i:id|key|uuid|guid|pk)")
BY_CHANCE = 0.01
# Of what is called so and is from 0 to 1, nothing is beyond 1, however few rows come near it.
SHARE_NAME = re.compile(r"(?i:(?:.*[_\W])?(?:p|prob|proba|probability|share)(?:[_\W].*)?)")
# Beyond, doubles do not hold every whole number.
EXACT = 2**53


@dataclass(frozen=True)
class Inferred:
    """A contract, the number of rows it rests on, and for its rules what was seen in words, by name.

    `unlabelled` rows have no value of the target.
    """

    contract: Contract
    rows: int
    seen: Mapping[str, str] = field(default_factory=dict)
    unlabelled: int = 0


def infer(source: object, file: str, leave_out: Collection[str] = (), target: str | None = None) -> Inferred:
    """The contract that a good file suggests; the file itself keeps it. Of columns to leave out it has no value.

    Where every row has a `target`, every row of the next file must. `source` is a table that is open, or what
    `tabular.opened` takes. Raises what that raises.
    """
    if isinstance(source, tabular.Table):
        return _Inference(source, file, target).inferred(leave_out)
    with tabular.opened(source, name=None if isinstance(source, str | Path) else file) as table:
        return _Inference(table, file, target).inferred(leave_out)


def keeping_decisions(new: Inferred, old: Contract) -> Inferred:
    """What was inferred anew, with what no data tells taken from the contract that was there."""
    columns = [_keeping(column, old, new.contract.key) for column in new.contract.columns]
    names = {column.name for column in columns}
    # A column that is not there today may come back, and is to be left out then, too.
    columns += [ColumnContract(name, optional=True) for name in old.leave_out if name not in names]
    times = {column.name for column in columns if column.type in ("date", "time")}
    contract = replace(
        new.contract,
        columns=tuple(columns),
        severity=old.severity,
        severities=old.severities,
        closed=old.closed,
        freshness=old.freshness if old.freshness and old.freshness.column in times else None,
        leave_out=tuple(dict.fromkeys((*old.leave_out, *new.contract.leave_out))),
    )
    return replace(new, contract=contract)


def _keeping(column: ColumnContract, old: Contract, key: tuple[str, ...]) -> ColumnContract:
    """A column with what of the old rules still fits it."""
    before = old.column(column.name)
    if before is None:
        return column
    if before.pattern and column.type in (None, "text"):
        # Others than before may not be of the pattern.
        known = column.categories and before.categories and set(column.categories) <= set(before.categories)
        column = replace(column, pattern=before.pattern, categories=column.categories if known else None)
    return replace(column, optional=before.optional and column.name not in key)


class _Inference:
    def __init__(self, table: tabular.Table, file: str, target: str | None) -> None:
        self._table = table
        self._file = file
        self._target = target
        self._rows = table.rows
        self._seen: dict[str, str] = {}
        self._categories: Mapping[str, tuple[str, ...]] = {}
        self._ends: Mapping[tuple[str, str], room.Ends] = {}

    def inferred(self, leave_out: Collection[str]) -> Inferred:
        facts = asking.facts_of(self._table)
        key = self._key(facts)
        told = [column for column in self._table.columns if column.name not in leave_out]
        self._categories = self._closed([each for each in told if each.type == "text"], facts)
        bounded = [each for each in told if self._has_bounds(each, facts[each.name])]
        self._ends = asking.ends_of(self._table, bounded, facts)
        columns = tuple(self._column(each, facts[each.name], key, leave_out) for each in self._table.columns)
        contract = Contract(
            file=self._file,
            columns=columns,
            rows=Bounds(self._rows // 2) if self._rows > 1 else None,
            duplicates=self._duplicates(key),
            key=key,
            leave_out=tuple(column.name for column in columns if column.name in leave_out),
        )
        self._seen["rows"] = f"{self._rows:,} seen"
        lacking = self._rows - facts[self._target]["present"] if self._target in facts else 0
        return Inferred(contract, self._rows, self._seen, lacking)

    def _column(
        self, column: tabular.Column, facts: Mapping[str, Any], key: tuple[str, ...], leave_out: Collection[str]
    ) -> ColumnContract:
        present = facts["present"]
        # Nothing can be learned from a row without the target, and most models stop at one.
        is_never = column.name in key or (column.name == self._target and present == self._rows)
        missing = 0.0 if is_never else room.share_most(self._rows - present, self._rows)
        if column.name not in key:
            lacking = f"{self._rows - present:,}" if present < self._rows else "none"
            self._note(column.name, "missing", f"{lacking} of {self._rows:,} seen")
        if not present:
            return ColumnContract(column.name, missing=missing)
        found = ColumnContract(column.name, type=column.type, missing=missing)
        if column.name in leave_out:
            return found
        if categories := self._categories.get(column.name):
            self._note(column.name, "categories", f"each seen {SEEN_EACH} times or more")
            return replace(found, categories=categories)
        if column.type == "text":
            return replace(found, length=self._length(column, facts))
        if column.type in asking.RANGED and column.name not in key:
            return replace(found, range=self._range(column, facts))
        if column.type in ("date", "time") and column.name not in key:
            return replace(found, range=self._since(column, facts))
        return found

    def _closed(
        self, columns: Sequence[tabular.Column], facts: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, tuple[str, ...]]:
        """The texts of columns that have few, each of them often."""
        # The count is an estimate with an error of a few per cent.
        few = [column for column in columns if 0 < facts[column.name]["distinct"] <= 2 * CATEGORIES]
        return {
            name: tuple(sorted(counts))
            for name, counts in asking.counts_of(self._table, few).items()
            if len(counts) <= CATEGORIES and all(number >= SEEN_EACH for number in counts.values())
        }

    def _has_bounds(self, column: tabular.Column, facts: Mapping[str, Any]) -> bool:
        """Whether what was seen says how long texts, or how great numbers may be."""
        if not facts["present"] or column.name in self._categories:
            return False
        if column.type == "text":
            return True
        if column.type not in asking.RANGED or facts.get("infinite"):
            return False
        # A constant says nothing of how far a value may be from it.
        return bool(facts["least"] != facts["greatest"] and max(map(abs, (facts["least"], facts["greatest"]))) <= EXACT)

    def _length(self, column: tabular.Column, facts: Mapping[str, Any]) -> Bounds:
        tails = self._tails(column, facts)
        self._note(column.name, "length", f"{tails.least:,.0f} to {tails.greatest:,.0f} seen")
        least, most = room.widened(tails, whole=True)
        # One long text among short ones is no other kind of text.
        return Bounds(int(least), int(most if most == tails.greatest else max(most, room.FACTOR * tails.greatest)))

    def _range(self, column: tabular.Column, facts: Mapping[str, Any]) -> Bounds | None:
        if not self._has_bounds(column, facts):
            return None
        whole = column.type == "whole"
        tails = self._tails(column, facts)
        self._note(column.name, "range", f"{plainly.plain(facts['least'])} to {plainly.plain(facts['greatest'])} seen")
        least, most = room.widened(tails, whole=whole)
        if whole:
            return Bounds(int(least), int(most))
        if SHARE_NAME.fullmatch(column.name) and tails.least >= 0 and tails.greatest <= 1:
            most = min(most, 1.0)
        # What was seen is within, whatever the rounding did.
        return Bounds(min(float(f"{least:.12g}"), tails.least), max(float(f"{most:.12g}"), tails.greatest))

    def _tails(self, column: tabular.Column, facts: Mapping[str, Any]) -> room.Tails:
        least, low, high, greatest = (float(facts[name]) for name in ("least", "low", "high", "greatest"))
        ends = (self._ends.get((column.name, side), ()) for side in ("first", "last"))
        return room.Tails(least, low, high, greatest, *ends)

    def _since(self, column: tabular.Column, facts: Mapping[str, Any]) -> Bounds | None:
        """Time goes on, so only its beginning is a bound."""
        earliest, low, latest = facts["least"], facts["low"], facts["greatest"]
        # Those of other years than 1 to 9999 come as texts, and no contract can say them.
        if isinstance(earliest, str) or isinstance(low, str):
            return None
        self._note(column.name, "range", f"{plainly.plain(earliest)} to {plainly.plain(latest)} seen")
        try:
            least = earliest - room.AGAIN * (low - earliest)
        except OverflowError:
            least = earliest
        if isinstance(least, datetime.datetime):
            least = least.replace(microsecond=0) if column.type == "time" else least.date()
        return Bounds(least)

    def _key(self, facts: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
        """The first column that tells rows apart, and is called as if it were to, or numbers them."""
        if self._rows < ROWS_FOR_KEY:
            return ()
        for column in self._table.columns:
            found = facts[column.name]
            if column.type not in ("whole", "text") or found["present"] < self._rows:
                continue
            counts_rows = column.type == "whole" and found["greatest"] - found["least"] + 1 == self._rows
            # The estimate errs by a few per cent; far from it, the exact number need not be asked.
            is_likely = found["distinct"] > 0.8 * self._rows
            is_named = self._names_rows(column, found)
            if is_likely and (counts_rows or is_named) and self._is_unique(column.name):
                self._seen["key"] = f"no two of {self._rows:,} rows have the same"
                return (column.name,)
        return ()

    def _names_rows(self, column: tabular.Column, found: Mapping[str, Any]) -> bool:
        """Whether it is called so, and would not be without equals by chance alone."""
        if OWN_NAME.fullmatch(column.name):
            return True
        if column.type != "whole" or not KEY_NAME.fullmatch(column.name):
            return False
        possible = found["greatest"] - found["least"] + 1
        return bool(math.exp(-(self._rows**2) / (2 * possible)) < BY_CHANCE)

    def _is_unique(self, name: str) -> bool:
        return bool(self._table.ask(f"count(DISTINCT {tabular.identifier(name)})")[0][0] == self._rows)

    def _duplicates(self, key: tuple[str, ...]) -> float | None:
        """The share of duplicate rows, of which there are twice as many among twice as many rows."""
        if not self._rows:
            return None
        if key:
            self._seen["duplicates"] = f"0 of {self._rows:,} seen"
            return 0.0
        seen = self._rows - int(self._table.ask(f"count(DISTINCT {tabular.row_hash(self._table.columns)})")[0][0])
        self._seen["duplicates"] = f"{seen:,} of {self._rows:,} seen"
        # Rows that differ by chance alone repeat each other sooner or later; those with a key never do.
        most = room.share_most(2 * seen, self._rows, even_of_none=True) if 2 * seen < self._rows else None
        # In a table of few categories rows repeat each other by nature.
        return most if most is not None and most <= 0.5 else None

    def _note(self, column: str, rule: str, seen: str) -> None:
        self._seen[rule_name(column, rule)] = seen
