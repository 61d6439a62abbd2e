"""What chance makes is not named, and what is beyond it is, in tables where the two are near each other."""

from __future__ import annotations

import numpy
import pandas
import pytest
from sklearn import datasets

from surveys.planted import found, kinds

AGES = numpy.arange(18, 90)
SCHOOLS = (
    "A little college education but without any degree at all",
    "Finished secondary school and then an apprenticeship",
    "University degree, or a diploma of a technical school",
)
PHRASES = ("Thank you very much for your help, all is well", "No further comments from my side, best wishes")


def mixed(draw: numpy.random.Generator, rows: int) -> pandas.DataFrame:
    """A number, and an answer that has nothing to do with it."""
    return pandas.DataFrame({"v": draw.normal(size=rows), "returned": draw.choice(["yes", "no"], rows)})


@pytest.mark.parametrize(
    ("values", "mark", "share"),
    [
        pytest.param(AGES, -999, 0.005, id="three of 600"),
        pytest.param(AGES, -1, 0.05, id="near, often"),
        pytest.param(AGES, 999, 0.01, id="above"),
        pytest.param(numpy.arange(1, 6), -999, 0.02, id="of five values"),
    ],
)
@pytest.mark.parametrize("rows", [600, pytest.param(10_000, marks=pytest.mark.slow)])
def test_marks_are_named_however_many_rows_there_are(values: numpy.ndarray, mark: int, share: float, rows: int) -> None:
    """A mark need not be as frequent as true values are, and it is no outlier as well."""
    draw = numpy.random.default_rng(3)
    frame = mixed(draw, rows).assign(age=draw.choice(values, rows).astype(float))
    frame.loc[draw.choice(rows, int(share * rows), replace=False), "age"] = mark
    assert kinds(found(frame)) == [("sentinel", ("age",))]


def test_what_may_be_no_mark_is_not_named() -> None:
    """A nine that follows on ones and twos, and a lowest vote of -1, are values."""
    draw = numpy.random.default_rng(4)
    frame = mixed(draw, 500).assign(size=draw.choice([1, 2, 5, 9], 500), vote=draw.integers(-1, 3, 500))
    assert kinds(found(frame)) == []


def test_a_rare_event_is_remarked_on_and_no_problem() -> None:
    """Of 6,000 rows, 60 may tell much; of 600, 3 tell nothing."""
    draw = numpy.random.default_rng(5)
    many, few = mixed(draw, 6_000), mixed(draw, 600)
    many["refused"], few["refused"] = numpy.arange(6_000) < 60, numpy.arange(600) < 3
    assert [(each.kind, each.level) for each in found(many)] == [("constant", "remark")]
    assert kinds(found(few)) == [("constant", ("refused",))]


@pytest.mark.slow
def test_heavy_tails_of_both_signs_have_far_values() -> None:
    """Cauchy's, Student's with 2 degrees and Pareto's of both signs have nothing beyond reason; a slip of a unit is."""
    for seed in range(6):
        draw = numpy.random.default_rng(seed)
        rows = 1_500
        frame = mixed(draw, rows)
        for place in range(3):
            frame[f"c{place}"] = draw.standard_cauchy(rows)
            frame[f"t{place}"] = draw.standard_t(2, rows)
            frame[f"p{place}"] = draw.pareto(0.8, rows) * draw.choice([-1, 1], rows)
        assert kinds(found(frame)) == []
    frame = mixed(draw, rows)
    frame.loc[7, "v"] = -1e4
    assert kinds(found(frame)) == [("outlier", ("v",))]


