"""A canary beside the stable version, from the counts of the same windows to what is decided. Pure: no clock, no store.

What is compared: predictions, predictions for like inputs, requests that failed, how long they took, and the work.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy

from noteship.monitor import statistics
from noteship.monitor.calls import BINS, PER_OCTAVE, Calls
from noteship.monitor.explaining import short
from noteship.monitor.sketch import Sketch
from noteship.monitor.statistics import Evidence, Known
from noteship.monitor.streams import Array

__all__ = ["Finding", "Pair", "Side", "Terms", "Verdict", "Word", "compare"]

Word = Literal["go on", "promote", "withdraw"]
# In bins of the stable version's encoding: of both, how far their laws may be apart.
APART = ("predictions", "joint")
# Shares of requests or rows: only more of them than the stable version has is bad.
MORE = ("failures", "slowness", "work")
INPUTS = "inputs"
# What does not depend on what is asked.
OF_REQUESTS = ("failures", "slowness")
# Rows of the canary, or requests, of several windows that are judged together: bets of a few rows are guesses.
FEWEST = 200.0
# What is slow, or much work, is what is beyond these shares of the stable version's, so far.
LIMITS = (0.5, 0.9)
# What the least numbers of rows are of: laws twice as far apart as is allowed; of the requests two in a hundred more
# that fail, or twice as many; and of what may be beyond a limit, four times as much.
FARTHER, LEAST_MORE, MORE_BEYOND = 2.0, 0.02, 4.0


@dataclass(frozen=True)
class Terms:
    """What is let through, and how sure is sure enough.

    - apart: how far the laws of predictions may be apart: how far any quantity's mean, in its standard deviations
    - failures: how many more of all requests may fail; slower, work: by which factors requests may take longer and rows
      more work; more: how many more of all may be beyond that
    - false: the probability that a canary within all this is ever withdrawn; missed: that one is not that is as far off
      as the least numbers of rows are told for
    - soonest_s: it is promoted no sooner, whatever its rows
    """

    apart: float = 0.2
    failures: float = 0.01
    slower: float = 1.5
    work: float = 2.0
    more: float = 0.05
    false: float = 0.01
    missed: float = 0.05
    soonest_s: float = 1_800.0

    @property
    def log_needed(self) -> float:
        """The logarithm of the evidence that withdraws: the budget is shared by what is compared."""
        return math.log(len(APART + MORE) / self.false)

    @property
    def sure(self) -> statistics.Sure:
        """How sure the least numbers of rows make."""
        return statistics.Sure(self.log_needed, 1 - self.missed)


@dataclass(frozen=True, eq=False)
class Side:
    """One version's counts of a window, or of several.

    - bins: rows by bin of each detector of the stable version's encoder; work: by the sketch's bins of work
    - rows, requests: how many; squares: the sum of the squares of the requests' numbers of rows
    - fourier: sums of the Fourier features
    """

    bins: Mapping[str, Array]
    work: Array
    rows: int
    requests: int
    squares: int
    fourier: Array
    calls: Calls

    @classmethod
    def of(cls, sketch: Sketch, calls: Calls) -> Self:
        """From what is kept of a window, in the stable version's encoding."""
        bins = {name: sketch.counts(name).sum(axis=0).astype(float) for name in (*APART, INPUTS)}
        return cls(
            bins, sketch.work.astype(float), sketch.rows, sketch.requests, sketch.rows_squared, sketch.fourier, calls
        )

    def __add__(self, other: Side) -> Side:
        return Side(
            {name: counts + other.bins[name] for name, counts in self.bins.items()},
            self.work + other.work,
            self.rows + other.rows,
            self.requests + other.requests,
            self.squares + other.squares,
            self.fourier + other.fourier,
            self.calls + other.calls,
        )

    @property
    def effect(self) -> float:
        """How many rows say as much as an independent one, if those of a request are all alike."""
        return max(1.0, self.squares / self.rows) if self.rows else 1.0

    @property
    def times(self) -> Array:
        """Answered requests by how long they took."""
        found = numpy.zeros(BINS)
        for place, count in self.calls.times.items():
            found[place] = count
        return found

    @property
    def asked(self) -> Array:
        """Requests that were answered, and that failed."""
        return numpy.array([self.calls.answered, self.calls.failed], float)


