"""A table held against its contract: one pass for the rules of values, one more for each question of repetition."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from noteship import tabular
from noteship.contracts import plainly, questions
from noteship.contracts.contract import ColumnContract, Contract, rule_name
from noteship.contracts.errors import RulesContradict
from noteship.contracts.questions import Question
from noteship.contracts.repetition import repetitions
from noteship.contracts.verdict import Example, Finding, Verdict

__all__ = ["check", "with_freshness"]

EXAMPLES = 5
# What is reckoned for a question takes memory until the pass ends; a table of 30 columns takes one pass.
QUESTIONS_AT_ONCE = 400
# Beside the key and the rule's own column, others say what row it is: as many as fit in a line.
COLUMNS_SHOWN = 6
# Most of the letters: a column that is another one would only lead astray.
SIMILAR = 0.7


def check(source: object, contract: Contract) -> Verdict:
    """The verdict on a file or a frame. All but freshness, which `with_freshness` adds, depends on these two alone.

    Raises: RulesContradict, for a pattern that turns out to be none or has not all categories, and what
    `tabular.opened` raises.

    Accuracy: duplicate rows are told by a hash of 64 bits; among n rows that differ, n²/2^65 are expected to be taken
    for duplicates: less than one in ten million times for a million rows.
    """
    texts = [each.name for each in contract.columns if "text" in (each.type, *questions.types_asked(each).values())]
    try:
        with tabular.opened(
            source, name=None if isinstance(source, str | Path) else contract.file, texts=texts
        ) as table:
            _check_categories(table, contract)
            return _Check(table, contract).verdict()
    except tabular.TableUnreadable as error:
        for column in contract.columns:
            fault = tabular.pattern_fault(column.pattern) if column.pattern else ""
            if fault:
                fact = f"{column.name}: the pattern cannot be read: {fault}"
                raise RulesContradict(fact, contract.place(rule_name(column.name, "pattern")), "correct it") from error
        raise


def _check_categories(table: tabular.Table, contract: Contract) -> None:
    """Raise RulesContradict for a category that its column's pattern does not match."""
    for column in contract.columns:
        if column.pattern and column.categories:
            sql = f"SELECT v FROM unnest(?) AS t(v) WHERE NOT regexp_full_match(v, {tabular.text(column.pattern)})"  # noqa: S608 - quoted
            for value in table.arrow(sql, [str(each) for each in column.categories])["v"].to_pylist():
                fact = f"{column.name}: the category '{value}' does not match the pattern"
                place = contract.place(rule_name(column.name, "categories"))
                raise RulesContradict(fact, place, "correct one of the two")


def with_freshness(verdict: Verdict, contract: Contract, now: datetime.datetime) -> Verdict:
    """The verdict with that on the age of the newest value, at a time in UTC."""
    asked = contract.freshness
    if asked is None:
        return verdict
    said = f"{asked.column} at most {asked.written} old"
    severity = contract.severity_of("freshness")
    state, seen = "broken", f"{asked.column} has no date or time of the years 1 to 9999"
    if verdict.newest:
        newest = datetime.datetime.fromisoformat(verdict.newest)
        age_s = (now.replace(tzinfo=None) - newest).total_seconds()
        state = "broken" if age_s > asked.most_s else "kept"
        how_old = f"{plainly.age(age_s)} old" if age_s >= 0 else f"{plainly.age(-age_s)} ahead"
        seen = f"the newest {asked.column} is {plainly.plain(newest)}, {how_old}"
    elif any(
        each.is_broken and each.severity in ("stop", severity)
        for each in verdict.findings
        # That the column is absent or of another type says it all, if it is as grave.
        if each.rule in (rule_name(asked.column), rule_name(asked.column, "type"))
    ):
        state, seen = "unchecked", ""
    finding = Finding("freshness", "", said, state, severity, of=verdict.rows, seen=seen)
    return replace(verdict, findings=(finding, *verdict.findings))