@pytest.mark.parametrize(("of_rare", "named"), [(3, []), (8, [("missing-target", ("v", "returned"))])])
def test_gaps_of_a_rare_class_are_judged_exactly(of_rare: int, named: list[object]) -> None:
    """Three of ten gaps in ten of 1,000 rows happen in one of 10,000 columns (by χ² in none of 10²⁰); eight do not."""
    draw = numpy.random.default_rng(6)
    frame = mixed(draw, 1_000).assign(w=draw.normal(size=1_000), returned=["yes"] * 10 + ["no"] * 990)
    frame.loc[: of_rare - 1, "v"] = None
    frame.loc[500 : 500 + 9 - of_rare, "v"] = None
    assert kinds(found(frame.sample(frac=1, random_state=1).reset_index(drop=True))) == named


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "rare"), [(50, 10), (300, 10), (60, 30)])
def test_ids_that_say_nothing_are_not_named(rows: int, rare: int) -> None:
    """Whatever the classes' sizes, an id predicts a target that it has nothing to do with by chance only."""
    for seed in range(25):
        draw = numpy.random.default_rng(seed)
        answers = draw.permutation(["yes"] * rare + ["no"] * (rows - rare))
        frame = pandas.DataFrame({"order_id": draw.permutation(rows) + 500, "returned": answers})
        assert kinds(found(frame)) == []


def test_equals_by_chance_in_two_parts_are_no_leak() -> None:
    """Neither categories with long names, nor set phrases, nor two equal flowers of 150, are in both by mistake."""
    draw = numpy.random.default_rng(7)
    frame = mixed(draw, 300).assign(education=draw.choice(SCHOOLS, 300))
    own = [f"I bought number {draw.integers(10**8)}, and it was {draw.integers(90)} days late" for _ in range(300)]
    frame["comment"] = numpy.where(draw.random(300) < 0.1, draw.choice(PHRASES, 300), own)
    assert found(frame[:200], beside=frame[200:].reset_index(drop=True)) == ()
    leaked = frame[200:].reset_index(drop=True)
    leaked.loc[:11, "comment"] = own[20:32]
    frame.loc[20:31, "comment"] = own[20:32]
    assert kinds(found(frame[:200], beside=leaked)) == [("leak-text", ("comment",))]
    iris = datasets.load_iris(as_frame=True).frame
    for seed in range(3):
        # The two equal flowers, one in each part.
        order = [101, *numpy.random.default_rng(seed).permutation(numpy.delete(numpy.arange(150), [101, 142])), 142]
        parted = iris.iloc[order].reset_index(drop=True)
        assert kinds(found(parted[:100], target="target", beside=parted[100:].reset_index(drop=True))) == []


def test_few_cells_do_not_hide_rows_copied_to_the_other_part() -> None:
    """Where rows are equal by chance, more in both parts than a parting at random makes are named all the same."""
    draw = numpy.random.default_rng(8)

    def few(rows: int) -> pandas.DataFrame:
        answers = draw.choice(["yes", "no"], rows)
        return pandas.DataFrame(
            {"n": draw.integers(0, 400, rows), "m": draw.integers(0, 20, rows), "returned": answers}
        )

    training, test = few(400), few(200)
    assert found(training, beside=test) == ()
    copied = pandas.concat([test[:100], training[:100]], ignore_index=True)
    assert kinds(found(training, beside=copied)) == [("leak-rows", ())]


def test_copies_are_told_from_rows_that_are_one_of_several() -> None:
    """Sixty copies among 24,000 possible rows are named; a log of products, which say price and section, has none."""
    draw = numpy.random.default_rng(9)
    frame = pandas.DataFrame(
        {
            "kind": draw.choice(list("xyz"), 600),
            "n": draw.integers(0, 400, 600),
            "m": draw.integers(0, 10, 600),
            "returned": draw.choice(["yes", "no"], 600),
        }
    )
    assert found(frame) == ()
    assert kinds(found(pandas.concat([frame, frame[:60]], ignore_index=True))) == [("duplicates", ())]
    product = numpy.minimum(draw.zipf(1.3, 1_000), 3_000)
    log = pandas.DataFrame({"product": product, "price": product * 7919 % 997 / 10, "section": product % 9})
    assert found(log.assign(product=[f"p{each}" for each in product]), target=None) == ()