@dataclass(frozen=True, eq=False)
class Pair:
    """The same window of both."""

    start: int
    stable: Side
    canary: Side

    def __add__(self, other: Pair) -> Pair:
        return Pair(self.start, self.stable + other.stable, self.canary + other.canary)


@dataclass(frozen=True)
class Finding:
    """What one comparison says.

    - log_e, log_needed: the evidence that the canary is off by more than is allowed, and the one that withdraws
    - stable, canary: what they are: shares, or of a time or of work the median; None where there is nothing of it
    - distance: of laws, as it is seen, without what chance adds; allowed: what is let through
    - rows, least: what the evidence is of, in independent rows or requests of the canary; with `least` of them, one
      that is off by `meant` would have been withdrawn; None where that cannot be told
    - bin: of laws, the one in which the canary's share is off most
    """

    what: str
    log_e: float
    log_needed: float
    allowed: float
    rows: float
    least: int | None
    meant: float | None = None
    stable: float | None = None
    canary: float | None = None
    distance: float | None = None
    bin: int | None = None

    @property
    def is_bad(self) -> bool:
        """Whether it withdraws the canary."""
        return self.log_e >= self.log_needed

    @property
    def is_told(self) -> bool:
        """Whether enough is known."""
        return self.least is None or self.rows >= self.least

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        numbers = {name: getattr(self, name) for name in ("stable", "canary", "distance")}
        return {
            "what": self.what,
            "log_evidence": short(self.log_e),
            "log_needed": short(self.log_needed),
            "allowed": self.allowed,
            "rows": round(self.rows),
            "least_rows": self.least,
            "least_rows_find": self.meant,
            **{name: None if each is None else short(each) for name, each in numbers.items()},
            "bin": self.bin,
        }


@dataclass(frozen=True)
class Verdict:
    """What is decided of a canary.

    - asked_alike: whether both are asked the same, as far as is known: where they are not, predictions say nothing
    - joint_p: how probable so large a distance of the joint law is between equal ones; it is shown, and decides nothing
    - windows: how many were compared; seconds: from the first to the end of the last
    """

    word: Word
    why: str
    findings: tuple[Finding, ...] = ()
    windows: int = 0
    seconds: float = 0.0
    rows: int = 0
    requests: int = 0
    stable_rows: int = 0
    stable_requests: int = 0
    asked_alike: bool = True
    joint_p: float | None = None

    @property
    def least(self) -> int | None:
        """The least number of the canary's rows, as independent ones count; None where it is not known yet."""
        known = [each.least for each in self.findings if each.least is not None]
        return max(known, default=None)

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "verdict": self.word,
            "why": self.why,
            "windows": self.windows,
            "seconds": self.seconds,
            "rows": {"canary": self.rows, "stable": self.stable_rows, "least": self.least},
            "requests": {"canary": self.requests, "stable": self.stable_requests},
            "asked_alike": self.asked_alike,
            "joint_p": self.joint_p,
            "compared": [each.to_json() for each in self.findings],
        }


@dataclass(eq=False)
class _Watch:
    """One comparison: the evidence so far, and its largest."""

    evidence: Evidence = field(default_factory=Evidence)
    top: float = 0.0
    rows: float = 0.0

    def after(self, log_e: float, rows: float) -> None:
        self.evidence = self.evidence.after(log_e)
        # What was enough once was enough: whoever looks later decides the same.
        self.top = max(self.top, self.evidence.log)
        self.rows += rows


