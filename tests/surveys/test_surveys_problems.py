"""What is named in tables with planted problems, and that nothing is named in clean ones."""

from __future__ import annotations

import numpy
import pandas
import pyarrow
import pytest
from sklearn import datasets

from noteship import tabular
from noteship.tabular import problems, surveys
from surveys.planted import PLANTS, clean, found, kinds

# Several in one table, each in columns or rows of its own; the rest are planted one by one where there is time.
TOGETHER = (
    ("one value", "missing together", "-999", "gives the target away", "mojibake", "copies but for the id"),
    ("missing labels", "spellings of a category", "a clock never set", "-1", "numbers as texts", "empty texts"),
    ("a rare class", "infinite", "dates as texts", "determines the target", "control characters"),
)


@pytest.mark.parametrize("names", TOGETHER)
def test_planted_problems_are_named_and_no_other(names: tuple[str, ...]) -> None:
    """Of several planted problems each is named, by its kind and columns, and nothing else is."""
    frame = clean()
    for name in names:
        frame = PLANTS[name][0](frame)
    assert kinds(found(frame)) == sorted(PLANTS[name][1:] for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_each_planted_problem_is_named_alone(name: str) -> None:
    """One planted problem is the only one that is named, in three tables."""
    plant, kind, columns = PLANTS[name]
    for seed in (1, 2, 3):
        assert kinds(found(plant(clean(seed)))) == [(kind, columns)]


def test_nothing_is_named_in_a_clean_table() -> None:
    """A clean table has no problem and no remark."""
    assert found(clean(7)) == ()


@pytest.mark.parametrize("name", ["iris", "wine"])
def test_nothing_is_named_in_well_known_tables(name: str) -> None:
    """Iris, with its two equal flowers, and wine have no problem; that they are sorted by class is remarked on."""
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    named = found(frame, target="target")
    assert kinds(named) == []
    assert [each.kind for each in named] == ["order"]


def test_numbers_of_many_digits_are_not_one_value() -> None:
    """Whole numbers that differ in their last digits alone, of twenty, are as many as there are."""
    column = pyarrow.array([2**63 + number for number in range(40)], pyarrow.uint64())
    assert found(pyarrow.table({"id": column}), target=None) == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["breast_cancer", "digits", "diabetes"])
def test_nothing_is_named_in_larger_well_known_tables(name: str) -> None:
    """They have no problem; of pictures it is remarked that their edges are empty."""
    named = found(getattr(datasets, f"load_{name}")(as_frame=True).frame, target="target")
    assert kinds(named) == []
    assert [each.kind for each in named] == (["constant"] if name == "digits" else [])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_named_in_clean_tables_of_many_kinds(seed: int) -> None:
    """Few categories, long tails, one column for each category, a course of time, gaps by chance: none is a problem."""
    draw = numpy.random.default_rng(seed)
    rows = 1_500
    few = pandas.DataFrame({"sex": draw.choice(["m", "f"], rows), "band": draw.choice(list("abcd"), rows)})
    tails = pandas.DataFrame(
        {
            "pareto": draw.pareto(1.2, rows),
            "lognormal": draw.lognormal(0, 2, rows),
            "count": draw.poisson(60, rows),
            "rating": draw.integers(1, 6, rows),
            "votes": draw.integers(-1, 6, rows),
            "capped": numpy.minimum(draw.exponential(30, rows).astype(int), 99),
            "mostly_zero": numpy.where(draw.random(rows) < 0.9, 0, draw.exponential(5, rows)),
            "postcode": [f"{each:05d}" for each in draw.integers(1_000, 99_999, rows)],
            "telephone": [f"+49{each}" for each in draw.integers(10**8, 10**9, rows)],
        }
    )
    flags = pandas.get_dummies(pandas.Series(draw.integers(0, 30, rows)), prefix="country")
    course = pandas.DataFrame(
        {
            "time": pandas.date_range("2024-01-01", periods=rows, freq="min"),
            "walk": numpy.cumsum(draw.normal(size=rows)),
            "wave": numpy.sin(numpy.arange(rows) / 50).round(2),
        }
    )
    gaps = pandas.DataFrame(
        {f"x{each}": numpy.where(draw.random(rows) < 0.1, numpy.nan, draw.normal(size=rows)) for each in range(6)}
    )
    for frame in (few, tails, flags, course, gaps):
        frame["returned"] = draw.choice(["no", "yes"], rows, p=[0.7, 0.3])
        assert kinds(found(frame)) == []


