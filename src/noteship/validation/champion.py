"""The champion on the same held-out rows, fitted on the same training part where it can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from noteship import models
from noteship.errors import NoteshipError
from noteship.validation.answering import Answering, placed
from noteship.validation.asking import JudgeRequest, Packed
from noteship.validation.cloning import score
from noteship.validation.differing import differences
from noteship.validation.judgement import Compared, Estimate
from noteship.validation.measures import main_measure
from noteship.validation.metrics import Classified, Regressed
from noteship.validation.opening import Opened, open_model
from noteship.validation.parting import Parted
from noteship.validation.resampling import Draws, Resampling
from noteship.validation.swapping import compare_by

__all__ = ["Contender", "against_champion"]


@dataclass(frozen=True, eq=False)
class Contender:
    """What was judged: its answers to the held-out rows, what they mean, and what was drawn of them."""

    judged: Classified | Regressed
    answering: Answering
    draws: Draws
    resampling: Resampling
    parted: Parted


def against_champion(asked: JudgeRequest, packed: Packed, contender: Contender) -> Compared:
    """The champion's own measures, and the differences on the same resamples.

    Where it takes other inputs than the data has, predicts something else, or is not to be loaded here, nothing is
    compared, and the reason is told.
    """
    if packed.digest == asked.bundle.digest:
        metrics = contender.resampling.estimates(contender.judged, contender.draws)
        # Where there is no measure, there is no difference.
        apart = {name: Estimate(*[each.value - each.value] * 3) for name, each in metrics.items()}
        return Compared(packed.digest, "refitted", "it is this bundle", metrics, apart, 1.0)
    try:
        opened = open_model(packed)
        return _compared(asked, packed, opened, contender)
    except NoteshipError as error:
        return Compared(packed.digest, "not compared", error.parts().fact)


def _compared(asked: JudgeRequest, packed: Packed, opened: Opened, contender: Contender) -> Compared:
    parted = contender.parted
    if opened.scorer.signature.output.kind == "regression" and isinstance(contender.judged, Classified):
        return Compared(packed.digest, "not compared", "it predicts numbers, not classes")
    signature = opened.scorer.signature
    train, held = signature.conform(parted.train.raw), signature.conform(parted.held.raw)
    words, place = contender.answering.words, contender.answering.positive
    positive = None if place is None else words[place]
    answering = Answering.of(opened.composition, (train, parted.train.answers), parted.held.answers, positive)
    made = models.refit(opened.composition, train, parted.train.answers, asked.seed, partly=False)
    if isinstance(made, models.NotRefitted):
        why = f"it cannot be fitted again ({made.step}: {made.why}), so it may have seen the held-out rows"
        told, composition = Compared(packed.digest, "as it is", why), opened.composition
    else:
        told, composition = Compared(packed.digest, "refitted"), made
    judged = answering.judged(parted.held.answers, score(composition, held))
    if type(judged) is not type(contender.judged):
        return Compared(packed.digest, "not compared", "it predicts classes, not numbers")
    if isinstance(judged, Classified):
        contender, judged = _by_one_list(contender, judged, answering.answers)
    return _measured(asked, told, judged, contender)


def _by_one_list(contender: Contender, judged: Classified, answers: tuple[Any, ...]) -> tuple[Contender, Classified]:
    """Both with the same places for classes: each model may know some that the other does not."""
    first, own = contender.judged, contender.answering.answers
    assert isinstance(first, Classified)
    among = tuple(dict.fromkeys((*own, *answers)))
    one = replace(contender, judged=placed(first, own, among, first.positive))
    return one, placed(judged, answers, among, first.positive)


def _measured(asked: JudgeRequest, told: Compared, judged: Any, contender: Contender) -> Compared:
    resampling = contender.resampling
    metric = asked.metric or main_measure("classification" if isinstance(judged, Classified) else "regression")
    draws = resampling.draw(judged)
    return replace(
        told,
        metrics=resampling.estimates(judged, draws),
        differences=differences(resampling, (contender.judged, contender.draws), (judged, draws)),
        p=compare_by(metric, contender.judged, judged, resampling.groups, asked.seed).p,
    )
