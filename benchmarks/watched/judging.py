"""Windows decided one after the other, as the evaluator does it, without a store and a clock."""

from __future__ import annotations

from noteship import monitor
from noteship.monitor.deciding import Gathered, decide
from noteship.monitor.decision import Decision
from noteship.monitor.reference import Reference
from noteship.monitor.state import State

__all__ = ["Judge"]


class Judge:
    """One evaluator of one stream, with one false alarm in `threshold` windows on average at most."""

    def __init__(self, profile: monitor.Profile, threshold: float) -> None:
        plain = monitor.Settings()
        self._settings = monitor.Settings(false_alarm_s=threshold * plain.window_s)
        self._profile, self._state, self._next = profile, State(), 0
        reference = Reference.of_profile(profile, plain.tolerance)
        self._references = (reference, reference)
        self.bet: monitor.PairBet | None = None

    def judge(self, sketch: monitor.Sketch) -> Decision:
        """Close a window, whose rows were counted with `bet`."""
        gathered = Gathered(self._next, sketch)
        self._state, decision = decide(self._profile, self._settings, self._state, gathered, self._references)
        self._next += self._settings.window_s
        witness = self._state.witness
        self.bet = witness and monitor.PairBet(witness, self._profile.encoder.layout.dimensions)
        return decision
