"""Many rows as a table: CSV, Parquet, Arrow; what a model needs of them, as JSON values by column."""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas

from noteship import models
from noteship.errors import cut
from noteship.serving import messages
from noteship.serving.calls import Reply
from noteship.serving.limits import Limits
from noteship.serving.model import Model
from noteship.serving.refusals import Refused
from noteship.serving.schemes.arrow_messages import is_compressed

__all__ = ["TABLES", "WRITERS", "needs_arrow", "read_rows"]

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
STREAM = "application/vnd.apache.arrow.stream"
FILE = "application/vnd.apache.arrow.file"
# A table has a name for each column; a line of commas alone is an attack on whoever reads it.
COLUMNS_LIMIT = 10_000
ARROW_FILE = b"ARROW1\0\0"
Columns = dict[str, Sequence[Any]]
WORDS = {"true": True, "1": True, "false": False, "0": False}


def read_rows(content_type: str, body: bytes, signature: models.Signature, limits: Limits) -> models.Rows:
    """The model's columns of a table, checked as JSON is; others are passed over.

    Raises Refused: 400 when it cannot be read, 413 when it is too large, 415 without pyarrow, 422 for rows that do not
    fit.
    """
    columns = TABLES[content_type](body, signature, limits)
    missing = [column.name for column in signature.inputs if column.name not in columns and column.nulls == "refused"]
    if missing:
        raise Refused(422, f"the table has no column '{cut(missing[0], 60)}'", {"field": cut(missing[0], 60)})
    count = len(next(iter(columns.values()), ()))
    messages.check_count(count, limits.rows)
    try:
        if not count:
            raise models.errors.BadRows(None, None, "at least one row", "none")
        given = [columns.get(column.name, (None,) * count) for column in signature.inputs]
        return models.Rows.of_columns(signature, given)
    except models.errors.BadRows as error:
        raise messages.bad_rows(error) from error


def _csv(body: bytes, signature: models.Signature, limits: Limits) -> Columns:
    first = body[: body.find(b"\n") if b"\n" in body else len(body)]
    if first.count(b",") >= COLUMNS_LIMIT:
        raise Refused(413, f"a table may have {COLUMNS_LIMIT} columns at most")
    names = {column.name: column for column in signature.inputs}
    with _readable("CSV"):
        frame = pandas.read_csv(
            io.BytesIO(body),
            dtype=str,
            na_filter=False,
            encoding="utf-8-sig",
            nrows=limits.rows + 1,
            usecols=names.__contains__,
        )
    return {name: _cells(names[name], frame[name].tolist()) for name in frame.columns}


def _cells(column: models.Column, cells: Sequence[Any]) -> Sequence[Any]:
    """Texts as JSON values of a column's type; those that are none stay text, which the column then refuses.

    An empty cell is null where the column takes null.
    """
    read = _reader(column)
    is_nullable = column.nulls == "allowed"
    return [None if is_nullable and cell == "" else read(cell) if isinstance(cell, str) else None for cell in cells]


def _reader(column: models.Column) -> Callable[[str], Any]:
    if column.type == "category":
        kinds = set(map(type, column.categories))
        if kinds == {bool}:
            return _boolean
        return _number if kinds and kinds <= {int, float} else str
    return {"boolean": _boolean, "integer": _number, "number": _number}.get(column.type, str)


def _boolean(cell: str) -> Any:
    return WORDS.get(cell.lower(), cell)


def _number(cell: str) -> Any:
    # Python's own reading is wider than that of tables: 1_000 is no number there.
    if "_" in cell:
        return cell
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


def _parquet(body: bytes, signature: models.Signature, limits: Limits) -> Columns:
    needs_arrow()
    from pyarrow import parquet  # type: ignore[import-untyped]

    names = [column.name for column in signature.inputs]
    with _readable("Parquet"):
        metadata = parquet.read_metadata(io.BytesIO(body))
        messages.check_count(metadata.num_rows, limits.rows)
        groups = range(metadata.num_row_groups)
        _check_size(sum(metadata.row_group(group).total_byte_size for group in groups), limits)
        there = [name for name in names if name in metadata.schema.names]
        file = parquet.ParquetFile(io.BytesIO(body), read_dictionary=there)
        return _plain(file.read(columns=there), names, limits)


