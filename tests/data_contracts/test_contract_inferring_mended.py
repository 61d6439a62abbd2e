"""What is inferred of columns to leave out, of times beyond the calendar, of many columns, and anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pandas
import pytest

from noteship import contracts, tabular
from noteship.contracts import facts, room

KINDS = pandas.DataFrame({"diag": ["HIV", "flu"] * 20, "ssn": range(100_000_000, 100_000_040), "age": range(20, 60)})


def test_columns_to_leave_out_show_no_value() -> None:
    """Of a column that is left out, a contract has its type and what may be missing, and no value in any comment."""
    inferred = contracts.infer(KINDS, "a.csv", ["diag", "ssn"])
    text = contracts.written(inferred.contract, inferred.seen)
    assert "HIV" not in text and "100000000" not in text and "100,000,000" not in text
    assert [each.type for each in inferred.contract.columns] == ["text", "whole", "whole"]


def test_what_is_left_out_stays_so() -> None:
    """Inferred again, columns that were left out are, with those that are to be now, also where they are not there."""
    old = contracts.read("c.toml", 'file = "a.csv"\nleave_out = ["gone", "age"]\n[columns.gone]\n[columns.age]\n')
    anew = contracts.keeping_decisions(contracts.infer(KINDS, "a.csv", ["ssn"]), old)
    assert anew.contract.leave_out == ("gone", "age", "ssn")
    assert contracts.read("c.toml", contracts.written(anew.contract, anew.seen)).leave_out == ("gone", "age", "ssn")


def test_old_rules_that_fit_no_more_are_dropped() -> None:
    """A pattern of what is no text, a key that may be absent, and the freshness of no time are not kept."""
    frame = pandas.DataFrame({"id": range(50), "code": range(50), "kind": ["a", "b"] * 25})
    new = contracts.infer(frame, "a.csv")
    assert new.contract.key == ("id",)
    old = contracts.read(
        "c.toml",
        'file = "a.csv"\nfreshness = { column = "code", most = "1d" }\n[columns.id]\noptional = true\n'
        "[columns.code]\npattern = '[A-Z]+'\n[columns.kind]\npattern = '[a-z]+'\n",
    )
    anew = contracts.keeping_decisions(new, old).contract
    again = contracts.read("c.toml", contracts.written(anew))
    assert (again.freshness, again.column("code").pattern, again.column("id").optional) == (None, None, False)  # type: ignore[union-attr]
    kind = again.column("kind")
    assert kind is not None and kind.pattern == "[a-z]+" and kind.categories is None
    assert contracts.check(frame, again).broken("stop") == ()


def test_years_beyond_the_calendar_have_no_bound() -> None:
    """Milliseconds that were taken for seconds are of the year 54,000, and make no range."""
    times = pandas.Series(numpy.array([1_700_000_000_000 + each for each in range(30)], "datetime64[s]"))
    contract = contracts.infer(pandas.DataFrame({"t": times, "n": range(30)}), "a.csv").contract
    assert contract.columns[0].range is None


def test_many_columns_take_few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tails, ends and categories of columns are asked for together, and are those of each alone."""
    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame({f"c{number}": random.poisson(1 + number % 3, 200) for number in range(30)})
    frame["kind"] = numpy.repeat(["b", "a"], 100)
    asked: list[str] = []
    ask = tabular.Table.ask
    monkeypatch.setattr(
        tabular.Table, "ask", lambda self, *told, **more: asked.append(told[0]) or ask(self, *told, **more)
    )
    contract = contracts.infer(frame, "a.csv").contract
    assert len(asked) <= 8
    monkeypatch.setattr(facts, "COLUMNS_AT_ONCE", 1)
    assert contracts.infer(frame, "a.csv").contract == contract
    assert contract.columns[-1].categories == ("a", "b")
    with tabular.opened(frame) as table:
        found = facts.ends_of(table, table.columns[:1], facts.facts_of(table))
    counts = frame["c0"].value_counts().sort_index()
    ends: room.Ends = tuple((float(value), int(rows)) for value, rows in counts.head(3).items())  # type: ignore[arg-type]
    assert found["c0", "first"] == ends


