"""Each rule is broken by what is planted against it, and by nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pandas
import pyarrow
import pytest

from data_contracts.planted import CONTRACT, GOOD, contract
from noteship import contracts, tabular

NOW = datetime.datetime(2026, 2, 10, tzinfo=datetime.UTC)


def broken(frame: object, of: contracts.Contract | None = None) -> dict[str, contracts.Finding]:
    of = of or contract()
    verdict = contracts.with_freshness(contracts.check(frame, of), of, NOW)
    return {finding.rule: finding for finding in verdict.findings if finding.is_broken}


def changed(column: str, rows: slice, value: object) -> pandas.DataFrame:
    frame = GOOD.copy()
    if value is None or column in ("id", "age"):
        frame[column] = frame[column].astype(object if value is None else frame[column].dtype)
    frame.loc[rows, column] = value
    return frame


def test_good_data_keeps_all() -> None:
    """A good table keeps every rule, and every rule has its finding."""
    verdict = contracts.check(GOOD, contract())
    assert not broken(GOOD)
    assert len(verdict.findings) == 21
    assert {finding.state for finding in verdict.findings} == {"kept"}


PLANTED: dict[str, tuple[Callable[[], pandas.DataFrame], set[str], int]] = {
    "rows": (lambda: GOOD.head(5), {"rows", "freshness"}, 0),
    "missing": (lambda: changed("kind", slice(3, 4), None), {"columns.kind.missing"}, 2),
    "missing beyond a share": (lambda: changed("age", slice(0, 4), None), {"columns.age.missing"}, 5),
    "range": (lambda: changed("age", slice(7, 8), -4), {"columns.age.range"}, 2),
    "open range": (lambda: changed("share", slice(0, 0), -0.5), {"columns.share.range"}, 1),
    "time": (lambda: changed("seen", slice(2, 2), datetime.datetime(1970, 1, 1)), {"columns.seen.range"}, 1),
    "categories": (lambda: changed("kind", slice(2, 2), "A"), {"columns.kind.categories", "columns.kind.distinct"}, 1),
    "length": (lambda: changed("name", slice(2, 2), "N-1"), {"columns.name.length"}, 1),
    "pattern": (lambda: changed("name", slice(2, 2), "M-001"), {"columns.name.pattern"}, 1),
    "unique": (lambda: changed("name", slice(2, 2), "N-001"), {"columns.name.unique"}, 1),
    "key": (lambda: changed("id", slice(2, 2), 1), {"key"}, 1),
    "duplicates": (lambda: pandas.concat([GOOD, GOOD.head(9)]), {"key", "duplicates", "columns.name.unique"}, 9),
    "closed": (lambda: GOOD.assign(more=1), {"closed"}, 0),
    "absent": (lambda: GOOD.drop(columns="ok"), {"columns.ok"}, 0),
    "fresh": (lambda: GOOD.head(30), {"freshness"}, 0),
}


QUICK = ("missing", "range", "categories", "pattern", "duplicates", "closed", "absent")


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in PLANTED]
)
def test_planted(name: str) -> None:
    """What is planted is found by its own rule, with its count, and by no other."""
    spoil, rules, bad = PLANTED[name]
    found = broken(spoil())
    assert set(found) == rules
    assert bad in {finding.bad for finding in found.values()}


TYPES = {
    "id": ("text", "text", 40),
    "age": ("number", lambda column: column + 0.5, 40),
    "kind": ("number", lambda column: [0, 1] * 20, 40),
    "share": ("text", "str", 40),
    "seen": ("text", "str", 40),
    "ok": ("whole", "int", 40),
}


@pytest.mark.parametrize("column", ["id", *(pytest.param(each, marks=pytest.mark.slow) for each in list(TYPES)[1:])])
def test_types(column: str) -> None:
    """A column of another type breaks that rule, in all rows that have a value; those on its values are vain."""
    _, change, bad = TYPES[column]
    other = change(GOOD[column]) if callable(change) else GOOD[column].astype("str" if change == "text" else change)
    frame = GOOD.assign(**{column: other})
    found = broken(frame)
    assert set(found) - {"closed"} == {f"columns.{column}.type"}
    assert found[f"columns.{column}.type"].bad == bad


def test_wider_types_are_taken() -> None:
    """Whole numbers kept as others beside missing ones, whole numbers as numbers, dates as times: they fit."""
    frame = GOOD.assign(age=GOOD.age.astype(float).where(GOOD.id > 1), share=range(40))
    assert not broken(frame)
    assert set(broken(frame.assign(age=frame.age + 0.5))) == {"columns.age.type"}
    dates = contracts.read("c.toml", 'file = "a.csv"\n[columns.seen]\ntype = "date"')
    assert not broken(GOOD, dates)
    assert broken(GOOD.assign(seen=GOOD.seen + datetime.timedelta(hours=1)), dates)["columns.seen.type"].bad == 40


def test_a_column_without_values_has_any_type() -> None:
    """What is all missing has no type that could be wrong."""
    frame = GOOD.assign(share=None)
    assert not broken(frame)


def test_nan_is_missing() -> None:
    """NaN counts as missing, and not against a range."""
    asked = contracts.read("c.toml", 'file = "a.csv"\n[columns.share]\nmissing = 0\nrange = [0, 1]')
    frame = GOOD.assign(share=GOOD.share.where(GOOD.id > 2))
    assert {rule: finding.bad for rule, finding in broken(frame, asked).items()} == {"columns.share.missing": 3}


def test_texts_of_a_csv_stay_texts(tmp_path: Path) -> None:
    """In a CSV file, digits of a column of texts are texts; one wrong number among numbers is the one that is told."""
    asked = contracts.read(
        "c.toml", "file = 'a.csv'\n[columns.zip]\ntype = 'text'\npattern = '\\d{5}'\n[columns.n]\ntype = 'whole'"
    )
    (tmp_path / "a.csv").write_text("zip,n\n00123,1\n00124,2\n00125,3\n")
    assert not broken(tmp_path / "a.csv", asked)
    (tmp_path / "a.csv").write_text("zip,n\n00123,1\n0124,two\n00125,3\n")
    found = broken(tmp_path / "a.csv", asked)
    assert {rule: [each.row for each in finding.examples] for rule, finding in found.items()} == {
        "columns.zip.pattern": [1],
        "columns.n.type": [1],
    }


@pytest.mark.parametrize(("wanted", "good", "wrong"), [("time", "2024-06-26", "31.02.2024"), ("whole", "12", "three")])
def test_a_type_that_one_value_spoils(wanted: str, good: str, wrong: str) -> None:
    """Where one wrong value made texts of a column, its row is shown, and not those that are right."""
    frame = pandas.DataFrame({"n": [good] * 3 + [wrong, None] + [good] * 5})
    of = contracts.read("c.toml", f'file = "a.parquet"\n[columns.n]\ntype = "{wanted}"')
    (finding,) = broken(frame, of).values()
    assert finding.sentence() == f"n: 9 of 10 rows are of type text; 1 of them cannot be read as type {wanted}"
    assert [str(example) for example in finding.examples] == [f"row 3: n = {wrong}"]
    (finding,) = broken(frame.drop(3), of).values()
    assert finding.seen == "8 of 9 rows are of type text"


def test_examples() -> None:
    """Up to five rows are shown, with the rule's column first, then the key, and what is foreign made plain."""
    frame = changed("kind", slice(10, 20), "\x1b[31m" + "x" * 100)
    finding = broken(frame)["columns.kind.categories"]
    assert [example.row for example in finding.examples] == [10, 11, 12, 13, 14]
    first, second, *_ = finding.examples[0].values
    assert first[0] == "kind"
    assert "\x1b" not in first[1]
    assert len(first[1]) < 100
    assert second == ("id", "10")


