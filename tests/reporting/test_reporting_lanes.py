"""Values with intervals over an axis: round ends, honest places, the same in a page and as a picture."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship.reporting.lanes import Lane, Lanes, Mark, drawing, table
from noteship.reporting.scales import Scale

NUMBERS = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)
SCALE = Scale(0.0, 1.0, 0.2)
LANES = Lanes(
    ("name", "value", "axis"),
    (
        Lane("a <b>", ("0.5 & more",), (Mark(0.5, 0.25, 0.75), Mark(0.1, kind="other"))),
        Lane("none", ("–",), (Mark(math.nan),), "not measured"),
    ),
    SCALE,
    0.8,
    about="of <these>",
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, max_size=6))
def test_an_axis_holds_all_values_in_a_few_round_steps(values: list[float]) -> None:
    """Its labels are told apart, and places go up with values, within the axis."""
    scale = Scale.around(values)
    slack = 1e-6 * scale.step
    assert all(scale.low - slack <= each <= scale.high + slack for each in values)
    assert 2 <= len(scale.ticks) <= 8
    assert len(set(scale.labels)) == len(scale.labels) == len(scale.ticks)
    places = [scale.place(each) for each in sorted(values)]
    assert places == sorted(places) and all(0 < each < 100 for each in places)


@pytest.mark.parametrize(
    ("values", "most", "labels"),
    [
        ([0.91, 0.987], 1.0, ("0.90", "0.92", "0.94", "0.96", "0.98", "1.00")),
        ([-0.03, 0.012], None, ("−0.03", "−0.02", "−0.01", "0.00", "0.01", "0.02")),
        ([1.0, 1.0], 1.0, ("0.90", "0.92", "0.94", "0.96", "0.98", "1.00")),
        ([math.nan, 20_000.0, 45_000.0], None, ("20,000", "25,000", "30,000", "35,000", "40,000", "45,000")),
    ],
)
def test_labels_have_as_many_decimals_each(values: list[float], most: float | None, labels: tuple[str, ...]) -> None:
    """A share's axis ends at one at the latest, and what is no number is left out."""
    assert Scale.around(values, most=most).labels == labels


def test_a_table_says_what_it_draws_and_escapes_it() -> None:
    """Marks are at their places, intervals from end to end, and what is not measured has none."""
    made = table(LANES)
    rows = ElementTree.fromstring(made).findall("tbody/tr")
    assert ["".join(each.itertext()) for each in rows] == [
        "of <these>",
        "a <b>0.5 & more",
        "nonenot measured–",
        "0.00.20.40.60.81.0",
    ]
    first, none = rows[1].find("td/svg"), rows[2].find("td/svg")
    assert first is not None and none is not None
    assert [each.get("x") for each in first.findall("svg")] == [f"{SCALE.place(0.5)}%", f"{SCALE.place(0.1)}%"]
    assert f'x1="{SCALE.place(0.25)}%" x2="{SCALE.place(0.75)}%"' in made
    assert none.findall("svg") == []
    assert len(first.findall("line")) == 6 + 1 + 1


def test_groups_have_their_own_axes_below_one_row_of_heads() -> None:
    """Columns are in line, as it is one table."""
    made = table(LANES, Lanes(LANES.heads, LANES.rows, Scale(0.0, 10.0, 5.0)))
    assert made.count("<thead>") == 1 and made.count("<tbody>") == 2
    assert ">10</text>" in made
    assert table() == ""


def test_a_row_with_an_axis_of_its_own_has_no_labels() -> None:
    """There is nothing to compare it with, so its numbers say what it is."""
    lane = Lane("gate", ("passed",), (Mark(0.9, kind="good"),), line=0.8, scale=Scale(0.8, 0.9, 0.1))
    made = table(Lanes(("gate", "", "axis"), (lane,)))
    assert "<text" not in made and "stroke-dasharray" in made


def test_bars_begin_at_the_line() -> None:
    """On whichever side of it the value is."""
    rows = tuple(Lane(str(value), ("",), (Mark(value),)) for value in (0.2, 0.9))
    made = table(Lanes(("", "", ""), rows, SCALE, 0.6, is_bars=True))
    bars = [(float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)%"[^>]* width="([\d.]+)%"', made)]
    assert bars[0] == (SCALE.place(0.2), pytest.approx(SCALE.place(0.6) - SCALE.place(0.2)))
    assert bars[1] == (SCALE.place(0.6), pytest.approx(SCALE.place(0.9) - SCALE.place(0.6)))


def test_a_picture_has_the_same_marks_and_texts() -> None:
    """In a size of its own, with all text escaped."""
    root = ElementTree.fromstring(drawing(LANES, told="a & b"))
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == ["name", "value", "axis"] and {"of <these>", "a <b>", "0.5 & more", "none"} <= set(texts)
    assert root.get("aria-label") == "a & b" and root.get("viewBox", "").startswith("0 0 ")
    lanes = [each for each in root if each.tag.endswith("svg")]
    assert len(lanes) == len(LANES.rows) + 1
