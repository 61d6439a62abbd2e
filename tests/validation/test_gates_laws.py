"""Laws of gates: text and value go together, and what they say is what Python says of the same expression."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from noteship.validation import gate_terms as terms
from noteship.validation import gate_text
from noteship.validation.errors import GateUnreadable
from noteship.validation.gates import Gate

MEASURES = ("f1", "mcc", "bias")
NUMBERS = st.floats(min_value=0, max_value=1e6, allow_nan=False).map(lambda x: terms.Number(abs(x)))
VALUES = st.floats(min_value=-1e3, max_value=1e3, allow_nan=False)
SIGNS = st.sampled_from(terms.COMPARISONS)


def quantities(names: st.SearchStrategy[terms.Name]) -> st.SearchStrategy[Any]:
    """Numbers, names and arithmetic of them."""
    return st.recursive(
        NUMBERS | names,
        lambda inner: (
            st.builds(terms.Negative, inner)
            | st.builds(terms.Arithmetic, st.sampled_from("+-*/"), inner, inner)
            | st.builds(lambda of: terms.Call("abs", (of,)), inner)
            | st.builds(
                lambda name, several: terms.Call(name, tuple(several)),
                st.sampled_from(("max", "min")),
                st.lists(inner, min_size=2, max_size=3),
            )
        ),
        max_leaves=5,
    )


def conditions(names: st.SearchStrategy[terms.Name]) -> st.SearchStrategy[Any]:
    """Comparisons, and what joins them."""
    chain = st.lists(st.tuples(SIGNS, quantities(names)), min_size=1, max_size=3)
    comparison = st.builds(
        lambda first, rest: terms.Comparison((first, *(each for _, each in rest)), tuple(sign for sign, _ in rest)),
        quantities(names),
        chain,
    )
    return st.recursive(
        comparison,
        lambda inner: (
            st.builds(terms.Not, inner) | st.builds(terms.Joined, st.sampled_from(("and", "or")), inner, inner)
        ),
        max_leaves=3,
    )


PLAIN = st.sampled_from(MEASURES).map(lambda name: terms.Name((name,)))
ANY = st.lists(st.text(max_size=8) | st.sampled_from(MEASURES), min_size=1, max_size=4).map(
    lambda parts: terms.Name(tuple(parts))
)


def read(text: str) -> Gate:
    """The gate of a text that may be refused for what it says, not for how it is written."""
    try:
        return Gate.parse(text, "here")
    except GateUnreadable as error:
        refused = ("it is longer", "it names no", "it is never true", "it divides by 0", "it has too many")
        assert error.fault.startswith(refused), error
        assume(False)
        raise


@given(conditions(ANY))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_as_the_same(condition: terms.Condition) -> None:
    """Every condition is read again from its own text, whatever its names are."""
    gate = read(str(condition))
    assert gate.condition == condition
    assert str(gate) == str(condition)


@given(conditions(PLAIN), st.tuples(VALUES, VALUES, VALUES))
@settings(max_examples=100, deadline=None)
def test_evaluation_is_pythons(condition: terms.Condition, several: tuple[float, float, float]) -> None:
    """A gate passes just where Python finds its text true, unless a number on the way does not exist."""
    values = dict(zip(MEASURES, several, strict=True))
    judged = read(str(condition)).evaluate(values, has_champion=False)
    try:
        expected = eval(str(condition), {"abs": abs, "max": max, "min": min}, values)
    except ZeroDivisionError:
        expected = False
    if "which fails the gate" in judged.told:
        assert not judged.passed
    else:
        assert judged.passed == expected


@given(st.text(max_size=60) | st.text(alphabet="f1 .<>=!()'\"+-*/,%andornot09", max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_gate_or_a_clear_fault(text: str) -> None:
    """Whatever a text is, it is read, or refused at one of its characters with a remedy."""
    try:
        gate = Gate.parse(text, "here")
    except GateUnreadable as error:
        assert 0 <= error.at <= len(text)
        assert error.fault and error.remedy
        assert str(error)
    else:
        assert Gate.parse(str(gate), "here") == gate


@given(VALUES, VALUES)
@settings(max_examples=100, deadline=None)
def test_told_numbers_keep_their_order(left: float, right: float) -> None:
    """What is told of a comparison is true of the numbers as they are shown."""
    told = Gate.parse("f1 >= mcc", "here").evaluate({"f1": left, "mcc": right}, has_champion=False).told
    _, shown, sign, _, other = told.replace(",", "").split()
    assert (float(shown) >= float(other)) == (left >= right) == (sign == ">=")
    assert math.isclose(float(shown), left, rel_tol=0.01, abs_tol=0)


def test_longest_gates_are_read() -> None:
    """The longest sum and the deepest parentheses that are allowed are read, printed and worked out."""
    longest = "+".join(["1"] * ((gate_text.LONGEST - 6) // 2)) + "> f1"
    assert Gate.parse(longest, "here").evaluate({"f1": 0.5}, has_champion=False).passed
    deep = gate_text.DEEPEST - 2
    assert Gate.parse("(" * deep + "f1" + ")" * deep + " > 0", "here").condition == gate_text.read("f1 > 0")
