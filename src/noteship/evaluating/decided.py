"""What was decided of the window of each version that was closed last, for Prometheus."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from noteship import supervising
from noteship.monitor.decision import Decision, Word

__all__ = ["Closed", "families"]

PREFIX = "noteship_window_"
STATES: tuple[str, ...] = get_args(Word)


@dataclass(frozen=True)
class Closed:
    """A window that was closed: of which version it is, what was decided, and how long it was."""

    labels: tuple[tuple[str, str], ...]
    decision: Decision
    seconds: int


def families(closed: Sequence[Closed]) -> list[supervising.Family]:
    """Of each the state, the evidence, and what else is told; what there is none of is left out.

    Every worker tells this, and of several windows the latest counts: these are no sums.
    """
    states = [_sample(each, "state", state == each.decision.state, state=state) for each in closed for state in STATES]
    detectors = [
        _sample(each, "detector_evidence_log10", _log10(evidence), detector=name)
        for each in closed
        for name, evidence in each.decision.log_r.items()
    ]
    return [
        _family("state", "1 for the state that the window was found in, 0 for the others.", states),
        *(_family(name, about, _samples(closed, name, value)) for name, about, value in GAUGES),
        _family("detector_evidence_log10", "the evidence R of a detector, its logarithm to the base of 10.", detectors),
    ]


def _samples(
    closed: Sequence[Closed], name: str, value: Callable[[Closed], float | None]
) -> Sequence[supervising.Sample]:
    found = ((each, value(each)) for each in closed)
    return [_sample(each, name, number) for each, number in found if number is not None]


def _sample(closed: Closed, name: str, value: float, **more: str) -> supervising.Sample:
    return supervising.Sample(
        f"{PREFIX}{name}", (*closed.labels, *more.items()), float(value), at=float(closed.decision.start)
    )


def _family(name: str, about: str, samples: Sequence[supervising.Sample]) -> supervising.Family:
    return supervising.Family(f"{PREFIX}{name}", f"Of the window closed last: {about}", "gauge", samples)


def _log10(logarithm: float) -> float:
    return logarithm / math.log(10)


def _evidence(closed: Closed) -> float | None:
    total = closed.decision.log_total
    return None if total is None else _log10(total)


def _accuracy(closed: Closed) -> float | None:
    accuracy = closed.decision.accuracy
    return None if accuracy is None else accuracy.expected


def _accuracy_error(closed: Closed) -> float | None:
    accuracy = closed.decision.accuracy
    return None if accuracy is None else accuracy.standard_error


def _work(closed: Closed) -> float | None:
    work = closed.decision.work
    return None if work is None else work.ratio


# Evidence is told as a logarithm to the base of ten: itself it soon has more digits than a number can.
GAUGES: tuple[tuple[str, str, Callable[[Closed], float | None]], ...] = (
    ("evidence_log10", "the evidence R of a change so far, its logarithm to the base of 10.", _evidence),
    (
        "bell_log10",
        "the evidence R at which there is an alarm, its logarithm to the base of 10.",
        lambda closed: _log10(closed.decision.log_budget),
    ),
    (
        "joint_p",
        "how probable so large a distance of the joint law is without any change, from 0 to 1.",
        lambda closed: closed.decision.joint_p,
    ),
    ("expected_accuracy", "the share of right answers, from 0 to 1, that probabilities expect.", _accuracy),
    ("expected_accuracy_error", "the standard error of the expected accuracy.", _accuracy_error),
    ("work_ratio", "mean work of a row, next to the reference's.", _work),
    ("rows", "rows that it holds.", lambda closed: closed.decision.rows),
    (
        "missing_replicas",
        "replicas that were to tell of it and did not, and had told of the one before.",
        lambda closed: len(set(closed.decision.missing)),
    ),
    ("start_timestamp_seconds", "its start, in seconds since 1970.", lambda closed: closed.decision.start),
    (
        "end_timestamp_seconds",
        "its end, in seconds since 1970.",
        lambda closed: closed.decision.start + closed.seconds,
    ),
)
