"""Scoring files: which, in which order, and what is written of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas

from noteship import files, models
from noteship.models.columns import plain
from noteship.scoring import errors, reading, receipts, writing
from noteship.scoring.forms import Form, form_of
from noteship.scoring.places import Found, Spot
from noteship.scoring.sorting import Sorted, sort

__all__ = ["Job", "Progress", "Summary", "run"]

# As much of a part is lost when the call is killed: seconds of work, and what memory holds of the scores.
PART_ROWS = 65_536
PART_BYTES = 32 << 20
PART_S = 30.0


@dataclass(frozen=True)
class Job:
    """What is to be scored, and how.

    - keep: columns that are written beside the scores
    - bad_rows: where rows that do not fit are set aside; without it the first one ends the work
    - part_rows, part_s: when a part is written at the latest
    """

    source: Spot
    target: Spot
    keep: tuple[str, ...] = ()
    bad_rows: Path | None = None
    part_rows: int = PART_ROWS
    part_s: float = PART_S


@dataclass(frozen=True)
class Progress:
    """How far it is; `share` of the file that is being read, from 0 to 1."""

    file: str
    files_done: int
    files: int
    rows: int
    share: float


@dataclass
class Summary:
    """What was done: `rows` were read, of which `bad_rows` were set aside; `reused` were done by a call before."""

    files: int = 0
    rows: int = 0
    bad_rows: int = 0
    reused: int = 0
    parts: int = 0
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return asdict(self)


def run(job: Job, model: models.LoadedModel, told: Callable[[Progress], None] = lambda _: None) -> Summary:
    """Score all rows of the source. Killed at any moment, the same call goes on where this one was.

    A file of the target is there whole or not at all. Raises the errors of this room, and those of the places.
    Memory: the model, some thousand rows, and a part of their scores.
    """
    begun = time.monotonic()
    work = _Work(job, model, told)
    for number, found in enumerate(work.inputs):
        work.score(number, found)
    work.finish()
    work.summary.seconds = round(time.monotonic() - begun, 3)
    return work.summary


@dataclass
class _Part:
    """Rows of the target that are not written yet."""

    frames: list[pandas.DataFrame] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    rows: int = 0
    size_bytes: int = 0
    begun: float = field(default_factory=time.monotonic)


class _Work:
    def __init__(self, job: Job, model: models.LoadedModel, told: Callable[[Progress], None]) -> None:
        self.job = job
        self.model = model
        self.told = told
        self.summary = Summary()
        self.inputs = _inputs(job)
        self.wanted = reading.Wanted(model.signature, job.keep)
        self.columns = [*job.keep, *writing.score_columns(model)]
        self.done: list[tuple[receipts.Receipts, receipts.Receipt]] = []
        for name in job.keep:
            if name in writing.score_columns(model):
                raise errors.NameTaken(name)
        self.folder = self._begun()

    def score(self, number: int, found: Found) -> None:
        """Score a file, or see that it is scored."""
        name = self._target_name(found)
        shown, form = self.job.source.shown(found.name), _form(name)
        notes = receipts.Receipts(self.job.target.place, self.folder, name, f"{found.size_bytes}:{found.version}")
        receipt = notes.done()
        if receipt is None or self.job.target.place.find(name) is None:
            before = notes.parts()
            self.summary.reused += before.rows
            receipt = self._parts(number, found, notes, before)
            joined = writing.joined(notes.read(receipt.parts), self.columns, form)
            self.job.target.place.write(name, joined)
            notes.finish(receipt)
        else:
            self.summary.reused += receipt.rows
        self.done.append((notes, receipt))
        self.summary.files += 1
        self.summary.rows += receipt.rows
        self.summary.bad_rows += receipt.bad
        self.summary.parts += receipt.parts
        self._tell(shown, number + 1, 0, 0.0)

    def finish(self) -> None:
        """Write the rows that were set aside, and leave no parts beside a single file."""
        if self.job.bad_rows is not None:
            with files.replacing(self.job.bad_rows) as stream:
                for notes, receipt in self.done:
                    for part in notes.read_bad(receipt.parts):
                        stream.write(part)
        if self.job.target.name is not None:
            self.job.target.place.remove(f"{self.folder}/")

    def _parts(
        self, number: int, found: Found, notes: receipts.Receipts, receipt: receipts.Receipt
    ) -> receipts.Receipt:
        """Score what is not scored yet, part by part."""
        shown = self.job.source.shown(found.name)
        with self.job.source.place.local(found.name) as path:
            pieces = reading.pieces(path, shown, _form(found.name), self.wanted, receipt.rows)
            part = _Part()
            for piece in pieces:
                self._take(part, shown, piece, receipt.rows)
                self._tell(shown, number, receipt.rows + part.rows, piece.share)
                if self._is_full(part):
                    receipt = self._keep(notes, receipt, part, shown)
                    part = _Part()
            # A file without rows has a part, too.
            if part.rows or not receipt.parts:
                receipt = self._keep(notes, receipt, part, shown)
        return receipt

    def _keep(self, notes: receipts.Receipts, receipt: receipts.Receipt, part: _Part, shown: str) -> receipts.Receipt:
        """Write a part; one without rows knows its columns."""
        data = writing.encoded(pandas.concat(part.frames or [self._nothing()]), _form(notes.name), shown)
        notes.add(receipt.parts, data, "".join(part.bad).encode(), part.rows, len(part.bad))
        return receipts.Receipt(receipt.rows + part.rows, receipt.bad + len(part.bad), receipt.parts + 1, receipt.input)

    def _take(self, part: _Part, shown: str, piece: reading.Piece, before: int) -> None:
        good = sort(self.model.signature, piece)
        if good.bad and self.job.bad_rows is None:
            first = min(good.bad, key=lambda bad: bad.row)
            raise errors.RowDoesNotFit(shown, first.row, first.field, first.expected, first.got)
        part.bad += [_bad_line(shown, bad, piece) for bad in good.bad]
        part.rows = piece.end - before
        if len(good.frame):
            frame = writing.scored_frame(self.model, piece.kept.loc[good.frame.index], self._scores(shown, good))
            part.frames.append(frame)
            part.size_bytes += int(frame.memory_usage(deep=True).sum())

    def _scores(self, shown: str, good: Sorted) -> models.Scores:
        try:
            return self.model.score_encoded(good.frame)
        except Exception as error:
            # The steps are the project's code: they fail in any way, and their words may hold values of rows.
            notes = [str(note) for note in getattr(error, "__notes__", ()) if isinstance(note, models.FailedAt)]
            reason = ", ".join([type(error).__name__, *notes])
            raise errors.ScoringFailed(shown, int(good.frame.index[0]), len(good.frame), reason) from error

    def _is_full(self, part: _Part) -> bool:
        late = time.monotonic() - part.begun >= self.job.part_s
        return part.rows >= self.job.part_rows or part.size_bytes >= PART_BYTES or late

    def _nothing(self) -> pandas.DataFrame:
        kept = pandas.DataFrame({name: pandas.Series(dtype=object) for name in self.job.keep})
        return writing.scored_frame(self.model, kept, self.model.example.part(0, 0))

    def _tell(self, shown: str, files_done: int, rows: int, share: float) -> None:
        self.told(Progress(shown, files_done, len(self.inputs), self.summary.rows + rows, share))

    def _target_name(self, found: Found) -> str:
        return self.job.target.name or found.name

    def _begun(self) -> str:
        """The folder of what is done, for this very call."""
        place, name = self.job.target.place, self.job.target.name
        call = {"bundle": self.model.digest, "keep": list(self.job.keep), "bad_rows": self.job.bad_rows is not None}
        folder = "_noteship" if name is None else f"{name}.parts"
        differs = receipts.begin(place, folder, call)
        if differs and name is None:
            raise errors.OtherScores(self.job.target.text, f"another {differs}")
        if differs:
            # What a killed call left beside a single file is of no use to another one.
            place.remove(f"{folder}/")
            receipts.begin(place, folder, call)
        return folder


def _inputs(job: Job) -> list[Found]:
    found = job.source.files
    if not found:
        raise errors.NoRows(job.source.text)
    if job.source.name is None and job.target.name is not None:
        raise errors.MissingTarget(job.source.text, job.target.text, "one is a folder and the other a file")
    if job.source.text.rstrip("/") == job.target.text.rstrip("/"):
        raise errors.MissingTarget(job.source.text, job.target.text, "it would be written over")
    return found


def _form(name: str) -> Form:
    form = form_of(name)
    if form is None:
        raise errors.UnknownForm(name)
    return form


def _bad_line(shown: str, bad: reading.BadRow, piece: reading.Piece) -> str:
    """A row that was set aside, with its values: the file is for whoever has the rows anyway."""
    values: dict[str, Any] = {}
    if bad.row in piece.inputs.index:
        both = pandas.concat([piece.inputs, piece.kept], axis=1).loc[[bad.row]]
        values = {str(name): plain(cells.tolist()[0]) for name, cells in both.items()}
    line = {"file": shown, "row": bad.row, "field": bad.field, "expected": bad.expected, "got": bad.got}
    return json.dumps(line | {"values": values}, ensure_ascii=True, default=str) + "\n"
