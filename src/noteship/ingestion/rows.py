"""Rows that come in batches, written as Parquet: equal rows in equal order give equal bytes, however they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.ingestion import errors
from noteship.ingestion.gathering import landing
from noteship.ingestion.origin import Progress, Watch

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

__all__ = ["Written", "write_parquet"]

# Of a row group: enough to compress well, and 160 MB of memory where a row is a text of 10 KB.
GROUP_ROWS = 1 << 14


class Written:
    """How much there is."""

    def __init__(self) -> None:
        self.rows = 0
        self.size_bytes = 0


def write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], target: Path, watch: Watch) -> Written:
    """Write them as they come. Memory: that of a row group or two.

    Raises OriginFailed for columns that Parquet does not have, and what the watch and the batches raise.
    """
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    _check(schema, watch.place)
    schema, batches = _plain(schema), map(_plain_batch, batches)
    done = Written()
    with landing(target) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for table in _groups(schema, batches):
            writer.write_table(table, row_group_size=GROUP_ROWS)
            done.rows += table.num_rows
            done.size_bytes = stream.tell()
            watch.moved(Progress(done.size_bytes, rows=done.rows))
    done.size_bytes = target.stat().st_size
    return done


def _check(schema: pa.Schema, place: str) -> None:
    import pyarrow as pa

    several = [name for name, count in Counter(schema.names).items() if count > 1]
    if several:
        remedy = f"give each a name of its own: select … as {several[0]}_2"
        raise errors.OriginFailed(place, f"two columns are named {several[0]!r}", remedy)
    for column in schema:
        if pa.types.is_interval(column.type) or pa.types.is_union(column.type):
            remedy = f"ask for it as text or as a number: {column.name}::text, extract(epoch from {column.name})"
            raise errors.OriginFailed(place, f"Parquet has no type for the column {column.name!r}", remedy)


def _plain(schema: pa.Schema) -> pa.Schema:
    """The columns with types that every reader of Parquet knows: of an extension, that in which it is stored."""
    import pyarrow as pa

    return pa.schema([pa.field(each.name, getattr(each.type, "storage_type", each.type)) for each in schema])


def _plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [getattr(column, "storage", column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=_plain(batch.schema))


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of one size, so that it does not count in which pieces they came."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        while rows >= GROUP_ROWS:
            table = pa.Table.from_batches(held, schema)
            yield table.slice(0, GROUP_ROWS).combine_chunks()
            rest = table.slice(GROUP_ROWS)
            held, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(held, schema).combine_chunks()
