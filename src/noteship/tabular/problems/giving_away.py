"""Columns that know the answer, and rows that are in the order of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy

from noteship.tabular.problems.problem import Problem, is_id, said, share
from noteship.tabular.surveys import Looked
from noteship.tabular.surveys.coding import binned
from noteship.tabular.surveys.telling import Target, Tells, score

__all__ = ["found"]

# Fewer rows, or of the rarer class, may be told apart by chance.
FEWEST_ROWS, FEWEST_OF_CLASS = 50, 10
# The best single measurement of scikit-learn's own data sets has an area of 0.975 (breast cancer), and 0.90 out of
# fold (iris). The area's standard error is at most 0.01 from 50 rows of each class on (Hanley and McNeil, 1982).
AREA, DETERMINED, VARIANCE = 0.99, 0.97, 0.99
# A number that names rows should say nothing at all, but for chance: so much, and so many standard errors of the score.
OF_AN_ID, ERRORS = 0.3, 5.0
IN_ORDER = 0.8
ORDER_BINS = 50


def found(looked: Looked) -> Iterator[Problem]:
    """Of columns, ids, and the order of rows."""
    target = looked.survey.target
    if target is None or not _is_enough(target):
        return
    chance = ERRORS * _error(target)
    ids = {each.name for each in looked.survey.counted if is_id(each)}
    for each in looked.survey.tells:
        if each.name in ids:
            if each.score >= max(OF_AN_ID, chance):
                yield _of_id(looked, each, target)
        elif _gives_away(each, target):
            yield _of_column(looked, each, target)
    # What an id tells, the order tells, too.
    places = binned(looked.sample.numbers.astype(float), max(10, min(ORDER_BINS, len(looked.sample.numbers) // 15)))
    told = score(places, target)
    if told >= max(IN_ORDER, chance):
        yield Problem(
            "order",
            (target.name,),
            f"The rows are in the order of “{target.name}”: where a row stands predicts it (score {told:.2f}, "
            "from 0 to 1).",
            "Shuffle before the rows are split or learnt from in batches; a part cut off the end has other answers.",
            f"a score of {IN_ORDER} out of fold",
            level="remark",
        )


def _is_enough(target: Target) -> bool:
    known = target.codes[target.codes >= 0]
    if len(known) < FEWEST_ROWS:
        return False
    return target.kind == "numbers" or int((numpy.bincount(known) >= FEWEST_OF_CLASS).sum()) >= 2


def _error(target: Target) -> float:
    """Of a score by chance. Of k classes each is found once in k, and the score is (accuracy - 1/k) / (1 - 1/k)."""
    if target.kind == "numbers":
        return 0.0
    sizes = numpy.bincount(target.codes[target.codes >= 0])
    classes = len(sizes)
    return float(numpy.sqrt((1 / sizes).sum() / (classes * classes * (classes - 1))) if classes > 1 else 0.0)


def _gives_away(tells: Tells, target: Target) -> bool:
    if target.kind == "numbers":
        return tells.score >= VARIANCE
    return (tells.auc or 0) >= AREA or tells.score >= DETERMINED


def _of_column(looked: Looked, tells: Tells, target: Target) -> Problem:
    if target.kind == "numbers":
        how, rule = (
            f"it explains {share(tells.score)} of the ranks' variance",
            f"{share(VARIANCE)} of the variance of ranks",
        )
    else:
        area = f"an area under the ROC curve of {tells.auc:.3f}; " if tells.auc is not None else ""
        how = f"{area}a score of {tells.score:.2f} out of fold, from 0 for chance to 1"
        rule = f"an area of {AREA} or a score of {DETERMINED}, of rows that were not used to find the rule"
    return Problem(
        "leak-target",
        (tells.name, target.name),
        f"“{tells.name}” alone gives “{target.name}” away: {how}{said(looked)}.",
        "It was probably made from the answer, or after it. Leave it out unless it is really there before the "
        "answer is.",
        rule,
        numbers=_some(looked, target),
        shown=(tells.name, target.name),
    )


def _of_id(looked: Looked, tells: Tells, target: Target) -> Problem:
    return Problem(
        "id-target",
        (tells.name, target.name),
        f"“{tells.name}” only names rows, and yet predicts “{target.name}” (score {tells.score:.2f} out of fold, "
        "from 0 to 1)"
        f"{said(looked)}.",
        "Rows were numbered in the order of their answers. Leave the column out of what is learnt from.",
        f"a score of {OF_AN_ID}, and {ERRORS:.0f} standard errors of what chance makes of the rarest classes",
        numbers=_some(looked, target),
        shown=(tells.name, target.name),
    )


def _some(looked: Looked, target: Target) -> tuple[int, ...]:
    """Rows with different answers: the first ones of the two most frequent classes, or spread over all numbers."""
    numbers = looked.sample.numbers
    if target.kind == "numbers":
        order = numpy.argsort(target.values, kind="stable")
        return tuple(int(each) for each in numbers[order[:: max(1, len(order) // 5)]][:5])
    return tuple(int(each) for code in (0, 1) for each in numbers[target.codes == code][:3])
