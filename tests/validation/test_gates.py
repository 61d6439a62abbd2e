"""Gates: what they read, when they pass, what they tell, and what is wrong with others."""

from __future__ import annotations

import math

import pytest

from noteship.validation.errors import GateUnknown, GateUnreadable
from noteship.validation.gate_values import Known, values_of
from noteship.validation.gates import Gate
from noteship.validation.judgement import Compared, Cost, Estimate, Judgement, Latency, Slice, Split

PLACE = "[validate] gates in noteship.toml"
VALUES = {
    "f1": Estimate(0.962, 0.951, 0.97),
    "mcc": Estimate(math.nan),
    "bias": -0.2,
    "p99_ms": 7.1,
    "share": 0.3,
    "champion.f1": Estimate(0.958),
    "difference.f1": Estimate(0.004, -0.002, 0.01),
}


def tell(text: str, has_champion: bool = True) -> tuple[bool, str]:
    """Whether a gate passes, and what it tells."""
    judged = Gate.parse(text, PLACE).evaluate(VALUES, has_champion=has_champion)
    return judged.passed, judged.told


@pytest.mark.parametrize(
    ("text", "passed", "told"),
    [
        ("f1 >= 0.95", True, "f1 0.962 >= 0.95"),
        ("f1 >= 0.9621", False, "f1 0.962 < 0.9621"),
        ("f1.low >= 0.95 and p99_ms <= 5", False, "f1.low 0.951 >= 0.95; p99_ms 7.1 > 5"),
        ("f1 >= champion.f1 - 0.01", True, "f1 0.962 >= 0.948 (champion.f1 0.958 - 0.01)"),
        ("difference.f1.low >= -0.01", True, "difference.f1.low -0.002 >= -0.01"),
        ("0.2 <= share <= 0.4", True, "0.2 <= share 0.3 <= 0.4"),
        ("0.2 <= share < 0.25", False, "0.2 <= share 0.3 >= 0.25"),
        ("abs(bias) <= 0.1", False, "0.2 (abs(bias -0.2)) > 0.1"),
        ("not (share > 0.5 or bias > 0)", True, "share 0.3 <= 0.5; bias -0.2 <= 0"),
    ],
)
def test_gate_tells_both_sides(text: str, passed: bool, told: str) -> None:
    """What is told is true of the values, with as many digits as tell them apart."""
    assert tell(text) == (passed, told)


@pytest.mark.parametrize(
    ("text", "passed", "told"),
    [
        ("f1 >= champion.f1 - 0.01", True, "there is no champion to compare with"),
        ("difference.f1.low >= 0", True, "there is no champion to compare with"),
        ("not (f1 < champion.f1)", True, "there is no champion to compare with"),
        ("f1 >= 0.99 and f1 >= champion.f1", False, "f1 0.962 < 0.99; there is no champion to compare with"),
        ("f1 >= 0.99 or f1 >= champion.f1", True, "f1 0.962 < 0.99; there is no champion to compare with"),
        ("not (f1 >= 0.9 and f1 < champion.f1)", True, "f1 0.962 >= 0.9; there is no champion to compare with"),
        ("not (f1 >= 0.9 or f1 < champion.f1)", False, "f1 0.962 >= 0.9; there is no champion to compare with"),
        (
            "f1 >= max(champion.f1, 0.97)",
            False,
            "f1 0.962 < 0.97 (max(champion.f1, 0.97)); there is no champion to compare with",
        ),
        ("0.97 <= f1 >= champion.f1", False, "0.97 > f1 0.962; there is no champion to compare with"),
    ],
)
def test_without_a_champion_what_is_about_it_is_open(text: str, passed: bool, told: str) -> None:
    """Without a champion a gate about it passes and says so; what else it demands in any case stays demanded."""
    assert tell(text, has_champion=False) == (passed, told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mcc >= 0.5", "mcc has no value on these rows, which fails the gate"),
        ("not (mcc < 0.5)", "mcc has no value on these rows, which fails the gate"),
        ("f1 >= 0.9 or mcc >= 0.5", "mcc has no value on these rows, which fails the gate"),
        ("champion.mcc >= 0", "champion.mcc has no value on these rows, which fails the gate"),
        ("mcc.low >= 0", "mcc.low has no value on these rows, which fails the gate"),
        ("bias.low >= 0", "bias.low has no value on these rows, which fails the gate"),
        ("f1 / (bias + 0.2) > 0", "f1 / (bias + 0.2) divides by 0, which fails the gate"),
        ("f1 * 1e308 * 1e308 > 0", "f1 * 1e+308 * 1e+308 is beyond all numbers, which fails the gate"),
    ],
)
def test_what_has_no_value_fails(text: str, told: str) -> None:
    """A value that does not exist fails the gate that asks for it, whatever else the gate says."""
    assert tell(text) == (False, told)


