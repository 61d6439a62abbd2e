"""The work of scoring: how many multiplications, comparisons and look-ups each row takes."""

from noteship.models.work.counting import counter
from noteship.models.work.parts import Counts, Unknown, WorkCounter

__all__ = ["Counts", "Unknown", "WorkCounter", "counter"]
