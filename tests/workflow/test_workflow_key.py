"""The cache key and the decision that hangs on it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.digests import of_bytes, of_value
from noteship.store import Artifact
from noteship.workflow import Environment, Execute, KeyParts, Result, Reuse, decide
from noteship.workflow.decision import Situation

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
TEXTS = st.text("abc/.", max_size=4)
PARTS = st.builds(
    KeyParts,
    TEXTS,
    st.dictionaries(TEXTS, VALUES, max_size=2),
    TEXTS,
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.dictionaries(TEXTS, TEXTS, max_size=3),
)


def form(parts: KeyParts) -> str:
    outside = sorted(parts.outside.values())
    return repr([parts.code, sorted(parts.params.items()), parts.environment, sorted(parts.reads.items()), outside])


@given(PARTS, PARTS)
def test_key_is_the_parts(one: KeyParts, other: KeyParts) -> None:
    """The key changes exactly when a part changes."""
    assert (one.key == other.key) == (form(one) == form(other))


@given(PARTS)
def test_key_survives_json(parts: KeyParts) -> None:
    """Parts that were written down have the same key."""
    assert KeyParts.from_json(json.loads(json.dumps(parts.to_json()))).key == parts.key


def test_key_form() -> None:
    """The byte form is the one that is written down, and stays."""
    parts = KeyParts("c", {"b": float("nan"), "a": 1}, "e", {"y": "2", "x": "1"}, {"/q": "4", "/p": "9"})
    assert parts.key == of_value(
        [1, "c", [["a", 1], ["b", ["float", "nan"]]], "e", [["x", "1"], ["y", "2"]], ["4", "9"]]
    )


def test_outside_paths_do_not_count() -> None:
    """The same bytes at another place of another machine give the same key."""
    assert KeyParts("c", outside={"/home/a/x": "1"}).key == KeyParts("c", outside={"/data/x": "1"}).key


OLD = KeyParts("c", {"p": 1}, "e", {"x.csv": "1"}, {"/o": "1"})
ENV_1 = Environment("e", {"pandas": "2.1", "numpy": "1"}, "3.11")
ENV_2 = Environment("e2", {"pandas": "2.2", "numpy": "1"}, "3.11")


def result(parts: KeyParts) -> Result:
    return Result("s", "run-1", parts, {"y": Artifact(of_bytes(b""), "file", 0)})


@pytest.mark.parametrize(
    ("parts", "kind", "text"),
    [
        (KeyParts("c2", {"p": 2}, "e", {}, {}), "code", "its code changed"),
        (KeyParts("c", {"p": 2}, "e2", {"x.csv": "2"}), "parameter", "parameter p: 1 -> 2"),
        (KeyParts("c", {"p": True}, "e", {"x.csv": "1"}), "parameter", "parameter p: 1 -> True"),
        (KeyParts("c", {}, "e", {"x.csv": "1"}), "parameter", "parameter p: 1 -> the notebook's own value"),
        (KeyParts("c", {"p": 1}, "e2", {"x.csv": "2"}), "environment", "environment: pandas 2.1 -> 2.2"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "2"}), "input", "input x.csv made anew by 01"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "absent"}), "input", "input x.csv is gone"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "1", "a": "1"}), "input", "input a was not among its inputs before"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "1"}, {"/o": "2"}), "input", "input /o changed"),
        (OLD, "lost", "its result is not in the ledger any more"),
    ],
)
def test_first_difference(parts: KeyParts, kind: str, text: str) -> None:
    """The reason is the first thing that differs from the last result."""
    now = Situation(parts, last=result(OLD), makers={"x.csv": "01"}, environment=ENV_2, before=ENV_1)
    assert decide(now) == Execute(kind, text)  # type: ignore[arg-type]


def test_never_ran() -> None:
    """Without any result the stage has to run."""
    assert decide(Situation(OLD)) == Execute("never", "it has no result yet")


def test_known() -> None:
    """A result under the key is used, unless outputs are lost or were not made then."""
    known = result(OLD)
    assert decide(Situation(OLD, known)) == Reuse(known)
    assert decide(Situation(OLD, known, lost=("y", "z"))) == Execute(
        "lost", "its output y (and 1 more) is lost or damaged in the store"
    )
    assert decide(Situation(OLD, known, absent=("m",))) == Execute(
        "output", "its last result has no m, which is needed now"
    )
