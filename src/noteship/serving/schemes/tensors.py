"""Tensors of the Open Inference Protocol: as JSON and as bytes, to rows of a signature."""

from __future__ import annotations

import difflib
import itertools
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy

from noteship import models
from noteship.errors import cut
from noteship.serving import messages
from noteship.serving.refusals import Refused

__all__ = ["Tensor", "TensorMetadata", "packed", "rows_of", "type_of"]

NUMBERS = {
    "BOOL": "?",
    **{f"{sign}INT{bits}": f"<{code}{bits // 8}" for sign, code in (("", "i"), ("U", "u")) for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
# What an element may be in JSON.
ELEMENTS: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool, type(None)}),
    "BYTES": frozenset({str, type(None)}),
    **{name: frozenset({int, float, type(None)}) for name in NUMBERS if name != "BOOL"},
}
NAME_LIMIT = 60
LENGTH = struct.Struct("<I")
TYPES = {"boolean": "BOOL", "integer": "INT64", "number": "FP64", "text": "BYTES", "datetime": "BYTES"}
Values = Sequence[Any] | numpy.ndarray[Any, Any]


@dataclass(slots=True)
class Tensor:
    """A tensor of a request, as JSON has it."""

    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TensorMetadata:
    """A tensor that a model takes or gives; -1 is any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """As the protocol has it."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


def type_of(values: Sequence[Any]) -> str:
    """The datatype that holds all of some JSON values; texts where there is no other."""
    kinds = set(map(type, values))
    if kinds == {bool}:
        return "BOOL"
    if kinds == {int}:
        return "INT64"
    return "FP64" if kinds and kinds <= {int, float} else "BYTES"


def rows_of(signature: models.Signature, tensors: Sequence[Tensor], binary: memoryview, most_rows: int) -> models.Rows:
    """Checked rows: of one tensor of shape (n, k) in the signature's order, or of one tensor a column, by name.

    `binary` are the bytes behind the JSON. Raises Refused.
    """
    if not tensors:
        raise _refused("inputs", "at least one tensor", "none")
    for tensor in tensors:
        _check_shape(tensor)
    count = tensors[0].shape[0]
    messages.check_count(count, most_rows)
    if not count:
        raise messages.bad_rows(models.errors.BadRows(None, None, "at least one row", "none"))
    found = _taken(tensors, binary)
    try:
        if _is_table(signature, tensors):
            return _of_table(signature, found[0], tensors[0])
        return _of_columns(signature, _by_name(signature, tensors, found), count)
    except models.errors.BadRows as error:
        raise messages.bad_rows(error) from error


def packed(values: Sequence[Any], datatype: str) -> bytes:
    """An output tensor's bytes: little-endian, or each text behind its length."""
    if datatype != "BYTES":
        return numpy.asarray(values).astype(NUMBERS[datatype]).tobytes()
    encoded = [value.encode("utf-8", "surrogatepass") for value in values]
    return b"".join(itertools.chain.from_iterable((LENGTH.pack(len(each)), each) for each in encoded))


def _check_shape(tensor: Tensor) -> None:
    if tensor.datatype not in ELEMENTS:
        near = difflib.get_close_matches(tensor.datatype.upper(), ELEMENTS, 1) or ["FP64"]
        raise _refused(tensor.name, f"a datatype of the protocol, such as {near[0]}", "another")
    if not 1 <= len(tensor.shape) <= 2 or min(tensor.shape) < 0:
        raise _refused(tensor.name, "a shape of one or two sizes", f"{len(tensor.shape)}, or a negative one")


def _taken(tensors: Sequence[Tensor], binary: memoryview) -> list[Values]:
    """The elements of each tensor in one line, the bytes shared out in the order of the tensors."""
    found = []
    for tensor in tensors:
        size = tensor.parameters.get("binary_data_size")
        if size is None:
            found.append(_of_json(tensor))
            continue
        if type(size) is not int or not 0 <= size <= len(binary):
            raise _refused(tensor.name, "as many bytes as 'binary_data_size' says", "fewer")
        found.append(_of_bytes(tensor, binary[:size]))
        binary = binary[size:]
    if len(binary):
        raise Refused(422, f"{len(binary)} bytes behind the last tensor belong to none")
    return found


def _of_json(tensor: Tensor) -> Values:
    data = tensor.data
    if not isinstance(data, list):
        raise _refused(tensor.name, "'data' as a list, or 'binary_data_size'", models.type_word(data))
    if data and isinstance(data[0], list):
        width = math.prod(tensor.shape[1:])
        if any(not isinstance(row, list) or len(row) != width for row in data):
            raise _refused(tensor.name, f"lists of {width} elements each", "others")
        data = list(itertools.chain.from_iterable(data))
    _check_size(tensor, len(data))
    if not ELEMENTS[tensor.datatype].issuperset(map(type, data)):
        allowed = ELEMENTS[tensor.datatype]
        wrong = next(value for value in data if type(value) not in allowed)
        raise _refused(tensor.name, f"elements of {tensor.datatype}", models.type_word(wrong))
    return data


