"""Paths that are known in part."""

from __future__ import annotations

import pytest

from noteship.notebooks.partial_paths import Pattern, alike, pattern_of
from noteship.notebooks.raw import Hole, PathText

WHAT, STAR, DEEP = Hole("not known"), Hole("a wildcard", "segment"), Hole("a wildcard", "deep")


def partial(*parts: str | Hole) -> Pattern:
    return pattern_of(PathText(parts))


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (partial("data/", DEEP, "x.csv"), "data/**/x.csv"),
        (partial("data/", DEEP), "data/**"),
        (partial("data/", DEEP, STAR, ".csv"), "data/**/*.csv"),
        (partial("data/*", WHAT, ".csv"), "data/*.csv"),
        (partial("data/", WHAT, STAR), "data/*"),
        (partial("./data//raw/../", WHAT), "data/*"),
        (partial("data/**/x.csv"), "data/**/x.csv"),
    ],
)
def test_written_out(pattern: Pattern, shown: str) -> None:
    """A path known in part is written with `*` for a piece of a name and `**` for whole folders."""
    assert pattern.shown == shown


def test_whole_folders_are_whole() -> None:
    """What stands for whole folders takes no part of a name."""
    pattern = partial("data/", DEEP, "x.csv")
    assert [path for path in ("data/x.csv", "data/a/b/x.csv", "data/abx.csv") if pattern.fits(path)] == [
        "data/x.csv",
        "data/a/b/x.csv",
    ]
    assert alike(pattern, partial("data/", WHAT, "/x.csv"))
    assert not alike(pattern, partial("data/", WHAT, "/abx.csv"))


def test_hidden_names_are_left_out() -> None:
    """As in a shell, a wildcard does not stand for a hidden name."""
    assert partial("data/", STAR).fits("data/a")
    assert not partial("data/", STAR).fits("data/.a")
    assert partial("data/.", WHAT).fits("data/.a")
