"""Rows that come in batches, written as Parquet: equal rows in equal order give equal bytes, however they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.ingestion.gathering import landing
from noteship.ingestion.origin import Progress, Watch

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Written", "write_parquet"]

# Of a row group: large enough to compress well, small enough for the memory of a laptop at 10 KB a row.
GROUP_ROWS = 1 << 16
GROUP_BYTES = 64 << 20


class Written:
    """How much there is."""

    def __init__(self) -> None:
        self.rows = 0
        self.size_bytes = 0


def write_parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch], target: Path, watch: Watch) -> Written:
    """Write them as they come. Raises what the watch and the batches raise. Memory: that of a row group or two."""
    import pyarrow.parquet as pq

    done = Written()
    with landing(target) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for table in _groups(schema, batches):
            writer.write_table(table, row_group_size=GROUP_ROWS)
            done.rows += table.num_rows
            done.size_bytes = stream.tell()
            watch.moved(Progress(done.size_bytes, rows=done.rows))
    done.size_bytes = target.stat().st_size
    return done


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
