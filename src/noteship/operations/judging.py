"""`noteship monitor --rows`: a file of rows, judged against a bundle's profile in one go."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship.operations import loading
from noteship.operations.errors import NoRowFits

if TYPE_CHECKING:
    import numpy
    import pandas

    from noteship import models, monitor
    from noteship.models import work
    from noteship.operations.opened import OpenedProject

__all__ = ["Judged", "judge"]


@dataclass(frozen=True)
class Judged:
    """What is decided of a file's rows; `refused` did not fit the signature."""

    model: str
    version: str
    path: str
    decision: monitor.Decision
    refused: int

    @property
    def is_changed(self) -> bool:
        """Whether they are other rows than those of the reference."""
        return self.decision.state == "alarm"

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship monitor --rows --json` prints."""
        decision = self.decision.to_json()
        # A file is no window, and its budget is a probability.
        for name in ("start", "since", "windows", "members", "missing", "log_r"):
            del decision[name]
        verdict = {"alarm": "changed"}.get(decision["state"], decision["state"])
        told = {"model": self.model, "version": self.version, "rows_of": self.path, "refused": self.refused}
        return {**told, "verdict": verdict, **decision}


def judge(chosen: loading.Chosen, trusting: loading.Trusting, opened: OpenedProject, path: Path) -> Judged:
    """Score the rows of a file that fit the model, and compare them with its profile, each as a request of its own.

    Raises NoProfile, NoRows, UnknownForm, NoRowFits, and what `loading.load` and reading raise.
    Cost: the model's over these rows, and all rows in memory.
    """
    # They bring pandas and scikit-learn, which the change to another interpreter should not wait for.
    from noteship import monitor
    from noteship.operations.profiles import profile_of, settings_of

    profile = profile_of(chosen)
    loaded = loading.load(chosen, trusting, opened.root)
    observed, refused = _observed(loaded, profile, path)
    decision = monitor.judge(profile, observed, settings_of(opened))
    if refused:
        rows = f"{refused:,} {'row' if refused == 1 else 'rows'}"
        decision = dataclasses.replace(decision, notes=(*decision.notes, f"{rows} did not fit and were left out"))
    return Judged(loaded.name, loaded.digest, str(path), decision, refused)


def _observed(loaded: models.LoadedModel, profile: monitor.Profile, path: Path) -> tuple[monitor.Observed, int]:
    """The rows that fit, with their predictions and their work, and the number of the others."""
    import numpy

    from noteship import models, monitor, scoring
    from noteship.scoring import forms, reading, sorting

    form = forms.form_of(path.name)
    if not path.is_file():
        raise scoring.errors.NoRows(str(path))
    if form is None:
        raise scoring.errors.UnknownForm(str(path))
    rows, scores, counts = [], [], []
    bad: list[reading.BadRow] = []
    counter = _counter(loaded, profile)
    for piece in reading.pieces(path, str(path), form, reading.Wanted(loaded.signature)):
        good = sorting.sort(loaded.signature, piece)
        bad += good.bad
        if len(good.frame):
            rows.append(models.Rows.of_frame(loaded.signature, good.frame))
            scores.append(loaded.score_encoded(good.frame))
            counts.append(_work(counter, good.frame))
    if not rows and bad:
        first = bad[0]
        raise NoRowFits(str(path), len(bad), first.row, first.field, first.expected, first.got)
    if not rows:
        raise scoring.errors.NoRows(str(path))
    known = [each for each in counts if each is not None]
    joined, scored = models.Rows.joined(rows), models.Scores.joined(scores)
    predictions = monitor.Predictions(scored.predictions, scored.probabilities, scored.classes)
    counted = numpy.concatenate(known) if len(known) == len(counts) else None
    return monitor.Observed(joined.numbers, joined.others, predictions, counted), len(bad)


def _counter(loaded: models.LoadedModel, profile: monitor.Profile) -> work.WorkCounter | None:
    from noteship.models import work

    found = work.counter(loaded.scorer) if profile.encoder.layout.has_work else None
    return None if isinstance(found, work.Unknown) else found


def _work(counter: work.WorkCounter | None, frame: pandas.DataFrame) -> numpy.ndarray[Any, Any] | None:
    return None if counter is None else counter.count(frame).astype(float)
