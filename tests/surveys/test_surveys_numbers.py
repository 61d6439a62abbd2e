"""The numbers of a survey, held to what they are by definition."""

from __future__ import annotations

import math

import numpy
import pandas
import pytest

from noteship import tabular
from noteship.tabular import surveys
from noteship.tabular.surveys.coding import binned, coded, folds
from noteship.tabular.surveys.columns import count
from noteship.tabular.surveys.relations import relations
from noteship.tabular.surveys.sample import draw
from noteship.tabular.surveys.shapes import shape, words
from surveys.planted import clean


def test_a_sample_is_the_same_each_time_and_keeps_numbers() -> None:
    """Rows are drawn by their number alone, in their order, about as many as were asked for."""
    frame = pandas.DataFrame({"n": numpy.arange(20_000), "text": [f"t{each}" for each in range(20_000)]})
    with tabular.opened(frame) as table:
        one, two, whole = draw(table, 2_000), draw(table, 2_000), draw(table)
    assert one.numbers.tolist() == two.numbers.tolist() == one.frame["n"].astype(int).tolist()
    assert one.numbers.tolist() == sorted(one.numbers.tolist())
    assert abs(len(one.numbers) - 2_000) < 6 * math.sqrt(2_000)
    assert whole.is_all
    assert not one.is_all


def test_columns_are_counted_over_all_rows() -> None:
    """Missing, different, infinite, empty, the ends and the most frequent values are those of the table."""
    frame = pandas.DataFrame(
        {
            "number": [1.0, numpy.nan, numpy.inf, -3.0],
            "text": ["a", "", " \n", None],
            "when": pandas.to_datetime(["1970-01-02", "1970-01-03", None, "1970-01-02"]),
            "truth": [True, True, False, None],
        }
    )
    with tabular.opened(frame) as table:
        number, text, when, truth = count(table)
    assert (number.missing, number.infinite, number.low, number.high) == (1, 1, -3.0, 1.0)
    assert (text.missing, text.empty, text.distinct, text.longest) == (1, 2, 3, 2)
    assert (when.low, when.high, when.role) == (86_400.0, 172_800.0, "time")
    assert (truth.role, truth.top) == ("truth", (("true", 2), ("false", 1)))


@pytest.mark.parametrize("law", ["normal", "lognormal", "pareto", "whole", "spike", "constant"])
def test_no_value_is_lost_in_a_histogram(law: str) -> None:
    """What is in the bins and what is said to be outside of them are all values."""
    chance = numpy.random.default_rng(1)
    values = {
        "normal": chance.normal(size=3_000),
        "lognormal": chance.lognormal(0, 3, 3_000),
        "pareto": -chance.pareto(1.1, 3_000),
        "whole": chance.integers(-5, 900, 3_000).astype(float),
        "spike": numpy.append(chance.normal(size=2_950), [-999.0] * 50),
        "constant": numpy.full(7, 3.25),
    }[law]
    found = shape(values, is_whole=law == "whole")
    assert found is not None
    assert sum(found.counts) + found.below + found.above == len(values)
    assert list(found.edges) == sorted(found.edges)
    assert found.is_log == (law == "lognormal")
    assert found.below == (50 if law == "spike" else found.below)


def test_bins_and_codes_are_by_size_and_by_frequency() -> None:
    """Equal values share a bin, more than so many values share the last code, and missing ones have none."""
    values = numpy.array([1.0, 1.0, 1.0, 2.0, 3.0, numpy.nan])
    assert binned(values, 3).tolist() == [0, 0, 0, 1, 2, -1] or len(set(binned(values, 3)[:3])) == 1
    assert binned(values, 3)[-1] == -1
    assert coded(pandas.Series(["b", "a", "b", "c", None]), 2).tolist() == [0, 1, 0, 1, -1]
    parts = numpy.bincount(folds(10_000, 5))
    assert parts.min() > 1_950


def test_relations_are_what_they_are_by_definition() -> None:
    """Spearman's as pandas has it, with gaps; a category's own values have V 1; what is independent has nearly none."""
    chance = numpy.random.default_rng(2)
    frame = pandas.DataFrame({"a": chance.normal(size=800)})
    frame["b"] = numpy.exp(frame.a) + chance.normal(0, 0.1, 800)
    frame["kind"] = chance.choice(["x", "y", "z"], 800)
    frame["same"] = frame.kind.map({"x": "1x", "y": "2y", "z": "3z"})
    frame["by_kind"] = frame.kind.map({"x": 0.0, "y": 5.0, "z": 10.0}) + chance.normal(0, 0.1, 800)
    with tabular.opened(frame) as table:
        made = relations(draw(table).frame, count(table))
    value = {
        (one, other): made.matrix[i][j] for i, one in enumerate(made.columns) for j, other in enumerate(made.columns)
    }
    assert value["a", "b"] == pytest.approx(frame.a.corr(frame.b, method="spearman"), abs=1e-9)
    assert value["kind", "same"] == pytest.approx(1.0, abs=0.01)
    assert value["kind", "by_kind"] == pytest.approx(value["by_kind", "kind"]) == pytest.approx(0.94, abs=0.02)
    assert abs(value["a", "kind"]) < 0.1
    assert {made.strongest[0].one, made.strongest[0].other} == {"kind", "same"}


def test_what_a_column_tells_is_between_nothing_and_all() -> None:
    """A copy of the target tells all of it, noise nearly nothing, and the area is that of the ranks."""
    frame = clean()[["age", "returned"]].copy()
    frame["copy"] = frame.returned.map({"yes": "ja", "no": "nein"})
    frame["noise"] = numpy.random.default_rng(3).normal(size=len(frame))
    with tabular.opened(frame) as table:
        told = {each.name: each for each in surveys.survey(table, surveys.Asked("returned")).tells}
    assert told["copy"].share == pytest.approx(1, abs=0.01)
    assert told["copy"].score == 1
    assert told["noise"].share < 0.02
    assert told["noise"].score < 0.15
    yes, no = frame.age[frame.returned == "yes"].to_numpy(), frame.age[frame.returned == "no"].to_numpy()
    area = float(((yes[:, None] > no) + 0.5 * (yes[:, None] == no)).mean())
    assert told["age"].auc == pytest.approx(max(area, 1 - area))


def test_words_are_counted_once_a_text() -> None:
    """A word's share is that of the texts that have it, however often, in whatever case."""
    assert words(["Spam spam spam", "more spam", "nothing", "nothing at all"]) == (("nothing", 0.5), ("spam", 0.5))


def test_a_survey_is_the_same_each_time() -> None:
    """The same table gives the same numbers, over CSV as over a frame where types are the same."""
    with tabular.opened(clean()) as table:
        one = surveys.survey(table, surveys.Asked("returned"))
        two = surveys.survey(table, surveys.Asked("returned"))
    assert one.counted == two.counted
    assert one.tells == two.tells
    assert repr(one.relations) == repr(two.relations)
    assert one.repeats.copies == 0


def test_whole_numbers_beside_missing_ones_are_drawn_as_such() -> None:
    """Kept as floats, whole numbers get bins that hold equally many of them."""
    ages = pandas.Series([float(number % 78) for number in range(780)] + [None])
    with tabular.opened(pandas.DataFrame({"age": ages}), name="a") as table:
        (drawn,) = surveys.survey(table, surveys.Asked()).drawn
    assert drawn.shape and set(drawn.shape.counts) == {10}
