"""How a model is watched."""

from __future__ import annotations

from dataclasses import dataclass

from noteship.monitor.statistics import DEFAULT_TOLERANCE

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """How a model is watched.

    - release: under which name; the replicas of one release are watched together
    - window_s: how long windows are; they begin at its multiples since 1970, so that all workers have the same
    - false_alarm_s: the time to a false alarm, on average at least
    - tolerance: by how much any quantity's mean may move, in its standard deviations
    - sample: of each window so many requests are kept with their rows, 0 for none; leave_out: without these columns;
      sample_keep_s: for how long
    """

    release: str = "local"
    window_s: int = 300
    false_alarm_s: float = 90 * 86_400.0
    tolerance: float = DEFAULT_TOLERANCE
    sample: int = 0
    leave_out: tuple[str, ...] = ()
    sample_keep_s: float = 7 * 86_400.0

    @property
    def threshold(self) -> float:
        """The windows between two false alarms, on average at least; one at least."""
        return max(1.0, self.false_alarm_s / self.window_s)
