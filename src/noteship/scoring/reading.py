"""Reading rows piece by piece, so that memory does not grow with the file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pandas

from noteship import models
from noteship.scoring import errors, texts
from noteship.scoring.forms import Form

__all__ = ["BadRow", "Piece", "Wanted", "pieces"]

# As many rows as the steps are given at once.
ROWS = 8192


@dataclass(frozen=True)
class Wanted:
    """What is read of each row: the model's inputs, and columns to be kept as they are, which an option names."""

    signature: models.Signature
    keep: tuple[str, ...] = ()
    option: str = "--keep"

    @property
    def columns(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys([column.name for column in self.signature.inputs] + list(self.keep)))


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit, by its number from 0 in the file."""

    row: int
    field: str | None
    expected: str
    got: str


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a file, numbered from 0 by the frames' index.

    - inputs: as JSON or pandas has their values, not yet checked; kept: the columns to be kept
    - broken: rows that are no rows at all; they are in neither frame
    - end: the number of the row that follows; share: of the file's bytes or rows that were read, from 0 to 1
    """

    inputs: pandas.DataFrame
    kept: pandas.DataFrame
    broken: tuple[BadRow, ...]
    end: int
    share: float


def pieces(path: Path, shown: str, form: Form, wanted: Wanted, skip: int = 0) -> Iterator[Piece]:
    """The rows of a file from the row numbered `skip` on.

    `shown` is what messages call the file. Raises NoSuchColumn, RowsUnreadable, ParquetMissing.
    """
    read = {"parquet": _parquet, "csv": _csv, "jsonl": _json_lines}[form.kind]
    try:
        yield from read(path, shown, form, wanted, skip)
    except (errors.NoSuchColumn, errors.ParquetMissing, errors.RowsUnreadable, MemoryError):
        raise
    except Exception as error:
        # Each reader below raises more kinds than it documents.
        raise errors.RowsUnreadable(shown, f"{type(error).__name__}: {error}") from error


def _parquet(path: Path, shown: str, _: Form, wanted: Wanted, skip: int) -> Iterator[Piece]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise errors.ParquetMissing(shown) from error
    with parquet.ParquetFile(path, buffer_size=1 << 20) as file:
        _check_columns(shown, wanted, file.schema_arrow.names)
        row, groups = _groups_from(file, skip)
        total = file.metadata.num_rows or 1
        for batch in file.iter_batches(ROWS, row_groups=groups, columns=wanted.columns):
            first, row = row, row + batch.num_rows
            if row <= skip:
                continue
            frame = batch.to_pandas(integer_object_nulls=True)[wanted.columns]
            yield _piece(wanted, frame.iloc[max(0, skip - first) :], max(first, skip), row / total)


def _groups_from(file: Any, skip: int) -> tuple[int, list[int]]:
    """The groups of rows that hold what is not skipped, and the number of their first row."""
    first = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if first + rows > skip:
            return first, list(range(group, file.num_row_groups))
        first += rows
    return first, []


def _csv(path: Path, shown: str, form: Form, wanted: Wanted, skip: int) -> Iterator[Piece]:
    size = path.stat().st_size or 1
    row = 0
    options: Any = {"dtype": object, "na_filter": False, "encoding": "utf-8-sig"}
    with path.open("rb") as raw, _unpacked(raw, form) as stream:
        columns = pandas.read_csv(stream, nrows=0, **options).columns
    # Of one column, a line of spaces is a row.
    options |= {"chunksize": ROWS, "skip_blank_lines": len(columns) > 1}
    with path.open("rb") as raw, _unpacked(raw, form) as stream, pandas.read_csv(stream, **options) as reader:
        for frame in reader:
            if not isinstance(frame.index, pandas.RangeIndex):
                # pandas takes the first field of each row for its name, and so moves all others by one.
                raise errors.RowsUnreadable(shown, "its rows have more fields than its header")
            _check_columns(shown, wanted, list(map(str, frame.columns)))
            first, row = row, row + len(frame)
            if row <= skip:
                continue
            # A row with too few fields has NaN for those that are missing.
            told = frame[wanted.columns].iloc[max(0, skip - first) :].fillna("")
            piece = _piece(wanted, told, max(first, skip), min(1.0, raw.tell() / size))
            cells = {c.name: texts.values(c, told[c.name].tolist()) for c in wanted.signature.inputs}
            yield Piece(_frame(cells, piece.inputs.index), piece.kept, (), piece.end, piece.share)


def _json_lines(path: Path, _: str, form: Form, wanted: Wanted, skip: int) -> Iterator[Piece]:
    size = path.stat().st_size or 1
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    broken: list[BadRow] = []
    end = 0
    with path.open("rb") as raw, _unpacked(raw, form) as stream:
        for line in stream:
            if not line.strip():
                continue
            end += 1
            if end <= skip:
                continue
            value = _value(line)
            if isinstance(value, dict):
                rows.append(value)
                numbers.append(end - 1)
            else:
                broken.append(BadRow(end - 1, None, "an object of JSON", "something else"))
            if len(rows) + len(broken) >= ROWS:
                yield _of_objects(wanted, rows, numbers, broken, end, min(1.0, raw.tell() / size))
                rows, numbers, broken = [], [], []
    if rows or broken:
        yield _of_objects(wanted, rows, numbers, broken, end, 1.0)


def _value(line: bytes) -> Any:
    """What a line holds; None where it is not JSON, which has no NaN."""
    try:
        return json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None


def _no_constant(_: str) -> float:
    raise ValueError


def _of_objects(
    wanted: Wanted, rows: list[dict[str, Any]], numbers: list[int], broken: list[BadRow], end: int, share: float
) -> Piece:
    index = pandas.Index(numbers, dtype="int64")
    inputs = {column.name: [row.get(column.name) for row in rows] for column in wanted.signature.inputs}
    kept = {name: [row.get(name) for row in rows] for name in wanted.keep}
    return Piece(_frame(inputs, index), _frame(kept, index), tuple(broken), end, share)


def _frame(cells: dict[str, Any], index: pandas.Index[Any]) -> pandas.DataFrame:
    """A frame of values as they are; floats alone are kept as floats."""
    made = {
        name: pandas.Series(given, index=index, dtype=object if isinstance(given, list) else None)
        for name, given in cells.items()
    }
    return pandas.DataFrame(made, index=index)


def _piece(wanted: Wanted, frame: pandas.DataFrame, first: int, share: float) -> Piece:
    end = first + len(frame)
    frame = frame.set_axis(pandas.RangeIndex(first, end), axis=0)
    inputs = frame[[column.name for column in wanted.signature.inputs]]
    return Piece(inputs, frame[list(wanted.keep)], (), end, share)


def _check_columns(shown: str, wanted: Wanted, present: Sequence[str]) -> None:
    missing = tuple(name for name in wanted.columns if name not in present)
    if missing:
        inputs = {column.name for column in wanted.signature.inputs}
        option = "" if inputs & set(missing) else wanted.option
        raise errors.NoSuchColumn(shown, missing, tuple(present), option)


def _unpacked(raw: BinaryIO, form: Form) -> Any:
    return gzip.GzipFile(fileobj=raw) if form.is_packed else nullcontext(raw)
