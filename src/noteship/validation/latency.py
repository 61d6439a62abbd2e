"""What scoring costs on this machine, as it will be served."""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.models import work
from noteship.models.columns import plain
from noteship.validation.judgement import Cost, Latency

__all__ = ["ROUNDS", "Calls", "Timing"]

Array = numpy.ndarray[Any, Any]

BATCH = 32
# Calls that are not timed: the first ones fill caches.
WARMING = 5
# Each call is made in each round, and its least time counts: what else runs on the machine only adds to it. A slow
# model has fewer calls, and then fewer rounds, as its time allows.
ROUNDS, CALLS, LEAST_CALLS = 5, 100, 20
SHORTEST_S = 1e-6
GOLDEN = (math.sqrt(5) - 1) / 2
WORK_ROWS = 2_048


class Calls:
    """The least time of each of some calls, in seconds, over rounds of them all."""

    def __init__(self, call: Callable[[int], float], starts: Sequence[int], timing_s: float) -> None:
        """`call` gives the seconds that it takes for a start.

        Where calls are slow, only the first starts are taken, so that there is time for all rounds.
        """
        pace = min(call(start) for start in starts[:WARMING])
        fitting = int(timing_s / ROUNDS / max(pace, SHORTEST_S))
        self._call, self._left_s = call, timing_s
        self._starts = starts[: max(LEAST_CALLS, fitting)]
        self._least = numpy.full(len(self._starts), numpy.inf)
        self._made = self._rounds = 0

    def round(self) -> None:
        """All calls once more, as far as there is time."""
        for number in range(len(self._starts)):
            if self._left_s <= 0 and self._made >= LEAST_CALLS:
                return
            # A round begins elsewhere than the last: its first calls find caches full of something else.
            place = (number + self._rounds * len(self._starts) // ROUNDS) % len(self._starts)
            seconds = self._call(self._starts[place])
            self._least[place] = min(self._least[place], seconds)
            self._left_s -= seconds
            self._made += 1
        self._rounds += 1

    @property
    def least(self) -> Array:
        """Of the calls that were made."""
        made: Array = self._least[numpy.isfinite(self._least)]
        return made


class Timing:
    """From the values of rows, as a request brings them, to their scores; without HTTP and waiting in a queue.

    Rounds are to be spread over what else there is to do: a neighbour may be busy for seconds. They take at most twice
    `timing_s`, or of a slow model 50 calls.
    """

    def __init__(
        self, scorer: models.ComposedScorer | models.CompiledScorer, frame: pandas.DataFrame, timing_s: float
    ) -> None:
        """`frame` are rows that the signature has encoded."""
        self._scorer, self._frame = scorer, frame
        columns = [list(map(plain, frame[each.name].tolist())) for each in scorer.signature.inputs]
        self._one = _calls(scorer, columns, 1, timing_s)
        self._batch = _calls(scorer, columns, BATCH, timing_s)

    def round(self) -> None:
        """Single rows, and batches, once more."""
        self._one.round()
        self._batch.round()

    def cost(self) -> Cost:
        """What was found after a round or more, and how much work it is."""
        counts, uncounted = _work(self._scorer, self._frame.iloc[:WORK_ROWS])
        return Cost(
            form="compiled" if isinstance(self._scorer, models.CompiledScorer) else "plain",
            one=_latency(self._one.least),
            batch=_latency(self._batch.least),
            rows_per_second=min(BATCH, len(self._frame)) / float(self._batch.least.mean()),
            work_mean=None if counts is None else float(counts.mean()),
            work_p99=None if counts is None else float(numpy.quantile(counts, 0.99)),
            uncounted=uncounted,
            machine=f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        )


def _calls(
    scorer: models.ComposedScorer | models.CompiledScorer, columns: list[list[Any]], rows: int, timing_s: float
) -> Calls:
    score = _caller(scorer)
    last = max(0, len(columns[0]) - rows)

    def call(start: int) -> float:
        given = [column[start : start + rows] for column in columns]
        began = time.perf_counter()
        score(given)
        return time.perf_counter() - began

    # However many are made, they are of rows from all over.
    return Calls(call, [round(last * (GOLDEN * number % 1)) for number in range(CALLS)], timing_s)


def _caller(scorer: models.ComposedScorer | models.CompiledScorer) -> Callable[[list[list[Any]]], models.Scores]:
    if isinstance(scorer, models.CompiledScorer):
        return lambda given: scorer.score_rows(models.Rows.of_columns(scorer.signature, given))
    return lambda given: scorer.score(models.Rows.of_columns(scorer.signature, given).frame)


def _latency(taken: Array) -> Latency:
    return Latency(*(float(each) * 1000 for each in numpy.quantile(taken, (0.5, 0.95, 0.99))))


def _work(scorer: models.ComposedScorer | models.CompiledScorer, frame: pandas.DataFrame) -> tuple[Array | None, str]:
    counter = work.counter(scorer)
    if isinstance(counter, work.Unknown):
        return None, f"{counter.step}: {counter.why}"
    return counter.count(frame), ""