def test_a_slice_that_there_is_not_is_told_with_those_that_there_are() -> None:
    """A value that no held-out row has, or too few have for a slice of their own."""
    values = {f"slice.city.{name}": Estimate(0.9) for name in ("Bonn.f1", "'New York'.f1", "Bonn.recall", "f1")}
    told = Gate.parse("slice.city.Berlin.f1 >= 0.5", PLACE).evaluate(values, has_champion=True).told
    assert told == (
        "slice.city.Berlin.f1 has no value, as there is no such slice (of city there are Bonn, 'New York'),"
        " which fails the gate"
    )


def test_large_numbers_are_told_without_powers_of_ten() -> None:
    """As many digits as tell both sides apart, in groups of three, and the values behind an expression likewise."""
    values = {"mae": Estimate(18_612.4), "champion.mae": 17_000.0}
    gates = {
        "mae <= 19000": "mae 18,600 <= 19,000",
        "mae <= 18612.3": "mae 18,612.4 > 18,612.3",
        "mae <= champion.mae * 1.1": "mae 18,600 <= 18,700 (champion.mae 17,000 * 1.1)",
        "mae <= 2e20": "mae 18,600 <= 2e+20",
    }
    for text, told in gates.items():
        assert Gate.parse(text, PLACE).evaluate(values, has_champion=True).told == told


def test_sides_are_told_of_single_comparisons() -> None:
    """A gate of one comparison has both numbers, and the interval of the one measure that it compares."""
    judged = Gate.parse("f1 >= champion.f1 - 0.01", PLACE).evaluate(VALUES, has_champion=True)
    assert (judged.left, judged.comparison, judged.estimate) == (0.962, ">=", VALUES["f1"])
    assert judged.right == pytest.approx(0.948)
    joined = Gate.parse("f1 >= 0.9 and p99_ms <= 5", PLACE).evaluate(VALUES, has_champion=True)
    assert (joined.left, joined.comparison, joined.right, joined.estimate) == (None, "", None, None)


def test_equal_gates_are_equal_however_they_are_written() -> None:
    """Spaces, needless parentheses, forms of numbers and quotes make no other gate."""
    gate = Gate.parse("f1 >= 0.95 and slice.sender.f1 > 1", PLACE)
    assert gate == Gate.parse("(f1>=9.5e-1) and (slice . 'sender'.f1 > 1.0)", "elsewhere")
    assert gate != Gate.parse("f1 >= 0.95 and slice.sender.f1 >= 1", PLACE)
    assert str(gate) == "f1 >= 0.95 and slice.sender.f1 > 1"


