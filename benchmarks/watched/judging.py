"""Windows decided one after the other, as the evaluator does it, without a store and a clock."""

from __future__ import annotations

from noteship import monitor
from noteship.monitor.decision import Decision

__all__ = ["Judge"]


class Judge:
    """One evaluator of one stream, with one false alarm in `threshold` windows on average at most."""

    def __init__(self, profile: monitor.Profile, threshold: float) -> None:
        plain = monitor.Settings()
        self._rehearsal = monitor.Rehearsal(profile, monitor.Settings(false_alarm_s=threshold * plain.window_s))
        self._window_s, self._next = plain.window_s, 0

    @property
    def bet(self) -> monitor.PairBet | None:
        """With which the rows of the next window are to be counted."""
        return self._rehearsal.bet

    def judge(self, sketch: monitor.Sketch) -> Decision:
        """Close a window, whose rows were counted with `bet`."""
        decision = self._rehearsal.close(self._next, sketch)
        self._next += self._window_s
        return decision
