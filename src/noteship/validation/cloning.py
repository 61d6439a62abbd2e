"""What is judged for a bundle: its steps fitted again on the training part, or else itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import pandas

from noteship import models
from noteship.errors import NoteshipError
from noteship.validation import errors
from noteship.validation.asking import JudgeRequest
from noteship.validation.opening import Opened
from noteship.validation.parting import Part, Parted
from noteship.validation.splitting import check

__all__ = ["Judged", "encoded", "judged_for", "score"]


@dataclass(frozen=True, eq=False)
class Judged:
    """The composition that is judged, on which parts, and why it is that one.

    `train` are the encoded rows of the training part; `is_clone`: whether it was refitted on them.
    """

    composition: models.Composition
    parted: Parted
    train: pandas.DataFrame
    is_clone: bool
    why: str


def judged_for(opened: Opened, parted: Parted, asked: JudgeRequest) -> Judged:
    """The clone; where there can be none, the bundle itself on rows of a file that no stage has read.

    All steps but functions are fitted again, so that nothing in the model knows of the held-out rows.
    Raises NotJudged, HeldOutUnfit, TooFewRows, OneClass.
    """
    train = encoded(opened, parted.train, "")
    made = models.refit(opened.composition, train, parted.train.answers, asked.seed, partly=False)
    name = asked.holdout.file or ""
    if isinstance(made, models.NotRefitted):
        if asked.held is None or asked.read_by:
            seen = f"{name} was read by {asked.read_by}" if asked.read_by else ""
            raise errors.NotJudged(made.step, made.why, seen)
        why = f"its steps cannot be fitted again ({made.step}: {made.why}); no stage has read {name}"
        unseen = parted.without_seen()
        is_of_classes = bool(opened.composition.predictor.classes)
        check(unseen.train.answers, unseen.held.answers, classes=is_of_classes, by=asked.holdout.by)
        return Judged(opened.composition, unseen, train, is_clone=False, why=why)
    why = f"its steps were fitted again on the {len(parted.train):,} rows of the training part alone"
    return Judged(made, parted, train, is_clone=True, why=why)


def encoded(opened: Opened, part: Part, file: str) -> pandas.DataFrame:
    """The rows as the signature has them. Raises HeldOutUnfit for those of a file, else what `conform` raises."""
    try:
        return opened.scorer.signature.conform(part.raw)
    except NoteshipError as error:
        if not file:
            raise
        raise errors.HeldOutUnfit(file, f"{error.parts().fact} ({error.parts().where})") from error


def score(composition: models.Composition, frame: pandas.DataFrame) -> models.Scores:
    """The scores of encoded rows. Raises NotJudged where the model does not take them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return composition.score(frame)
        except Exception as error:
            # A category that only these rows have, or anything else that the steps have not seen.
            step = composition.steps[0].label
            raise errors.NotJudged(step, f"scoring rows that it had not seen raised {type(error).__name__}") from error