@pytest.mark.parametrize(
    ("text", "at", "fault", "near"),
    [
        ("", 0, "it is empty", ""),
        ("f1", 0, "f1 is a number, and nothing says what it has to be", ""),
        ("f1 => 0.9", 3, "a gate has no =>", ">="),
        ("f1 = 0.9", 3, "a gate has no =", "== or >="),
        ("f1 ≥ 0.9", 3, "a gate has no ≥", ">="),
        ("f1 >= 95 %", 9, "a gate has no percentages", "0.95"),
        ("f1 >= 0,95", 7, "a comma stands where none can", ""),
        ("f1 >= 0.9 && mcc > 1", 10, "a gate has no &&", "and"),
        ("f1 >= 0.9 AND mcc > 1", 10, "'AND' stands where it cannot", "and"),
        ("f1 and mcc > 1", 0, "f1 is a number, and nothing says what it has to be", ""),
        ("(f1 > 1) + 1 > 2", 0, "(f1 > 1) is true or false, and a number is needed here", ""),
        ("1 < 2", 0, "it names no metric", ""),
        ("0.4 <= share <= 0.2", 0, "it is never true, whatever is measured: 0.4 <= … <= 0.2", ""),
        ("0.4 < share < 0.4", 0, "it is never true, whatever is measured: 0.4 < … < 0.4", ""),
        ("0.2 >= share >= 0.4", 0, "it is never true, whatever is measured: 0.2 >= … >= 0.4", ""),
        ("(f1 > 1", 0, "a parenthesis is not closed", ""),
        ("f1 >", 4, "it ends too early", ""),
        ("f1 > 1)", 6, "')' stands where it cannot", ""),
        ("minimum(f1) > 1", 0, "there is no function minimum", "min"),
        ("champion. > 1", 10, "a name ends with a dot", ""),
        ("slice.2024.f1 > 1", 5, "'.2024' stands where it cannot", ""),
        ("abs(f1, 2) > 1", 0, "abs is of one number", ""),
        ("f1 / 0 > 1", 5, "it divides by 0", ""),
        ("p99_ms <= 5ms", 11, "5 is followed by 'ms'", ""),
        ("f1 > 'x", 5, "a quote is not closed", ""),
        ("f1 > 1e999", 5, "1e999 is too large a number", ""),
        ("f1 > " + "1+" * 300 + "1", 400, "it is longer than 400 characters", ""),
        ("(" * 60 + "f1" + ")" * 60 + "> 1", 40, "it has too many parentheses within each other", ""),
    ],
)
def test_what_is_no_gate_is_told_with_its_place(text: str, at: int, fault: str, near: str) -> None:
    """A text that is no gate is refused at the character that shows it, with what was perhaps meant."""
    with pytest.raises(GateUnreadable) as told:
        Gate.parse(text, PLACE)
    assert (told.value.at, told.value.fault, told.value.near) == (at, fault, near)
    assert told.value.remedy and told.value.exit_code == 2


def test_the_caret_stands_below_its_character() -> None:
    """The message shows the gate and a caret, also where only a part of the gate is shown."""
    with pytest.raises(GateUnreadable) as told:
        Gate.parse("f1 >= 0.95 and\tp99_ms =< 5", PLACE)
    assert str(told.value).splitlines()[1:4] == [
        f"  at: {PLACE}",
        "    f1 >= 0.95 and p99_ms =< 5",
        "                          ^".replace("  ", "  "),
    ]
    with pytest.raises(GateUnreadable) as told:
        Gate.parse("f1 >= 0.95 and " * 10 + "f1 => 1", PLACE)
    line, caret = str(told.value).splitlines()[2:4]
    assert line[caret.index("^") :].startswith("=>")


UNSLICED = ", unless [validate] slices names it"
CLASSIFIER = Known(("f1", "accuracy", "precision"), ("sender", "a column"), is_calibrated=True)


@pytest.mark.parametrize(
    "text",
    [
        "f1.low >= 0.9",
        "p99_ms <= 5 and rows_per_second > 100",
        "worst_slice.f1.low >= 0.5",
        "slice.sender.f1 >= 0.5",
        "slice.'a column'.'some value'.precision.high >= 0.5",
        "f1 >= champion.f1.low and difference.f1.high > 0",
    ],
)
def test_known_names_are_known(text: str) -> None:
    """What can be measured can be asked for."""
    CLASSIFIER.check([Gate.parse(text, PLACE)])


