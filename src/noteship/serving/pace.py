"""How fast rows are scored of late, and so how long a queue of them takes."""

from __future__ import annotations

import math

__all__ = ["Pace"]

# What was measured weighs half as much after this long of scoring: long enough to even batches out.
HALF_LIFE_S = 1.0


class Pace:
    """A running estimate of the seconds a row takes, of the rows and seconds measured, older ones weighing less."""

    def __init__(self) -> None:
        self._rows = 0.0
        self._seconds = 0.0

    def measured(self, rows: int, seconds: float) -> None:
        """Rows were scored."""
        kept = math.exp2(-seconds / HALF_LIFE_S)
        self._rows = self._rows * kept + rows
        self._seconds = self._seconds * kept + seconds

    def seconds(self, rows: int) -> float:
        """How long so many rows take, at the pace of late; 0 while nothing was measured."""
        return rows * self._seconds / self._rows if self._rows else 0.0
