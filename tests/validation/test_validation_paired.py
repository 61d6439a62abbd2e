"""The paired test says by chance what is chance."""

from __future__ import annotations

import numpy
import pytest
from scipy import stats

from noteship.validation.answering import placed
from noteship.validation.metrics import Classified
from noteship.validation.paired import compare
from noteship.validation.swapping import compare_by


def losses(rows: int, seed: int, worse: float = 0.0) -> tuple[numpy.ndarray, numpy.ndarray]:  # type: ignore[type-arg]
    """Wrong answers of two models that mostly agree; the first is wrong on a further share of the rows."""
    random = numpy.random.default_rng(seed)
    first = random.random(rows) < 0.2
    second = numpy.where(random.random(rows) < 0.8, first, random.random(rows) < 0.2)
    first = first | (random.random(rows) < worse)
    return first.astype(float), second.astype(float)


def test_wrong_answers_are_compared_by_the_sign_test() -> None:
    """The rows on which one alone is wrong are coins: the chance is the binomial distribution's, exactly."""
    first = numpy.array([1.0] * 9 + [0.0] * 2 + [1.0] * 50 + [0.0] * 50)
    second = numpy.array([0.0] * 9 + [1.0] * 2 + [1.0] * 50 + [0.0] * 50)
    found = compare(first, second)
    assert (found.better, found.worse) == (2, 9)
    assert found.p_worse == pytest.approx(stats.binomtest(9, 11, alternative="greater").pvalue)
    assert found.p == pytest.approx(stats.binomtest(9, 11).pvalue)
    assert compare(second, first).p_worse > 0.99


def test_models_that_answer_alike_are_no_worse() -> None:
    """Ties say nothing: without a difference the chance is certain."""
    found = compare(numpy.ones(40), numpy.ones(40))
    assert (found.p_worse, found.p, found.better, found.worse) == (1, 1, 0, 0)


def test_numbers_are_compared_by_random_signs() -> None:
    """The chance is that of the t-test, where that one may be used; equal requests have equal answers."""
    random = numpy.random.default_rng(1)
    second = random.random(200)
    first = second + random.normal(0.03, 0.2, 200)
    found = compare(first, second, seed=5)
    assert found.p_worse == pytest.approx(stats.ttest_rel(first, second, alternative="greater").pvalue, abs=0.01)
    assert found == compare(first, second, seed=5)


def test_rows_of_one_group_are_one_piece() -> None:
    """A difference that all rows of two groups have is that of two rows."""
    groups = numpy.repeat([0, 1, 2], 100)
    first = numpy.repeat([1.0, 1.0, 0.0], 100)
    assert compare(first, numpy.zeros(300)).p_worse < 1e-6
    assert compare(first, numpy.zeros(300), groups).p_worse == pytest.approx(0.25)


def test_the_level_is_kept() -> None:
    """Of 400 pairs of models that are equally good, 5 % at most are called worse at a level of 5 %, up to chance."""
    called = [compare(*losses(80, seed), seed=seed).p_worse < 0.05 for seed in range(400)]
    assert sum(called) <= stats.binom.ppf(0.999, 400, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["numbers", "groups"])
def test_the_level_is_kept_by_random_signs(kind: str) -> None:
    """So with heavy tails, and with rows that go together."""
    called = 0
    for seed in range(600):
        random = numpy.random.default_rng(seed)
        if kind == "numbers":
            pair, groups = (numpy.abs(random.standard_t(3, 100)), numpy.abs(random.standard_t(3, 100))), None
        else:
            groups = random.integers(25, size=200)
            share = random.random(25)[groups]
            pair = ((random.random(200) < share) * 1.0, (random.random(200) < 1 - share) * 1.0)
        called += compare(*pair, groups, seed=seed).p_worse < 0.05
    assert called <= stats.binom.ppf(0.999, 600, 0.05)


def test_what_is_worse_is_found() -> None:
    """A tenth more wrong answers among 400 rows are no chance."""
    assert all(compare(*losses(400, seed, worse=0.1)).p_worse < 0.01 for seed in range(20))


@pytest.mark.parametrize("metric", ["f1", "recall", "mcc", "log_loss"])
def test_the_same_answers_by_another_list_of_classes_are_no_difference(metric: str) -> None:
    """Good at c and bad at b, with classes in the order a, c, b, and one that the other model does not know."""
    random = numpy.random.default_rng(0)
    true = random.integers(3, size=200)
    given = (numpy.eye(3)[true] + random.random((200, 3))) / numpy.array([1.0, 3.0, 1.0])
    given /= given.sum(axis=1, keepdims=True)
    one = Classified(true, given.argmax(axis=1), given, 3, 2)
    order = numpy.array([0, 2, 3, 1])
    theirs = numpy.hstack([given, numpy.zeros((200, 1))])[:, order]
    places = numpy.argsort(order)
    other = Classified(places[one.true], places[one.predicted], theirs, 4, 1)
    both = placed(one, ("a", "b", "c"), tuple("abcd"), 2), placed(other, tuple("acdb"), tuple("abcd"), 2)
    assert (both[0].predicted == both[1].predicted).all() and compare_by(metric, *both).p == 1
    weights = numpy.ones((1, 200))
    found = [float(each.measure(weights)[metric][0]) for each in (one, *both)]
    assert found == pytest.approx([found[0]] * 3)