def compare(pairs: Sequence[Pair], terms: Terms, window_s: int, eigenvalues: Array | None = None) -> Verdict:
    """Judge a canary by the windows in which both were asked, in their order.

    Guarantee: a canary that in every window is within `terms` of the stable version is ever withdrawn with a
    probability of at most `terms.false`, however often one looks, whatever both are asked and however that moves; given
    that requests are independent and that chance decides whom each one asks. The same windows give the same verdict.
    """
    watches = {name: _Watch() for name in (*APART, *MORE, INPUTS)}
    before: Pair | None = None
    for group in _grouped(pairs):
        if before is not None:
            for name, log_e, rows in _evidence(group, before, terms):
                watches[name].after(log_e, rows)
        before = group if before is None else before + group
    if before is None:
        return Verdict("go on", "no window has come in which both were asked")
    findings = tuple(_finding(name, watches[name], before, terms) for name in (*APART, *MORE))
    seconds = float(pairs[-1].start + window_s - pairs[0].start)
    # As long as it is half of the way there, nothing is said of predictions either.
    enough, asked = math.log(1 / terms.false), watches[INPUTS]
    is_alike = asked.top < enough and asked.evidence.log < enough / 2
    word, why = _word(findings, terms, seconds, is_alike=is_alike)
    canary, stable = before.canary, before.stable
    return Verdict(
        word,
        why,
        findings,
        len(pairs),
        seconds,
        canary.rows,
        canary.calls.answered + canary.calls.failed,
        stable.rows,
        stable.calls.answered + stable.calls.failed,
        is_alike,
        None if eigenvalues is None else _joint_p(before, eigenvalues),
    )


