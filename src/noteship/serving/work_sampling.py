"""Of which requests the work is counted, so that counting costs at most a tenth of scoring."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy

from noteship import models
from noteship.models import work
from noteship.serving.observing import Batch
from noteship.serving.pace import Pace
from noteship.serving.refusals import place_of
from noteship.serving.served import Served

__all__ = ["WorkSampling"]

LOG = logging.getLogger(__name__)
MOST_SHARE = 0.1
# The first ones are counted whatever that takes, so that a short trial tells of its work.
FIRST_BATCHES = 8
# One in a hundred is counted at least, so that a measurement that went wrong is corrected by later ones. That keeps to
# the share as long as counting takes up to ten times what scoring does.
LEAST_DRAWN = 0.01
# What was measured of a batch weighs half as much after 70 of them.
KEPT = 0.99

Array = numpy.ndarray[Any, Any]


class WorkSampling:
    """Counts the work of rows that were scored: of all, or of batches drawn at random.

    How likely a batch is drawn depends on how many came before and what scoring and counting have taken, never on its
    own rows, so that the rows that are counted are like all others. A compiled model has counted most of its work while
    it scored; other rows go through the steps once more.
    """

    def __init__(self, served: Served) -> None:
        self.drawn = 1.0
        self._served = served
        self._counter = _counter(served)
        self._of_trace = getattr(served.model.scorer, "work", None)
        self._first = FIRST_BATCHES
        self._counting = Pace()
        self._scoring_s = self._counting_s = 0.0
        self._told_s = served.batcher.pace.total_s
        self._random = numpy.random.default_rng()
        if self._counter is not None:
            # The first call finds nothing prepared; the second says what one row takes.
            example = served.decoder.rows([dict(served.model.signature.example)])
            for _ in range(2):
                self._counting = Pace()
                self._count(example, served.example)

    def count(self, batch: Batch) -> Array | None:
        """The work of each row, (n,); None where the batch was not drawn, or the model's work is not known."""
        if self._counter is None:
            return None
        self._draw(len(batch.rows))
        if self._first:
            self._first -= 1
        elif self._random.random() >= self.drawn:
            return None
        return self._count(batch.rows, batch.scores)

    def _draw(self, rows: int) -> None:
        scored_s = self._served.batcher.pace.total_s
        self._scoring_s = self._scoring_s * KEPT + scored_s - self._told_s
        self._counting_s = self._counting_s * KEPT + self._counting.seconds(rows)
        self._told_s = scored_s
        if self._counting_s > 0:
            self.drawn = min(1.0, max(LEAST_DRAWN, MOST_SHARE * self._scoring_s / self._counting_s))

    def _count(self, rows: models.Rows, scores: models.Scores) -> Array | None:
        # Of this thread alone: waiting for the interpreter's lock is not what counting takes.
        begun = time.thread_time()
        try:
            counts = self._counts(rows, scores).astype(numpy.float64)
        except Exception as error:
            LOG.warning("the work of %s is not counted any more: %s", self._served.version, place_of(error))
            self._counter = None
            return None
        self._counting.measured(len(rows), time.thread_time() - begun)
        return counts

    def _counts(self, rows: models.Rows, scores: models.Scores) -> Array:
        if scores.trace is not None and self._of_trace is not None:
            traced: Array = self._of_trace(rows, scores.trace)
            return traced
        assert self._counter is not None
        return self._counter.count(rows.frame)


def _counter(served: Served) -> work.WorkCounter | None:
    profile = served.model.profile
    if profile is None or not profile.encoder.layout.has_work:
        return None
    found = work.counter(served.model.scorer)
    return None if isinstance(found, work.Unknown) else found
