"""Which requests of a window are kept with their rows, where somebody asked for it, and what is kept of them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any, Self

import numpy

from noteship.monitor import errors, streams
from noteship.monitor.encoder import DETECTORS, Encoded
from noteship.monitor.fields import Field, Observed
from noteship.monitor.profile import Profile
from noteship.monitor.sample import Kept, Sample
from noteship.monitor.settings import Settings
from noteship.nearest import nearest

__all__ = ["Sampling"]

# Rows of one request, and characters of a text.
MOST_ROWS, MOST_TEXT = 4, 2_000
# A quarter of a sample, so that no request takes the room of all.
MOST_BYTES = 64 * 1024
# Rows and characters of a request that takes more, and then of one that still does.
TRIED = ((MOST_ROWS, MOST_TEXT), (MOST_ROWS, 200), (1, 200), (0, 0))


class Sampling:
    """What is kept of a version's requests. Not to be changed.

    Which requests are is a matter of their ids and of the profile alone: all workers keep the same of the same ones.
    """

    def __init__(self, profile: Profile, most: int, leave_out: Sequence[str]) -> None:
        self._empty = Sample(most, tuple(sorted(set(leave_out))))
        self._key = int(profile.digest[:8], 16)
        self._encoder = profile.encoder
        features = profile.encoder.layout.features
        self._offsets = numpy.arange(len(features)) * profile.encoder.layout.width
        # Bins of what is made of a column tell of it, too, and so may the work that all columns made, and the leaves of
        # trees over them.
        self._is_told = [
            not leave_out or each.group == "prediction" or (each.group == "input" and not _is_of(each.name, leave_out))
            for each in features
        ]
        detectors = enumerate(DETECTORS[:3], len(features))
        self._leaves = [(name, place) for place, name in detectors if not leave_out or name == "predictions"]
        # None for those that are left out.
        self._plain, self._others = (
            [None if field.name in leave_out else field for field in profile.fields if field.is_plain is is_plain]
            for is_plain in (True, False)
        )

    @classmethod
    def of(cls, profile: Profile, settings: Settings, model: str) -> Self | None:
        """As the settings ask for it, of a model; None where nothing is kept. Raises UnknownColumn, also then."""
        columns = [field.name for field in profile.fields]
        for column in settings.leave_out:
            if column not in columns:
                # What it was meant for would be kept.
                raise errors.UnknownColumn(column, model, nearest(column, columns))
        return cls(profile, settings.sample, settings.leave_out) if settings.sample else None

    @property
    def empty(self) -> Sample:
        """That of no requests."""
        return self._empty

    def taken(
        self,
        ceiling: int,
        start: int,
        observed: Observed,
        encoded: Encoded,
        request_ids: Sequence[str],
        row_counts: Sequence[int],
    ) -> Sample:
        """Of these requests, those of a hash up to `ceiling`, the most that a sample holds; `start`: of their window.

        Cost: 0.2 microseconds a request, and some 50 for each that is taken.
        """
        orders = streams.orders(request_ids, self._key)
        places = numpy.flatnonzero(orders <= ceiling)
        if not len(places):
            return self._empty
        smallest = sorted((int(orders[place]), request_ids[place], place) for place in places.tolist())
        ends = numpy.cumsum(row_counts).tolist()
        kept = []
        for order, request, place in smallest[: self._empty.most]:
            rows = range(ends[place] - row_counts[place], ends[place])
            kept.append(self._kept((order, request), start, rows, observed, encoded))
        return Sample.of(self._empty.most, self._empty.left_out, kept)

    def _kept(self, request: tuple[int, str], start: int, rows: range, observed: Observed, encoded: Encoded) -> Kept:
        """A request, with as many rows and characters as it may take."""
        for most_rows, most_text in TRIED:
            told = [self._row(row, most_text, observed, encoded) for row in rows[:most_rows]]
            kept = Kept.of(*request, start, told, len(rows) - len(told))
            if kept.size_bytes <= MOST_BYTES:
                break
        return kept

    def _row(self, row: int, most_text: int, observed: Observed, encoded: Encoded) -> dict[str, Any]:
        predictions = observed.predictions
        bins = (encoded.bins[row, : len(self._offsets)] - self._offsets).tolist()
        leaves = {name: int(encoded.bins[row, place]) - self._encoder.places[name] for name, place in self._leaves}
        confidence = None if encoded.confidence is None else _plain(float(encoded.confidence[row]), 0)
        return {
            "inputs": self._inputs(row, most_text, observed),
            "prediction": _plain(predictions.labels[row], most_text),
            "probability": confidence,
            "bins": [each if is_told else None for each, is_told in zip(bins, self._is_told, strict=True)],
            "leaves": leaves,
        }

    def _inputs(self, row: int, most_text: int, observed: Observed) -> dict[str, Any]:
        numbers = zip(self._plain, observed.numbers[row].tolist(), strict=True)
        others = zip(self._others, observed.others, strict=True)
        values = {field.name: _number(field, value) for field, value in numbers if field is not None}
        return values | {field.name: _plain(given[row], most_text) for field, given in others if field is not None}


def _is_of(feature: str, columns: Sequence[str]) -> bool:
    """Whether a feature is made of one of these columns, as `Layout` names it."""
    return any(feature == column or feature.startswith(f"{column}: ") for column in columns)


def _number(field: Field, value: float) -> Any:
    """A machine number as it was asked."""
    if not math.isfinite(value):
        return None
    return bool(value) if field.kind == "boolean" else int(value) if field.kind == "integer" else value


def _plain(value: Any, most_text: int) -> Any:
    """A value that JSON has; a long text is cut, with its length."""
    value = value.item() if isinstance(value, numpy.generic) else value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value.isoformat() if isinstance(value, datetime.date) else str(value)
    if len(text) > most_text:
        text = f"{text[:most_text]}… ({len(text):,} characters)"
    # What came as half of a pair of surrogates cannot be written.
    return text.encode("utf-8", "replace").decode()
