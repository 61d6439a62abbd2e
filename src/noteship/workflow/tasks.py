"""The seam to what executes a stage: a task in, an outcome out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from noteship import store
from noteship.workflow.stages import JSON, Stage

__all__ = ["Executor", "Failure", "Kind", "Outcome", "Task"]

Kind = Literal[
    "code", "timeout", "memory", "input", "output", "environment", "interrupted", "kernel", "store", "data", "cluster"
]


@dataclass(frozen=True)
class Task:
    """A stage to execute, with the files that others made for it: what the project's folder has is not among them."""

    run: str
    stage: Stage
    inputs: Mapping[str, store.Artifact]


@dataclass(frozen=True)
class Failure:
    """Why a stage did not end well.

    Of the kind "store" is a damaged object, which is set aside by then: the next run makes it again; of the kind "data"
    an input that is not what it is to be.
    """

    kind: Kind
    message: str
    where: str = ""
    last_output: str = ""
    remedy: str = ""
    retryable: bool = False
    nearest: str = ""

    def to_json(self) -> JSON:
        """As a plain value."""
        return {
            "kind": self.kind,
            "message": self.message,
            "where": self.where,
            "last_output": self.last_output,
            "remedy": self.remedy,
            "retryable": self.retryable,
            "nearest": self.nearest,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Failure:
        """From its plain value."""
        return cls(**value)


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    `outputs` are in the store already, by their path in the project. `reads` are the files it was seen to open,
    relative to the project or absolute where outside of it; `wanted` those that it tried to open and that were not
    there. `is_repeatable` is false where something that the key has was another meanwhile: the next run makes it again.
    """

    outputs: Mapping[str, store.Artifact] = field(default_factory=dict)
    record: store.Artifact | None = None
    reads: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0
    is_repeatable: bool = True

    def to_json(self) -> JSON:
        """As a plain value."""
        return {
            "outputs": {path: artifact.to_json() for path, artifact in self.outputs.items()},
            "record": self.record and self.record.to_json(),
            "reads": list(self.reads),
            "wanted": list(self.wanted),
            "notes": list(self.notes),
            "failure": self.failure and self.failure.to_json(),
            "seconds": self.seconds,
            "is_repeatable": self.is_repeatable,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Outcome:
        """From its plain value."""
        return cls(
            outputs={path: store.Artifact.from_json(artifact) for path, artifact in value["outputs"].items()},
            record=value["record"] and store.Artifact.from_json(value["record"]),
            reads=tuple(value["reads"]),
            wanted=tuple(value["wanted"]),
            notes=tuple(value["notes"]),
            failure=value["failure"] and Failure.from_json(value["failure"]),
            seconds=value["seconds"],
            is_repeatable=value["is_repeatable"],
        )


class Executor(Protocol):
    """Executes one task; several may be under way at once, each in a thread of its own.

    What the stage does wrong is a failure in the outcome; an exception means that noteship cannot go on at all. Once
    `cancel` is set, it ends soon, with a failure of the kind "interrupted".
    """

    def __call__(self, task: Task, cancel: threading.Event) -> Outcome:
        """Execute the task."""
        ...
