"""From the counts of a window to what is decided of it. Pure: no clock, no store, no chance."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from noteship.monitor import explaining, statistics
from noteship.monitor.decision import Decision, Word
from noteship.monitor.explaining import short
from noteship.monitor.likeness import Effects
from noteship.monitor.memory import Memory
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch
from noteship.monitor.state import State
from noteship.monitor.streams import Array
from noteship.monitor.telling import joint_p, told

__all__ = ["COLUMNS", "CORRELATIONS", "FEWEST_ROWS", "Gathered", "decide"]

# Beside the detectors of the encoder, in bins: the witness on products of pairs, and each feature for itself.
CORRELATIONS, COLUMNS = "correlations", "columns"
# Windows with fewer rows, as independent ones count, are judged together with the next: bets of a few rows are guesses.
FEWEST_ROWS = 200.0
# An hour of windows of five minutes. Until then nothing is known of how alike rows of a request are, so all of them
# count as the same, and what is decided is said to be a beginning.
LEARNING = 12
# Directions that are remembered as published: who is further behind does not bet.
BETS = 12
# A stake that was not laid has the logarithm 0, up to rounding.
NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Gathered:
    """All pieces of one window, added up, and what is to be said of them."""

    start: int
    sketch: Sketch
    members: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Judged:
    """What a window, or several small ones, say."""

    sketch: Sketch
    effects: Effects

    @property
    def effect(self) -> float:
        return self.effects.largest

    @property
    def effective_rows(self) -> float:
        return self.sketch.rows / self.effect


def decide(
    profile: Profile,
    settings: Settings,
    state: State,
    gathered: Gathered,
    references: tuple[Reference, Reference],
) -> tuple[State, Decision]:
    """Judge a window. `references`: what it is compared with, and what the next one will be.

    Guarantee: the same arguments give the same bytes; in whatever order the pieces were added, the same counts.
    Cost: about 2 ms, however many rows there were.
    """
    sketch = _without_other_bets(gathered.sketch, state, references[0])
    if state.waiting and state.waiting_hour != references[0].hour:
        # Rows of another hour are of another law; fewer than can be judged are let go.
        rows = profile.read_sketch(state.waiting).rows
        note = f"{rows:,} rows before it were too few, and are of an hour with another reference: they were not judged"
        gathered = dataclasses.replace(gathered, notes=(*gathered.notes, note))
        state = dataclasses.replace(state, waiting=b"", windows=0)
    if state.waiting:
        sketch = profile.read_sketch(state.waiting) + sketch
    memory = state.memory or Memory.empty(sketch)
    is_learning = state.judged < LEARNING
    judged = _Judged(sketch, memory.likeness.effects(sketch, is_known=not is_learning))
    if judged.effective_rows < FEWEST_ROWS:
        small = sketch.to_bytes() if sketch.rows else b""
        hour = references[0].hour
        waiting = dataclasses.replace(state, memory=memory, waiting=small, waiting_hour=hour, windows=state.windows + 1)
        return _closed(waiting, gathered), _told(profile, settings, waiting, gathered, judged, references[0])
    evidence = _evidence(profile, memory, judged, references[0])
    alarm = statistics.AlarmState(_weights(profile), state.log_r).after(evidence)
    since = gathered.start if state.since is None and alarm.is_ringing(settings.threshold) else state.since
    memory = memory.after(sketch, references[0])
    moved = dataclasses.replace(
        state,
        judged=state.judged + 1,
        weighed=state.weighed + 1,
        log_r={name: each for name, each in alarm.log_r.items() if each > -math.inf},
        since=since,
        memory=memory,
        windows=state.windows + 1,
        **_bet(state, memory, references[1], settings.tolerance),
    )
    decision = _told(profile, settings, moved, gathered, judged, references[0])
    decision = dataclasses.replace(decision, joint_p=joint_p(profile, sketch, judged.effect))
    decision = _weighed(decision, profile, settings, evidence, is_learning=is_learning, alarm=alarm)
    if decision.drives:
        decision = _explained(decision, profile, moved, sketch, references[0], settings.threshold)
    return _closed(dataclasses.replace(moved, waiting=b"", windows=0), gathered), decision


def _closed(state: State, gathered: Gathered) -> State:
    return dataclasses.replace(state, upto=gathered.start, settled=None)


def _weights(profile: Profile) -> dict[str, float]:
    """One budget, in equal parts; that of the columns again in equal parts."""
    names = [*profile.encoder.bins, CORRELATIONS]
    features = len(profile.encoder.layout.features)
    part = 1 / (len(names) + 1)
    return dict.fromkeys(names, part) | {_column(place): part / features for place in range(features)}


def _column(place: int) -> str:
    return f"{COLUMNS} {place}"


def _evidence(profile: Profile, memory: Memory, judged: _Judged, reference: Reference) -> dict[str, float]:
    """The logarithm of each detector's e-value; none of those that bet nothing."""
    sketch = judged.sketch
    evidence = {}
    for name in profile.encoder.bins:
        log_e = statistics.log_e_bins(
            sketch.counts(name),
            reference.masses[name],
            reference.radii[name],
            history=memory.detector(sketch, name),
            effect=judged.effects.detectors[name],
        )
        if abs(log_e) > NOTHING:
            evidence[name] = float(log_e)
    if sketch.wealth:
        # How alike products are within a request is not counted: taken to be as alike as whatever is most alike. What
        # has not varied so far has no part in the direction that is bet on.
        effect = judged.effects.of_products
        evidence[CORRELATIONS] = statistics.log_e_witness(sum(sketch.wealth.values()), effect=effect)
    columns = statistics.log_e_before(
        sketch.features.sum(axis=0).astype(float),
        reference.feature_masses,
        reference.feature_radii,
        memory.features(sketch) * _watched(profile)[:, None],
        judged.effects.features,
    )
    return evidence | {_column(place): each for place, each in columns.items()}


