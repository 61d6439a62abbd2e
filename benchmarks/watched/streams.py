"""Streams of windows from rows to the alarm, through the profile, the sketches and the decisions of the package."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from noteship import monitor
from noteship.monitor import deciding, fourier
from noteship.monitor.decision import Decision
from watched import laws
from watched.judging import Judge

__all__ = ["Outcome", "Task", "follow", "profile_of", "weights_of", "windows"]

Array = numpy.ndarray[Any, Any]

REFERENCE_ROWS = 20_000
# As many rows as are encoded at once: their arrays fit into the processor's cache.
PIECE = 1_000
# Windows of the reference's law before a change: what has to be learned is learned.
BEFORE = deciding.LEARNING


@dataclass(frozen=True)
class Task:
    """A stream to follow: its law, rows a window, the alarm's threshold, how many windows at most, and its number."""

    law: str
    rows: int
    threshold: float
    windows: int
    number: int
    references: int


@dataclass(frozen=True)
class Outcome:
    """How a stream ended: the windows until the alarm, after the change if there is one; all of them if none came.

    `is_early`: it rang before the change; driver: the detector that had most to say.
    """

    task: Task
    windows: int
    rang: bool
    is_early: bool
    driver: str


class Unshown:
    """In place of the Fourier features, which are a third of the cost and do not ring: they are shown only."""

    def embed(self, z: Array) -> Array:
        """What adds nothing."""
        return numpy.zeros_like(z, shape=(1, fourier.FEATURES))


def weights_of(reference: int) -> Array:
    """The model's weights."""
    drawn = numpy.random.default_rng([reference, 1]).normal(size=laws.COLUMNS)
    return numpy.asarray(laws.LOGIT_SPREAD * drawn / numpy.linalg.norm(drawn))


@functools.cache
def profile_of(reference: int, rows: int = REFERENCE_ROWS) -> monitor.Profile:
    """Of rows of the reference's law: another model and other rows for each number."""
    random = numpy.random.default_rng([reference, 2])
    case = laws.Case(reference, random, weights_of(reference), {})
    rows_of_it = laws.observed(laws.draw(laws.LAWS["unchanged"], rows, case))
    return monitor.Profile.build(rows_of_it, laws.FIELDS, f"{reference:064x}")


def follow(task: Task) -> Outcome:
    """Follow a stream to its alarm, or to its end."""
    law = laws.LAWS[task.law]
    before = BEFORE if law.kind == "changed" else 0
    for number, decision in enumerate(windows(task, before), 1):
        if decision.state == "alarm":
            return Outcome(task, max(number - before, 0), True, number <= before, decision.drives[0])
    return Outcome(task, task.windows, False, False, "")


def windows(task: Task, before: int) -> Iterator[Decision]:
    """Windows of the law, after some of the reference's own."""
    reference = task.number % task.references
    profile = profile_of(reference)
    # The name's bytes, not its hash, which differs between processes.
    random = numpy.random.default_rng([task.number, task.rows, *task.law.encode()])
    case = laws.Case(task.number, random, weights_of(reference), {})
    judge = Judge(profile, task.threshold)
    for number in range(before + task.windows):
        law = laws.LAWS["unchanged" if number < before else task.law]
        yield judge.judge(_sketch(profile, laws.draw(law, task.rows, case), number, judge.bet))


def _sketch(profile: monitor.Profile, drawn: laws.Drawn, window: int, bet: monitor.PairBet | None) -> monitor.Sketch:
    sketch, whole = profile.sketch(), laws.observed(drawn)
    # Whole requests in each piece.
    size = max(PIECE // drawn.rows_each, 1) * drawn.rows_each
    for start in range(0, len(whole), size):
        part = whole.part(start, start + size)
        counts = [min(drawn.rows_each, len(part) - place) for place in range(0, len(part), drawn.rows_each)]
        ids = [f"{window} {start + place}" for place in range(len(counts))]
        sketch.add(profile.encoder.encode(part), Unshown(), ids, counts, bet)
    return sketch
