"""Rows that a release has collected, as an origin of data: they are in the project's own store."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import collecting, ingestion, store
from noteship.ingestion.origin import Fetched, Progress, Watch
from noteship.ingestion.rows import write_parquet

if TYPE_CHECKING:
    from noteship import models

__all__ = ["CollectedOrigin", "Own"]

# Places that an error names one by one.
PLACES_TOLD = 5


def _unknown() -> models.Signature | None:
    return None


@dataclass(frozen=True)
class Own:
    """What a project collects itself: that nothing is there yet is no slip of the pen.

    - releases: the names under which its model is released, in the order in which they are advised
    - signature: gives that of the model as it is now, when it is needed; None where there is no model
    """

    releases: tuple[str, ...] = ()
    model: str = ""
    leave_out: tuple[str, ...] = ()
    signature: Callable[[], models.Signature | None] = _unknown


class CollectedOrigin:
    """What a model's workers have kept under a release, in a time; a version is a digest of the pieces' names.

    Where nothing was kept in that time, or nothing yet under a name of the project's own, a table without rows.
    """

    def __init__(
        self,
        objects: store.Store,
        source: ingestion.Source,
        own: Own | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._objects, self._address, self._clock = objects, source.address, clock
        self._own = own or Own()
        self._period = collecting.Period(*source.period)

    @property
    def shown(self) -> str:
        """The address."""
        return self._address.text

    def version(self, watch: Watch) -> str:
        """What the store lists. Raises NothingThere, and what the store raises."""
        watch.check()
        pieces = self._pieces(self._shelf())
        if not pieces:
            return collecting.version_of_none(collecting.expected(self._own.signature(), self._own.leave_out))
        return collecting.version_of(pieces, self._period)

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """One Parquet file: rows in order of time, what was predicted, and the label where it came."""
        shelf = self._shelf()
        pieces = self._pieces(shelf)
        return self._some(shelf, pieces, target, watch) if pieces else self._none(shelf, target, watch)

    def _some(self, shelf: collecting.Shelf, pieces: list[collecting.Piece], target: Path, watch: Watch) -> Fetched:
        def tell(size_bytes: int) -> None:
            watch.moved(Progress(size_bytes))

        with _beside(target) as folder:
            joined = collecting.join(shelf, pieces, self._period, folder, tell)
            written = write_parquet(joined.schema, joined.batches, target, watch)
        notes = [f"{joined.unreadable} pieces cannot be read, and were left out"] if joined.unreadable else []
        if not written.rows:
            lacking = "has a label yet" if self._period.labelled else "is of that time"
            notes.append(f"no row that was collected {lacking}")
        facts = {"pieces": len(pieces), **joined.facts}
        version = collecting.version_of(pieces, self._period)
        return Fetched(written.size_bytes, version, written.rows, facts, tuple(notes))

    def _none(self, shelf: collecting.Shelf, target: Path, watch: Watch) -> Fetched:
        """The columns that rows will have, so that what reads the file works before there are any."""
        signature = self._own.signature()
        schema = collecting.expected(signature, self._own.leave_out)
        written = write_parquet(schema, (), target, watch)
        when = "in that time" if any(True for _ in shelf.pieces("rows")) else "yet"
        inputs = "the inputs of the model as it is now" if signature else "no inputs, as there is no bundle yet"
        facts = {"pieces": 0, "labels": 0, "versions": {}}
        note = f"nothing was collected {when}: the file has no rows, and {inputs}"
        return Fetched(written.size_bytes, collecting.version_of_none(schema), written.rows, facts, (note,))

    def _pieces(self, shelf: collecting.Shelf) -> list[collecting.Piece]:
        """Those of the time, rows and labels; none where there are no rows."""
        first = self._period.first(self._clock())
        rows = [piece for piece, _ in shelf.pieces("rows", first)]
        return [*rows, *(piece for piece, _ in shelf.pieces("labels", first))] if rows else []

    def _shelf(self) -> collecting.Shelf:
        """Of the model that is named, or of the only one. Raises NothingThere for what is neither there nor ours."""
        release, model = self._address.host, self._address.path
        is_own = release in self._own.releases and model in ("", self._own.model)
        if model and is_own:
            return collecting.Shelf(self._objects, collecting.Place(release, model))
        every = collecting.places(self._objects)
        found = [place for place in every if place.release == release and model in ("", place.model)]
        if not found and is_own:
            found = [collecting.Place(release, self._own.model)]
        if len(found) == 1:
            return collecting.Shelf(self._objects, found[0])
        if found:
            raise ingestion.errors.NothingThere(self.shown, f"several models have rows there: {_listed(found)}")
        raise ingestion.errors.NothingThere(self.shown, _elsewhere(every), remedy=self._remedy())

    def _remedy(self) -> str:
        ours = " or ".join(f"collected:{release}" for release in self._own.releases)
        return f"write {ours}, which may have no rows yet as this project's own, or one that has rows" if ours else ""


def _elsewhere(places: Sequence[collecting.Place]) -> str:
    """Where rows are instead."""
    there = f"rows are under {_listed(places)}" if places else "nor was anything under another one"
    return f"nothing was collected under that name; {there}"


def _listed(places: Sequence[collecting.Place]) -> str:
    more = f" and {len(places) - PLACES_TOLD} more" if len(places) > PLACES_TOLD else ""
    return ", ".join(f"collected:{each.release}/{each.model}" for each in places[:PLACES_TOLD]) + more


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder for the pieces until they are joined. Raises TargetUnwritable."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="collected-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise store.errors.TargetUnwritable(str(target), error.strerror or type(error).__name__) from error
    with folder as name:
        yield Path(name)
