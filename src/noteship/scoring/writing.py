"""What is written of scored rows: parts of a file as bytes, and the file of its parts."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import pandas

from noteship import models
from noteship.models.columns import plain
from noteship.scoring import errors
from noteship.scoring.forms import Form

__all__ = ["PREDICTION", "encoded", "joined", "score_columns", "scored_frame"]

PREDICTION = "prediction"
PROBABILITY = "probability_"
PIECE_BYTES = 1 << 20


def score_columns(model: models.LoadedModel) -> list[str]:
    """The columns that scores have."""
    return [PREDICTION, *(PROBABILITY + name for name in model.probability_names)]


def scored_frame(model: models.LoadedModel, kept: pandas.DataFrame, scores: models.Scores) -> pandas.DataFrame:
    """The columns kept, beside them the scores of the same rows."""
    columns: dict[str, Any] = {str(name): kept[name] for name in kept.columns}
    columns[PREDICTION] = pandas.Series(scores.predictions, index=kept.index)
    if scores.probabilities is not None:
        for place, name in enumerate(model.probability_names):
            columns[PROBABILITY + name] = pandas.Series(scores.probabilities[:, place], index=kept.index)
    return pandas.DataFrame(columns, index=kept.index)


def encoded(frame: pandas.DataFrame, form: Form, shown: str) -> bytes:
    """A part of a file. Raises ParquetMissing."""
    if form.kind == "parquet":
        return _parquet_bytes(frame, shown)
    if form.kind == "csv":
        return frame.to_csv(index=False, header=False, lineterminator="\n").encode()
    names = list(frame.columns)
    columns = [map(plain, frame[name].tolist()) for name in names]
    lines = (
        json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=_text)
        for row in zip(*columns, strict=True)
    )
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def joined(parts: Iterator[bytes], names: Sequence[str], form: Form) -> Iterator[bytes]:
    """The bytes of a whole file of its parts, each of which is read once or twice; memory holds one of them."""
    with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
        path = Path(folder) / "whole"
        if form.kind == "parquet":
            _join_parquet([_kept(part, Path(folder) / str(number)) for number, part in enumerate(parts)], path)
        else:
            with path.open("wb") as raw:
                _join_lines(parts, names, form, raw)
        with path.open("rb") as whole:
            yield from iter(lambda: whole.read(PIECE_BYTES), b"")


def _join_lines(parts: Iterator[bytes], names: Sequence[str], form: Form, raw: BinaryIO) -> None:
    # Without a time in it, equal rows give equal bytes.
    stream: Any = gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) if form.is_packed else raw
    if form.kind == "csv":
        stream.write(pandas.DataFrame(columns=list(names)).to_csv(index=False, lineterminator="\n").encode())
    for part in parts:
        stream.write(part)
    if form.is_packed:
        stream.close()


def _kept(part: bytes, path: Path) -> Path:
    path.write_bytes(part)
    return path


def _parquet_bytes(frame: pandas.DataFrame, shown: str) -> bytes:
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError as error:
        raise errors.ParquetMissing(shown) from error
    plain_frame = frame.assign(
        **{name: frame[name].astype(object) for name in frame.columns if str(frame[name].dtype) == "category"}
    )
    sink = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pandas(plain_frame, preserve_index=False), sink)
    return sink.getvalue()


def _join_parquet(parts: Sequence[Path], target: Path) -> None:
    """Columns that were all null in one part take their type from the others."""
    import pyarrow
    from pyarrow import parquet

    schemas = [parquet.read_schema(part).remove_metadata() for part in parts]
    schema = pyarrow.unify_schemas(schemas, promote_options="permissive")
    with parquet.ParquetWriter(target, schema) as writer:
        for part in parts:
            writer.write_table(parquet.read_table(part).cast(schema))


def _text(value: Any) -> Any:
    """A cell that JSON has no form for."""
    return value.isoformat() if isinstance(value, date) else str(value)
