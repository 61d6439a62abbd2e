"""The page of a data set."""

from __future__ import annotations

import re
from xml.dom import minidom

import pandas
import pytest

from noteship import tabular
from noteship.reporting import datasets
from noteship.reporting.canvas import Easel
from noteship.reporting.datasets.drawings import histogram
from noteship.reporting.datasets.matrix import MOST, chosen, matrix, pairs
from noteship.tabular import problems, surveys
from noteship.tabular.surveys.relations import Pair, Relations
from noteship.tabular.surveys.shapes import Shape
from surveys.planted import PLANTS, clean


def page_of(frame: object, **asked: object) -> tuple[str, str]:
    with tabular.opened(frame, name="data/orders.parquet") as table:
        looked = surveys.look(table, surveys.Asked("returned", **asked))  # type: ignore[arg-type]
        found = problems.find(looked)
    return datasets.page(looked.survey, found), datasets.verdict(looked.survey, found)


def test_the_page_needs_nothing_else_and_is_well_formed() -> None:
    """No script, nothing fetched, foreign text escaped, and the page is XML; equal tables give equal bytes."""
    frame = PLANTS["spellings of labels"][0](clean(rows=200))
    frame["city"] = frame.city.replace("Bern", "<script>alert(1)</script>&")
    frame["review"] = "<b>$x$</b> " + frame.review
    frame = frame.drop(columns=["weight", "items", "age", "placed"])
    page, verdict = page_of(frame)
    minidom.parseString(page.encode())
    assert "<script" not in page
    assert "<b>$x$" not in page
    assert "default-src 'none'" in page
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert verdict == "1 problem was found: labels in several spellings."
    assert verdict in page
    assert page_of(frame)[0] == page


def test_a_clean_table_is_said_to_be_one() -> None:
    """The verdict of a table without problems says how much was looked at."""
    frame = clean(rows=200)[["age", "city", "returned"]]
    page, verdict = page_of(frame)
    assert verdict == "No problems were found in 200 rows of 3 columns."
    assert "<h2>Problems</h2>" not in page


def test_values_of_columns_left_out_are_not_on_the_page() -> None:
    """Of a column that is left out the page has its name and its counts, and no value."""
    frame = clean(rows=200)[["city", "order_id", "returned"]]
    shown, _ = page_of(frame)
    hidden, _ = page_of(frame, leave_out=frozenset({"city"}))
    assert "Graz" in shown
    assert "Graz" not in hidden
    assert "Its values are left out." in hidden


def test_two_numbers_are_told_by_their_shares() -> None:
    """Of a flag the page says how many rows have it; days are told without a clock; blanks at an end can be seen."""
    frame = pandas.DataFrame(
        {
            "returned": [0, 0, 0, 1] * 50,
            "paid": [1.0, 0.0, 1.0, None] * 50,
            "plan": ["basic", "basic", "plus", " basic"] * 50,
            "day": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(range(200), "D"),
            "at": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(range(200), "h"),
        }
    )
    page, _ = page_of(frame)
    cards = dict(re.findall(r"<figcaption><b>(\w+)</b>(.*?)</figure>", page, re.DOTALL))
    for name, told in (("returned", [("0", "75 %"), ("1", "25 %")]), ("paid", [("1", "67 %"), ("0", "33 %")])):
        assert re.findall(r'title="(\d)".*?"value">(.*?)<', cards[name]) == told
        assert "<svg" not in cards[name]
    assert "2024-01-01 to 2024-07-18<" in cards["day"]
    assert "2024-01-01 00:00 UTC to 2024-01-09 07:00 UTC" in cards["at"]
    assert "&#x27; basic&#x27;</span>" in cards["plan"]


