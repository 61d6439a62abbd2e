"""Files of this machine, or of a disk that it shares, as an origin."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from noteship import patterns
from noteship.ingestion import errors
from noteship.ingestion.gathering import Item, gathered, version_of
from noteship.ingestion.origin import Fetched, Watch

__all__ = ["FileOrigin"]

PIECE_BYTES = 1 << 20


class FileOrigin:
    """A file, a folder with all that is in it but what is hidden, or a pattern with `*` of files below a folder.

    `digest_of` gives a file's digest, and may remember it. A version is a digest of what is there.
    """

    def __init__(self, shown: str, path: Path, digest_of: Callable[[Path], str]) -> None:
        self._shown = shown
        self._path = path
        self._digest_of = digest_of

    @property
    def shown(self) -> str:
        """The path as it was declared."""
        return self._shown

    def version(self, watch: Watch) -> str:
        """The digest. Cost: reads what is not remembered."""
        return version_of(list(self._items(watch)))

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """Copy what is there now."""
        return gathered(list(self._items(watch)), target, self._shown, watch)

    def _items(self, watch: Watch) -> Iterator[Item]:
        try:
            yield from self._found(watch)
        except FileNotFoundError as error:
            raise errors.NothingThere(self._shown, "no such file or folder") from error
        except PermissionError as error:
            raise errors.OriginDenied(self._shown, error.strerror or "") from error
        except OSError as error:
            raise errors.OriginUnreachable(self._shown, error.strerror or type(error).__name__) from error

    def _found(self, watch: Watch) -> Iterator[Item]:
        paths = self._paths()
        if not paths:
            raise errors.NothingThere(self._shown, "no file fits" if self._is_pattern else "the folder is empty")
        for name, path in paths:
            watch.check()
            status = path.stat()
            digest = self._digest_of(path)
            yield Item(name, digest, status.st_size, partial(self._pieces, path, digest))

    @property
    def _is_pattern(self) -> bool:
        return patterns.is_pattern(str(self._path)) and not self._path.exists()

    def _paths(self) -> list[tuple[str, Path]]:
        if self._is_pattern:
            pattern = str(self._path)
            base = Path(patterns.literal(pattern) or ".")
            found = [path for path in _below(base) if _is_meant(path, pattern)]
        elif self._path.is_dir():
            base, found = self._path, list(_below(self._path))
        else:
            return [("", self._path)]
        self._check_links(base, found)
        return [(path.relative_to(base).as_posix(), path) for path in found if path.is_file()]

    def _check_links(self, base: Path, found: Iterable[Path]) -> None:
        """Raise OriginFailed for a link to what is not in the folder: who fills that would choose what is read here."""
        inside = base.resolve()
        for path in found:
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                reason = f"{path.relative_to(base).as_posix()} is a link that leads out of the folder"
                remedy = "put the file itself there, or declare a source of what the link leads to"
                raise errors.OriginFailed(self._shown, reason, remedy)

    def _pieces(self, path: Path, digest: str) -> Iterator[bytes]:
        found = hashlib.sha256()
        try:
            with path.open("rb") as stream:
                while piece := stream.read(PIECE_BYTES):
                    found.update(piece)
                    yield piece
        except OSError as error:
            raise errors.MovedMeanwhile(self._shown, path.name) from error
        if found.hexdigest() != digest:
            raise errors.MovedMeanwhile(self._shown, path.name)


def _below(folder: Path) -> Iterator[Path]:
    """All files and links in a folder, in the order of their names; what is hidden is nobody's data.

    Links to folders are not followed: what they lead to within the folder comes under its own name.
    """
    found = []
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(at, name) for name in names if not name.startswith(".")]
        found += [path for name in folders if (path := Path(at, name)).is_symlink()]
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _is_meant(path: Path, pattern: str) -> bool:
    """Whether a pattern means a file, or goes into a folder, of which only links are among what is found."""
    if not path.is_dir():
        return patterns.expression(pattern, hidden=False).fullmatch(str(path)) is not None
    is_deeper = "**" in pattern or pattern.count("/") > str(path).count("/")
    return is_deeper and patterns.overlap(str(path), pattern)