def test_columns_left_out_are_not_shown() -> None:
    """Values of a column that is left out are nowhere in a verdict, also not of the rule on it."""
    frame = changed("name", slice(2, 2), "SECRET")
    found = broken(frame, contract('leave_out = ["name"]'))
    assert set(found) == {"columns.name.length", "columns.name.pattern"}
    assert [example.row for example in found["columns.name.length"].examples] == [2]
    assert "SECRET" not in str(found)
    assert "SECRET" in str(broken(frame))


def test_severities_are_in_the_findings() -> None:
    """A rule that warns is broken, and does not stop the line."""
    of = contract('severity = "warn"\n', without="range = [0, 120]")
    verdict = contracts.check(changed("kind", slice(2, 2), None), of)
    assert [finding.rule for finding in verdict.broken("warn")] == ["columns.kind.missing"]
    assert not verdict.broken("stop")
    assert contracts.broken(verdict, of) is None
    (note,) = contracts.warnings(verdict, of, "02-clean")
    assert "contracts/people.toml, line" in note
    assert "02-clean" in note


def test_the_error_of_a_breach() -> None:
    """The error has the rule, counts, the line, the stage that wrote the file, rows, and what to do."""
    frame = changed("kind", slice(3, 4), None)
    frame.loc[9, "age"] = -4
    of = contract()
    error = contracts.broken(contracts.check(frame, of), of, "02-clean")
    assert error
    parts = error.parts()
    assert "age: 1 of 40 rows is not from 0 to 120, and 1 more rule" in parts.fact
    assert parts.where == "contracts/people.toml, line 13; the file was written by stage 02-clean"
    assert "row 9: age = -4, id = 9" in parts.nearest
    assert "kind: 2 of 40 rows are missing (never missing), line 16" in parts.nearest
    assert "noteship data show data/people.parquet" in parts.remedy