@pytest.mark.parametrize(
    ("text", "name", "why", "near"),
    [
        ("acuracy > 0", "acuracy", "there is no measure acuracy", "accuracy"),
        ("champion.acuracy > 0", "champion.acuracy", "there is no measure acuracy", "accuracy"),
        ("rmse < 3", "rmse", "root mean squared error is not measured of this model", ""),
        ("champion.p99_ms > 1", "champion.p99_ms", "p99_ms is known of the judged model alone", "p99_ms"),
        ("p99_ms.low > 1", "p99_ms.low", "what scoring costs has no interval", ""),
        ("slice.subject.f1 > 0", "slice.subject.f1", f"rows are not sliced by 'subject'{UNSLICED}", ""),
        ("slice.sendr.f1 > 0", "slice.sendr.f1", f"rows are not sliced by 'sendr'{UNSLICED}", "slice.sender.f1"),
        ("f1.middle > 0", "f1.middle", "there is nothing of that kind", ""),
        ("slice.f1 > 0", "slice.f1", "there is nothing of that kind", "f1"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(text: str, name: str, why: str, near: str) -> None:
    """A name that is not measured of this model is refused before the judging, with the names that there are."""
    with pytest.raises(GateUnknown) as told:
        CLASSIFIER.check([Gate.parse(text, PLACE)])
    assert (told.value.name, told.value.why) == (name, why)
    assert near in told.value.near
    assert {"f1", "p99_ms", "ece", "slice.'a column'.f1"} <= set(told.value.known)
    assert f"    {text}\n    ^" in str(told.value)


def test_why_a_champion_has_no_value() -> None:
    """Where it was not compared the gate says so; what else has no value has none on these rows."""
    gate = Gate.parse("difference.f1 >= 0 and mcc > 0", PLACE)
    told = gate.evaluate({"f1": 0.5}, has_champion=True, uncompared="the table has no column w").told
    assert told == (
        "difference.f1 has no value as the champion was not compared (the table has no column w), which fails the gate;"
        " mcc has no value on these rows, which fails the gate"
    )


def judged() -> Judgement:
    """A judgement with slices, a champion and costs."""
    latency = Latency(1.0, 2.0, 3.0)
    slices = (
        Slice("sender", "a", 300, {"f1": Estimate(0.9), "bias": Estimate(0.3)}),
        Slice("sender", "b", 200, {"f1": Estimate(0.8), "bias": Estimate(-0.4)}),
        Slice("sender", "c", 3, {"f1": Estimate(0.1), "bias": Estimate(9.0)}, is_small=True),
        Slice("length", "missing", 90, {"f1": Estimate(math.nan), "bias": Estimate(0.1)}),
    )
    return Judgement(
        "ab" * 32, "mail", "classification", "label", "f1", Split("share", 800, 200), "clone", "",
        {"f1": Estimate(0.95, 0.9, 0.99)}, {}, slices=slices,
        cost=Cost("plain", latency, latency, 1000.0),
        champion=Compared("cd" * 32, "refitted", metrics={"f1": Estimate(0.9)}, differences={"f1": Estimate(0.05)}),
    )  # fmt: skip


def test_values_are_those_of_the_judgement() -> None:
    """Small slices are not the worst ones, nor are those without a value; both directions of a bias are bad."""
    values = values_of(judged())
    assert values["f1"] == Estimate(0.95, 0.9, 0.99)
    assert (values["p99_ms"], values["rows_per_second"]) == (3.0, 1000.0)
    known = {
        "worst_slice.f1": 0.8, "slice.sender.f1": 0.8, "worst_slice.bias": -0.4, "slice.sender.c.f1": 0.1,
        "champion.f1": 0.9, "difference.f1": 0.05,
    }  # fmt: skip
    # Without an interval no two are equal: an end is no number.
    assert {name: each.value for name in known if isinstance(each := values[name], Estimate)} == known
    for nothing in ("work_p99", "slice.length.f1"):
        value = values[nothing]
        assert math.isnan(value.value if isinstance(value, Estimate) else value)
    assert not Gate.parse("slice.sender.d.f1 > 0", PLACE).evaluate(values, has_champion=True).passed
