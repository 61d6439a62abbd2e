"""Rows that a release has collected, as an origin of data: they are in the project's own store."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from noteship import collecting, ingestion, store
from noteship.ingestion.origin import Fetched, Progress, Watch
from noteship.ingestion.rows import write_parquet

__all__ = ["CollectedOrigin"]


class CollectedOrigin:
    """What a model's workers have kept under a release, in a time; a version is a digest of the pieces' names."""

    def __init__(self, objects: store.Store, source: ingestion.Source, clock: Callable[[], float] = time.time) -> None:
        self._objects, self._address, self._clock = objects, source.address, clock
        self._period = collecting.Period(*source.period)

    @property
    def shown(self) -> str:
        """The address."""
        return self._address.text

    def version(self, watch: Watch) -> str:
        """What the store lists. Raises NothingThere, and what the store raises."""
        watch.check()
        return collecting.version_of(self._pieces(self._shelf()), self._period)

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """One Parquet file: rows in order of time, what was predicted, and the label where it came."""
        shelf = self._shelf()
        pieces = self._pieces(shelf)

        def tell(size_bytes: int) -> None:
            watch.moved(Progress(size_bytes))

        with _beside(target) as folder:
            joined = collecting.join(shelf, pieces, self._period, folder, tell)
            written = write_parquet(joined.schema, joined.batches, target, watch)
        notes = (f"{joined.unreadable} pieces cannot be read, and were left out",) if joined.unreadable else ()
        facts = {"pieces": len(pieces), **joined.facts}
        version = collecting.version_of(pieces, self._period)
        return Fetched(written.size_bytes, version, written.rows, facts, notes)

    def _pieces(self, shelf: collecting.Shelf) -> list[collecting.Piece]:
        """Those of the time, rows and labels. Raises NothingThere where there are no rows."""
        first = self._period.first(self._clock())
        rows = [piece for piece, _ in shelf.pieces("rows", first)]
        if not rows:
            raise ingestion.errors.NothingThere(self.shown, "no rows were collected in that time")
        return [*rows, *(piece for piece, _ in shelf.pieces("labels", first))]

    def _shelf(self) -> collecting.Shelf:
        """Of the model that is named, or of the only one. Raises NothingThere."""
        release, model = self._address.host, self._address.path
        if model:
            return collecting.Shelf(self._objects, collecting.Place(release, model))
        found = [place for place in collecting.places(self._objects) if place.release == release]
        if len(found) == 1:
            return collecting.Shelf(self._objects, found[0])
        names = ", ".join(f"collected:{release}/{place.model}" for place in found)
        reason = f"several models have rows there: {names}" if found else "nothing was collected under that release"
        raise ingestion.errors.NothingThere(self.shown, reason)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder for the pieces until they are joined. Raises TargetUnwritable."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="collected-", dir=target.parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise store.errors.TargetUnwritable(str(target), error.strerror or type(error).__name__) from error
    with folder as name:
        yield Path(name)
