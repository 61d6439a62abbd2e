"""Rules about values and rows that come again, each a question of its own, which may spill to disk."""

from __future__ import annotations

from collections.abc import Iterator

from noteship import tabular
from noteship.contracts import plainly
from noteship.contracts.contract import Contract, rule_name
from noteship.contracts.verdict import Finding

__all__ = ["repetitions"]


def repetitions(table: tabular.Table, contract: Contract, rows: int) -> Iterator[tuple[Finding, str]]:
    """The findings on the key, on duplicates and on distinct values, each with a condition that bad rows fulfil."""
    columns = {column.name for column in table.columns}
    has_key = False
    if contract.key:
        finding, bad = _key(table, contract, rows, columns)
        # Rows with a key of their own differ.
        has_key = finding.state == "kept"
        yield finding, bad
    if contract.duplicates is not None:
        yield _duplicates(table, contract, rows, is_surely_none=has_key)
    for column in contract.columns:
        if column.name in columns and (column.unique or column.distinct):
            yield from _distinct(table, contract, column.name, rows)


def _key(table: tabular.Table, contract: Contract, rows: int, columns: set[str]) -> tuple[Finding, str]:
    said = f"unique and present: {plainly.listed(contract.key)}"
    severity = contract.severity_of("key")
    if not columns.issuperset(contract.key):
        return Finding("key", "", said, "unchecked", severity, of=rows), ""
    quoted = [tabular.identifier(name) for name in contract.key]
    key = quoted[0] if len(quoted) == 1 else f"({', '.join(quoted)})"
    absent = " OR ".join(f"{each} IS NULL" for each in quoted)
    ((missing, distinct),) = table.ask(
        f"count(*) FILTER (WHERE {absent}), count(DISTINCT {key}) FILTER (NOT ({absent}))"
    )
    bad = rows - distinct
    if not bad:
        return Finding("key", "", said, "kept", severity, 0, rows), ""
    again = f"{bad - missing:,} of {rows:,} rows repeat a key"
    seen = " and ".join(
        part for part, is_so in ((again, bad > missing), (f"{missing:,} of {rows:,} rows have none", missing)) if is_so
    )
    repeated = f"{key} IN (SELECT {key} FROM rows WHERE NOT ({absent}) GROUP BY ALL HAVING count(*) > 1)"  # noqa: S608
    return Finding("key", "", said, "broken", severity, bad, rows, seen), f"({absent}) OR {repeated}"


def _duplicates(table: tabular.Table, contract: Contract, rows: int, *, is_surely_none: bool) -> tuple[Finding, str]:
    most = contract.duplicates or 0.0
    said = f"{plainly.share(most)} repeat{'s' if not most else ''} another"
    said = f"at most {said}" if most else said
    row = tabular.row_hash(table.columns)
    bad = 0 if is_surely_none else rows - int(table.ask(f"count(DISTINCT {row})")[0][0])
    severity = contract.severity_of("duplicates")
    if not bad or bad / rows <= most:
        return Finding("duplicates", "", said, "kept", severity, bad, rows), ""
    seen = f"{bad:,} of {rows:,} rows repeat{'s' if bad == 1 else ''} another"
    again = f"{row} IN (SELECT {row} FROM rows GROUP BY ALL HAVING count(*) > 1)"  # noqa: S608 - quoted
    return Finding("duplicates", "", said, "broken", severity, bad, rows, seen), again


def _distinct(table: tabular.Table, contract: Contract, name: str, rows: int) -> Iterator[tuple[Finding, str]]:
    column = contract.column(name)
    assert column is not None
    quoted = tabular.identifier(name)
    ((present, distinct),) = table.ask(f"count({quoted}), count(DISTINCT {quoted})")
    if column.unique:
        rule = rule_name(name, "unique")
        bad, severity = present - distinct, contract.severity_of(rule, name)
        seen = f"{bad:,} of {rows:,} rows repeat a value" if bad else ""
        again = f"{quoted} IN (SELECT {quoted} FROM rows GROUP BY ALL HAVING count(*) > 1)"  # noqa: S608 - quoted
        yield (
            Finding(rule, name, "unique", "broken" if bad else "kept", severity, bad, rows, seen),
            again if bad else "",
        )
    if column.distinct:
        rule = rule_name(name, "distinct")
        least, most = column.distinct.least, column.distinct.most
        is_outside = (least is not None and distinct < least) or (most is not None and distinct > most)
        said = f"{plainly.allowed(column.distinct)} distinct values"
        seen = f"there are {distinct:,} distinct values" if is_outside else ""
        state, severity = "broken" if is_outside else "kept", contract.severity_of(rule, name)
        yield Finding(rule, name, said, state, severity, 0, rows, seen), ""
