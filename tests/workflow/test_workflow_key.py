"""The cache key and the decision that hangs on it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noteship.digests import of_bytes, of_value
from noteship.store import Artifact
from noteship.workflow import Environment, Execute, KeyParts, Result, Reuse, Stage, decide
from noteship.workflow.decision import Situation, own_change

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
    st.lists(st.lists(TEXTS, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)


def form(parts: KeyParts) -> str:
    outside = [(path.split("/")[-1], digest) for path, digest in sorted(parts.outside.items()) if digest != "absent"]
    params, reads, elsewhere = (sorted(each.items()) for each in (parts.params, parts.reads, parts.elsewhere))
    return repr([parts.code, parts.calls, elsewhere, params, parts.environment, reads, outside])


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
    calls, elsewhere = (("", "--n", "1"), ("pkg.m",)), {"/h": "d", "/g": ""}
    params = {"b": float("nan"), "a": 1}
    parts = KeyParts("c", params, "e", {"y": "2", "x": "1"}, {"/z/q": "4", "/p": "9", "/o": "absent"}, calls, elsewhere)
    first = [3, "c", [["", "--n", "1"], ["pkg.m"]], [["/g", ""], ["/h", "d"]]]
    assert parts.key == of_value(
        [*first, [["a", 1], ["b", ["float", "nan"]]], "e", [["x", "1"], ["y", "2"]], [["p", "9"], ["q", "4"]]]
    )


def test_outside_paths_do_not_count() -> None:
    """The same bytes at another place of another machine give the same key, also where the first place is known."""
    one, other = KeyParts("c", outside={"/home/a/x": "1"}), KeyParts("c", outside={"/data/x": "1"})
    assert one.key == other.key
    assert one.key == KeyParts("c", outside={"/home/a/x": "absent", "/home/b/x": "1"}).key


@pytest.mark.parametrize(("one", "other"), [("/d/a", "/d/b"), ("/d/1/a", "/d/2/a")])
def test_outside_files_that_are_exchanged(one: str, other: str) -> None:
    """Two files outside that take each other's place are other inputs, whether their names differ or their folders."""
    now, before = KeyParts("c", outside={one: "1", other: "2"}), KeyParts("c", outside={one: "2", other: "1"})
    assert now.key != before.key
    assert KeyParts("c", outside={one: "1"}).key == KeyParts("c", outside={one: "1", other: "absent"}).key


OLD = KeyParts("c", {"p": 1}, "e", {"x.csv": "1"}, {"/o": "1"})
ENV_1 = Environment("e", {"pandas": "2.1", "numpy": "1"}, "3.11")
ENV_2 = Environment("e2", {"pandas": "2.2", "numpy": "1"}, "3.11")


ANEW = "input x.csv made anew by 01"
PIECES = {"s.ipynb": [("cell 1", "a"), ("cell 2", "b")], "help.py": [("function f", "c"), ("top level", "d")]}
STAGE = Stage("s", "s.ipynb", of_bytes(b""), literals={"q": 0.5}, pieces=PIECES)


def result(parts: KeyParts, pieces: dict[str, list[tuple[str, str]]] | None = None) -> Result:
    return Result("s", "run-1", parts, {"y": Artifact(of_bytes(b""), "file", 0)}, pieces=pieces or {})


@pytest.mark.parametrize(
    ("parts", "kind", "text"),
    [
        (KeyParts("c2", {"p": 2}, "e", {}, {}), "code", "its code changed"),
        (KeyParts("c", {"p": 2}, "e2", {"x.csv": "2"}), "parameter", f"parameter p: 1 -> 2; {ANEW}"),
        (KeyParts("c", {"p": True}, "e", {"x.csv": "1"}), "parameter", "parameter p: 1 -> True"),
        (KeyParts("c", {}, "e", {"x.csv": "1"}), "parameter", "parameter p: 1 -> the notebook's own value"),
        (KeyParts("c", {"p": 1, "q": 2}), "parameter", "parameter q: 0.5 (the notebook's own) -> 2"),
        (KeyParts("c", {"p": 1}, "e2", {"x.csv": "2"}), "environment", f"environment: pandas 2.1 -> 2.2; {ANEW}"),
        (KeyParts("c2", {"p": 1}, "e", {"y.csv": "2"}), "code", "its code changed"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "2"}), "input", ANEW),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "absent"}), "input", "input x.csv is gone"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "1", "a": "1"}), "input", "input a was not among its inputs before"),
        (KeyParts("c", {"p": 1}, "e", {"x.csv": "1"}, {"/o": "2"}), "input", "input /o changed"),
        (OLD, "lost", "its result is not in the ledger any more"),
    ],
)
def test_first_difference(parts: KeyParts, kind: str, text: str) -> None:
    """The reason is the first thing that differs from the last result, with an input that is another one, too."""
    now = Situation(STAGE, parts, last=result(OLD), makers={"x.csv": "01"}, environment=ENV_2, before=ENV_1)
    assert decide(now) == Execute(kind, text)  # type: ignore[arg-type]


