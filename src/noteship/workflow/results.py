"""What is remembered of a stage that ended well, and of what happened to each stage in a run."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from noteship.store import Artifact
from noteship.workflow.key import KeyParts
from noteship.workflow.stages import JSON, Pieces
from noteship.workflow.tasks import Failure

__all__ = ["Result", "StageRecord", "State", "sound_result"]

DIGEST = re.compile("[0-9a-f]{64}")
State = Literal["executed", "reused", "failed", "blocked", "stopped"]


@dataclass(frozen=True)
class Result:
    """A stage's outputs with all that they depend on; known by the key of its parts.

    `pieces` are the parts of its code as they were, to tell later what changed.
    """

    stage: str
    run: str
    parts: KeyParts
    outputs: Mapping[str, Artifact]
    record: Artifact | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    pieces: Mapping[str, Pieces] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The cache key."""
        return self.parts.key

    def to_json(self) -> JSON:
        """As a plain value."""
        return {
            "stage": self.stage,
            "run": self.run,
            "parts": self.parts.to_json(),
            "outputs": {path: artifact.to_json() for path, artifact in self.outputs.items()},
            "record": self.record and self.record.to_json(),
            "notes": list(self.notes),
            "seconds": self.seconds,
            "pieces": {path: [list(each) for each in pieces] for path, pieces in self.pieces.items()},
        }

    @classmethod
    def from_json(cls, value: JSON) -> Result:
        """From its plain value."""
        return cls(
            stage=value["stage"],
            run=value["run"],
            parts=KeyParts.from_json(value["parts"]),
            outputs={path: Artifact.from_json(artifact) for path, artifact in value["outputs"].items()},
            record=value["record"] and Artifact.from_json(value["record"]),
            notes=tuple(value["notes"]),
            seconds=value["seconds"],
            pieces={
                str(path): [(str(name), str(digest)) for name, digest in pieces]
                for path, pieces in value.get("pieces", {}).items()
            },
        )


def sound_result(value: JSON, key: str) -> Result | None:
    """The result of this key, if the value is one; others may have written it, or another version of noteship."""
    try:
        result = Result.from_json(value)
        return result if result.key == key and _is_sound(result) else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _is_sound(result: Result) -> bool:
    artifacts = [*result.outputs.values(), *([result.record] if result.record else [])]
    parts = result.parts
    started = (*itertools.chain.from_iterable(parts.calls), *parts.elsewhere, *parts.elsewhere.values())
    texts = (result.stage, result.run, *result.outputs, *result.notes, *parts.outside, *started)
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(result.seconds, int | float)
        and all(_is_artifact(artifact) for artifact in artifacts)
    )


def _is_artifact(artifact: Artifact) -> bool:
    return (
        artifact.kind in ("file", "folder")
        and isinstance(artifact.digest, str)
        and DIGEST.fullmatch(artifact.digest) is not None
        and isinstance(artifact.size_bytes, int)
        and isinstance(artifact.executable, bool)
    )


@dataclass(frozen=True)
class StageRecord:
    """What happened to a stage in a run; `key` finds its result if it has one, `record` is its notebook."""

    stage: str
    state: State
    key: str = ""
    reason: str = ""
    seconds: float = 0.0
    record: Artifact | None = None
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    blocked_by: str = ""
    outputs: Mapping[str, Artifact] = field(default_factory=dict)

    def to_json(self) -> JSON:
        """As a plain value, without what is empty."""
        value = {
            "state": self.state,
            "key": self.key,
            "reason": self.reason,
            "seconds": self.seconds,
            "record": self.record and self.record.to_json(),
            "notes": list(self.notes),
            "failure": self.failure and self.failure.to_json(),
            "blocked_by": self.blocked_by,
            "outputs": {path: artifact.to_json() for path, artifact in self.outputs.items()},
        }
        return {"stage": self.stage, **{name: each for name, each in value.items() if each}}

    @classmethod
    def from_json(cls, value: JSON) -> StageRecord:
        """From its plain value."""
        return cls(
            stage=value["stage"],
            state=value["state"],
            key=value.get("key", ""),
            reason=value.get("reason", ""),
            seconds=value.get("seconds", 0.0),
            record=Artifact.from_json(value["record"]) if "record" in value else None,
            notes=tuple(value.get("notes", ())),
            failure=Failure.from_json(value["failure"]) if "failure" in value else None,
            blocked_by=value.get("blocked_by", ""),
            outputs={path: Artifact.from_json(each) for path, each in value.get("outputs", {}).items()},
        )
