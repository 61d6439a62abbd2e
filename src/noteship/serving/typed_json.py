"""JSON whose shape is known beforehand: decoded and checked in one pass, and written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import numpy

from noteship import models

__all__ = ["NotJson", "NotOfShape", "Raw", "RowShape", "decoder", "encode"]

T = TypeVar("T")
# A part that is left as the bytes that it is.
Raw = msgspec.Raw

# What a value may be in JSON, by a column's type; the column itself looks closer.
TYPES: dict[str, Any] = {
    "boolean": bool,
    "integer": int | float,
    "number": int | float,
    "text": str,
    "category": str | int | float | bool,
    "datetime": str,
}
SPACE = b" \t\r\n"
Tuples = list[tuple[Any, ...]]
ClientId = str | int | None


class NotOfShape(Exception):
    """The body is not JSON, or not of the shape; where and why is for a slower look."""


class NotJson(NotOfShape):
    """The body is not JSON at all."""


class RowShape:
    """The shapes of rows of one signature: objects by field name, or lists in the signature's order.

    Cost: 1 microsecond and 2 a kilobyte.
    """

    def __init__(self, signature: models.Signature) -> None:
        row = _struct(signature, array_like=False)
        rows: Any = list[row]  # type: ignore[valid-type]
        envelope = msgspec.defstruct("Envelope", [("rows", rows), ("id", ClientId, None)], forbid_unknown_fields=True)
        self._one = msgspec.json.Decoder(row)
        self._many = msgspec.json.Decoder(rows)
        self._lists = msgspec.json.Decoder(list[_struct(signature, array_like=True)])  # type: ignore[misc]
        self._envelope = msgspec.json.Decoder(envelope)

    def tuples(self, body: bytes) -> tuple[Tuples, ClientId]:
        """The rows as tuples in the signature's order, and the envelope's id. Raises NotOfShape."""
        try:
            found, client_id = self._found(body, body[:64].lstrip(SPACE))
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise NotOfShape from error
        return list(map(msgspec.structs.astuple, found)), client_id

    def _found(self, body: bytes, start: bytes) -> tuple[Any, ClientId]:
        second = start[1:].lstrip(SPACE)
        if start.startswith(b"["):
            return (self._lists if second.startswith(b"[") else self._many).decode(body), None
        if second.startswith(b'"rows"'):
            envelope: Any = self._envelope.decode(body)
            return envelope.rows, envelope.id
        return (self._one.decode(body),), None


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """What decodes JSON objects to a dataclass; fields beyond it are passed over.

    Its function raises NotJson, and NotOfShape in words that hold a place and types, never a value.
    """
    decode = msgspec.json.Decoder(kind).decode

    def decoded(body: bytes) -> T:
        try:
            return decode(body)
        except msgspec.ValidationError as error:
            raise NotOfShape(str(error).replace("`", "'")) from error
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            deep = "it is nested too deeply"
            raise NotJson(deep if isinstance(error, RecursionError) else str(error)) from error

    return decoded


def encode(value: Any) -> bytes:
    """A value as JSON; what is not a finite number becomes null. Raises UnicodeError for half a surrogate pair."""
    return msgspec.json.encode(value, enc_hook=_other)


def _other(value: Any) -> Any:
    return value.item() if isinstance(value, numpy.generic) else str(value)


def _struct(signature: models.Signature, *, array_like: bool) -> Any:
    """The type of a row; with names, a field that may be null may also be missing."""
    fields: list[Any] = []
    for number, column in enumerate(signature.inputs):
        # A float holds what goes into the buffer; elsewhere an integer stays one.
        kind = float if column.is_plain_number else TYPES[column.type]
        if column.nulls == "refused":
            fields.append((f"f{number}", kind))
        else:
            fields.append((f"f{number}", kind | None) if array_like else (f"f{number}", kind | None, None))
    names = {f"f{number}": column.name for number, column in enumerate(signature.inputs)}
    form: Any = {"array_like": True} if array_like else {"rename": names, "kw_only": True}
    return msgspec.defstruct("Row", fields, forbid_unknown_fields=True, gc=False, **form)
