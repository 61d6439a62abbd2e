"""What is decided of a window, as it is kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from noteship.monitor import errors
from noteship.monitor.pieces import stamp, stamped

__all__ = ["Accuracy", "Culprit", "Decision", "Share", "Word", "Work"]

VERSION = 1
Word = Literal["learning", "not enough data", "unchanged", "changing", "alarm"]


@dataclass(frozen=True)
class Share:
    """The share of rows of which something holds, in the reference and in the window; of a pair, their correlation."""

    what: str
    reference: float
    window: float


@dataclass(frozen=True)
class Culprit:
    """A feature that moved, with the logarithm of the evidence for it, and the bins that moved most."""

    feature: str
    group: str
    log_r: float
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Accuracy:
    """The share of right answers that calibrated scores expect, and its standard error."""

    expected: float
    standard_error: float


@dataclass(frozen=True)
class Work:
    """Multiplications a row, next to the reference's; and the share of the rows that they were counted of."""

    mean: float
    ratio: float
    share: float


@dataclass(frozen=True)
class Decision:
    """What is decided of one window.

    - state: "learning" and "not enough data" are no sign of health; "changing" is evidence, but less than an alarm
    - rows, requests: of the window; judged_rows: with those of small windows before it; windows: how many these are
    - members: the pieces it was made of; missing: replicas that were to tell of it and did not
    - log_total: the evidence so far, and log_budget, at which it is an alarm; log_r: by detector; log_e: this window's
    - drives: the detectors that it comes from
    - joint_p: how probable so large a distance of the joint law is without any change; shown, it never rings
    - moved: the rule that moved most, of each detector that drives; pairs: the correlations that did
    - effect: how many rows say as much as one independent one
    - reference: "profile" or "hour of week"; since: the window in which an alarm began that is not settled
    """

    start: int
    state: Word
    rows: int
    requests: int
    judged_rows: int
    windows: int
    log_budget: float
    log_total: float | None = None
    log_r: Mapping[str, float] = field(default_factory=dict)
    log_e: Mapping[str, float] = field(default_factory=dict)
    drives: tuple[str, ...] = ()
    joint_p: float | None = None
    culprits: tuple[Culprit, ...] = ()
    moved: tuple[Share, ...] = ()
    pairs: tuple[Share, ...] = ()
    accuracy: Accuracy | None = None
    work: Work | None = None
    effect: float = 1.0
    reference: str = "profile"
    since: int | None = None
    members: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        value = asdict(self)
        since = None if self.since is None else stamp(self.since)
        return {"decision": VERSION, **value, "start": stamp(self.start), "since": since}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises DamagedDecisions."""
        try:
            if value["decision"] != VERSION:
                raise errors.DamagedDecisions(f"a decision has version {value['decision']}, not {VERSION}")
            plain = {name: each for name, each in value.items() if name != "decision"}
            return cls(**plain | _parsed(value))
        except (ValueError, KeyError, TypeError) as error:
            raise errors.DamagedDecisions("a part of a decision is missing or changed") from error


def _parsed(value: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that JSON has another form of."""
    culprits = (Culprit(**each | {"shares": _shares(each["shares"])}) for each in value["culprits"])
    return {
        "start": stamped(value["start"]),
        "since": None if value["since"] is None else stamped(value["since"]),
        "culprits": tuple(culprits),
        "moved": _shares(value["moved"]),
        "pairs": _shares(value["pairs"]),
        "accuracy": None if value["accuracy"] is None else Accuracy(**value["accuracy"]),
        "work": None if value["work"] is None else Work(**value["work"]),
        **{name: tuple(value[name]) for name in ("drives", "members", "missing", "notes")},
    }


def _shares(values: Any) -> tuple[Share, ...]:
    return tuple(Share(**each) for each in values)
