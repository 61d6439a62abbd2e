from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.images.registries import challenges
from noteship.images.registries.challenges import Challenge

TOKEN = Challenge(
    "bearer", {"realm": "https://login.example.org/token", "service": "x", "scope": "repository:a:pull,push"}
)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (['Basic realm="a registry"'], [Challenge("basic", {"realm": "a registry"})]),
        (['BEARER Realm="https://login.example.org/token",service="x",scope="repository:a:pull,push"'], [TOKEN]),
        (['Bearer realm="https://login.example.org/token" , service=x, scope="repository:a:pull,push"'], [TOKEN]),
        (
            ['Basic realm="a", Bearer realm="b"'],
            [Challenge("basic", {"realm": "a"}), Challenge("bearer", {"realm": "b"})],
        ),
        (
            ['Basic realm="a"', 'Bearer realm="b"'],
            [Challenge("basic", {"realm": "a"}), Challenge("bearer", {"realm": "b"})],
        ),
        (["Negotiate", 'Basic realm="a"'], [Challenge("negotiate"), Challenge("basic", {"realm": "a"})]),
        (["Negotiate YII=, Basic realm=a"], [Challenge("negotiate"), Challenge("basic", {"realm": "a"})]),
        ([r'Basic realm="a \"quoted\" one"'], [Challenge("basic", {"realm": 'a "quoted" one'})]),
        (['Bearer realm="first",realm="second"'], [Challenge("bearer", {"realm": "first"})]),
        (["Basic"], [Challenge("basic")]),
        (['Bearer realm="not ended'], [Challenge("bearer")]),
        (["", ",,,", "\x00", "="], []),
    ],
)
def test_challenges_are_taken_apart(headers: list[str], found: list[Challenge]) -> None:
    """Several ways in, in one header or more, with or without quotes; the rest of a broken one is left out."""
    assert challenges.parsed(headers) == found


@given(st.lists(st.text(max_size=200), max_size=3))
def test_any_header_is_read_or_left_out(headers: list[str]) -> None:
    """Whatever a registry sends, something is found or nothing, soon."""
    assert all(isinstance(each.scheme, str) for each in challenges.parsed([*headers, "Basic " + ",".join(headers)]))


def test_a_long_header_takes_no_long_time() -> None:
    """Only the beginning of an endless header is read."""
    assert len(challenges.parsed(["a, " * 1_000_000])) < 5000
