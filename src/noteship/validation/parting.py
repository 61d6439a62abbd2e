"""The rows of a judging: raw and encoded, a part to fit on and a part held out, and how that is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy
import pandas

from noteship import models
from noteship.errors import NoteshipError
from noteship.validation import errors
from noteship.validation.asking import JudgeRequest
from noteship.validation.copies import copies, in_both
from noteship.validation.judgement import Split
from noteship.validation.metrics import Array
from noteship.validation.splitting import Parts, alike, check, split

__all__ = ["Part", "Parted", "part_rows"]


@dataclass(frozen=True, eq=False)
class Part:
    """Raw rows, and their answers; all have one."""

    raw: pandas.DataFrame
    answers: pandas.Series[Any]

    def __len__(self) -> int:
        return len(self.raw)

    def taken(self, places: Array) -> Part:
        """Some of the rows."""
        return Part(self.raw.iloc[places].reset_index(drop=True), self.answers.iloc[places].reset_index(drop=True))


@dataclass(frozen=True, eq=False)
class Parted:
    """Both parts; `told` lacks the classes yet.

    - groups: of the held-out rows, where they are resampled whole
    - seen: of rows from a file, which are in the data that the model was made with, too
    - copied: of rows of the training part that are copies of others, the number of their kind; None without copies
    """

    train: Part
    held: Part
    told: Split
    groups: Array | None = None
    seen: Array | None = None
    copied: Array | None = None
    notes: tuple[str, ...] = ()

    def without_seen(self) -> Parted:
        """With all the data for training, and less the held-out rows that are in it, too."""
        if self.seen is None or not self.seen.any():
            return self
        held = self.held.taken(numpy.flatnonzero(~self.seen))
        note = f"{int(self.seen.sum()):,} rows of the file are in the data that the model was made with: left out"
        return replace(self, held=held, told=replace(self.told, held_rows=len(held), duplicates=0), notes=(note,))


def part_rows(asked: JudgeRequest, signature: models.Signature) -> Parted:
    """Read the rows, leave out those without an answer, and part the others.

    With a file, rows of the data that are in the file, too, are left out of the training part.
    Raises UnreadableTable, MissingColumns, HeldOutUnfit, and what `splitting` raises.
    """
    inputs = [column.name for column in signature.inputs]
    data, unlabelled = _known(models.read_table(Path(asked.data)), asked.target, "the [service] data")
    if asked.held is None:
        copied = copies(data.raw[[*inputs, asked.target]])
        made = _of_data(data, asked, unlabelled, copied, is_classes=signature.output.kind == "classification")
    else:
        made = _of_file(data, asked, inputs, unlabelled)
    is_of_classes = signature.output.kind == "classification"
    check(made.train.answers, made.held.answers, classes=is_of_classes, by=asked.holdout.by)
    return _with_duplicates(made, inputs)


def _known(table: pandas.DataFrame, target: str, name: str) -> tuple[Part, int]:
    if target not in table.columns:
        raise models.errors.MissingColumns(name, (target,), tuple(map(str, table.columns)))
    known = table[target].notna().to_numpy()
    rows = table[known].reset_index(drop=True)
    if isinstance(rows[target].dtype, pandas.CategoricalDtype):
        # As plain values: of categories, those that no row has would be answers as well.
        rows = rows.astype({target: rows[target].cat.categories.dtype})
    return Part(rows, rows[target]), int((~known).sum())


def _of_data(data: Part, asked: JudgeRequest, unlabelled: int, copied: Array | None, *, is_classes: bool) -> Parted:
    holdout = asked.holdout
    parts = split(data.raw, data.answers if is_classes else None, holdout, asked.seed, copied)
    held = data.taken(parts.held)
    groups, notes = None, tuple(_on_groups(parts))
    if copied is not None and holdout.by == "share":
        groups = copied[parts.held]
        equal = len(copied) - len(numpy.unique(copied))
        notes = (f"{equal:,} rows of the data are copies of others: all of a kind are on one side, and count as one",)
    if holdout.by == "group":
        groups = pandas.factorize(held.raw[holdout.column], use_na_sentinel=False)[0]
    told = Split(
        holdout.by,
        len(parts.train),
        len(parts.held),
        asked.seed,
        holdout.share,
        holdout.column,
        boundary=parts.boundary,
        groups=parts.groups,
        unlabelled=unlabelled,
    )
    of_train = None if copied is None else copied[parts.train]
    return Parted(data.taken(parts.train), held, told, groups, copied=of_train, notes=notes)


def _on_groups(parts: Parts) -> Iterator[str]:
    count, rows = parts.too_large
    if count:
        which = "a group" if count == 1 else f"{count:,} groups"
        yield (
            f"{which} with more than {parts.largest:,} rows ({rows:,} in all) could not be held out: what is found is"
            " of smaller ones"
        )


def _of_file(data: Part, asked: JudgeRequest, inputs: list[str], unlabelled: int) -> Parted:
    name = asked.holdout.file or ""
    assert asked.held is not None
    held, without = _fitting(name, lambda: _known(models.read_table(Path(str(asked.held)), name), asked.target, name))
    missing = [each for each in inputs if each not in held.raw.columns]
    if missing:
        raise errors.HeldOutUnfit(name, f"it has no column {', '.join(missing)}")
    columns = [*inputs, asked.target]
    both, seen = in_both(data.raw, held.raw, columns)
    train = data.taken(numpy.flatnonzero(~both))
    copied = copies(train.raw[columns])
    notes = (f"{int(both.sum()):,} rows of the data are in {name}, too: left out of the training part",)
    told = Split("file", len(train), len(held), asked.seed, file=name, unlabelled=unlabelled + without)
    return Parted(train, held, told, seen=seen, copied=copied, notes=notes if both.any() else ())


def _fitting(name: str, read: Callable[[], tuple[Part, int]]) -> tuple[Part, int]:
    try:
        return read()
    except NoteshipError as error:
        raise errors.HeldOutUnfit(name, error.parts().fact) from error


def _with_duplicates(made: Parted, inputs: list[str]) -> Parted:
    duplicates = int(alike(made.train.raw[inputs], made.held.raw[inputs])[1].sum())
    return replace(made, told=replace(made.told, duplicates=duplicates))
