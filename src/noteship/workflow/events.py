"""What a run tells while it goes on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TypeAlias

from noteship.workflow.stages import JSON
from noteship.workflow.tasks import Failure

__all__ = [
    "Event",
    "Learned",
    "Notice",
    "StageBlocked",
    "StageFailed",
    "StageFinished",
    "StageReused",
    "StageStarted",
    "StageStopped",
    "event_from_json",
    "event_to_json",
]


@dataclass(frozen=True)
class StageStarted:
    """A stage begins to execute, and why."""

    stage: str
    reason: str


@dataclass(frozen=True)
class StageReused:
    """A stage's result was there already; `seconds` is what making it took."""

    stage: str
    run: str
    seconds: float


@dataclass(frozen=True)
class StageFinished:
    """A stage executed well."""

    stage: str
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class StageFailed:
    """A stage did not end well."""

    stage: str
    seconds: float
    failure: Failure


@dataclass(frozen=True)
class StageBlocked:
    """A stage cannot run, as another failed that it needs."""

    stage: str
    by: str


@dataclass(frozen=True)
class StageStopped:
    """A stage was stopped before its end, or did not begin, as the run was."""

    stage: str


@dataclass(frozen=True)
class Learned:
    """A stage was seen to read what another makes: it runs again after that one."""

    stage: str
    file: str
    producer: str
    evidence: str


@dataclass(frozen=True)
class Notice:
    """Something to know that changes nothing."""

    text: str


Event: TypeAlias = (
    StageStarted | StageReused | StageFinished | StageFailed | StageBlocked | StageStopped | Learned | Notice
)

_KINDS = (StageStarted, StageReused, StageFinished, StageFailed, StageBlocked, StageStopped, Learned, Notice)
_BY_NAME = {kind.__name__: kind for kind in _KINDS}


def event_to_json(event: Event) -> JSON:
    """As a plain value, for who follows from elsewhere.

    >>> event_to_json(StageBlocked("04-train", "03-features"))
    {'event': 'StageBlocked', 'stage': '04-train', 'by': '03-features'}
    """
    return {"event": type(event).__name__, **asdict(event)}


def event_from_json(value: JSON) -> Event | None:
    """From its plain value; None for one of a later noteship."""
    fields = {name: each for name, each in value.items() if name != "event"}
    if "failure" in fields:
        fields["failure"] = Failure.from_json(fields["failure"])
    if "notes" in fields:
        fields["notes"] = tuple(fields["notes"])
    kind = _BY_NAME.get(value["event"])
    made: Event | None = kind(**fields) if kind else None
    return made
