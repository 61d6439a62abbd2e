"""A contract's file is read with every key checked, and what contradicts itself is told with its line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from noteship import contracts
from noteship.contracts import Bounds

GOOD = """\
file = "data/people.parquet"
severity = "warn"
rows = { min = 3, max = 10 }
duplicates = { most = 0.01, severity = "stop" }
key = ["id"]
freshness = { column = "day", most = "7d" }
closed = true
leave_out = ["note"]

[columns.id]
type = "whole"

[columns]
note = { type = "text", length = [1, 20] }

[columns."full name"]
type = "text"
severity = "stop"
missing = { is = 0.1, severity = "warn" }
pattern = '\\p{Lu}\\w+ \\w+'
distinct = { min = 2, severity = "warn" }

[columns.day]
type = "date"
range = [2024-01-01, 2024-12-31]

[columns.size]
type = "number"
range = { min = 0.5, severity = "stop" }
optional = true

[columns.kind]
type = "text"
categories = { is = ["a", "b"], severity = "stop" }
"""


def read(text: str) -> contracts.Contract:
    return contracts.read("contracts/people.toml", text)


def test_what_is_said() -> None:
    """Rules are read from plain values and from tables with a severity, bounds from lists and from tables."""
    contract = read(GOOD)
    assert contract.rows == Bounds(3, 10)
    assert contract.duplicates == 0.01
    assert (contract.key, contract.closed, contract.leave_out) == (("id",), True, ("note",))
    name, day, size, kind = (contract.column(each) for each in ("full name", "day", "size", "kind"))
    assert name and day and size and kind
    assert (name.missing, name.distinct, name.pattern) == (0.1, Bounds(2), r"\p{Lu}\w+ \w+")
    assert day.range == Bounds(datetime.date(2024, 1, 1), datetime.date(2024, 12, 31))
    assert (size.range, size.optional, kind.categories) == (Bounds(0.5), True, ("a", "b"))


def test_severities() -> None:
    """A rule's own severity counts before its column's, and that before the contract's."""
    contract = read(GOOD)
    name = 'columns."full name"'
    found = [contract.severity_of(f"{name}.{rule}", "full name") for rule in ("missing", "pattern", "distinct")]
    assert found == ["warn", "stop", "warn"]
    assert [contract.severity_of(each) for each in ("duplicates", "rows")] == ["stop", "warn"]
    assert contract.severity_of("columns.size.range", "size") == "stop"
    assert contract.severity_of("columns.kind.type", "kind") == "warn"


def test_lines() -> None:
    """Each rule knows its line, and what has none of its own that of what it is in."""
    contract = read(GOOD)
    rules = ["file", "columns.id.type", "columns.note.length", 'columns."full name".pattern', "columns.kind.categories"]
    assert [contract.line(rule) for rule in rules] == [1, 11, 14, 20, 34]
    assert contract.place("columns.day.range") == "contracts/people.toml, line 25"


def test_the_digest_is_of_what_is_said() -> None:
    """Comments, order and white space do not change a contract's digest, and each rule does."""
    first, second = 'file = "a.csv"\nrows = [1, 2]\n', '# why\nrows = { max = 2, min = 1 }\n\nfile = "a.csv"\n'
    assert read(first).digest == read(second).digest
    other = {read(first + more).digest for more in ("closed = true", 'severity = "warn"', "duplicates = 0", "")}
    assert len(other) == 4


