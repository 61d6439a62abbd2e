"""The seam to what looks at a stage's inputs before they are used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from noteship.workflow.resolving import Resolved
from noteship.workflow.stages import Stage
from noteship.workflow.tasks import Failure

__all__ = ["Inspection", "Inspector", "NoInspector"]


@dataclass(frozen=True)
class Inspection:
    """What was found: `failure` keeps the stage from its inputs, `notices` do not."""

    notices: tuple[str, ...] = ()
    failure: Failure | None = None


class Inspector(Protocol):
    """Looks at what a stage is about to read, also where its result is known already."""

    def concerns(self, reads: Mapping[str, str]) -> bool:
        """Whether any of these files, each with its digest, is to be looked at; asked for every stage, so cheap."""
        ...

    def __call__(self, stage: Stage, resolved: Resolved, cancel: threading.Event) -> Inspection:
        """Look at them; in a thread, beside others. Raises what the store raises."""
        ...


class NoInspector:
    """Looks at nothing."""

    def concerns(self, reads: Mapping[str, str]) -> bool:  # noqa: ARG002  the seam's own shape
        """Of no file."""
        return False

    def __call__(self, stage: Stage, resolved: Resolved, cancel: threading.Event) -> Inspection:  # noqa: ARG002
        """Nothing was found."""
        return Inspection()