def _watched(profile: Profile) -> Array:
    """Which features are: all but work, which has a detector of its own, and of which a part is counted only."""
    return numpy.array([feature.group != "work" for feature in profile.encoder.layout.features], float)


def _bet(state: State, memory: Memory, reference: Reference, tolerance: float) -> dict[str, Any]:
    """The direction of the windows so far, for rows of the next window; and to which reference it belongs."""
    sums = memory.products.astype(float) + memory.rows * reference.moments.means[0]
    witness = statistics.Witness.learn(sums, memory.rows, reference.moments, tolerance)
    bets = dict(state.bets) if witness is None else {**state.bets, witness.identity: reference.hour}
    return {"witness": witness, "bets": dict(list(bets.items())[-BETS:])}


def _without_other_bets(sketch: Sketch, state: State, reference: Reference) -> Sketch:
    """Without the evidence of bets that were not published, or for another hour: rows bet on what is usual then."""
    kept = copy.copy(sketch)
    kept.wealth = {
        identity: sums
        for identity, sums in sketch.wealth.items()
        if identity in state.bets and state.bets[identity] == reference.hour
    }
    return kept


def _told(
    profile: Profile, settings: Settings, state: State, gathered: Gathered, judged: _Judged, reference: Reference
) -> Decision:
    """What needs no evidence."""
    settled = state.told_settled
    word: Word = "not enough data" if state.since is None else "alarm"
    return dataclasses.replace(
        told(profile, settings, gathered.sketch, judged.sketch, reference, effect=judged.effect),
        start=gathered.start,
        state=word,
        windows=state.windows,
        since=state.since,
        members=gathered.members,
        missing=gathered.missing,
        notes=(*gathered.notes, *([settled] if settled else [])),
    )


def _weighed(
    decision: Decision,
    profile: Profile,
    settings: Settings,
    evidence: Mapping[str, float],
    *,
    is_learning: bool,
    alarm: statistics.AlarmState,
) -> Decision:
    """With the evidence, and the word for it."""
    log_e, log_r = _grouped(profile, evidence), _grouped(profile, alarm.log_r)
    total, budget = alarm.log_total, math.log(settings.threshold)
    word: Word = "alarm" if decision.since is not None else "learning" if is_learning else "unchanged"
    # Half of the way, in logarithms: as much evidence as one window in the root of the budget has.
    is_changing = total >= budget / 2
    if is_changing and word == "unchanged":
        word = "changing"
    # Those that would be as much by themselves; where none is, that which comes nearest.
    enough = min(budget / 2 + math.log(len(profile.encoder.bins) + 2), max(log_r.values(), default=0.0))
    drives = [name for name, each in log_r.items() if is_changing and each >= enough]
    return dataclasses.replace(
        decision,
        state=word,
        log_total=short(total) if total > -math.inf else None,
        log_e={name: short(each) for name, each in log_e.items()},
        log_r={name: short(each) for name, each in log_r.items()},
        drives=tuple(sorted(drives, key=lambda name: -log_r[name])),
    )


def _grouped(profile: Profile, logs: Mapping[str, float]) -> dict[str, float]:
    """With the mean of all columns for the columns."""
    columns = [each for name, each in logs.items() if name.startswith(COLUMNS)]
    grouped = {name: each for name, each in logs.items() if not name.startswith(COLUMNS) and each > -math.inf}
    if columns and max(columns) > -math.inf:
        features = len(profile.encoder.layout.features)
        grouped[COLUMNS] = float(numpy.logaddexp.reduce(columns)) - math.log(features)
    return grouped


def _explained(
    decision: Decision, profile: Profile, state: State, sketch: Sketch, reference: Reference, threshold: float
) -> Decision:
    encoder = profile.encoder
    columns = {int(name.split()[1]): each for name, each in state.log_r.items() if name.startswith(COLUMNS)}
    rules = [
        explaining.rule_that_moved(encoder, name, sketch, reference) for name in decision.drives if name in encoder.bins
    ]
    is_paired = CORRELATIONS in decision.drives
    return dataclasses.replace(
        decision,
        culprits=explaining.culprits(encoder, columns, max(state.weighed, threshold), sketch, reference),
        moved=tuple(rule for rule in rules if rule is not None),
        pairs=explaining.pairs(encoder.layout, sketch, reference, decision.effect) if is_paired else (),
    )
