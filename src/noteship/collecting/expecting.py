"""The table of what was collected while nothing was: the columns that rows will have, as far as the model tells."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from noteship import digests
from noteship.collecting.kept_rows import column_of, own_names, values_of

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped]

    from noteship import models

__all__ = ["expected", "is_of_none", "version_of_none"]

# What versions begin with that are of no rows, and of no piece's version does.
NONE = "no rows"
# One value of each kind, since a column of none has no type where pandas keeps objects.
SAMPLES: dict[str, Any] = {
    "boolean": True,
    "integer": 0,
    "number": 0.0,
    "text": "",
    "category": "",
    "datetime": datetime.datetime(2000, 1, 1),
}


def expected(signature: models.Signature | None, leave_out: Collection[str] = ()) -> pyarrow.Schema:
    """The columns, with types that `join` gives rows of this signature; without one, own columns alone.

    What is predicted then is of the type null.
    """
    import pyarrow as pa

    inputs = [each for each in signature.inputs if each.name not in leave_out] if signature else []
    predicted = _predicted(signature.output) if signature else pa.null()
    moment = pa.timestamp("us", "UTC")
    own = {
        "request": pa.string(),
        "row": pa.int32(),
        "time": moment,
        "version": pa.string(),
        "prediction": predicted,
        "probability": pa.float64(),
        "label": predicted,
        "label_time": moment,
    }
    names = own_names([each.name for each in inputs])
    fields = [pa.field(names[name], kind) for name, kind in own.items()]
    return pa.schema([*fields, *(pa.field(each.name, _type(each)) for each in inputs)])


def version_of_none(schema: pyarrow.Schema) -> str:
    """Another one when the columns are others."""
    return f"{NONE}, {digests.of_value([[each.name, str(each.type)] for each in schema])}"


def is_of_none(version: str) -> bool:
    """Whether a version is one of those that say that nothing was collected."""
    return version.startswith(NONE)


def _predicted(output: models.Output) -> pyarrow.DataType:
    import pyarrow as pa

    return values_of(output.classes).type if output.classes else pa.float64()


def _type(column: models.Column) -> pyarrow.DataType:
    """As rows have it; of categories, that of all that are known."""
    return column_of(column.build(column.categories or (SAMPLES[column.type],))).type
