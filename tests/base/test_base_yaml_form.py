"""Plain values as YAML are read as the same values."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from noteship.yaml_form import documents, yaml_form

# Surrogates are no text.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("ab:-#\n |>'\"{[\t", max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
AWKWARD = [
    "yes",
    "n",
    "null",
    "1.0",
    "1e3",
    "0x1f",
    "12:30",
    "2026-01-01",
    "~",
    "",
    " a",
    "a ",
    "a: b",
    "a #b",
    "-",
    "=",
    "<<",
    "-.inf",
    "---",
    "--",
    "-a:",
    "1E3",
    "1m:",
]


@given(VALUES)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    """Another reader gets the same value from it, of the same types."""
    assert repr(yaml.safe_load(yaml_form(value))) == repr(value)


@pytest.mark.parametrize("text", AWKWARD)
def test_texts_that_look_like_something_else_stay_texts(text: str) -> None:
    """A text that YAML would take for a number, a date, a word or a mark is quoted, as a value and as a name."""
    assert yaml.safe_load(yaml_form({text: text})) == {text: text}


def test_people_find_it_as_they_would_write_it() -> None:
    """Names and references are bare, lines are lines, order is kept, and empty tables and lists are short."""
    value = {
        "kind": "ConfigMap",
        "image": "a.example:5000/mail",
        "data": {"x.toml": "[a]\n\nb = 1\n"},
        "args": ["--a=b", "500m", "1"],
        "e": {},
    }
    assert yaml_form(value) == (
        "kind: ConfigMap\nimage: a.example:5000/mail\ndata:\n  x.toml: |\n    [a]\n\n    b = 1\n"
        'args:\n  - --a=b\n  - 500m\n  - "1"\ne: {}\n'
    )


def test_several_documents_are_read_one_by_one() -> None:
    """A stream of documents is read as the values that it was made of."""
    values = [{"a": "x\n"}, [1, "2"], {}]
    assert list(yaml.safe_load_all(documents(values))) == values
