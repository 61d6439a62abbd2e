"""Where rows come from and scores go to: folders, and prefixes of buckets on S3."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from noteship import files, store
from noteship.scoring import errors
from noteship.scoring.forms import form_of

__all__ = ["BucketPlace", "FolderPlace", "Found", "Place", "Spot", "spot"]

REMOTE = "s3://"


@dataclass(frozen=True)
class Found:
    """A file in a place; `version` changes when its bytes do."""

    name: str
    size_bytes: int
    version: str


class Place(Protocol):
    """Files by names with `/`. What is written appears whole or not at all."""

    def found(self) -> Iterator[Found]:
        """All files, in the order of their names."""
        ...

    def find(self, name: str) -> Found | None:
        """One file, if it is there."""
        ...

    def read(self, name: str) -> bytes | None:
        """A small file; None where there is none."""
        ...

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, replacing what was there."""
        ...

    def remove(self, prefix: str) -> None:
        """Remove a file, or with a `/` at the end all of a folder."""
        ...

    def local(self, name: str) -> AbstractContextManager[Path]:
        """The file as one of this machine, while the block lasts."""
        ...


@dataclass(frozen=True)
class FolderPlace:
    """A folder of this machine."""

    root: Path

    def found(self) -> Iterator[Found]:
        """All files, in the order of their names."""
        walked = ((Path(folder), inside) for folder, _, inside in os.walk(self.root))
        names = ((folder / name).relative_to(self.root).as_posix() for folder, inside in walked for name in inside)
        for name in sorted(names):
            found = self.find(name)
            if found is not None:
                yield found

    def find(self, name: str) -> Found | None:
        """One file, if it is there."""
        path = self.root / name
        if not path.is_file():
            return None
        status = path.stat()
        return Found(name, status.st_size, str(status.st_mtime_ns))

    def read(self, name: str) -> bytes | None:
        """A small file; None where there is none."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, replacing what was there. Raises TargetUnwritable."""
        try:
            with files.replacing(self.root / name, durable=True) as stream:
                for piece in pieces:
                    stream.write(piece)
        except OSError as error:
            raise store.errors.TargetUnwritable(str(self.root / name), error.strerror or str(error)) from error

    def remove(self, prefix: str) -> None:
        """Remove a file, or all of a folder."""
        path = self.root / prefix
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """The file itself."""
        yield self.root / name


@dataclass(frozen=True)
class BucketPlace:
    """A prefix of a bucket. Parquet is read in any order, so a file is brought here before it is read."""

    bucket: store.Bucket

    def found(self) -> Iterator[Found]:
        """All files, in the order of their names."""
        return self._listed("")

    def _listed(self, prefix: str) -> Iterator[Found]:
        for entry in self.bucket.list(prefix):
            yield Found(entry.key, entry.size_bytes, str(entry.modified_s))

    def find(self, name: str) -> Found | None:
        """One file, if it is there."""
        return next((found for found in self._listed(name) if found.name == name), None)

    def read(self, name: str) -> bytes | None:
        """A small file; None where there is none."""
        value = self.bucket.get(name)
        return None if value is None else value.data

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, replacing what was there."""
        self.bucket.put(name, pieces)

    def remove(self, prefix: str) -> None:
        """Remove a file, or all of a folder."""
        for entry in list(self.bucket.list(prefix)):
            self.bucket.delete(entry.key)

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """A copy, which goes when the block ends."""
        with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
            path = Path(folder) / PurePosixPath(name).name
            with path.open("wb") as stream:
                for piece in self.bucket.pieces(name):
                    stream.write(piece)
            yield path


@dataclass(frozen=True)
class Spot:
    """A place, as it was named; `name` where one file of it is meant."""

    text: str
    place: Place
    name: str | None = None

    def shown(self, name: str) -> str:
        """A file of the place as messages call it."""
        return self.text if self.name is not None else f"{self.text.rstrip('/')}/{name}"

    @property
    def files(self) -> list[Found]:
        """The files of rows: this one, or all of the folder but those whose names begin with `_` or `.`."""
        if self.name is not None:
            found = self.place.find(self.name)
            return [] if found is None else [found]
        return [each for each in self.place.found() if not _is_hidden(each.name) and form_of(each.name) is not None]


def spot(text: str) -> Spot:
    """What a path or `s3://BUCKET/PREFIX` names: a file if it is one, or has the suffix of one, else a folder.

    Raises UnknownForm for a file of another form, and BadStoreUrl.
    """
    remote = text.startswith(REMOTE)
    path = Path(text)
    is_file = form_of(text) is not None if remote else path.is_file() or (form_of(text) and not path.is_dir())
    if is_file and form_of(text) is None:
        raise errors.UnknownForm(text)
    if not remote:
        return Spot(text, FolderPlace(path.parent), path.name) if is_file else Spot(text, FolderPlace(path))
    above, _, name = text.rpartition("/") if is_file else (text, "", None)
    return Spot(text, BucketPlace(store.open_bucket(above, Path())), name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))