def _of_bytes(tensor: Tensor, binary: memoryview) -> Values:
    if tensor.datatype == "BYTES":
        texts = _texts(tensor, binary)
        _check_size(tensor, len(texts))
        return texts
    kind = numpy.dtype(NUMBERS[tensor.datatype])
    if len(binary) % kind.itemsize:
        raise _refused(tensor.name, f"a multiple of {kind.itemsize} bytes", str(len(binary)))
    _check_size(tensor, len(binary) // kind.itemsize)
    return numpy.frombuffer(binary, kind)


def _texts(tensor: Tensor, binary: memoryview) -> list[str]:
    texts = []
    place = 0
    width = math.prod(tensor.shape[1:]) or 1
    while place < len(binary):
        if place + LENGTH.size > len(binary):
            raise _refused(tensor.name, "four bytes of length before each text", "fewer")
        (length,) = LENGTH.unpack_from(binary, place)
        place += LENGTH.size
        if place + length > len(binary):
            raise _refused(tensor.name, "texts as long as they say", "a shorter one")
        try:
            texts.append(str(binary[place : place + length], "utf-8"))
        except UnicodeDecodeError:
            row = len(texts) // width
            error = models.errors.BadRows(row, tensor.name, "text in Unicode", "bytes that are not UTF-8")
            raise messages.bad_rows(error) from None
        place += length
    return texts


def _check_size(tensor: Tensor, size: int) -> None:
    expected = math.prod(tensor.shape)
    if size != expected:
        raise _refused(tensor.name, f"{expected} elements, as its shape says", str(size))


def _is_table(signature: models.Signature, tensors: Sequence[Tensor]) -> bool:
    """Whether one tensor holds all columns: its name says nothing then."""
    tensor, width = tensors[0], len(signature.inputs)
    if len(tensors) > 1 or math.prod(tensor.shape[1:]) != width:
        return False
    return len(tensor.shape) == 2 or width == 1


def _of_table(signature: models.Signature, values: Values, tensor: Tensor) -> models.Rows:
    width = len(signature.inputs)
    buffer = signature.buffer
    if buffer.is_all and tensor.datatype != "BOOL" and tensor.datatype != "BYTES":
        numbers = _floats(values)
        if numbers is not None and buffer.fits(numbers := numbers.reshape(-1, width)):
            return models.Rows(signature, numbers, ())
    return models.Rows.of_columns(signature, [_plain(values[place::width]) for place in range(width)])


def _by_name(signature: models.Signature, tensors: Sequence[Tensor], found: Sequence[Values]) -> dict[str, Values]:
    names = [column.name for column in signature.inputs]
    given: dict[str, Values] = {}
    for tensor, values in zip(tensors, found, strict=True):
        if tensor.name not in names:
            near = difflib.get_close_matches(tensor.name, names, 1) or names[:1]
            table = f"; or one tensor of shape [n, {len(names)}]" if len(names) > 1 else ""
            raise _refused(tensor.name, f"a field of the model, such as {near[0]}{table}", "an unknown one")
        if tensor.name in given:
            raise _refused(tensor.name, "each tensor once", "it again")
        if tensor.shape[0] != tensors[0].shape[0] or math.prod(tensor.shape[1:]) != 1:
            size = tensors[0].shape[0]
            raise _refused(tensor.name, f"shape [{size}] or [{size}, 1]", f"{tensor.shape[:2]}")
        given[tensor.name] = values
    return given


def _of_columns(signature: models.Signature, given: dict[str, Values], count: int) -> models.Rows:
    """Rows by column; one that is missing is null, as in JSON."""
    columns = [given.get(column.name, (None,) * count) for column in signature.inputs]
    pairs = list(zip(signature.inputs, columns, strict=True))
    buffer = signature.buffer
    numbers = numpy.empty((count, len(buffer.columns)))
    for place, values in enumerate(values for column, values in pairs if column.is_plain_number):
        floats = _floats(values)
        if floats is None:
            return models.Rows.of_columns(signature, list(map(_plain, columns)))
        numbers[:, place] = floats
    if buffer.columns and not buffer.fits(numbers):
        return models.Rows.of_columns(signature, list(map(_plain, columns)))
    others = [column.check(_plain(values)) for column, values in pairs if not column.is_plain_number]
    return models.Rows(signature, numbers, others)


def _floats(values: Values) -> numpy.ndarray[Any, Any] | None:
    """Numbers as float64, null as NaN; None for what is none, or needs a closer look."""
    if isinstance(values, numpy.ndarray):
        return None if values.dtype.kind == "b" else values.astype(numpy.float64)
    if not {int, float, type(None)}.issuperset(map(type, values)):
        return None
    try:
        return numpy.array(values, dtype=numpy.float64)
    except OverflowError:
        return None


def _plain(values: Values) -> Sequence[Any]:
    """As JSON values; null for NaN."""
    if not isinstance(values, numpy.ndarray):
        return values
    plain: list[Any] = values.tolist()
    return [None if value != value else value for value in plain] if values.dtype.kind == "f" else plain


def _refused(name: str, expected: str, got: str) -> Refused:
    name = cut(name, NAME_LIMIT)
    message = f"tensor '{name}': expected {expected}, got {got}"
    return Refused(422, message, {"field": name, "expected": expected, "got": got})