STARTED = {
    "other": ([("", "--n", "4")], "with other words: --n 3 -> --n 4"),
    "one more": ([("", "--n", "3"), ("", "--n", "4")], "with other words: also with --n 4"),
    "none": ([], "with other words: --n 3 -> none"),
    "a module": ([("pkg.m", "--n", "3")], "with other words: --n 3 -> -m pkg.m --n 3"),
}


@pytest.mark.parametrize("case", STARTED)
def test_other_words(case: str) -> None:
    """A script that is called otherwise has to run, and the words are told."""
    calls, text = STARTED[case]
    old = result(KeyParts("c", calls=(("", "--n", "3"),)))
    assert decide(Situation(STAGE, KeyParts("c", calls=tuple(calls)), last=old)) == Execute(
        "code", f"it is called {text}"
    )


def test_paths_taken_for_others() -> None:
    """What another machine's path in the code is taken for counts, too."""
    old = result(KeyParts("c", elsewhere={"/h": "", "/k": "data"}))
    now = Situation(STAGE, KeyParts("c", elsewhere={"/h": "", "/k": "raw"}), last=old)
    assert decide(now) == Execute("code", "/k in its code is taken for raw, no more for data")


@pytest.mark.parametrize(
    ("old", "text"),
    [
        ({}, ""),
        (PIECES, ""),
        ({**PIECES, "help.py": [("function f", "x"), ("top level", "d")]}, ": help.py function f"),
        ({**PIECES, "s.ipynb": [("cell 1", "b")]}, ": cell 1 is new"),
        ({**PIECES, "s.ipynb": [("cell 1", "a"), ("cell 2", "x"), ("cell 3", "b")]}, ": cell 2 is gone"),
        ({"s.ipynb": [("cell 1", "a"), ("cell 2", "x")]}, ": cell 2, help.py is imported now"),
        ({**PIECES, "more.py": []}, ": more.py is imported no more"),
    ],
)
def test_what_of_the_code_changed(old: dict[str, list[tuple[str, str]]], text: str) -> None:
    """Cells and functions are named where the last result has them; it is still the same kind of reason."""
    now = Situation(STAGE, KeyParts("c2"), last=Result.from_json(json.loads(json.dumps(result(OLD, old).to_json()))))
    assert decide(now) == Execute("code", f"its code changed{text}")


def test_own_change() -> None:
    """What a stage has to run for is known before its inputs are; these then do not count."""
    waits = Situation(STAGE, KeyParts("c", {"p": 1}, "e", {}, {"/o": "1"}), last=result(OLD))
    assert own_change(waits, {"x.csv"}) is None
    assert own_change(waits, ()) == Execute("input", "input x.csv is read no more")
    changed = Situation(STAGE, KeyParts("c2"), last=result(OLD))
    assert own_change(changed, {"x.csv"}) == Execute("code", "its code changed")
    assert own_change(Situation(STAGE, OLD), {"x.csv"}) == Execute("never", "it has no result yet")


def test_never_ran() -> None:
    """Without any result the stage has to run."""
    assert decide(Situation(STAGE, OLD)) == Execute("never", "it has no result yet")


def test_known() -> None:
    """A result under the key is used, unless outputs are lost or were not made then."""
    known = result(OLD)
    assert decide(Situation(STAGE, OLD, known)) == Reuse(known)
    assert decide(Situation(STAGE, OLD, known, lost=("y", "z"))) == Execute(
        "lost", "its output y (and 1 more) is lost or damaged in the store"
    )
    assert decide(Situation(STAGE, OLD, known, absent=("m",))) == Execute(
        "output", "its last result has no m, which is needed now"
    )
