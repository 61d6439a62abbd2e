"""Rows that are collected in tests, and the store and the clock that they are collected with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy
import pandas

from noteship import collecting, models, store
from noteship.collecting.collector import Collector
from noteship.models.columns import Column
from noteship.store.memory import MemoryBucket

FIRST = 1_780_000_200
VERSION, OTHER = "ab" * 32, "cd" * 32
PLACE = collecting.Place("local", "mail")
COLUMNS = (
    Column("size", "integer", "int64"),
    Column("ratio", "number", "float64", "allowed"),
    Column("sender", "text", "object", "allowed"),
    Column("colour", "category", "category", "allowed", ("red", "green")),
    Column("sent", "datetime", "datetime64[ns]", "allowed"),
)
SIGNATURE = models.Signature(COLUMNS, models.Output("label", "classification", ("ham", "spam")), {})
ROW = (7, 0.5, "ada@example.org", "red", "2026-11-23T10:00:00")


class Clock:
    """Stands until it is moved."""

    def __init__(self, now: float = float(FIRST)) -> None:
        self.now = now

    def __call__(self) -> float:
        """The moment."""
        return self.now


def rows(*given: Sequence[Any], signature: models.Signature = SIGNATURE) -> models.Rows:
    return models.Rows.of_columns(signature, list(zip(*given, strict=True)))


def taken(request: str, *given: Sequence[Any], moment: float = FIRST, signature: models.Signature = SIGNATURE) -> Any:
    """Rows of one request, all of which were answered alike."""
    many = given or (ROW,)
    count = len(many)
    moments = numpy.full(count, float(moment))
    confidence = numpy.full(count, 0.75)
    encoded = rows(*many, signature=signature)
    ids = (request,) * count
    return collecting.Taken(encoded, ids, tuple(range(count)), moments, ("spam",) * count, confidence, 100 * count)


def collector(bucket: store.Bucket | None = None, clock: Clock | None = None, **settings: Any) -> Collector:
    """One that keeps everything, in memory."""
    given = collecting.Settings(**{"share": 1.0, **settings})
    return Collector(store.Store(bucket or MemoryBucket()), given, clock=clock or Clock(), replica="pod-7")


def shelf_of(one: Collector, place: collecting.Place = PLACE) -> collecting.Shelf:
    return collecting.Shelf(one._objects, place)


def pieces(shelf: collecting.Shelf, first: float = 0.0) -> list[collecting.Piece]:
    return [piece for kind in ("rows", "labels") for piece, _ in shelf.pieces(kind, first)]  # type: ignore[arg-type]


def frames(shelf: collecting.Shelf) -> list[pandas.DataFrame]:
    """What each piece of rows holds."""
    found = [piece for piece, _ in shelf.pieces("rows")]
    return [pandas.read_parquet(io.BytesIO(data or b"")) for data in shelf.read(found)]