def test_a_verdict_can_be_kept() -> None:
    """A verdict is a plain value, and comes back as it was; freshness is not in it."""
    verdict = contracts.check(pandas.concat([GOOD, GOOD.head(2)]), contract())
    assert contracts.Verdict.from_json(verdict.to_json()) == verdict
    assert "freshness" not in {finding.rule for finding in verdict.findings}
    assert verdict.newest == "2026-02-09T00:00:00"


def test_freshness_depends_on_the_clock() -> None:
    """The same data are fresh today, and not in a week."""
    of = contract()
    verdict = contracts.check(GOOD, of)
    states = [
        contracts.with_freshness(verdict, of, NOW + datetime.timedelta(days=days)).findings[0].state for days in (0, 7)
    ]
    assert states == ["kept", "broken"]


def test_an_empty_table() -> None:
    """A table without rows breaks the rules on how much there is, and no other."""
    assert set(broken(GOOD.head(0))) == {"rows", "columns.kind.distinct", "freshness"}


def asked(text: str) -> contracts.Contract:
    return contracts.read("c.toml", f'file = "a.csv"\n{text}')


def csv(folder: Path, text: str) -> Path:
    (folder / "a.csv").write_text(text)
    return folder / "a.csv"


@pytest.mark.parametrize("rows", [0, 3])
def test_rules_that_need_no_look_at_rows(rows: int) -> None:
    """A contract whose every rule is kept by what the table says of itself is a contract like another."""
    frame = pandas.DataFrame({"k": range(rows)})
    (finding,) = contracts.check(frame, asked('[columns.k]\ntype = "whole"')).findings
    assert (finding.state, finding.of) == ("kept", rows)


@pytest.mark.parametrize("most", [0.29, 0.57, 0.58])
def test_shares_are_exact(most: float) -> None:
    """As many rows as a share allows are allowed, whatever the share is in binary, and not one more."""
    may = round(most * 100)
    for bad, is_kept in ((may, True), (may + 1, False)):
        frame = pandas.DataFrame({"a": [None] * bad + list(range(100 - bad))})
        assert (not broken(frame, asked(f"[columns.a]\nmissing = {most}"))) == is_kept
        again = pandas.DataFrame({"a": [0] * (bad + 1) + list(range(1, 100 - bad))})
        assert (not broken(again, asked(f"duplicates = {most}\n[columns.a]"))) == is_kept


