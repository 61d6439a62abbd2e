"""The errors of reading say the fact, where, the nearest cause and the remedy."""

from __future__ import annotations

import pickle

import pytest

from noteship.errors import NoteshipError
from noteship.notebooks import errors

ALL: list[type[NoteshipError]] = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", ALL)
def test_errors_survive_pickling(kind: type[NoteshipError]) -> None:
    """An error crosses processes with its message."""
    example = kind.example()
    assert str(pickle.loads(pickle.dumps(example))) == str(example)


@pytest.mark.parametrize("kind", ALL)
def test_errors_have_a_remedy(kind: type[NoteshipError]) -> None:
    """Each says what, where, and what to do."""
    parts = kind.example().parts()
    assert parts.fact
    assert parts.where
    assert parts.remedy


@pytest.mark.parametrize(
    ("text", "hint"),
    [("print 'x'", "Python 2"), ("<<<<<<< HEAD", "merge conflict"), ("x = = 1", "")],
)
def test_common_causes_are_named(text: str, hint: str) -> None:
    """Python 2 and merge conflicts are recognised."""
    assert hint in errors.CellSyntaxError("a.ipynb", 1, 1, text, "invalid syntax").parts().nearest


def test_foreign_text_is_cut() -> None:
    """A line of a thousand characters does not fill the terminal."""
    assert len(str(errors.CellSyntaxError("a.ipynb", 1, 1, "x" * 1000, "y" * 1000))) < 600
