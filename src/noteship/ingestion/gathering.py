"""Several files of an origin, brought into one folder; or one, brought into one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from noteship import digests, files, store
from noteship.ingestion import code_names, errors
from noteship.ingestion.origin import Fetched, Progress, Watch

__all__ = ["Item", "gathered", "landing", "version_of"]


@dataclass(frozen=True)
class Item:
    """One file of an origin; `name` is relative to the source's folder, empty where the source is this one file.

    `pieces` gives its bytes, and raises MovedMeanwhile when they are not of `version` any more.
    """

    name: str
    version: str
    size_bytes: int
    pieces: Callable[[], Iterator[bytes]]


def version_of(items: Sequence[Item]) -> str:
    """The version of all of them together: of one file, its own; of a folder, a digest over names and versions."""
    if [item.name for item in items] == [""]:
        return items[0].version
    return f"{len(items)} files, {digests.of_value(sorted([item.name, item.version] for item in items))}"


def gathered(items: Sequence[Item], target: Path, place: str, watch: Watch) -> Fetched:
    """Bring them. Raises OriginFailed for a name that is no file's, what the watch and `pieces` raise."""
    for item in items:
        if item.name and not _is_name(item.name):
            remedy = "rename it, or leave it out"
            raise errors.OriginFailed(place, f"{item.name!r} cannot be the name of a file", remedy)
        if code_names.is_code(item.name):
            remedy = "leave it out: name what is to come by a pattern, such as *.parquet"
            raise errors.OriginFailed(place, f"{item.name} is code, and a source brings data alone", remedy)
    total = sum(item.size_bytes for item in items)
    watch.moved(Progress(0, total))
    done = 0
    if [item.name for item in items] == [""]:
        with landing(target) as stream:
            done = _bring(items[0], stream, done, total, watch)
    else:
        with _folder(target) as folder:
            for item in items:
                with landing(folder / item.name) as stream:
                    done = _bring(item, stream, done, total, watch)
    facts = {} if len(items) == 1 else {"files": len(items)}
    return Fetched(done, version_of(items), facts=facts)


def _bring(item: Item, stream: BinaryIO, done: int, total: int, watch: Watch) -> int:
    for piece in item.pieces():
        stream.write(piece)
        done += len(piece)
        watch.moved(Progress(done, total))
    return done


def _is_name(name: str) -> bool:
    is_short = all(len(part.encode()) < 250 for part in name.split("/"))
    return is_short and name.isprintable() and files.is_inside(name)


@contextmanager
def landing(target: Path) -> Iterator[BinaryIO]:
    """A new file that has its name once it is whole. Raises TargetUnwritable."""
    files.sweep(target)
    with _writing(target), files.replacing(target) as stream:
        yield stream


@contextmanager
def _folder(target: Path) -> Iterator[Path]:
    fresh = files.aside(target, "new")
    try:
        with _writing(target):
            fresh.mkdir(parents=True)
        yield fresh
        with _writing(target):
            shutil.rmtree(target, ignore_errors=True)
            fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise store.errors.TargetUnwritable(str(target), error.strerror or type(error).__name__) from error