@pytest.mark.parametrize("pattern", [r"\++\d+", r"[\x{4e00}-\x{9fff}]+", r"\p{L}+", "[[:alpha:]]+"])
def test_patterns_that_are_the_engines(pattern: str) -> None:
    """What Python would not read, or reads otherwise, is refused only where the engine refuses it."""
    assert contracts.read("c.toml", f"file = 'a.csv'\n[columns.a]\npattern = '{pattern}'").columns[0].pattern == pattern


def test_bounds_are_finite() -> None:
    """A bound that is infinite is none: the side is left out."""
    with pytest.raises(contracts.BadRule, match="min = 0"):
        contracts.read("c.toml", "file = 'a.csv'\n[columns.a]\nrange = [0, inf]")


def test_leaving_out() -> None:
    """Columns to leave out in all contracts are added to those of one."""
    contract = replace(contracts.infer(KINDS, "a.csv").contract, leave_out=("age",))
    assert contract.leaving_out(["ssn", "age"]).leave_out == ("age", "ssn")


def test_labels_of_a_csv_are_as_written(tmp_path: Path) -> None:
    """Yes and no are two categories, so that other spellings of them are none; and they are no truths of a contract."""
    for name, labels in {
        "old": ("yes", "no"),
        "other": ("Yes", "No"),
        "letters": ("y", "n"),
        "truths": ("TRUE", "FALSE"),
    }.items():
        (tmp_path / f"{name}.csv").write_text("churn\n" + "\n".join(labels * 20))
    contract = contracts.infer(tmp_path / "old.csv", "old.csv").contract
    assert (contract.columns[0].type, contract.columns[0].categories) == ("text", ("no", "yes"))
    truths = contracts.infer(tmp_path / "truths.csv", "truths.csv").contract
    assert contracts.check(tmp_path / "old.csv", contract).broken("stop") == ()
    assert contracts.check(tmp_path / "truths.csv", truths).broken("stop") == ()
    for name in ("other", "letters", "truths"):
        assert [each.rule for each in contracts.check(tmp_path / f"{name}.csv", contract).broken("stop")] == [
            "columns.churn.categories"
        ]
    for name in ("old", "other", "letters"):
        assert [each.rule for each in contracts.check(tmp_path / f"{name}.csv", truths).broken("stop")] == [
            "columns.churn.type"
        ]


def test_probabilities_are_at_most_one() -> None:
    """What is called a probability and is one has no room beyond 1; the same numbers called otherwise have."""
    values = numpy.random.default_rng(0).exponential(0.1, 300).clip(0, 0.9)
    names = ("churn_probability", "prob yes", "p", "Share", "weight", "prop")
    contract = contracts.infer(pandas.DataFrame(dict.fromkeys(names, values)), "a.csv").contract
    mosts = {each.name: each.range.most for each in contract.columns if each.range}
    assert [name for name in names if mosts[name] <= 1] == list(names[:4])
    percents = contracts.infer(pandas.DataFrame({"share": 100 * values}), "a.csv").contract.columns[0].range
    assert percents is not None and percents.most > 100


def test_columns_that_nobody_expected_are_told_where_one_is_gone() -> None:
    """Beside a column that is not there the breach names a similar one, else those that the contract does not have."""
    contract = contracts.infer(pandas.DataFrame({"tenure": range(9), "age": range(9)}), "a.csv").contract

    def said(name: str) -> str:
        (broken,) = contracts.check(pandas.DataFrame({name: range(9), "age": range(9)}), contract).broken("stop")
        return broken.seen

    assert said("tenures") == "there is no column tenure, but tenures"
    assert said("months") == "there is no column tenure; the contract does not have months"
