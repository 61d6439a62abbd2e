"""What was answered lately, so that feedback which comes later can be compared with it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from noteship import models
from noteship.serving import feedback
from noteship.serving.feedback import Feedback, Item
from noteship.serving.ids import moment_of
from noteship.serving.observing import Batch
from noteship.serving.refusals import Refused

__all__ = ["UNKNOWN_REQUEST", "PredictionLog"]

# A prediction takes about 100 bytes here: some ten megabytes.
ROWS_LIMIT = 100_000
UNKNOWN_REQUEST = "this request is not known here, or no longer"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Who answered. Not the model itself, which would stay in memory after it was unloaded."""

    name: str
    version: str
    digest: str
    output: models.Output


@dataclass(eq=False, slots=True)
class _Kept:
    """What a request was answered, and the labels that came for its rows."""

    origin: _Origin
    moment: float
    predictions: tuple[Any, ...]
    labels: dict[int, Any] | None = None


class PredictionLog:
    """An observer that keeps the predictions of the latest requests, and nothing of their rows.

    When more than `rows_limit` predictions are kept, the requests that were longest not asked for are forgotten.
    """

    def __init__(self, rows_limit: int = ROWS_LIMIT, clock: Callable[[], float] = time.time) -> None:
        self._rows_limit = rows_limit
        self._clock = clock
        self._rows = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def observe(self, batch: Batch) -> None:
        """Keep the predictions of each request."""
        values = batch.scores.predictions.tolist()
        origin = _Origin(batch.model.name, batch.model.version, batch.model.digest, batch.model.signature.output)
        start, now = 0, self._clock()
        with self._lock:
            for request_id, count in zip(batch.request_ids, batch.row_counts, strict=True):
                self._kept[request_id] = _Kept(origin, now, tuple(values[start : start + count]))
                self._rows += count
                start += count
            while self._rows > self._rows_limit:
                _, forgotten = self._kept.popitem(last=False)
                self._rows -= len(forgotten.predictions)

    def predictions(self, request_id: str) -> tuple[Any, ...] | None:
        """What a request was answered, a value for each row; None when it is not kept."""
        with self._lock:
            found = self._find(request_id)
            return None if found is None else found.predictions

    def label(self, item: Item) -> Feedback | None:
        """Compare a label with what was predicted; None for one that had come before.

        Raises Refused: 404 when the request is not kept, 422 for a row or a label that it cannot have, 409 when the
        row has another label already.
        """
        with self._lock:
            found = self._find(item.request)
            if found is None:
                raise Refused(404, UNKNOWN_REQUEST)
            if not 0 <= item.row < len(found.predictions):
                raise Refused(422, f"field 'row': expected 0 to {len(found.predictions) - 1}", {"field": "row"})
            label = feedback.checked_label(item.label, found.origin.output)
            labels = found.labels = found.labels or {}
            if item.row in labels:
                if labels[item.row] != label:
                    raise Refused(409, "another label for this row came before")
                return None
            labels[item.row] = label
        origin, prediction = found.origin, found.predictions[item.row]
        made = (origin.name, origin.version, origin.output.kind, origin.digest)
        return Feedback(item.request, item.row, label, prediction, *made, _moment(item.request, found.moment))

    def _find(self, request_id: str) -> _Kept | None:
        found = self._kept.get(request_id)
        if found is not None:
            self._kept.move_to_end(request_id)
        return found


def _moment(request_id: str, observed: float) -> float:
    """When it was answered: as its id says, or before, since ids go on from the later time when a clock is set back."""
    told = moment_of(request_id)
    return observed if told is None else min(told, observed)