def test_a_target_of_one_value_is_a_problem() -> None:
    """Nothing can be learnt of it; of texts that all differ, which are no classes, it is remarked."""
    frame = clean(1)
    one = {each.kind: each.level for each in found(frame.assign(returned="no"))}
    many = {each.kind: each.level for each in found(frame, target="review")}
    assert (one["target"], many["target"]) == ("problem", "remark")


def test_rows_of_the_test_file_are_found_in_the_training_file() -> None:
    """Whole rows, and texts that differ in case and spaces only, are named with the rows of the test file."""
    training, test = clean(1), clean(9, 80)
    assert found(training, beside=test) == ()
    test.loc[3:7, "review"] = [f" {text.upper()}" for text in training.review[3:8]]
    texts = found(training, beside=test.drop(columns="returned"))
    assert kinds(texts) == [("leak-text", ("review",))]
    assert texts[0].numbers == (3, 4, 5, 6, 7)
    both = found(training, beside=pandas.concat([test.iloc[20:], training.iloc[:9]], ignore_index=True))
    assert kinds(both) == [("leak-rows", ())]
    assert both[0].fact.startswith("9 rows of test.csv, 13 %")
    assert both[0].beside


def test_parts_of_one_table_are_told_apart_by_a_column() -> None:
    """Rows, and keys, that the column of parts has in both are named; a column without parts is remarked on."""
    frame = clean()
    frame["part"] = numpy.where(numpy.arange(len(frame)) < 450, "train", "test")
    assert found(frame, split="part") == ()
    frame.loc[590:, "order_id"] = frame.loc[:9, "order_id"].to_numpy()
    named = found(frame, split="part", key=("order_id",))
    assert kinds(named) == [("key-repeated", ("order_id",)), ("leak-key", ("order_id",))]
    assert [each.kind for each in found(frame, split="age")] == ["split"]


def test_rows_that_repeat_themselves_by_chance_are_no_leak() -> None:
    """Where there are only so many different rows, they are in both parts whatever the split."""
    draw = numpy.random.default_rng(1)

    def few(rows: int) -> pandas.DataFrame:
        return pandas.DataFrame(
            {
                "sex": draw.choice(["m", "f"], rows),
                "band": draw.choice(list("abcd"), rows),
                "returned": draw.choice(["yes", "no"], rows),
            }
        )

    assert found(few(300), beside=few(100)) == ()


def test_values_of_columns_left_out_are_nowhere() -> None:
    """Neither sentences nor examples hold a value of a column that is left out."""
    frame = PLANTS["spellings of labels"][0](PLANTS["-999"][0](PLANTS["mojibake"][0](clean())))
    named = found(frame, leave_out=frozenset({"review", "weight", "returned"}))
    assert len(named) == 3
    told = str([each.to_json() for each in named])
    assert "-999" not in told
    assert "Yes " not in told
    assert "déçu" not in told
    assert not {"review", "weight", "returned"} & {
        name for each in named if each.examples for name in each.examples.columns
    }


def test_examples_are_the_rows_themselves() -> None:
    """An example has the number that the row has in the table, from 0, and its values."""
    frame = clean()
    frame.loc[[41, 77], "returned"] = None
    [named] = found(frame)
    assert named.examples is not None
    assert [number for number, _ in named.examples.rows] == [41, 77]
    place = named.examples.columns.index("order_id")
    assert [values[place] for _, values in named.examples.rows] == [str(frame.order_id[41]), str(frame.order_id[77])]


def test_odd_tables_are_looked_at_without_a_fault() -> None:
    """No rows, no values, names that SQL would trip over, numbers without end: each is surveyed."""
    odd = pandas.DataFrame(
        {
            'a"b': numpy.arange(30.0),
            "noteship: row": [numpy.inf] * 30,
            "c0": [2**63] * 30,
            "select\n": ["<b>"] * 15 + ["&"] * 15,
            "nothing": [None] * 30,
            "wide": [1e308, -1e308] * 15,
        }
    )
    for frame, target in (
        (odd, "select\n"),
        (odd, "nothing"),
        (odd, "c0"),
        (odd.iloc[:0], "wide"),
        (odd.iloc[:1], 'a"b'),
    ):
        with tabular.opened(frame) as table:
            problems.find(surveys.look(table, surveys.Asked(target)))