WRONG = [
    ('file = "a.csv"\nrows = [10, 3]', "at least 10 and at most 3", 2),
    ('file = "a.csv"\nrows = { min = 5, most = 9 }', "whole numbers", 2),
    ('file = "a.csv"\nrows = [-1, 3]', "whole numbers", 2),
    ('file = "a.csv"\nduplicates = 2', "a share", 2),
    ('file = "a.csv"\nseverity = "fatal"', '"stop" or "warn"', 2),
    ('file = "a.csv"\nduplicates = { most = 0.1, severity = "fatal" }', '"stop" or "warn"', 2),
    ('file = "a.csv"\nrwos = 3', "rows", 2),
    ('file = "a.csv"\nkey = "id"', "a list of columns", 2),
    ('file = "a.csv"\nkey = ["id"]', "id is no column", 2),
    ('file = "a.csv"\nkey = ["id"]\n[columns.id]\noptional = true', "optional", 2),
    ('file = "a.csv"\nkey = ["id"]\n[columns.id]\nmissing = 0.1', "may be missing", 2),
    ('file = "a.csv"\nleave_out = ["x"]', "x is no column", 2),
    ('file = "a.csv"\nfreshness = { column = "d", most = "7d" }', "d is no column", 2),
    ('file = "a.csv"\nfreshness = { column = "d", most = "7d" }\n[columns.d]\ntype = "text"', "type text", 2),
    ('file = "a.csv"\nfreshness = { column = "d", most = 7 }', "an age", 2),
    ('file = "a.csv"\n[columns.a]\ntype = "integer"', "whole", 3),
    ('file = "a.csv"\n[columns.a]\nrange = [3, 1]', "begins at 3 and ends at 1", 3),
    ('file = "a.csv"\n[columns.a]\nrange = ["a", "z"]', "two bounds", 3),
    ('file = "a.csv"\n[columns.a]\nrange = [nan, 1.0]', "two bounds", 3),
    ('file = "a.csv"\n[columns.a]\nrange = [1, 2024-01-01]', "the other a date", 3),
    ('file = "a.csv"\n[columns.a]\ntype = "text"\nrange = [1, 3]', "a range, of type text", 4),
    ('file = "a.csv"\n[columns.a]\ntype = "date"\nrange = [1, 3]', "a bound of 1", 4),
    ('file = "a.csv"\n[columns.a]\ntype = "whole"\nrange = [2024-01-01, 2024-01-02]', "of type whole", 4),
    ('file = "a.csv"\n[columns.a]\ncategories = []', "a list of values", 3),
    ('file = "a.csv"\n[columns.a]\ntype = "whole"\ncategories = [1, "b"]', "'b'", 4),
    ('file = "a.csv"\n[columns.a]\ntype = "bool"\ncategories = [1]', "of type bool", 4),
    ('file = "a.csv"\n[columns.a]\nrange = [0, 3]\ncategories = [1, 5]', "5 is not within", 4),
    ('file = "a.csv"\n[columns.a]\ncategories = ["x", "x"]', "named twice", 3),
    ('file = "a.csv"\n[columns.a]\nlength = [1, 2]\ncategories = ["xyz"]', "'xyz' is not of the length", 4),
    ('file = "a.csv"\n[columns.a]\ntype = "whole"\nlength = [1, 2]', "a length, of type whole", 4),
    ('file = "a.csv"\n[columns.a]\nlength = [2, 1]', "begins at 2 and ends at 1", 3),
    ('file = "a.csv"\n[columns.a]\ntype = "whole"\npattern = "1"', "a pattern, of type whole", 4),
    ('file = "a.csv"\n[columns.a]\npattern = "a("', "cannot be read", 3),
    ('file = "a.csv"\n[columns.a]\npattern = "(?=a)"', "cannot be read: ", 3),
    ("file = 'a.csv'\n[columns.a]\npattern = '(a)\\1'", "cannot be read: ", 3),
    ('file = "a.csv"\n[columns.a]\ndistinct = [4, 2]', "at least 4 and at most 2", 3),
    ('file = "a.csv"\n[columns.a]\ndistinct = [4, 9]\ncategories = ["x"]', "4 distinct values of 1", 3),
    ('file = "a.csv"\nrows = { min = 9 }\n[columns.a]\nunique = true\ncategories = ["x"]', "at most 1 values", 4),
    ('file = "a.csv"\nrows = { min = 9 }\n[columns.a]\nunique = true\ntype = "bool"', "at most 2 values", 4),
    (
        'file = "a.csv"\nrows = { min = 9 }\n[columns.a]\nunique = true\nmissing = 0.1\ntype = "whole"\nrange = [1, 8]',
        "at most 8 values, unique, in at least 9 rows",
        4,
    ),
    ('file = "a.csv"\nkey = ["a"]\nrows = { min = 9 }\n[columns.a]\ndistinct = [1, 8]', "a has at most 8 values", 2),
    (
        'file = "a.csv"\nkey = ["a", "b"]\nrows = { min = 9 }\n[columns.a]\ntype = "bool"\n[columns.b]\ntype = "bool"',
        "a and b has at most 4 values in at least 9 rows",
        2,
    ),
    ('file = "a.csv"\nrows = { max = 20 }\n[columns.a]\ndistinct = [21, 30]', "at least 21 distinct values", 4),
    ('file = "a.csv"\n[columns.a]\nunique = 1', "true or false", 3),
    ('file = "a.csv"\n[columns.a]\nuniq = true', "unique", 3),
    ('file = "a.csv"\n[columns]\na = 3', "a table such as", 3),
    ('file = "a.csv"\ncolumns = 3', "tables such as", 2),
    ("rows = 3", "whole numbers", 1),
]