def test_times_of_a_csv_with_a_zone(tmp_path: Path) -> None:
    """They are times in UTC, also beside a text that is none: range and freshness hold for them."""
    of = asked('freshness = { column = "t", most = "1d" }\n[columns.t]\ntype = "time"\nrange = { min = 2020-01-01 }')
    found = broken(csv(tmp_path, "t\n2001-01-01T00:00:00Z\n2001-01-02T00:00:00+02:00\n"), of)
    assert found["columns.t.range"].bad == 2
    assert found["freshness"].seen.startswith("the newest t is 2001-01-01 22:00:00, ")
    found = broken(csv(tmp_path, "t\n2001-01-01T00:00:00Z\nno\n"), of)
    assert {rule: finding.bad for rule, finding in found.items()} == {
        "freshness": 0,
        "columns.t.type": 1,
        "columns.t.range": 1,
    }


@pytest.mark.parametrize(
    "values",
    [
        pandas.to_datetime([None, None]),
        ["a", "b"],
        pandas.to_datetime([54_000, 55_000], unit="D").astype("datetime64[s]") + pandas.to_timedelta(20_000_000, "D"),
    ],
    ids=["missing", "texts", "years of five digits"],
)
def test_what_has_no_time_is_not_fresh(values: object) -> None:
    """Where there is no newest time, or none that a calendar has, freshness is broken."""
    found = broken(pandas.DataFrame({"t": values}), asked('freshness = { column = "t", most = "1d" }\n[columns.t]'))
    assert found["freshness"].seen == "t has no date or time of the years 1 to 9999"


def test_freshness_of_a_column_that_is_not_there() -> None:
    """A column that may be absent leaves freshness broken; of one that must be there its absence is told alone."""
    text = 'freshness = {{ column = "t", most = "1d" }}\n[columns.t]\noptional = {}'
    assert set(broken(GOOD[["id"]], asked(text.format("true")))) == {"freshness"}
    assert set(broken(GOOD[["id"]], asked(text.format("false")))) == {"columns.t"}


def test_a_time_to_come_is_told_as_one() -> None:
    """The newest time may be ahead of the clock, and is not old."""
    frame = pandas.DataFrame({"t": [NOW.replace(tzinfo=None) + datetime.timedelta(days=2)]})
    of = asked('freshness = { column = "t", most = "1d" }\n[columns.t]')
    (finding,) = contracts.with_freshness(contracts.check(frame, of), of, NOW).findings
    assert (finding.state, finding.seen) == ("kept", "the newest t is 2026-02-12, 2 days ahead")


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("s", "range = [0, 5]"),
        ("s", "range = [2020-01-01, 2021-01-01]"),
        ("s", "categories = [1, 2]"),
        ("n", "length = [0, 5]"),
        ("n", "pattern = 'x'"),
        ("n", 'categories = ["x"]'),
        ("n", "categories = [true]"),
    ],
)
def test_rules_of_a_type_that_nobody_said(column: str, rule: str) -> None:
    """A rule that makes sense of another type than the column is of is broken by all its values."""
    frame = pandas.DataFrame({"s": ["x", "y", None], "n": [1, 2, None]})
    (finding,) = broken(frame, asked(f"[columns.{column}]\n{rule}")).values()
    assert finding.bad == 2
    assert finding.seen == f"2 of 3 rows are of type {'text' if column == 's' else 'number'}"


def test_rules_of_a_csv_say_how_it_is_read(tmp_path: Path) -> None:
    """Without a type, a pattern makes texts of digits, and a range breaks on the texts that are no numbers."""
    path = csv(tmp_path, "zip,n\n00123,1\n00124,9\n00125,x\n")
    assert not broken(path, asked("[columns.zip]\npattern = '\\d{5}'"))
    (finding,) = broken(path, asked("[columns.n]\nrange = [0, 5]")).values()
    assert [example.row for example in finding.examples] == [1, 2]


def test_whole_numbers_among_texts(tmp_path: Path) -> None:
    """Beside a text, 1.5 is no whole number either, and what is one is held against the range."""
    of = asked('[columns.n]\ntype = "whole"\nrange = [0, 5]')
    found = broken(csv(tmp_path, "n\n1\n2.0\nx\n9\n1.5\n"), of)
    rows = {rule: [example.row for example in finding.examples] for rule, finding in found.items()}
    assert rows == {"columns.n.type": [2, 4], "columns.n.range": [3]}


