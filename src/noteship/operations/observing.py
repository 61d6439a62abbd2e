"""A file's rows as a service would have observed them: those that fit, scored, with their work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

from noteship import models, monitor, scoring
from noteship.models import work
from noteship.operations.errors import NoRowFits
from noteship.scoring import forms, reading, sorting

__all__ = ["FileRows", "observe"]


@dataclass(frozen=True, eq=False)
class FileRows:
    """The rows of a file that fit; columns `kept` of them, by number from 0; how many others were refused."""

    observed: monitor.Observed
    kept: pandas.DataFrame
    refused: int


def observe(loaded: models.LoadedModel, profile: monitor.Profile, path: Path, keep: tuple[str, ...] = ()) -> FileRows:
    """Read and score a file. Raises NoRows, UnknownForm, NoRowFits, and what reading raises.

    Cost: the model's over these rows, and all rows in memory.
    """
    form = forms.form_of(path.name)
    forms.check_file(path)
    if form is None:
        raise scoring.errors.UnknownForm(str(path))
    rows, scores, counts, kept = [], [], [], []
    bad: list[reading.BadRow] = []
    counter = _counter(loaded, profile)
    for piece in reading.pieces(path, str(path), form, reading.Wanted(loaded.signature, keep, "--time")):
        good = sorting.sort(loaded.signature, piece)
        bad += good.bad
        if len(good.frame):
            rows.append(models.Rows.of_frame(loaded.signature, good.frame))
            scores.append(loaded.score_encoded(good.frame))
            counts.append(_work(counter, good.frame))
            kept.append(piece.kept.loc[good.frame.index])
    if not rows and bad:
        first = bad[0]
        raise NoRowFits(str(path), len(bad), first.row, first.field, first.expected, first.got)
    if not rows:
        raise scoring.errors.NoRows(str(path), "no row")
    known = [each for each in counts if each is not None]
    joined, scored = models.Rows.joined(rows), models.Scores.joined(scores)
    predictions = monitor.Predictions(scored.predictions, scored.probabilities, scored.classes)
    counted = numpy.concatenate(known) if len(known) == len(counts) else None
    observed = monitor.Observed(joined.numbers, joined.others, predictions, counted)
    return FileRows(observed, pandas.concat(kept), len(bad))


def _counter(loaded: models.LoadedModel, profile: monitor.Profile) -> work.WorkCounter | None:
    found = work.counter(loaded.scorer) if profile.encoder.layout.has_work else None
    return None if isinstance(found, work.Unknown) else found


def _work(counter: work.WorkCounter | None, frame: pandas.DataFrame) -> numpy.ndarray[Any, Any] | None:
    return None if counter is None else counter.count(frame).astype(float)
