"""What an Arrow message says of itself before its body is unpacked."""

from __future__ import annotations

import struct

__all__ = ["is_compressed"]

# The places of fields in Arrow's Message.fbs: Message.header_type and .header, DictionaryBatch.data,
# RecordBatch.compression; and the numbers of the two kinds of header that have a body.
HEADER_TYPE, HEADER, DICTIONARY_DATA, COMPRESSION = 1, 2, 1, 3
DICTIONARY_BATCH, RECORD_BATCH = 2, 3


def is_compressed(metadata: bytes) -> bool:
    """Whether a message's body unpacks to a size of its own choice. Raises struct.error where it is no message."""
    message = _reference(metadata, 0)
    kind, header = _field(metadata, message, HEADER_TYPE), _field(metadata, message, HEADER)
    if kind is None or header is None:
        return False
    batch, number = _reference(metadata, header), metadata[kind]
    if number == DICTIONARY_BATCH:
        data = _field(metadata, batch, DICTIONARY_DATA)
        if data is None:
            return False
        batch = _reference(metadata, data)
    elif number != RECORD_BATCH:
        return False
    return _field(metadata, batch, COMPRESSION) is not None


def _reference(metadata: bytes, place: int) -> int:
    """Where a FlatBuffers offset points to."""
    (offset,) = struct.unpack_from("<I", metadata, place)
    return place + int(offset)


def _field(metadata: bytes, table: int, number: int) -> int | None:
    """Where a field of a FlatBuffers table is; None where it has its default."""
    (back,) = struct.unpack_from("<i", metadata, table)
    size, *_ = struct.unpack_from("<H", metadata, table - back)
    slot = 4 + 2 * number
    if slot >= size:
        return None
    (offset,) = struct.unpack_from("<H", metadata, table - back + slot)
    return table + int(offset) if offset else None