@pytest.mark.parametrize(("text", "said", "line"), WRONG)
def test_what_is_wrong(text: str, said: str, line: int) -> None:
    """What cannot be, or cannot be together, is an error with its line, before any data is read."""
    with pytest.raises((contracts.BadRule, contracts.UnknownRule, contracts.RulesContradict)) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.parts().where == f"contracts/people.toml, line {line}"
    assert caught.value.exit_code == 2


def test_without_a_file_or_no_toml() -> None:
    """A contract has to name its file, and to be TOML."""
    with pytest.raises(contracts.BadRule, match="file cannot be missing"):
        read("severity = 'stop'")
    with pytest.raises(contracts.ContractUnreadable):
        read("file = data.csv")


def test_no_pattern_is_tried_while_a_contract_is_read() -> None:
    """Python's own engine would take years for this one."""
    read(f"file = 'a.csv'\n[columns.a]\npattern = '(a+)+'\ncategories = ['{60 * 'a'}!']")


def test_patterns_that_are_fine() -> None:
    """What only looks like a look ahead is taken."""
    for pattern in (r"\(\?=a\)", "[(?=]+", r"\d{3}", r"[[:alpha:]]+", r"(?i)a|b", r"\pL+", r"a\\1"):
        assert read(f"file = 'a.csv'\n[columns.a]\npattern = '{pattern}'").columns[0].pattern == pattern


def test_the_shelf(tmp_path: Path) -> None:
    """Contracts are found by the file they are of; two of one file, and one of what is no table, are errors."""
    assert not contracts.load(tmp_path, "contracts")
    folder = tmp_path / "contracts"
    folder.mkdir()
    (folder / "a.toml").write_text('file = "data/./a.csv"\n')
    (folder / "parts.toml").write_text('file = "data/parts"\n')
    (folder / "README.md").write_text("what is here\n")
    shelf = contracts.load(tmp_path, "contracts")
    assert set(shelf.by_file) == {"data/a.csv", "data/parts"}
    concerned = [each.file for each in shelf.concerned(["data/parts/1.csv", "data/ab.csv", "data/a.csv"])]
    assert concerned == ["data/a.csv", "data/parts"]
    (folder / "b.toml").write_text('file = "data/a.csv"\n')
    with pytest.raises(contracts.TwoContracts, match=r"a\.toml and contracts/b\.toml"):
        contracts.load(tmp_path, "contracts")
    (folder / "b.toml").write_text('file = "model.sav"\n')
    with pytest.raises(contracts.RulesContradict, match="no table"):
        contracts.load(tmp_path, "contracts")


def test_names_that_are_free() -> None:
    """A contract is called after its file, and otherwise where another is called so."""
    names: list[str] = []
    for file in ("data/a.csv", "b/data/a.csv", "data/a.csv.gz", "data/a.csv", "data/a.csv"):
        names.append(contracts.free_name(file, names))
    assert names == ["a.toml", "b-data-a.toml", "data-a.toml", "data-a-csv.toml", "data-a-2.toml"]


@pytest.mark.parametrize(
    "text",
    [
        'rows = { min = 10 }\n[columns.a]\nunique = true\nmissing = 0.1\ntype = "whole"\nrange = [1, 9]',
        'key = ["a", "b"]\nrows = { min = 9 }\n[columns.a]\ntype = "bool"\n[columns.b]\ntype = "text"',
        "rows = { max = 20 }\n[columns.a]\ndistinct = [20, 30]",
    ],
)
def test_rules_that_go_together(text: str) -> None:
    """What some file can keep is no contradiction, to the last row."""
    assert read(f'file = "a.csv"\n{text}').columns
