"""How fast rows are scored of late, and so how long a queue of them takes."""

from __future__ import annotations

import math

__all__ = ["Pace"]

# What was measured weighs half as much after this long of scoring: long enough to even batches out.
HALF_LIFE_S = 1.0


class Pace:
    """A running estimate of what a call and a row cost: a line through the batches measured, older ones weighing less.

    A call of scikit-learn costs as much as hundreds of rows, so that seconds a row alone would tell little. While all
    batches were of one size, all of the cost is the call's. `total_s` is the sum of all that was measured.
    """

    def __init__(self) -> None:
        self.total_s = 0.0
        self._calls = self._rows = self._seconds = self._rows_rows = self._rows_seconds = 0.0
        self._call_s = self._row_s = 0.0

    def measured(self, rows: int, seconds: float) -> None:
        """Rows were scored in one call."""
        self.total_s += seconds
        kept = math.exp2(-seconds / HALF_LIFE_S)
        self._calls = self._calls * kept + 1
        self._rows = self._rows * kept + rows
        self._seconds = self._seconds * kept + seconds
        self._rows_rows = self._rows_rows * kept + rows * rows
        self._rows_seconds = self._rows_seconds * kept + rows * seconds
        self._call_s, self._row_s = self._line()

    def seconds(self, rows: int, calls: int = 1) -> float:
        """How long so many rows take in so many calls, at the pace of late; 0 while nothing was measured."""
        return calls * self._call_s + rows * self._row_s if rows else 0.0

    def rows(self, seconds: float, most: int) -> int:
        """How many rows a call can take in so many seconds, or in as many again as the call alone: from 1 to `most`."""
        room_s = max(seconds, self._call_s)
        return most if self._row_s * most <= room_s else max(1, int(room_s / self._row_s))

    def _line(self) -> tuple[float, float]:
        """The seconds of a call and of a row: least squares."""
        mean_rows, mean_s = self._rows / self._calls, self._seconds / self._calls
        spread = self._rows_rows / self._calls - mean_rows**2
        # Rounding leaves a little where all batches were of one size.
        if spread > 1e-6 * self._rows_rows / self._calls:
            row_s = max(0.0, (self._rows_seconds / self._calls - mean_rows * mean_s) / spread)
        else:
            row_s = 0.0
        row_s = min(row_s, mean_s / mean_rows)
        return mean_s - row_s * mean_rows, row_s