def _stream(body: bytes, signature: models.Signature, limits: Limits) -> Columns:
    needs_arrow()
    from pyarrow import ipc

    with _readable("Arrow"):
        if any(is_compressed(bytes(message.metadata)) for message in ipc.MessageReader.open_stream(body)):
            raise Refused(415, "Arrow is taken without compression of its own; leave it out, or gzip the whole body")
        return _batches(ipc.open_stream(body), signature, limits)


def _file(body: bytes, signature: models.Signature, limits: Limits) -> Columns:
    """A file is a stream between a name and a list of its parts."""
    if not body.startswith(ARROW_FILE):
        raise Refused(400, "the body is not readable as an Arrow file")
    return _stream(body[len(ARROW_FILE) :], signature, limits)


def _batches(batches: Iterator[Any], signature: models.Signature, limits: Limits) -> Columns:
    """The columns of batches, none read behind the one that is too many."""
    names = [column.name for column in signature.inputs]
    columns: dict[str, list[Any]] = {}
    count = size = 0
    for batch in batches:
        # Offsets and indices are as the client wrote them, and would be followed out of the body.
        batch.validate(full=True)
        count += batch.num_rows
        size += batch.nbytes
        messages.check_count(count, limits.rows)
        _check_size(size, limits)
        for name, values in _plain(batch, names, limits).items():
            columns.setdefault(name, []).extend(values)
    return dict(columns)


def _plain(table: Any, names: Sequence[str], limits: Limits) -> Columns:
    """Columns as JSON values; a text that many rows share is held once, and counted for each."""
    if len(set(table.schema.names)) < len(table.schema.names):
        raise Refused(422, "the table has two columns of one name")
    found: Columns = {}
    size = 0
    for name in names:
        if name not in table.schema.names:
            continue
        chunks = getattr(table[name], "chunks", [table[name]])
        values = [_number_or_null(value) for chunk in chunks for value in _values(chunk)]
        size += sum(len(value) for value in values if isinstance(value, str))
        found[name] = values
    _check_size(size, limits)
    return found


def _values(chunk: Any) -> list[Any]:
    if not hasattr(chunk, "dictionary"):
        values: list[Any] = chunk.to_pylist()
        return values
    words = chunk.dictionary.to_pylist()
    return [None if place is None else words[place] for place in chunk.indices.to_pylist()]


def _number_or_null(value: Any) -> Any:
    return None if value is pandas.NaT or value != value else value


def _check_size(size: int, limits: Limits) -> None:
    """Unpacked, a table may be as large as a body; packed, some are a thousand times smaller."""
    if size > limits.body_bytes:
        raise Refused(413, f"the table is larger than {limits.body_bytes} bytes unpacked; send fewer rows at once")


@contextlib.contextmanager
def _readable(kind: str) -> Iterator[None]:
    """Whatever the readers of tables raise is the client's: they name their errors in many ways."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except Exception as error:
        raise Refused(400, f"the body is not readable as {kind} ({type(error).__name__})") from error


def needs_arrow() -> None:
    """Raise Refused where pyarrow, which a service need not have, is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        message = "Parquet and Arrow need pyarrow, which is not installed beside the service; send JSON or CSV"
        raise Refused(415, message)


TABLES: dict[str, Callable[[bytes, models.Signature, Limits], Columns]] = {
    CSV: _csv,
    PARQUET: _parquet,
    STREAM: _stream,
    FILE: _file,
}


def _answers(model: Model, scores: models.Scores) -> dict[str, list[Any]]:
    """The columns of an answer: the prediction, and the probability of each class."""
    columns = {"prediction": scores.predictions.tolist()}
    if scores.probabilities is not None:
        names = [f"probability_{name}" for name in model.class_names]
        columns |= dict(zip(names, scores.probabilities.T.tolist(), strict=True))
    return columns


def _to_csv(model: Model, scores: models.Scores) -> Reply:
    columns = _answers(model, scores)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return Reply(text.getvalue().encode(), ((b"content-type", b"text/csv; charset=utf-8"),))


def _to_arrow(model: Model, scores: models.Scores) -> Reply:
    import pyarrow

    table = pyarrow.table(_answers(model, scores))
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return Reply(sink.getvalue(), ((b"content-type", STREAM.encode()),))


WRITERS: dict[str, Callable[[Model, models.Scores], Reply]] = {CSV: _to_csv, STREAM: _to_arrow}
