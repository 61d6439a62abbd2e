"""What was answered lately, so that feedback which comes later can be compared with it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from noteship.serving.observing import Batch

__all__ = ["PredictionLog"]

# A prediction takes about 100 bytes here: some ten megabytes.
ROWS_LIMIT = 100_000


class PredictionLog:
    """An observer that keeps the predictions of the latest requests, and nothing of their rows.

    When more than `rows_limit` predictions are kept, the requests that were longest not asked for are forgotten.
    """

    def __init__(self, rows_limit: int = ROWS_LIMIT) -> None:
        self._rows_limit = rows_limit
        self._rows = 0
        self._kept: OrderedDict[str, tuple[Any, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def observe(self, batch: Batch) -> None:
        """Keep the predictions of each request."""
        values = batch.scores.predictions.tolist()
        start = 0
        with self._lock:
            for request_id, count in zip(batch.request_ids, batch.row_counts, strict=True):
                self._kept[request_id] = tuple(values[start : start + count])
                self._rows += count
                start += count
            while self._rows > self._rows_limit:
                _, forgotten = self._kept.popitem(last=False)
                self._rows -= len(forgotten)

    def predictions(self, request_id: str) -> tuple[Any, ...] | None:
        """What a request was answered, a value for each row; None when it is not kept."""
        with self._lock:
            found = self._kept.get(request_id)
            if found is not None:
                self._kept.move_to_end(request_id)
            return found