def _grouped(pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Windows together, as many as it takes; what is left over waits."""
    waiting: Pair | None = None
    for pair in pairs:
        waiting = pair if waiting is None else waiting + pair
        if max(waiting.canary.rows / waiting.canary.effect, waiting.canary.asked.sum()) >= FEWEST:
            yield waiting
            waiting = None


def _evidence(group: Pair, before: Pair, terms: Terms) -> Iterator[tuple[str, float, float]]:
    """What is compared, the logarithm of the group's e-value, and of how many rows it is."""
    canary, stable = group.canary, group.stable
    effect = max(canary.effect, stable.effect)
    rows = canary.rows / effect
    for name in (*APART, INPUTS):
        now, known = (Known(each.canary.bins[name], each.stable.bins[name]) for each in (group, before))
        yield name, statistics.log_e_apart(now, known, terms.apart, effect), rows
    now, known = (Known(each.canary.asked, each.stable.asked) for each in (group, before))
    yield "failures", statistics.log_e_more(now, known, terms.failures), float(canary.asked.sum())
    times = [(each.canary.times, each.stable.times) for each in (group, before)]
    yield "slowness", _log_e_beyond(times, terms.slower, terms.more, 1.0), float(canary.calls.answered)
    work = [(each.canary.work, each.stable.work) for each in (group, before)]
    yield "work", _log_e_beyond(work, terms.work, terms.more, effect), float(canary.work.sum()) / effect


def _log_e_beyond(counts: Sequence[tuple[Array, Array]], factor: float, more: float, effect: float) -> float:
    """Of the canary's, more are beyond `factor` times a limit than of the stable version's are beyond the limit."""
    (canary, stable), (canary_before, stable_before) = counts
    if not stable_before.sum():
        return 0.0
    found = []
    for share in LIMITS:
        place = _quantile(stable_before, share)
        now = Known(_beyond(canary, place + _steps(factor)), _beyond(stable, place))
        known = Known(_beyond(canary_before, place + _steps(factor)), _beyond(stable_before, place))
        found.append(statistics.log_e_more(now, known, more, effect))
    return float(numpy.logaddexp.reduce(found)) - math.log(len(found))


def _steps(factor: float) -> int:
    """Bins of equal ratio; a factor between two counts as the larger."""
    return math.ceil(PER_OCTAVE * math.log2(factor) - 1e-9)


def _quantile(counts: Array, share: float) -> int:
    return int(numpy.searchsorted(numpy.cumsum(counts), share * counts.sum()))


def _beyond(counts: Array, place: int) -> Array:
    beyond = float(counts[place + 1 :].sum())
    return numpy.array([float(counts.sum()) - beyond, beyond])


def _finding(name: str, watch: _Watch, sums: Pair, terms: Terms) -> Finding:
    found = _Findings(watch, sums.stable, sums.canary, terms)
    if name in APART:
        return found.apart(name)
    return found.failures() if name == "failures" else found.beyond(name)


@dataclass(frozen=True, eq=False)
class _Findings:
    """What is to be said of the evidence of one comparison."""

    watch: _Watch
    stable: Side
    canary: Side
    terms: Terms

    def apart(self, name: str) -> Finding:
        known = Known(self.canary.bins[name], self.stable.bins[name])
        law = (known.beside + 0.5) / (known.beside + 0.5).sum()
        part, tolerance = _part(self.canary.rows, self.stable.rows), self.terms.apart
        meant = FARTHER * tolerance
        least = _whole(statistics.rows_to_tell(law, meant, tolerance, part, self.terms.sure))
        distance, place = _apart(known, law)
        shares = [float(each[place] / max(each.sum(), 1)) for each in (known.beside, known.judged)]
        return replace(self._told(name, tolerance, (least, meant), shares), distance=distance, bin=place)

    def failures(self) -> Finding:
        stable, canary = self.stable.asked, self.canary.asked
        shares = [float(each[1] / max(each.sum(), 1)) for each in (stable, canary)]
        allowed = self.terms.failures
        meant = max(2 * allowed, allowed + LEAST_MORE)
        least = self._least(shares[0], meant, allowed, _part(canary.sum(), stable.sum()))
        return self._told("failures", allowed, least, shares)

    def beyond(self, name: str) -> Finding:
        is_time = name == "slowness"
        counts = [each.times if is_time else each.work for each in (self.stable, self.canary)]
        allowed, unit = (self.terms.slower, 1e-6) if is_time else (self.terms.work, 1.0)
        if not (counts[0].sum() and counts[1].sum()):
            return self._told(name, allowed, (None, None), (None, None))
        part, more = _part(counts[1].sum(), counts[0].sum()), self.terms.more
        least = self._least(LIMITS[0], MORE_BEYOND * more, more, part)
        medians = [unit * 2.0 ** ((_quantile(each, 0.5) + 0.5) / PER_OCTAVE) for each in counts]
        return self._told(name, allowed, least, medians)

    def _least(self, share: float, meant: float, allowed: float, part: float) -> tuple[int | None, float]:
        return _whole(statistics.rows_to_tell_more(share, meant, allowed, part, self.terms.sure)), meant

    def _told(
        self, name: str, allowed: float, least: tuple[int | None, float | None], seen: Sequence[float | None]
    ) -> Finding:
        stable, canary = seen
        evidence = self.watch.top, self.terms.log_needed
        return Finding(name, *evidence, allowed, self.watch.rows, *least, stable, canary)


def _part(canary: float, stable: float) -> float:
    """Of all, the canary's."""
    return min(max(canary / max(canary + stable, 1), 0.001), 0.999)


def _whole(rows: float) -> int | None:
    return math.ceil(rows) if math.isfinite(rows) else None


def _apart(known: Known, law: Array) -> tuple[float, int]:
    """How far the canary's law is off, less what chance adds to the square of that; and where most."""
    rows, others = max(float(known.judged.sum()), 1.0), max(float(known.beside.sum()), 1.0)
    gains = (known.judged / rows - law) ** 2 / law
    chance = (len(law) - 1) * (1 / rows + 1 / others)
    return math.sqrt(max(0.0, float(gains.sum()) - chance)), int(gains.argmax())


def _joint_p(sums: Pair, eigenvalues: Array) -> float:
    canary, stable = sums.canary, sums.stable
    if not (canary.rows and stable.rows):
        return 1.0
    effect = max(canary.effect, stable.effect)
    distance = statistics.joint_distance(
        canary.fourier / effect, canary.rows / effect, stable.fourier / stable.rows, stable.rows / effect
    )
    return short(statistics.tail_probability(distance, eigenvalues))


def _word(findings: Sequence[Finding], terms: Terms, seconds: float, *, is_alike: bool) -> tuple[Word, str]:
    bad = [each for each in findings if each.is_bad and (is_alike or each.what in OF_REQUESTS)]
    if bad:
        return "withdraw", f"its {' and its '.join(each.what for each in bad)}: further off than is allowed"
    if not is_alike:
        return "go on", "it is asked otherwise than the stable version, so that their predictions cannot be compared"
    lacking = [each for each in findings if not each.is_told]
    if lacking:
        most = max(lacking, key=lambda each: (each.least or 0) - each.rows)
        return "go on", f"its {most.what} are known of {most.rows:,.0f} of the {most.least:,} that it takes"
    if seconds < terms.soonest_s:
        return "go on", f"it has been compared for {seconds:,.0f} of {terms.soonest_s:,.0f} seconds"
    if not any(each.least is not None and each.rows for each in findings):
        return "go on", "nothing is known of it"
    return "promote", "with so many rows, what is further off would have shown"
