"""Files of labels: CSV, Parquet, JSON lines, or JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas

from noteship import models, scoring
from noteship.feedback import errors
from noteship.scoring import forms, reading

__all__ = ["Labelled", "Unfit", "read"]

# What is read of each row, and what it need not have.
COLUMNS, OPTIONAL = ("request", "row", "label"), "row"
# As the service takes them.
ID_LIMIT, LABEL_BYTES = 200, 10_000
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)
TRUTHS = {"true": True, "false": False}
# Rows are all that is read; which model they belong to, the service knows.
NO_MODEL = models.Signature((), models.Output("", "classification"), {})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label, by the request and the row whose prediction it is about; `number` of its row in the file, from 0."""

    number: int
    request: str
    row: int
    label: Any

    def to_json(self) -> dict[str, Any]:
        """As a service takes it."""
        return {"request": self.request, "row": self.row, "label": self.label}


@dataclass(frozen=True, slots=True)
class Unfit:
    """A row of a file that is no label, and why."""

    number: int
    request: str
    row: Any
    label: Any
    reason: str


@dataclass(frozen=True)
class Piece:
    """Some rows of a file; how many had no label yet; and the share of the file that was read, from 0 to 1."""

    labels: tuple[Labelled, ...]
    unfit: tuple[Unfit, ...]
    unlabelled: int
    share: float


def read(path: Path, output: models.Output | None = None) -> Iterator[Piece]:
    """The labels of a file, piece by piece. Rows without a label are passed over.

    CSV has texts alone. They are numbers, or true or false, where they look like it, unless `output`, that of the
    model, has them as classes.

    Raises NoRows, UnknownForm, NoLabelColumns, RowsUnreadable, ParquetMissing.
    """
    if not path.is_file():
        raise scoring.errors.NoRows(str(path))
    form = forms.form_of(path.name)
    if form is None and path.suffix.lower() != ".json":
        raise scoring.errors.UnknownForm(str(path))
    known = frozenset(each for each in output.classes if isinstance(each, str)) if output else frozenset()
    texts = known if form is not None and form.kind == "csv" else None
    for numbers, columns, broken, share in _json(path) if form is None else _table(path, form):
        rows = zip(numbers, columns["request"], columns["row"], columns["label"], strict=True)
        found = [_labelled(*each, texts) for each in rows]
        labels = tuple(each for each in found if isinstance(each, Labelled))
        unfit = tuple(each for each in found if isinstance(each, Unfit))
        no_rows = tuple(Unfit(number, "", None, None, "expected an object of JSON") for number in broken)
        yield Piece(labels, unfit + no_rows, found.count(None), share)


Raw = tuple[Sequence[int], Mapping[str, Sequence[Any]], Sequence[int], float]


def _table(path: Path, form: forms.Form) -> Iterator[Raw]:
    """Of the rows: their numbers, their values by column, the numbers of those that are none, and the share."""
    wanted: tuple[str, ...] = COLUMNS
    try:
        pieces = reading.pieces(path, str(path), form, reading.Wanted(NO_MODEL, wanted))
        first = next(pieces, None)
    except scoring.errors.NoSuchColumn as error:
        if error.missing != (OPTIONAL,):
            missing = tuple(name for name in error.missing if name != OPTIONAL)
            raise errors.NoLabelColumns(str(path), missing, error.present) from error
        wanted = tuple(name for name in COLUMNS if name != OPTIONAL)
        pieces = reading.pieces(path, str(path), form, reading.Wanted(NO_MODEL, wanted))
        first = next(pieces, None)
    while first is not None:
        rows = first.kept.index.tolist()
        columns = {name: _values(first.kept[name]) for name in wanted}
        columns.setdefault(OPTIONAL, [None] * len(rows))
        yield rows, columns, [bad.row for bad in first.broken], first.share
        first = next(pieces, None)


def _values(column: pandas.Series[Any]) -> list[Any]:
    """As JSON has them, None for each that is missing, in whichever way."""
    plain = column.astype(object)
    return plain.where(plain.notna(), None).tolist()


def _json(path: Path) -> Iterator[Raw]:
    """The same of one document: an object, or a list of such."""
    try:
        value = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise scoring.errors.RowsUnreadable(str(path), f"{type(error).__name__}: {error}") from error
    every = list(enumerate(value if isinstance(value, list) else [value]))
    rows = [(number, each) for number, each in every if isinstance(each, dict)]
    broken = [number for number, each in every if not isinstance(each, dict)]
    columns = {name: [each.get(name) for _, each in rows] for name in COLUMNS}
    yield [number for number, _ in rows], columns, broken, 1.0


def _labelled(number: int, request: Any, row: Any, label: Any, texts: frozenset[str] | None) -> Labelled | Unfit | None:
    """What a row of a file says; None where it has no label."""
    if label is None or label == "":
        return None
    place = _row(row)
    reason = ""
    if not isinstance(request, str) or not 0 < len(request) <= ID_LIMIT:
        request, reason = "", "expected the id of a request"
    elif place is None:
        reason = "expected the number of a row, from 0"
    elif not isinstance(label, str | bool | int | float) or not _is_short(label):
        reason = "expected a label: a text, a number, true or false"
    if reason or place is None:
        return Unfit(number, request, row, label, reason)
    return Labelled(number, request, place, label if texts is None else _value(label, texts))


def _is_short(label: str | bool | int | float) -> bool:
    if isinstance(label, str):
        return len(label) <= LABEL_BYTES
    try:
        return math.isfinite(label)
    except OverflowError:
        return False


def _row(value: Any) -> int | None:
    """The number of a row within its request: the first, where the file has none."""
    if value is None or value == "":
        return 0
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < 1 << 31 else None


def _value(text: str, classes: frozenset[str]) -> Any:
    """What a text of CSV stands for."""
    if text in classes:
        return text
    if text.lower() in TRUTHS:
        return TRUTHS[text.lower()]
    if WHOLE.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text):
        found = float(text)
        return found if math.isfinite(found) else text
    return text
