"""What was collected in a time as one table: rows in order of time, each with its label where one came."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import digests
from noteship.collecting.errors import ColumnsDiffer
from noteship.collecting.kept_rows import LABELS, NAMES, OWN, own_names
from noteship.collecting.pieces import SLOT_S, Piece
from noteship.collecting.shelf import Shelf

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped]

__all__ = ["Joined", "Period", "join", "version_of"]

# Raised whenever equal pieces would give another table than before.
FORM_VERSION = 1
# Own columns while they are joined: inputs of versions may have other names, and these have none of any input.
MARK = "\0"
# Pieces that are read at once: some MB each at most.
AT_ONCE = 64
# Named one by one in the record.
VERSIONS_TOLD = 20


@dataclass(frozen=True)
class Period:
    """Which rows: asked from a moment on, or lately; all without either. Times are seconds since 1970.

    - last_s: from the slot on that holds the moment so long ago; labelled: rows alone of which the label came
    """

    since: float | None = None
    last_s: float | None = None
    labelled: bool = False

    def first(self, now: float) -> float:
        """The moment from which on pieces are of it."""
        if self.last_s is not None:
            return (now - self.last_s) // SLOT_S * SLOT_S
        return self.since or 0.0

    def to_json(self) -> list[Any]:
        """All that decides what comes, but for the clock."""
        return [self.since, self.last_s, self.labelled]


def version_of(pieces: Sequence[Piece], period: Period) -> str:
    """Another one when the pieces are others: their names stand for their contents."""
    names = sorted(f"{piece.kind}/{piece.name}" for piece in pieces)
    return f"{len(names)} pieces, {digests.of_value([FORM_VERSION, period.since, period.labelled, names])}"


@dataclass
class Joined:
    """The columns and, batch by batch, the rows; `facts` are known when these were taken.

    - unreadable: pieces that are damaged, or were deleted meanwhile
    """

    schema: pyarrow.Schema
    batches: Iterator[pyarrow.RecordBatch]
    facts: dict[str, Any] = field(default_factory=dict)
    unreadable: int = 0


@dataclass(frozen=True)
class _Brought:
    """Pieces in files, by the slot that they are of, in their order."""

    rows: Mapping[int, list[Path]]
    labels: Mapping[int, list[Path]]
    schemas: list[pyarrow.Schema]
    label_types: list[pyarrow.DataType]
    unreadable: int


def join(shelf: Shelf, pieces: Sequence[Piece], period: Period, folder: Path, tell: Callable[[int], None]) -> Joined:
    """The table of these pieces; they are kept in a folder until the batches were taken. `tell` hears of bytes.

    Memory: that of a slot's rows and labels. Raises ColumnsDiffer, what `tell` and the store raise.
    """
    import pyarrow as pa

    brought = _bring(shelf, pieces, folder, tell)
    inputs = list(dict.fromkeys(name for each in brought.schemas for name in each.names if not name.startswith(MARK)))
    names = own_names(inputs)
    found = {name: _type(name, brought.schemas) for name in (*(MARK + each for each in OWN), *inputs)}
    label = _unified("label", brought.label_types) if brought.label_types else found[f"{MARK}prediction"]
    fields = [
        *(pa.field(names[each], found[MARK + each]) for each in OWN),
        pa.field(names["label"], label),
        pa.field(names["label_time"], pa.timestamp("us", "UTC")),
        *(pa.field(name, found[name]) for name in inputs),
    ]
    joined = Joined(pa.schema(fields), iter(()), unreadable=brought.unreadable)
    joined.batches = _batches(brought, joined, inputs, period)
    return joined


def _bring(shelf: Shelf, pieces: Sequence[Piece], folder: Path, tell: Callable[[int], None]) -> _Brought:
    import pyarrow as pa
    from pyarrow import parquet

    found = _Brought(defaultdict(list), defaultdict(list), [], [], 0)
    unreadable, total = 0, 0
    for begin in range(0, len(pieces), AT_ONCE):
        some = pieces[begin : begin + AT_ONCE]
        for number, (piece, data) in enumerate(zip(some, shelf.read(some), strict=True), begin):
            total += len(data or b"")
            tell(total)
            path = folder / f"{number}.parquet"
            try:
                path.write_bytes(data or b"")
                schema = parquet.read_schema(path)
                if piece.kind == "rows":
                    found.schemas.append(_marked(schema))
                    found.rows[piece.start].append(path)
                else:
                    found.label_types.append(schema.field("label").type)
                    found.labels[piece.start].append(path)
            except (pa.ArrowException, KeyError, ValueError):
                unreadable += 1
    return _Brought(found.rows, found.labels, found.schemas, found.label_types, unreadable)


def _marked(schema: pyarrow.Schema) -> pyarrow.Schema:
    """With marks before the names of own columns. Raises ValueError and KeyError for what is no piece of rows."""
    import pyarrow as pa

    own = _own(schema)
    return pa.schema([pa.field(own.get(each.name, each.name), each.type) for each in schema])


def _own(schema: pyarrow.Schema) -> dict[str, str]:
    names = json.loads((schema.metadata or {})[NAMES])
    return {names[each]: MARK + each for each in OWN}


def _type(name: str, schemas: Sequence[pyarrow.Schema]) -> pyarrow.DataType:
    import pyarrow as pa

    kinds = [each.field(name).type for each in schemas if name in each.names]
    return _unified(name.removeprefix(MARK), kinds) if kinds else pa.null()


def _unified(name: str, kinds: Sequence[pyarrow.DataType]) -> pyarrow.DataType:
    """The one type that holds values of all. Raises ColumnsDiffer."""
    import pyarrow as pa

    try:
        return (
            pa.unify_schemas([pa.schema([pa.field("x", kind)]) for kind in kinds], promote_options="permissive")
            .field("x")
            .type
        )
    except pa.ArrowException as error:
        raise ColumnsDiffer(name, tuple(dict.fromkeys(map(str, kinds)))) from error


def _batches(brought: _Brought, joined: Joined, inputs: Sequence[str], period: Period) -> Iterator[pyarrow.RecordBatch]:
    counted: dict[str, int] = {"labels": 0}
    versions: dict[str, int] = defaultdict(int)
    for start in sorted(brought.rows):
        table = _slot(brought, start, joined.schema, inputs)
        if period.since is not None:
            table = _since(table, period.since)
        label = table.column(len(OWN))
        counted["labels"] += len(label) - label.null_count
        if period.labelled:
            table = table.filter(label.is_valid())
        for version in table.column(OWN.index("version")).to_pylist():
            versions[version] += 1
        yield from table.to_batches()
    shown = sorted(versions.items(), key=lambda each: -each[1])[:VERSIONS_TOLD]
    joined.facts |= {"labels": counted["labels"], "versions": dict(shown)}


def _slot(brought: _Brought, start: int, schema: pyarrow.Schema, inputs: Sequence[str]) -> pyarrow.Table:
    """The rows of a slot in order of time, with their labels, as the schema has them."""
    import pyarrow as pa
    from pyarrow import parquet

    own = [MARK + each for each in OWN]
    tables = []
    for path in brought.rows[start]:
        table = parquet.read_table(path)
        renamed = _own(table.schema)
        tables.append(table.rename_columns([renamed.get(name, name) for name in table.column_names]))
    kinds = {MARK + name: schema.field(place).type for place, name in enumerate(OWN)}
    kinds |= {name: schema.field(len(OWN) + 2 + place).type for place, name in enumerate(inputs)}
    whole = pa.concat_tables([_conformed(table, kinds) for table in tables])
    order = [(MARK + name, "ascending") for name in ("time", "request", "row")]
    whole = whole.sort_by(order)
    labels, times = _labels_of(brought.labels.get(start, ()), whole, schema)
    columns = [*(whole.column(name) for name in own), labels, times, *(whole.column(name) for name in inputs)]
    return pa.Table.from_arrays(columns, schema=schema)


def _conformed(table: pyarrow.Table, kinds: Mapping[str, pyarrow.DataType]) -> pyarrow.Table:
    """With all columns in one order and type; what a version does not have is missing."""
    import pyarrow as pa

    columns = [
        table.column(name).cast(kind) if name in table.column_names else pa.nulls(len(table), kind)
        for name, kind in kinds.items()
    ]
    return pa.table(columns, names=list(kinds))


def _labels_of(
    paths: Sequence[Path], rows: pyarrow.Table, schema: pyarrow.Schema
) -> tuple[pyarrow.Array, pyarrow.Array]:
    """Of each row its label and when that was told: of several the first."""
    import pyarrow as pa
    from pyarrow import parquet

    found: dict[tuple[str, int], tuple[Any, Any]] = {}
    for path in paths:
        read = parquet.read_table(path, columns=list(LABELS)).to_pydict()
        for request, row, label, told in zip(*(read[name] for name in LABELS), strict=True):
            before = found.get((request, row))
            if before is None or told < before[1]:
                found[request, row] = label, told
    keys = zip(rows.column(f"{MARK}request").to_pylist(), rows.column(f"{MARK}row").to_pylist(), strict=True)
    pairs = [found.get(key, (None, None)) for key in keys]
    kind, time = schema.field(len(OWN)).type, schema.field(len(OWN) + 1).type
    labels = [_fitting(label, kind) for label, _ in pairs]
    return pa.array(labels, kind), pa.array([told for _, told in pairs], time)


def _fitting(label: Any, kind: pyarrow.DataType) -> Any:
    import pyarrow as pa

    if label is not None and pa.types.is_string(kind) and not isinstance(label, str):
        return json.dumps(label)
    return label


def _since(table: pyarrow.Table, since: float) -> pyarrow.Table:
    import pyarrow as pa
    from pyarrow import compute

    moment = pa.scalar(round(since * 1_000_000), pa.int64()).cast(pa.timestamp("us", "UTC"))
    return table.filter(compute.greater_equal(table.column(OWN.index("time")), moment))
