from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship import tuning

WRONG = [
    ({"low": 3, "high": 2}, "a low below its high"),
    ({"low": 2, "high": 2}, "a low below its high"),
    ({"low": 0, "high": 1, "log": True}, "above 0"),
    ({"low": -1.0, "high": 1, "log": True}, "above 0"),
    ({"low": 1, "high": 8, "log": True, "step": 1}, "either log or step"),
    ({"low": 1, "high": 8, "step": 0}, "a step above 0"),
    ({"low": 1, "high": 8, "step": 10}, "a step that fits"),
    ({"low": 2, "high": 11, "step": 2}, "such as 10"),
    ({"low": 0.0, "high": 1.0, "step": 0.3}, "such as 0.9"),
    ({"low": float("nan"), "high": 1}, "numbers"),
    ({"low": 1, "high": float("inf")}, "numbers"),
    ({"low": True, "high": 8}, "numbers"),
    ({"low": "1", "high": 8}, "numbers"),
    ({"low": 1, "high": 8, "log": 1}, "true or false"),
    ({"low": 1}, "a list of choices"),
    ({"low": 1, "high": 8, "stp": 1}, "a list of choices"),
    ("abc", "a list of choices"),
    (7, "a list of choices"),
    ([], "at least one"),
    (["a", "a"], '"a" is there twice'),
]


@pytest.mark.parametrize(("value", "told"), WRONG)
def test_what_makes_no_sense_is_refused_with_what_was_expected(value: Any, told: str) -> None:
    """A dimension that contradicts itself, or is none, raises ValueError that says what would be one."""
    with pytest.raises(ValueError, match=told):
        tuning.dimension(value)


def test_a_space_without_parameters_is_none() -> None:
    """There is nothing to search without a dimension."""
    with pytest.raises(ValueError, match="at least one parameter"):
        tuning.Space({})


def test_whole_ends_make_whole_numbers() -> None:
    """Ends written without a point hold whole numbers only, and ends with one hold any."""
    whole, any_number = tuning.dimension({"low": 1, "high": 3}), tuning.dimension({"low": 1.0, "high": 3.0})
    assert (whole.size, any_number.size) == (3, None)
    assert whole.holds(2)
    assert not whole.holds(2.5)
    assert any_number.holds(2.5)


def test_choices_are_told_apart_by_kind() -> None:
    """True is not 1 and 1 is not 1.0, as in the notebook that will have it."""
    choices = tuning.Choices((1, True, 1.0, "1", [1]))
    assert [choices.place(each) for each in (1, True, 1.0, "1", [1])] == [0, 1, 2, 3, 4]
    assert not choices.holds(False)


def test_steps_have_no_dust() -> None:
    """Multiples of a step are the decimals that a person would write."""
    span = tuning.dimension({"low": 0.0, "high": 0.9, "step": 0.1})
    assert [span.at(place) for place in range(10)] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


@given(
    st.integers(-20, 20),
    st.integers(1, 6),
    st.integers(1, 9),
    st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True),
)
def test_places_are_all_points_once(low: int, step: int, count: int, choices: list[int]) -> None:
    """`at` counts through every point of a space once, and each of them is in it."""
    space = tuning.Space({"a": tuning.Span(low, low + step * count, step=step), "b": tuning.Choices(tuple(choices))})
    assert space.size == (count + 1) * len(choices)
    points = [space.at(place) for place in range(space.size or 0)]
    assert len({tuple(point.values()) for point in points}) == space.size
    assert all(space.holds(point) for point in points)


def test_a_space_is_the_same_from_its_plain_value() -> None:
    """A space that is written down and read again is equal."""
    value = {"a": {"low": 1e-3, "high": 100.0, "log": True}, "b": ["x", 2, None], "c": {"low": 2, "high": 8, "step": 2}}
    assert tuning.Space.from_json(value).to_json() == value
    assert tuning.Space.from_json(value).continua == ("a",)


def test_a_point_at_an_end_is_told() -> None:
    """The lowest and the highest of a span, and what is next to them by its measure, are ends; choices have none."""
    value = {"x": {"low": 1e-3, "high": 1e3, "log": True}, "n": {"low": 1, "high": 9}, "kind": ["a", "b"]}
    space = tuning.Space.from_json(value)
    assert space.ends({"x": 1.0, "n": 5, "kind": "a"}) == ()
    assert space.ends({"x": 0.00105, "n": 9, "kind": "b"}) == ("x", "n")
