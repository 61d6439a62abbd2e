"""Streams of windows that stay as they are, or change in one way, for the tests of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from noteship.monitor.betting import PairBet
from noteship.monitor.deciding import Gathered, decide
from noteship.monitor.decision import Decision
from noteship.monitor.fields import Field, Observed, Predictions
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.state import State

COLUMNS = 6
FIELDS = tuple(Field(f"c{column}", "number", is_plain=True) for column in range(COLUMNS))
WEIGHTS = numpy.array([1.0, -0.8, 0.6, 0.4, 0.2, 0.0])
WINDOW_S = 300


def observed(rows: int, seed: int | Sequence[int], kind: str = "unchanged") -> Observed:
    """Rows of six independent columns, their scores and their work; changed as `kind` says."""
    random = numpy.random.default_rng(seed)
    numbers = random.normal(size=(rows, COLUMNS))
    if kind == "correlation":
        numbers[:, 3] = 0.8 * numbers[:, 4] + 0.6 * numbers[:, 3]
    if kind == "column":
        numbers[:, 5] += 0.5
    if kind == "harmless":
        numbers += 0.03 * random.choice([-1, 1], COLUMNS)
    weights = WEIGHTS[::-1] if kind == "weights" else WEIGHTS
    spam = 1 / (1 + numpy.exp(-(numbers @ weights) - (0.8 if kind == "predictions" else 0.0)))
    work = random.integers(100, 1000, rows) * (1.5 if kind == "work" else 1.0)
    if kind == "sampled":
        work[random.random(rows) < 0.9] = numpy.nan
    probabilities = numpy.column_stack([1 - spam, spam])
    return Observed(numbers, (), Predictions(spam > 0.5, probabilities, ("ham", "spam")), numpy.floor(work))


PROFILE = Profile.build(observed(6_000, 0), FIELDS, "5eed" * 16)


def sketched(
    given: Observed,
    name: str,
    state: State | None = None,
    sizes: Sequence[int] | None = None,
) -> Sketch:
    """A window's sketch, as a worker makes it that has the state's witness. `sizes`: rows by request, else 1 each."""
    bet = None
    if state is not None and state.witness is not None:
        bet = PairBet(state.witness, PROFILE.encoder.layout.dimensions)
    counts = sizes or [1] * len(given)
    sketch = PROFILE.sketch()
    ids = [f"{name} {place}" for place in range(len(counts))]
    sketch.add(PROFILE.encoder.encode(given), PROFILE.fourier, ids, counts, bet)
    return sketch


class Stream:
    """Windows decided one after the other."""

    def __init__(self, seed: int = 0, settings: Settings | None = None) -> None:
        self.seed, self.settings = seed, settings or Settings()
        self.state = State()
        self.start = 0
        self._reference = Reference.of_profile(PROFILE, self.settings.tolerance)

    def window(self, given: Observed, sizes: Sequence[int] | None = None) -> Decision:
        """Decide one more."""
        sketch = sketched(given, f"{self.seed} {self.start}", self.state, sizes)
        return self.judge(Gathered(self.start, sketch))

    def judge(self, gathered: Gathered) -> Decision:
        """Decide one that was gathered."""
        references = self._reference, self._reference
        self.state, decision = decide(PROFILE, self.settings, self.state, gathered, references)
        self.start += WINDOW_S
        return decision

    def windows(self, count: int, rows: int, kind: str = "unchanged") -> list[Decision]:
        """Decide so many of a kind."""
        return [self.window(observed(rows, [self.seed, self.start, 7], kind)) for _ in range(count)]


def plain(decision: Decision) -> dict[str, Any]:
    """What is counted in a decision, without what is summed."""
    return {name: getattr(decision, name) for name in ("state", "rows", "requests", "judged_rows", "windows", "drives")}
