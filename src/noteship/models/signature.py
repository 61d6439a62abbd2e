"""What a model takes and gives: the contract with those who send it rows."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import pandas

from noteship.errors import cut
from noteship.models import columns, errors
from noteship.models.buffers import NumberBuffer
from noteship.models.columns import Column
from noteship.models.errors.wording import FIELD_LIMIT

__all__ = ["Output", "Signature"]

# Fields that a message about an unknown one shows before it counts the rest.
FIELDS_SHOWN = 20


@dataclass(frozen=True)
class Output:
    """What comes out: one prediction a row. `classes` are JSON values, in the order of the probabilities."""

    name: str
    kind: Literal["classification", "regression"]
    classes: tuple[Any, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {"name": self.name, "kind": self.kind, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(name=value["name"], kind=value["kind"], classes=tuple(value["classes"]))


@dataclass(frozen=True)
class Signature:
    """The input columns in their order, the output, and one row that is known to work."""

    inputs: tuple[Column, ...]
    output: Output
    example: Mapping[str, Any]

    @functools.cached_property
    def buffer(self) -> NumberBuffer:
        """The inputs that are plain numbers."""
        return NumberBuffer(self.inputs)

    def columns(self, rows: Sequence[Any]) -> list[list[Any]]:
        """Rows as they come from JSON, by column: objects by field name, or lists in the order of the inputs.

        A field that is missing is null. Raises BadRows for rows of another shape.
        """
        if not isinstance(rows, (list, tuple)):
            raise errors.BadRows(None, None, "a list of rows", columns.type_word(rows))
        if not rows:
            raise errors.BadRows(None, None, "at least one row", "none")
        self._check_shapes(rows)
        if isinstance(rows[0], dict):
            return [[row.get(column.name) for row in rows] for column in self.inputs]
        return [list(column) for column in zip(*rows, strict=True)]

    def decode(self, rows: Sequence[Any]) -> pandas.DataFrame:
        """The frame of rows as `columns` takes them, with the types that the steps were fitted with.

        Raises BadRows for the first row and field that does not fit; it never echoes values.
        """
        pairs = zip(self.inputs, self.columns(rows), strict=True)
        return pandas.DataFrame({column.name: column.decode(given) for column, given in pairs})

    def conform(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """The input columns of a table, checked and encoded as `decode` would. Raises BadRows and MissingColumns."""
        names = {str(name): name for name in frame.columns}
        missing = tuple(column.name for column in self.inputs if column.name not in names)
        if missing:
            raise errors.MissingColumns("the table", missing, tuple(names))
        encoded = {column.name: column.conform(frame[names[column.name]]) for column in self.inputs}
        return pandas.DataFrame(encoded, index=frame.index)

    def to_json(self) -> dict[str, Any]:
        """The written form, of plain values."""
        return {
            "inputs": [column.to_json() for column in self.inputs],
            "output": self.output.to_json(),
            "example": dict(self.example),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            inputs=tuple(Column.from_json(column) for column in value["inputs"]),
            output=Output.from_json(value["output"]),
            example=dict(value["example"]),
        )

    def _check_shapes(self, rows: Sequence[Any]) -> None:
        names = {column.name for column in self.inputs}
        required = {column.name for column in self.inputs if column.nulls == "refused"}
        kind = dict if isinstance(rows[0], dict) else list
        for number, row in enumerate(rows):
            if not isinstance(row, (dict, list)):
                raise errors.BadRows(number, None, "an object or a list", columns.type_word(row))
            if not isinstance(row, kind):
                expected = "an object like the rows before" if kind is dict else "a list like the rows before"
                raise errors.BadRows(number, None, expected, columns.type_word(row))
            if kind is list and len(row) != len(self.inputs):
                raise errors.BadRows(number, None, f"{len(self.inputs)} values", str(len(row)))
            if isinstance(row, dict) and not names.issuperset(row):
                raise self._unknown_field(number, row)
            # Of one alone, its column tells more.
            if isinstance(row, dict) and len(required - row.keys()) > 1:
                raise self._lacking_fields(number, row)

    def _unknown_field(self, number: int, row: Mapping[str, Any]) -> errors.BadRows:
        known = [column.name for column in self.inputs]
        field = next(str(name) for name in row if name not in known)
        near = difflib.get_close_matches(field, known, 1) or known[:1]
        listed = f" (it has {_shown([cut(name, FIELD_LIMIT) for name in known])})" if len(known) > 1 else ""
        return errors.BadRows(number, field, f"a field of the model, such as {near[0]}{listed}", "an unknown one")

    def _lacking_fields(self, number: int, row: Mapping[str, Any]) -> errors.BadRows:
        required = [column for column in self.inputs if column.nulls == "refused"]
        wanted = [f"{cut(column.name, FIELD_LIMIT)} ({columns.WORDS[column.type]})" for column in required]
        lacking = [cut(column.name, FIELD_LIMIT) for column in required if column.name not in row]
        got = f"one without {_shown(lacking)}" if row else "an empty one"
        return errors.BadRows(number, None, f"an object with {_shown(wanted)}", got)


def _shown(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - FIELDS_SHOWN} more" if len(texts) > FIELDS_SHOWN else ""
    return ", ".join(texts[:FIELDS_SHOWN]) + more
