"""Messages written as a file: columns in Parquet, or lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Never, TypeAlias

from noteship.ingestion import errors
from noteship.ingestion.forms import Form
from noteship.ingestion.gathering import landing
from noteship.ingestion.origin import Progress, Watch
from noteship.ingestion.rows import write_parquet

__all__ = ["write_messages"]

Row: TypeAlias = tuple[int, int, int | None, Any, Any]


def write_messages(messages: Iterable[Sequence[Any]], form: Form, target: Path, watch: Watch) -> int:
    """Write partition, offset, timestamp, key and value of each message, and say how many.

    As Parquet, or in the form `json` as lines of JSON, as the values of a topic need not have the same fields. These
    are as they came, number by number: only ends of lines in them become spaces.

    Raises OriginFailed for a message that is not of the form, and what the watch and the messages raise.
    """
    rows = ([_row(each, form, watch.place) for each in some] for some in messages)
    return _as_lines(rows, target, watch) if form == "json" else _as_parquet(rows, form, target, watch)


def _as_parquet(messages: Iterable[Sequence[Row]], form: Form, target: Path, watch: Watch) -> int:
    import pyarrow as pa  # type: ignore[import-untyped]

    kind = pa.binary() if form == "bytes" else pa.string()
    types = {
        "partition": pa.int32(),
        "offset": pa.int64(),
        "timestamp": pa.timestamp("ms", tz="UTC"),
        "key": kind,
        "value": kind,
    }
    schema = pa.schema(list(types.items()))

    def batches() -> Iterator[pa.RecordBatch]:
        for some in messages:
            columns = zip(*some, strict=True)
            arrays = [pa.array(list(column), each) for column, each in zip(columns, types.values(), strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return write_parquet(schema, batches(), target, watch).rows


def _as_lines(messages: Iterable[Sequence[Row]], target: Path, watch: Watch) -> int:
    count = 0
    with landing(target) as stream:
        for some in messages:
            for partition, offset, moment, key, value in some:
                when = None if moment is None else datetime.fromtimestamp(moment / 1000, UTC).isoformat()
                line = {"partition": partition, "offset": offset, "timestamp": when, "key": key}
                known = json.dumps(line, ensure_ascii=False).removesuffix("}")
                stream.write(f'{known}, "value": {value or "null"}}}\n'.encode())
            count += len(some)
            watch.moved(Progress(stream.tell(), rows=count))
    return count


def _row(message: Any, form: Form, place: str) -> Row:
    kind, moment = message.timestamp()
    key, value = (_text(part, message, form, place) for part in (message.key(), message.value()))
    if form == "json" and value is not None:
        value = _json(value, message, place)
    return message.partition(), message.offset(), moment if kind else None, key, value


def _text(data: bytes | None, message: Any, form: Form, place: str) -> bytes | str | None:
    if data is None or form == "bytes":
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _misformed("is no text in UTF-8", message, "bytes", place) from None


def _json(text: Any, message: Any, place: str) -> str:
    """The same in one line. Numbers stay texts while it is looked at: none is too long, nor too large."""
    try:
        value = json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_json)
        if "\\ud" in text.lower():
            json.dumps(value, ensure_ascii=False).encode()  # half a letter is none, and ends who reads the file
    except (ValueError, RecursionError):
        raise _misformed("is no JSON", message, "text", place) from None
    return str(text).strip().replace("\r", " ").replace("\n", " ")


def _no_json(constant: str) -> Never:
    raise ValueError(constant)


def _misformed(what: str, message: Any, other: Form, place: str) -> errors.OriginFailed:
    at = f"partition {message.partition()}, offset {message.offset()}"
    remedy = f'take the messages as they are: format = "{other}" in its section of noteship.toml'
    return errors.OriginFailed(place, f"a message {what}: {at}", remedy)