def test_numbers_and_texts_are_told_as_they_are() -> None:
    """All digits are told of whole numbers and extremes, of others as many as tell them apart; first ones of texts."""
    frame = pandas.DataFrame(
        {
            "returned": ["yes", "no"] * 61,
            "year": range(1901, 2023),
            "built": [*range(1985, 2105, 1), None, 2105],
            "height": [53_000 + each / 8 for each in range(122)],
            "area": [19.6, 9999.0, *(100 + each / 8 for each in range(120))],
            "price": [f"{each},400 EUR" for each in range(100, 222)],
        }
    )
    page, _ = page_of(frame)
    cards = dict(re.findall(r"<figcaption><b>(\w+)</b>(.*?)</figure>", page, re.DOTALL))
    assert "1901 to 2022; half are from 1931 to 1992, the middle one is 196" in cards["year"]
    assert "1985 to 2105; half are from 2015 to 2075, the middle one is 2045" in cards["built"]
    assert "53,000 to 53,015.1; half are from 53,003.8 to 53,011.3, the middle one is 53,007.6" in cards["height"]
    assert "19.6 to 9999; half are from" in cards["area"]
    assert "such as “100,400 EUR”, “101,400 EUR”, “102,400 EUR”; 11 letters on average" in cards["price"]
    assert re.findall(r">([\d,]+)</text>", cards["year"]) == ["1950", "2000"]
    assert "53,005" in re.findall(r">([\d,]+)</text>", cards["height"])


def test_every_finding_has_a_title() -> None:
    """What is planted in tests is called something on the page."""
    assert all(datasets.titled(kind) != kind for _, kind, _ in PLANTS.values())


@pytest.mark.parametrize(
    ("shape", "ticks"),
    [
        (Shape((0.0, 10.0, 20.0, 30.0), (1, 5, 2)), ["0", "5", "10", "15", "20", "25", "30"]),
        (
            Shape((0.01, 1.0, 100.0, 10_000.0), (1, 5, 2), is_log=True),
            ["0.01", "0.1", "1", "10", "100", "1,000", "10⁴"],
        ),
    ],
)
def test_axes_are_labelled_at_round_numbers(shape: Shape, ticks: list[str]) -> None:
    """Linear axes have round steps, logarithmic ones decades."""
    with Easel().set_up() as easel:
        drawn = histogram(easel, "x", shape)
    with Easel().set_up() as easel:
        whole = histogram(easel, "x", Shape((2.5, 3.5, 4.5, 5.5), (1, 5, 2)), is_whole=True)
    assert re.findall(r">([\d.]+)</text>", whole) == ["3", "4", "5"]
    labels = re.findall(r">([\d.,⁰¹²³⁴⁵⁶⁷⁸⁹]+)</text>", drawn)
    assert set(labels) <= set(ticks) | {"10,000"}
    assert len(labels) >= 3


def test_a_matrix_keeps_to_thirty_columns() -> None:
    """Of many columns those are shown that go most with another one, and the target in any case."""
    count = 60
    names = tuple(f"c{each}" for each in range(count))
    rows = [[1.0 if i == j else 0.9 if {i, j} == {40, 50} else 0.01 for j in range(count)] for i in range(count)]
    relations = Relations(names, tuple(map(tuple, rows)), ())
    kept = chosen(relations, ("c59",))
    assert len(kept) == MOST
    assert {"c40", "c50", "c59"} <= set(kept)
    assert matrix(relations, kept).count("<text") == 2 * (MOST - 1)


def test_pairs_that_nobody_has_to_look_at_are_left_out() -> None:
    """Pairs below a tenth are not listed; what has no direction has no sign."""
    kinds = [
        Pair("a", "b", "Spearman", -0.5, -0.4),
        Pair("a", "k", "correlation ratio", 0.5),
        Pair("c", "d", "Spearman", 0.09, 0.1),
    ]
    told = pairs(kinds)
    assert "<b>-0.50</b>" in told and "<b>0.50</b>" in told and "0.09" not in told
    assert pairs(kinds[2:]) == '<p class="quiet">No two columns go together by 0.1 or more.</p>'


def test_no_number_is_less_than_nothing() -> None:
    """What rounds to zero has no sign, and letters that are wide have their room."""
    relations = Relations(("mmmmmmmm", "wwwwwwww"), ((1.0, -0.001), (-0.001, 1.0)), ())
    drawn = matrix(relations, relations.columns)
    assert ">.00</text>" in drawn and "-.00" not in drawn
    assert float(re.search(r'<text x="(\d+)"', drawn)[1]) > 8 * 9  # type: ignore[index]
