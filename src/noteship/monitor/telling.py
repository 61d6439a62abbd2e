"""What is said of a window whatever its evidence: accuracy, work, and the joint distance."""

from __future__ import annotations

import math

import numpy

from noteship.monitor import statistics
from noteship.monitor.decision import Accuracy, Decision, Work
from noteship.monitor.explaining import short
from noteship.monitor.profile import Profile
from noteship.monitor.reference import Reference, mean_work
from noteship.monitor.settings import Settings
from noteship.monitor.sketch import Sketch

__all__ = ["joint_p", "told"]


def told(
    profile: Profile, settings: Settings, window: Sketch, judged: Sketch, reference: Reference, *, effect: float = 1.0
) -> Decision:
    """What is to be said of a window, and of the rows that are judged with it, before they are."""
    return Decision(
        0,
        "not enough data",
        window.rows,
        window.requests,
        judged.rows,
        1,
        short(math.log(settings.threshold)),
        accuracy=_accuracy(window, effect),
        work=_work(profile, window),
        effect=short(effect),
        reference="profile" if reference.hour is None else "hour of week",
    )


def joint_p(profile: Profile, sketch: Sketch, effect: float) -> float:
    """How probable so large a distance of the joint law is if nothing has changed at all, next to the profile."""
    moments = profile.moments
    rows = float(moments.rows.sum())
    mean = moments.sums.sum(axis=0) / rows
    distance = statistics.joint_distance(sketch.fourier / effect, sketch.rows / effect, mean, rows)
    return short(statistics.tail_probability(distance, moments.values))


def _accuracy(sketch: Sketch, effect: float) -> Accuracy | None:
    rows, right = sketch.confidence
    expected = statistics.expected_accuracy(numpy.array([right, rows - right]), effect=effect)
    return None if expected is None else Accuracy(short(expected.value), short(expected.standard_error))


def _work(profile: Profile, sketch: Sketch) -> Work | None:
    usual = mean_work(profile)
    if not usual or not sketch.worked_rows:
        return None
    mean = sketch.total_work / sketch.worked_rows
    return Work(short(mean), short(mean / usual), short(sketch.worked_rows / sketch.rows))
