"""What `noteship validate` prints of a judgement."""

from __future__ import annotations

import dataclasses

from noteship.cli.validate import summary
from noteship.digests import Digest
from noteship.operations.judgements import Kept
from noteship.operations.naming import Named
from noteship.operations.validate import Validated
from noteship.validation.judgement import Agreement, Estimate, Judgement
from reporting import judged


def printed(judgement: Judgement) -> str:
    kept = Kept("id", judgement.bundle, Digest(judgement.bundle), "key")
    return "\n".join(summary(Validated(Named(judgement.bundle, "", "latest"), judgement, kept, again=False)))


def test_means_over_classes_say_so() -> None:
    """In the table, of slices and next to the clone; the star is explained."""
    given = judged.binary()
    assert "  F1* " in printed(given) and "(mean of" not in printed(given)
    agreement = Agreement(900, 0.98, 0.01, 4, 5, 0.4, is_worse=False, difference=Estimate(0.012, -0.01, 0.03))
    text = printed(dataclasses.replace(given, positive=None, agreement=agreement))
    assert "  F1 (mean of both classes)* " in text and "  precision (mean of both classes) " in text
    assert "accuracy (mean" not in text and "\n  * the main metric: " in text
    assert "; F1 (mean of both classes) 0.710\n" in text
    assert "answers 98.0% of these rows as its clone does; F1 (mean of both classes) +0.012 next to it" in text


def test_a_worse_slice_is_told_by_what_was_tested() -> None:
    """Of classes shares of wrong answers, of numbers how far off they are; where none is known, the metric alone."""
    given = judged.binary()
    told = "wrong more often where sender is post.example.com: 31 % of 220 rows, of other rows of the same classes 11 %"
    assert f"  {told}; F1 0.710" in printed(given)
    before = tuple(dataclasses.replace(each, loss=float("nan")) for each in given.slices)
    unknown = printed(dataclasses.replace(given, slices=before))
    assert "  wrong more often where sender is post.example.com: 220 rows; F1 0.710" in unknown
    numbers = judged.regression()
    worse = dataclasses.replace(numbers.slices[0], is_worse=True, p=0.001, loss=52_000.0, usual=31_000.0)
    text = printed(dataclasses.replace(numbers, slices=(worse,)))
    assert f"where rooms is {worse.value}: by 52,000 in 180 rows, in other rows by 31,000; root mean" in text


def test_numbers_are_told_without_powers_of_ten() -> None:
    """Also those of a regression; that few of its answers are the very same is no news."""
    agreement = Agreement(900, 0.114, 4_081.5, 400, 500, 0.4, is_worse=False, difference=Estimate(18_612.4, 100.0, 2e4))
    metrics = {"mae": Estimate(18_612.4, 17_000.0, 20_100.0), "r2": Estimate(0.91234, 0.9, 0.92)}
    given = dataclasses.replace(judged.regression(), metric="mae", metrics=metrics, agreement=agreement)
    text = printed(given)
    assert "  mean absolute error*  18,612  17,000 to 20,100" in text and "0.912" in text
    apart = "the bundle's answers are 4,082 apart from its clone's on average; mean absolute error +18,612"
    assert f"  {apart} next to it (+100 to +20,000): not shown to be worse" in text
    assert "e+0" not in text and "11.4%" not in text
