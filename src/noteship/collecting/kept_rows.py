"""Rows and labels between a service's memory and Parquet.

pandas and pyarrow are imported when there is something to write: who only deletes what is old needs neither.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy

from noteship import digests

if TYPE_CHECKING:
    import pandas
    import pyarrow  # type: ignore[import-untyped]

    from noteship import models

__all__ = [
    "LABELS",
    "NAMES",
    "OWN",
    "KeptLabel",
    "Taken",
    "column_of",
    "own_names",
    "part",
    "rows_at",
    "values_of",
    "written_labels",
    "written_rows",
]

# What stands beside the inputs of a row; a name that an input has already gets an underscore behind it.
OWN = ("request", "row", "time", "version", "prediction", "probability")
LABELS = ("request", "row", "label", "label_time")
# In the metadata of a piece of rows: what its columns beside the inputs are called, as JSON.
NAMES = b"noteship"
MICROSECONDS = 1_000_000


@dataclass(frozen=True, eq=False)
class Taken:
    """Rows of one batch that are kept, with what was answered.

    - requests, rows: of each row, its request's id and its place there; moments: when it was asked, seconds since 1970
    - probabilities: of the likeliest class; None where there are none
    """

    encoded: models.Rows
    requests: tuple[str, ...]
    rows: tuple[int, ...]
    moments: numpy.ndarray[Any, Any]
    predictions: tuple[Any, ...]
    probabilities: numpy.ndarray[Any, Any] | None
    size_bytes: int

    def __len__(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class KeptLabel:
    """What was right for a row; `told` is when that came, in seconds since 1970."""

    request: str
    row: int
    label: Any
    told: float


def part(taken: Taken, places: numpy.ndarray[Any, Any]) -> Taken:
    """Some of the rows."""
    chosen = places.tolist()
    return replace(
        taken,
        encoded=rows_at(taken.encoded, places),
        requests=tuple(taken.requests[place] for place in chosen),
        rows=tuple(taken.rows[place] for place in chosen),
        moments=taken.moments[places],
        predictions=tuple(taken.predictions[place] for place in chosen),
        probabilities=None if taken.probabilities is None else taken.probabilities[places],
        size_bytes=taken.size_bytes * len(chosen) // max(1, len(taken)),
    )


def rows_at(rows: models.Rows, places: numpy.ndarray[Any, Any]) -> models.Rows:
    """Some of a batch's rows, which shares nothing with it."""
    chosen = places.tolist()
    others = [[given[place] for place in chosen] for given in rows.others]
    frame = None if rows.is_exact else rows.frame.iloc[chosen].reset_index(drop=True)
    return type(rows)(rows.signature, rows.numbers[places], others, frame, is_exact=rows.is_exact)


def own_names(inputs: Sequence[str]) -> dict[str, str]:
    """What the columns beside the inputs are called, by their usual names.

    >>> own_names(["text", "version"])["version"]
    'version_'
    """
    taken, found = set(inputs), {}
    for name in (*OWN, "label", "label_time"):
        free = name
        while free in taken:
            free += "_"
        found[name] = free
        taken.add(free)
    return found


def written_rows(taken: Sequence[Taken], version: str, leave_out: Sequence[str]) -> bytes:
    """One piece of rows, without the columns that are left out. Cost: some milliseconds for a thousand rows."""
    import pandas
    import pyarrow

    frame = pandas.concat([each.encoded.frame for each in taken], ignore_index=True)
    inputs = [str(name) for name in frame.columns]
    names = own_names(inputs)
    moments = numpy.concatenate([each.moments for each in taken])
    own = {
        "request": pyarrow.array([each for one in taken for each in one.requests], pyarrow.string()),
        "row": pyarrow.array([each for one in taken for each in one.rows], pyarrow.int32()),
        "time": _times(moments),
        "version": pyarrow.array([version] * len(moments), pyarrow.string()),
        "prediction": values_of([each for one in taken for each in one.predictions]),
        "probability": _probabilities(taken),
    }
    columns = {names[name]: column for name, column in own.items()}
    for name in inputs:
        if name not in leave_out:
            columns[name] = column_of(frame[name])
    table = pyarrow.table(columns).replace_schema_metadata({NAMES: digests.canonical_json(names)})
    return _parquet(table)


def written_labels(labels: Sequence[KeptLabel]) -> bytes:
    """One piece of labels."""
    import pyarrow

    columns = (
        pyarrow.array([each.request for each in labels], pyarrow.string()),
        pyarrow.array([each.row for each in labels], pyarrow.int32()),
        values_of([each.label for each in labels]),
        _times(numpy.array([each.told for each in labels])),
    )
    return _parquet(pyarrow.table(dict(zip(LABELS, columns, strict=True))))


def _times(moments: numpy.ndarray[Any, Any]) -> pyarrow.Array:
    import pyarrow

    whole = numpy.round(moments * MICROSECONDS).astype("int64")
    return pyarrow.array(whole, pyarrow.int64()).cast(pyarrow.timestamp("us", "UTC"))


def _probabilities(taken: Sequence[Taken]) -> pyarrow.Array:
    import pyarrow

    found: list[float | None] = []
    for each in taken:
        found += [None] * len(each) if each.probabilities is None else each.probabilities.tolist()
    return pyarrow.array(found, pyarrow.float64())


def column_of(series: pandas.Series[Any]) -> pyarrow.Array:
    """A column with the type that the steps were fitted with; of categories, that of their values."""
    import pyarrow

    try:
        found = pyarrow.array(series, from_pandas=True)
    except (pyarrow.ArrowException, UnicodeError):
        return _texts(series.tolist())
    if pyarrow.types.is_dictionary(found.type):
        found = found.cast(found.type.value_type)
    return found.combine_chunks() if isinstance(found, pyarrow.ChunkedArray) else found


def values_of(values: Sequence[Any]) -> pyarrow.Array:
    """What was predicted, or was right."""
    import pyarrow

    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowException, UnicodeError):
        return _texts(values)


def _texts(values: Sequence[Any]) -> pyarrow.Array:
    """Values of several kinds, or with halves of pairs of surrogates, as texts."""
    import pandas
    import pyarrow

    missing = pandas.isna(pandas.Series(values, dtype=object)).tolist()
    texts = [
        None if no else str(value).encode("utf-8", "replace").decode()
        for value, no in zip(values, missing, strict=True)
    ]
    return pyarrow.array(texts, pyarrow.string())


def _parquet(table: pyarrow.Table) -> bytes:
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(table, stream, compression="zstd")
    return stream.getvalue()
