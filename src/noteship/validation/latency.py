"""What scoring costs on this machine, as it will be served."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.models import work
from noteship.models.columns import plain
from noteship.validation.judgement import Cost, Latency

__all__ = ["measure_cost"]

Array = numpy.ndarray[Any, Any]

BATCH = 32
# Calls that are not timed: the first ones fill caches.
WARMING = 5
# With 500 calls, five are beyond the 99th percentile; a slow model has fewer, as many as its time allows.
CALLS, LEAST_CALLS = 500, 20
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
    """Milliseconds of each call."""
    call = _caller(scorer)
    total = len(columns[0])
    taken = []
    end = time.perf_counter() + timing_s
    for number in range(CALLS + WARMING):
        start = number * rows % max(1, total - rows + 1)
        given = [column[start : start + rows] for column in columns]
        began = time.perf_counter()
        call(given)
        done = time.perf_counter()
        if number >= WARMING:
            taken.append((done - began) * 1000)
        if done > end and len(taken) >= LEAST_CALLS:
            break
    return numpy.array(taken)


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
