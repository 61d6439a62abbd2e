"""How long what is in the way of a rollout is waited for: by what it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from noteship import cluster

if TYPE_CHECKING:
    from noteship.cluster.why import Cause

__all__ = ["ASK_S", "PATIENCE_S", "PLACING_S", "Patience"]

# A registry that stutters, or a store that comes up beside it, is given so long.
PATIENCE_S = 30.0
# Clusters that grow bring a node within three to five minutes, by their makers' own words; others never.
PLACING_S = 300.0
# How often it is asked anew why pods are not ready yet.
ASK_S = 10.0
# What goes on by itself seldom, so that it is not waited for until the cluster's own deadline.
_OF_IMAGES = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})
_OF_MAKING = frozenset({"CreateContainerConfigError", "CreateContainerError", "FailedCreate"})
_OF_RUNNING = frozenset({"CrashLoopBackOff", "Error", "OOMKilled", "StartError", "RunContainerError"})
# What the controllers of Jobs and of queues go on trying, and say in events alone.
_CAUSES = frozenset(
    {
        *("account-missing", "admission-refused", "limit-range", "not-made"),
        *("pod-security", "queue-missing", "queue-too-small", "queue-uncovered", "quota-wants-values"),
    }
)
Hindrance = Literal["hopeless", "unplaced"]


class Patience:
    """Ends the wait for a rollout when something that is surely in the way has been there for long enough.

    A Job's own controller decides how often its pods may fail, and a Job may wait for room as long as it may last.
    """

    def __init__(self, until: cluster.Until, *, is_job: bool = False) -> None:
        self._outer = until.stop or threading.Event()
        self._deadline = _after(until.timeout_s)
        self._is_job = is_job
        self._ready = 0
        self._since: dict[Hindrance, float] = {}
        self._now: Hindrance | None = None

    @property
    def until(self) -> cluster.Until:
        """For the next watch: until it is asked anew, or is over."""
        ends = [time.monotonic() + ASK_S, self._deadline]
        if self._now:
            ends.append(self._since[self._now] + self._limit_s(self._now))
        left_s = min(each for each in ends if each is not None) - time.monotonic()
        return cluster.Until(self._outer, max(0.0, left_s))

    @property
    def is_over(self) -> bool:
        """Whether the caller's own time has passed, or it was stopped."""
        return self._outer.is_set() or (self._deadline is not None and time.monotonic() >= self._deadline)

    @property
    def gives_up(self) -> bool:
        """Whether what is in the way now has been there for too long."""
        return self._now is not None and time.monotonic() >= self._since[self._now] + self._limit_s(self._now)

    def hear(self, progress: cluster.Progress, causes: Sequence[Cause] = ()) -> bool:
        """Take in how far it is; whether something is in the way that was not.

        What crashes runs between, so that it counts from its first time on, until more pods are ready.
        """
        if progress.ready > self._ready:
            self._since.clear()
        self._ready = progress.ready
        self._now = self._hindrance(progress, causes)
        if self._now != "unplaced":
            self._since.pop("unplaced", None)
        if self._now is None or self._now in self._since:
            return False
        self._since[self._now] = time.monotonic()
        return True

    def _hindrance(self, progress: cluster.Progress, causes: Sequence[Cause]) -> Hindrance | None:
        reason = progress.reason
        is_hopeless = reason in _OF_IMAGES | _OF_MAKING or (reason in _OF_RUNNING and not self._is_job)
        if is_hopeless or any(each.kind in _CAUSES for each in causes):
            return "hopeless"
        return "unplaced" if reason == "Unschedulable" and not self._is_job else None

    def _limit_s(self, what: Hindrance) -> float:
        return PATIENCE_S if what == "hopeless" else PLACING_S


def _after(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
