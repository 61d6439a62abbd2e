"""Arrays as plain values: little-endian bytes in base64, with their type and shape."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy

from noteship.monitor.streams import Array

__all__ = ["from_json", "rounded", "to_json"]

TYPES = ("|i1", "|u1", "<u2", "<u4", "<i8", "<f2", "<f4", "<f8")


def to_json(array: Array, kind: str) -> dict[str, Any]:
    """The written form, in the numpy type `kind`, one of TYPES."""
    data = numpy.ascontiguousarray(array, dtype=kind).tobytes()
    return {"data": base64.b64encode(data).decode("ascii"), "shape": list(array.shape), "type": kind}


def from_json(value: Mapping[str, Any]) -> Array:
    """The inverse of `to_json`, in this machine's byte order. Raises ValueError and KeyError for anything else."""
    if value["type"] not in TYPES:
        raise ValueError("an array of an unknown type")
    flat = numpy.frombuffer(base64.b64decode(value["data"], validate=True), dtype=value["type"])
    return flat.reshape(value["shape"]).astype(flat.dtype.newbyteorder("="))


def rounded(array: Array, digits: int) -> Array:
    """Rounded to decimal places, without the sign of zero: what rounding errors of two machines leave the same."""
    return numpy.round(array, digits) + 0.0
