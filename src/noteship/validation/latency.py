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

__all__ = ["least_times", "measure_cost"]

Array = numpy.ndarray[Any, Any]

BATCH = 32
# Calls that are not timed: the first ones fill caches.
WARMING = 5
# Each call is made in each round, and its least time counts: what else runs on the machine only adds to it. A slow
# model has fewer calls, and then fewer rounds, as its time allows.
ROUNDS, CALLS, LEAST_CALLS = 5, 100, 20
GOLDEN = (math.sqrt(5) - 1) / 2
WORK_ROWS = 2_048


def measure_cost(
    scorer: models.ComposedScorer | models.CompiledScorer, frame: pandas.DataFrame, timing_s: float
) -> Cost:
    """From the values of rows, as a request brings them, to their scores; without HTTP and waiting in a queue.

    `frame` are rows that the signature has encoded. Cost: twice `timing_s`, or of a slow model 50 calls.
    """
    compiled = isinstance(scorer, models.CompiledScorer)
    columns = [list(map(plain, frame[each.name].tolist())) for each in scorer.signature.inputs]
    one = _timed(scorer, columns, 1, timing_s)
    batch = _timed(scorer, columns, BATCH, timing_s)
    counts, uncounted = _work(scorer, frame.iloc[:WORK_ROWS])
    return Cost(
        form="compiled" if compiled else "plain",
        one=_latency(one),
        batch=_latency(batch),
        rows_per_second=min(BATCH, len(frame)) / float(batch.mean()) * 1000,
        work_mean=None if counts is None else float(counts.mean()),
        work_p99=None if counts is None else float(numpy.quantile(counts, 0.99)),
        uncounted=uncounted,
        machine=f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
    )


def _timed(
    scorer: models.ComposedScorer | models.CompiledScorer, columns: list[list[Any]], rows: int, timing_s: float
) -> Array:
    """Milliseconds of each of some calls, of rows from all over the frame: the least of its rounds."""
    score = _caller(scorer)
    last = max(0, len(columns[0]) - rows)

    def call(start: int) -> float:
        given = [column[start : start + rows] for column in columns]
        began = time.perf_counter()
        score(given)
        return time.perf_counter() - began

    # However many are made, they are of rows from all over.
    return least_times(call, [round(last * (GOLDEN * number % 1)) for number in range(CALLS)], timing_s) * 1000


def least_times(call: Callable[[int], float], starts: Sequence[int], timing_s: float) -> Array:
    """The least of the seconds that `call` gives for a start in one round after the other, while there is time.

    Where calls are slow, only the first starts are taken, so that there is time for all rounds.
    """
    end = time.perf_counter() + timing_s
    pace = min(call(start) for start in starts[:WARMING])
    calls = min(len(starts), max(LEAST_CALLS, int(timing_s / ROUNDS / pace)))
    least = numpy.full(calls, numpy.inf)
    for number in range(ROUNDS * calls):
        place = number % calls
        least[place] = min(least[place], call(starts[place]))
        if number + 1 >= LEAST_CALLS and time.perf_counter() > end:
            break
    return least[numpy.isfinite(least)]


def _caller(scorer: models.ComposedScorer | models.CompiledScorer) -> Callable[[list[list[Any]]], models.Scores]:
    if isinstance(scorer, models.CompiledScorer):
        return lambda given: scorer.score_rows(models.Rows.of_columns(scorer.signature, given))
    return lambda given: scorer.score(models.Rows.of_columns(scorer.signature, given).frame)


def _latency(taken: Array) -> Latency:
    return Latency(*(float(each) for each in numpy.quantile(taken, (0.5, 0.95, 0.99))))


def _work(scorer: models.ComposedScorer | models.CompiledScorer, frame: pandas.DataFrame) -> tuple[Array | None, str]:
    counter = work.counter(scorer)
    if isinstance(counter, work.Unknown):
        return None, f"{counter.step}: {counter.why}"
    return counter.count(frame), ""