def test_bounds_of_numbers_of_32_bits() -> None:
    """0.1 is within a range that ends at 0.1, however few bits it has; what is beyond is shown with all its digits."""
    few = pyarrow.table({"x": pyarrow.array([0.1, 0.05], pyarrow.float32())})
    assert not broken(few, asked("[columns.x]\nrange = [0.05, 0.1]\ncategories = [0.05, 0.1]"))
    (finding,) = broken(pyarrow.table({"x": [0.1 + 1e-12]}), asked("[columns.x]\nrange = [0, 0.1]")).values()
    assert str(finding.examples[0]) == "row 0: x = 0.10000000000100001"


def test_nested_rows_that_differ() -> None:
    """Rows that differ in a nested value alone are no duplicates."""
    nested = pyarrow.array([None, [], [None], [[1], [2]], [[1, 2]]], pyarrow.list_(pyarrow.list_(pyarrow.int64())))
    assert not broken(pyarrow.table({"l": nested}), asked("duplicates = 0\n[columns.l]"))
    twice = pyarrow.concat_tables([pyarrow.table({"l": nested})] * 2)
    assert broken(twice, asked("duplicates = 0\n[columns.l]"))["duplicates"].bad == 5


def test_long_numbers_of_a_csv_differ(tmp_path: Path) -> None:
    """Whole numbers of twenty digits keep all of them, so they are a key."""
    rows = "".join(f"{10**19 + number}\n" for number in range(40))
    assert not broken(csv(tmp_path, f"id\n{rows}"), asked('key = ["id"]\n[columns.id]\ntype = "whole"'))


@pytest.mark.slow
def test_a_key_of_several_columns() -> None:
    """A key may be of several columns, and a missing part is no key."""
    of = contracts.read("c.toml", 'file = "a.csv"\nkey = ["kind", "age"]\n[columns.kind]\n[columns.age]')
    assert not broken(GOOD, of)
    frame = changed("age", slice(4, 4), 22)
    assert {example.row for example in broken(frame, of)["key"].examples} == {2, 4}
    frame.loc[7, "kind"] = None
    found = broken(frame, of)["key"]
    assert found.seen == "1 of 40 rows repeat a key and 1 of 40 rows have none"
    assert {example.row for example in found.examples} == {2, 4, 7}


def test_a_pattern_that_only_the_engine_refuses() -> None:
    """A pattern that Python reads and RE2 does not is an error of the contract, with its line, and none of the file."""
    of = contracts.read("c.toml", "file = 'a.csv'\n[columns.name]\ntype = 'text'\npattern = '(?:a{1000}){1000}'")
    with pytest.raises(contracts.RulesContradict) as caught:
        contracts.check(GOOD, of)
    assert caught.value.where == "c.toml, line 4"


def test_a_category_that_its_pattern_does_not_match() -> None:
    """It is an error of the contract, with its line, and found in linear time."""
    text = f"file = 'a.csv'\n[columns.kind]\npattern = '(a+)+'\ncategories = ['aa', '{60 * 'a'}!']"
    with pytest.raises(contracts.RulesContradict, match="does not match the pattern") as caught:
        contracts.check(GOOD, contracts.read("c.toml", text))
    assert caught.value.where == "c.toml, line 4"


@pytest.mark.slow
def test_several_kinds_of_tables(tmp_path: Path) -> None:
    """The verdict on a file is that on its frame, in every form."""
    frame = changed("kind", slice(3, 4), None)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True, date_format="iso")
    for name in ("a.parquet", "a.csv", "a.jsonl"):
        assert {rule: finding.bad for rule, finding in broken(tmp_path / name).items()} == {"columns.kind.missing": 2}
    with pytest.raises(tabular.NotATable):
        contracts.check(tmp_path / "none.csv", contract())


def test_the_contract_of_the_tests_is_whole() -> None:
    """Every rule that there is has its place in the contract that these tests plant against."""
    for rule in ("missing", "range", "categories", "length", "pattern", "unique", "distinct", "rows", "key", "closed"):
        assert f"\n{rule} = " in CONTRACT