class _Check:
    def __init__(self, table: tabular.Table, contract: Contract) -> None:
        self._table = table
        self._contract = contract
        self._columns = {column.name: column for column in table.columns}

    def verdict(self) -> Verdict:
        there = [each for each in self._contract.columns if each.name in self._columns]
        asked = [question for each in there for question in self._questions(each)]
        counts = self._counts(asked)
        rows = counts.pop()
        found = {each.rule: self._finding(each, bad, rows) for each, bad in zip(asked, counts, strict=True)}
        of_file = [*self._of_rows(rows), *self._of_columns(rows)]
        repeated = [self._with_examples(each, bad) for each, bad in repetitions(self._table, self._contract, rows)]
        rest = [finding for each in there for finding in self._vain(each, rows)]
        by_column = [*found.values(), *rest, *(each for each in repeated if each.column)]
        order = {column.name: number for number, column in enumerate(self._contract.columns)}
        by_column.sort(key=lambda each: order[each.column])
        findings = (*of_file, *(each for each in repeated if not each.column), *by_column)
        return Verdict(self._contract.file, rows, findings, self._newest())

    def _questions(self, contract: ColumnContract) -> Iterator[Question]:
        column, typed = self._columns[contract.name], self._table.typed
        if contract.type:
            yield questions.type_question(contract, column, typed=typed)
        if contract.missing is not None:
            yield questions.missing_question(contract, contract.missing)
        if not self._is_other(contract):
            yield from questions.of_values(contract, column, typed=typed)

    def _is_other(self, contract: ColumnContract) -> bool:
        """Whether a column is of quite another type than is said of it."""
        column = self._columns[contract.name]
        return bool(contract.type) and not questions.values_as(contract.type or "", column, typed=self._table.typed)

    def _counts(self, asked: list[Question]) -> list[int]:
        """How many rows break each, and at the end how many there are."""
        counts: list[int] = []
        for start in range(0, len(asked), QUESTIONS_AT_ONCE):
            some = asked[start : start + QUESTIONS_AT_ONCE]
            # With the number of rows it is one answer, also where no question needs a look at any row.
            select = ", ".join(("count(*)", *(each.counted for each in some)))
            ((_, *answers),) = self._table.ask(select, *(value for each in some for value in each.given))
            # Of no rows, none is counted.
            counts += [int(each or 0) for each in answers]
        return [*counts, self._table.rows]

    def _finding(self, question: Question, bad: int, rows: int) -> Finding:
        severity = self._contract.severity_of(question.rule, question.column)
        finding = Finding(question.rule, question.column, question.said, "kept", severity, bad, rows)
        if not bad or bad / rows <= question.most:
            return finding
        seen, shown = f"{plainly.count(bad, rows)} {question.are}", question.bad
        if question.culprits:
            culprits = int(self._table.ask(f"count_if({question.culprits})")[0][0])
            # Where none is, or all are, the type alone is wrong.
            if 0 < culprits < bad:
                seen += f"; {culprits:,} of them cannot be read as {question.said}"
                shown = question.culprits
        return self._with_examples(replace(finding, state="broken", seen=seen), shown, *question.given)

    def _vain(self, contract: ColumnContract, rows: int) -> Iterator[Finding]:
        """The rules of values that make no sense of a column of another type."""
        if self._is_other(contract):
            as_said = tabular.Column(contract.name, contract.type, "")  # type: ignore[arg-type]
            for each in questions.of_values(contract, as_said, typed=True):
                severity = self._contract.severity_of(each.rule, each.column)
                yield Finding(each.rule, each.column, each.said, "unchecked", severity, of=rows)

    def _of_rows(self, rows: int) -> Iterator[Finding]:
        bounds = self._contract.rows
        if bounds:
            low = bounds.least is not None and rows < bounds.least
            high = bounds.most is not None and rows > bounds.most
            state, said = "broken" if low or high else "kept", f"{plainly.allowed(bounds)} rows"
            seen = f"there {'is' if rows == 1 else 'are'} {rows:,} row{'' if rows == 1 else 's'}"
            yield Finding("rows", "", said, state, self._contract.severity_of("rows"), of=rows, seen=seen)

    def _of_columns(self, rows: int) -> Iterator[Finding]:
        """Columns that are not there, and those that nobody expected."""
        listed = [column.name for column in self._contract.columns]
        for column in self._contract.columns:
            if column.name not in self._columns and not column.optional:
                others = [name for name in self._columns if name not in listed]
                near = next(iter(difflib.get_close_matches(column.name, others, n=1, cutoff=SIMILAR)), "")
                seen = f"there is no column {plainly.plain(column.name)}"
                rest = f"; the contract does not have {plainly.listed(others)}" if others else ""
                seen += f", but {plainly.plain(near)}" if near else rest
                rule = rule_name(column.name)
                severity = self._contract.severity_of(rule, column.name)
                yield Finding(rule, "", f"has the column {column.name}", "broken", severity, of=rows, seen=seen)
        if self._contract.closed:
            more = [name for name in self._columns if name not in listed]
            state, seen = ("broken", f"there are more: {plainly.listed(more)}") if more else ("kept", "")
            severity = self._contract.severity_of("closed")
            yield Finding("closed", "", "no further columns", state, severity, of=rows, seen=seen)

    def _newest(self) -> str:
        """The newest time of the years 1 to 9999: others are mistakes, and no calendar has them."""
        asked = self._contract.freshness
        column = self._columns.get(asked.column) if asked else None
        times = questions.values_as("time", column, typed=self._table.typed) if column else ""
        if not times:
            return ""
        moment = f"TRY_CAST({times} AS TIMESTAMP)"
        ((newest,),) = self._table.ask(f"max({moment}) FILTER (year({moment}) BETWEEN 1 AND 9999)")
        return newest.isoformat() if newest else ""

    def _with_examples(self, finding: Finding, bad: str, *given: object) -> Finding:
        if not finding.is_broken or not bad:
            return finding
        shown = self._shown(finding.column)
        rows = self._table.where(bad, shown, *given, limit=EXAMPLES)
        examples = []
        for number, *values in rows:
            pairs = zip(shown, values, strict=True)
            told = tuple((name, _told(value, exactly=name == finding.column)) for name, value in pairs)
            examples.append(Example(number, told))
        return replace(finding, examples=tuple(examples))

    def _shown(self, column: str) -> list[str]:
        """The columns of an example: the rule's own, the key, and the first others; none that is left out."""
        wanted = [column, *self._contract.key, *self._columns]
        may = [name for name in dict.fromkeys(wanted) if name in self._columns and name not in self._contract.leave_out]
        return may[:COLUMNS_SHOWN]


def _told(value: object, *, exactly: bool) -> str:
    """A value in words: six digits of a number, and all of one that breaks a rule, which may be a little beyond it."""
    shown = plainly.plain(value)
    return str(value) if exactly and isinstance(value, float) and float(shown) != value else shown
