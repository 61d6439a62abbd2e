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

__all__ = ["Labelled", "Piece", "Unfit", "read"]

# What is read of each row, and of those that have the predictions beside; and what it need not have.
COLUMNS = ("request", "row", "label")
ANSWERED = (*COLUMNS, "prediction", "version")
OPTIONAL = frozenset({"row", "version"})
# As the service takes them.
ID_LIMIT, LABEL_LENGTH = 200, 10_000
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)
HALF = re.compile("[\ud800-\udfff]")
TRUTHS = {"true": True, "false": False}
# Rows are all that is read; which model they belong to, the service knows.
NO_MODEL = models.Signature((), models.Output("", "classification"), {})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label, by the request and the row whose prediction it is about; `number` of its row in the file, from 0.

    - prediction, version: what was answered, and which version of the model did, where the file tells it
    """

    number: int
    request: str
    row: int
    label: Any
    prediction: Any = None
    version: str = ""

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


def read(path: Path, output: models.Output | None = None, *, is_answered: bool = False) -> Iterator[Piece]:
    """The labels of a file, piece by piece. Rows without a label are passed over.

    `is_answered`: they have the predictions beside.
    CSV has texts alone. They are numbers, or true or false, where they look like it, unless `output`, that of the
    model, has them as classes.

    Raises NoRows, UnknownForm, NoLabelColumns, RowsUnreadable, ParquetMissing.
    """
    forms.check_file(path)
    form = forms.form_of(path.name)
    if form is None and path.suffix.lower() != ".json":
        raise scoring.errors.UnknownForm(str(path))
    known = frozenset(each for each in output.classes if isinstance(each, str)) if output else frozenset()
    texts = known if form is not None and form.kind == "csv" else None
    wanted = ANSWERED if is_answered else COLUMNS
    for numbers, rows, broken, share in _json(path, wanted) if form is None else _table(path, form, wanted):
        found = [_labelled(number, each, texts) for number, each in zip(numbers, rows, strict=True)]
        labels = tuple(each for each in found if isinstance(each, Labelled))
        unfit = tuple(each for each in found if isinstance(each, Unfit))
        no_rows = tuple(Unfit(number, "", None, None, "expected an object of JSON") for number in broken)
        yield Piece(labels, unfit + no_rows, found.count(None), share)


Raw = tuple[Sequence[int], Sequence[Mapping[str, Any]], Sequence[int], float]


def _table(path: Path, form: forms.Form, wanted: tuple[str, ...]) -> Iterator[Raw]:
    """The numbers of rows, their values by column, the numbers of those that are none, and the share."""
    try:
        pieces = reading.pieces(path, str(path), form, reading.Wanted(NO_MODEL, wanted))
        first = next(pieces, None)
    except scoring.errors.NoSuchColumn as error:
        missing = tuple(name for name in error.missing if name not in OPTIONAL)
        if missing:
            raise errors.NoLabelColumns(str(path), missing, error.present, "prediction" in wanted) from error
        wanted = tuple(name for name in wanted if name in error.present)
        pieces = reading.pieces(path, str(path), form, reading.Wanted(NO_MODEL, wanted))
        first = next(pieces, None)
    while first is not None:
        values = zip(*(_values(first.kept[name]) for name in wanted), strict=True)
        rows = [dict(zip(wanted, each, strict=True)) for each in values]
        yield first.kept.index.tolist(), rows, [bad.row for bad in first.broken], first.share
        first = next(pieces, None)


def _values(column: pandas.Series[Any]) -> list[Any]:
    """As JSON has them, None for each that is missing, in whichever way."""
    plain = column.astype(object)
    return plain.where(plain.notna(), None).tolist()


def _json(path: Path, wanted: tuple[str, ...]) -> Iterator[Raw]:
    """The same of one document: an object, or a list of such."""
    try:
        value = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise scoring.errors.RowsUnreadable(str(path), f"{type(error).__name__}: {error}") from error
    every = list(enumerate(value if isinstance(value, list) else [value]))
    rows = [(number, each) for number, each in every if isinstance(each, dict)]
    broken = [number for number, each in every if not isinstance(each, dict)]
    kept = [{name: each.get(name) for name in wanted} for _, each in rows]
    yield [number for number, _ in rows], kept, broken, 1.0


def _labelled(number: int, given: Mapping[str, Any], texts: frozenset[str] | None) -> Labelled | Unfit | None:
    """What a row of a file says; None where it has no label."""
    request, label, place = given["request"], given["label"], _row(given.get("row"))
    if label is None or label == "":
        return None
    reason = ""
    if not isinstance(request, str) or not 0 < len(request) <= ID_LIMIT or not _is_whole(request):
        request, reason = "", "expected the id of a request"
    elif place is None:
        reason = "expected the number of a row, from 0"
    elif not _is_label(label):
        reason = "expected a label: a text, a number, true or false"
    elif "prediction" in given and not _is_label(given["prediction"]):
        reason = "expected the prediction: a text, a number, true or false"
    if reason or place is None:
        return Unfit(number, request, _shown(given.get("row")), label, reason)
    made, version = given.get("prediction"), str(given.get("version") or "")
    if texts is not None:
        label, made = _value(label, texts), None if made is None else _value(made, texts)
    return Labelled(number, request, place, label, made, version)


def _is_label(value: Any) -> bool:
    """Whether a service could take it."""
    if isinstance(value, str):
        return 0 < len(value) <= LABEL_LENGTH and _is_whole(value)
    try:
        return isinstance(value, bool | int | float) and math.isfinite(value)
    except OverflowError:
        return False


def _is_whole(text: str) -> bool:
    """Whether it can be sent: JSON has halves of pairs of surrogates, and UTF-8 has not."""
    return text.isascii() or not HALF.search(text)


def _shown(value: Any) -> Any:
    """What is in the place of a row's number, so that it can be written."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


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
