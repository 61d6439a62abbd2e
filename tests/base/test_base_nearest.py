"""Which name somebody probably meant."""

from __future__ import annotations

import pytest

from noteship.nearest import nearest

KNOWN = ("01-collect", "deep/03-features", "04a-linear", "04b-forest")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("3", "deep/03-features"),
        ("03", "deep/03-features"),
        ("4", "04a-linear, 04b-forest"),
        ("features", "deep/03-features"),
        ("Forest", "04b-forest"),
        ("01-colect", "01-collect"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name(name: str, near: str) -> None:
    """A beginning counts more than a part, a part more than likeness; nothing near is nothing."""
    assert nearest(name, KNOWN) == near


def test_nothing_is_known() -> None:
    """Where there are no names there is no nearest one."""
    assert nearest("a", ()) == ""
