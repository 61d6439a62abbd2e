"""Rows judged in one go, without windows before them and after them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy

from noteship.monitor import explaining, statistics, streams
from noteship.monitor.betting import PairBet
from noteship.monitor.deciding import COLUMNS, CORRELATIONS, FEWEST_ROWS
from noteship.monitor.decision import Decision
from noteship.monitor.explaining import short
from noteship.monitor.fields import Observed
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.telling import joint_p, told

__all__ = ["judge", "sketched"]

# Where nothing is beyond the tolerance, rows are said to have changed at most once in so many times.
ENOUGH = 100.0
# Rows that are encoded at once.
PIECE = 4_096


def judge(profile: Profile, observed: Observed, settings: Settings) -> Decision:
    """Compare rows with the profile; each counts as a request of its own. "alarm": they changed.

    Guarantee: for independent rows of a law within the tolerance, the probability of "alarm" is at most 1 in 100
    (Markov's inequality: the mean of e-values is one). Of the columns that are named, one in five may be a wrong one.

    The witness is learned from each half of the rows and bets on the other one. Raises UnfitRows.
    """
    reference = Reference.of_profile(profile, settings.tolerance)
    is_second = (streams.integers(profile.seed, "judged", len(observed)) & numpy.uint64(1)).astype(bool)
    halves = [observed.taken(numpy.flatnonzero(is_second == side)) for side in (False, True)]
    sketches = [sketched(profile, half, str(side), None) for side, half in enumerate(halves)]
    sketch = sketches[0] + sketches[1]
    told_of = told(profile, settings, sketch, sketch, reference)
    if sketch.rows < FEWEST_ROWS:
        return told_of
    evidence = {
        name: float(statistics.log_e_bins(sketch.counts(name), reference.masses[name], reference.radii[name]))
        for name in profile.encoder.bins
    }
    evidence[CORRELATIONS] = _correlations(profile, halves, sketches, reference, settings.tolerance)
    watched = [place for place, each in enumerate(profile.encoder.layout.features) if each.group != "work"]
    columns = statistics.log_e_bins(
        sketch.features[:, watched].swapaxes(0, 1), reference.feature_masses[watched], reference.feature_radii[watched]
    )
    evidence[COLUMNS] = _log_mean(columns.tolist())
    total = _log_mean(list(evidence.values()))
    judged = dataclasses.replace(
        told_of,
        state="unchanged",
        log_budget=short(math.log(ENOUGH)),
        log_total=short(total),
        log_e={name: short(each) for name, each in evidence.items()},
        joint_p=joint_p(profile, sketch, 1.0),
    )
    if total < math.log(ENOUGH):
        return judged
    by_column = dict(zip(watched, columns.tolist(), strict=True))
    return _explained(judged, profile, sketch, reference, evidence, by_column)


def _explained(
    decision: Decision,
    profile: Profile,
    sketch: Sketch,
    reference: Reference,
    evidence: Mapping[str, float],
    columns: Mapping[int, float],
) -> Decision:
    encoder = profile.encoder
    drives = sorted((name for name in evidence if evidence[name] >= math.log(ENOUGH)), key=lambda name: -evidence[name])
    rules = [explaining.rule_that_moved(encoder, name, sketch, reference) for name in drives if name in encoder.bins]
    return dataclasses.replace(
        decision,
        state="alarm",
        drives=tuple(drives),
        culprits=explaining.culprits(encoder, columns, 1, sketch, reference),
        moved=tuple(rule for rule in rules if rule is not None),
        pairs=explaining.pairs(encoder.layout, sketch, reference, decision.effect) if CORRELATIONS in drives else (),
    )


def sketched(profile: Profile, observed: Observed, name: str, bet: PairBet | None) -> Sketch:
    """The counts of rows that are each a request of its own; ids begin with `name`."""
    sketch = profile.sketch()
    for start in range(0, len(observed), PIECE):
        part = observed.part(start, min(start + PIECE, len(observed)))
        ids = [f"{name} {place}" for place in range(start, start + len(part))]
        sketch.add(profile.encoder.encode(part), profile.fourier, ids, [1] * len(part), bet)
    return sketch


def _correlations(
    profile: Profile, halves: Sequence[Observed], sketches: Sequence[Sketch], reference: Reference, tolerance: float
) -> float:
    """The mean of the two e-values of a witness from one half on the other."""
    evidence = []
    for learned, judged in ((0, 1), (1, 0)):
        sums = sketches[learned].products
        witness = statistics.Witness.learn(sums, sketches[learned].rows, reference.moments, tolerance)
        if witness is None:
            evidence.append(0.0)
            continue
        bet = PairBet(witness, profile.encoder.layout.dimensions)
        wealth = sum(
            bet.log_wealth(profile.encoder.encode(halves[judged].part(start, start + PIECE)).z)
            for start in range(0, len(halves[judged]), PIECE)
        )
        evidence.append(statistics.log_e_witness(wealth))
    return _log_mean(evidence)


def _log_mean(logs: Sequence[float]) -> float:
    return float(numpy.logaddexp.reduce(logs)) - math.log(len(logs))
