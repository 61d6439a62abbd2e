"""A layer's blob: a tar in gzip members, written once while its digests are computed.

Version 1 of the form: paths in the order of their UTF-8, every folder above a file listed, which is before what is in
it; owner 0:0, modes 0755 and 0644, one time, no attributes. Headers and plain bytes are stored; a file that comes as a
deflate stream is a member of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from noteship.images.layers import errors, tar_headers
from noteship.images.layers.entry import Entry, Link
from noteship.images.layers.gzip_members import GzipMembers

__all__ = ["VERSION", "Written", "folders_above", "write"]

VERSION = 1
# What overlay file systems and readers of layers take for the deletion of a file below (OCI image specification 1.1,
# "Whiteouts"): see `write`.
WHITEOUT = ".wh."


@dataclass(frozen=True)
class Written:
    """What was written: the blob's digest and size, and the digest of the tar in it; digests with their `sha256:`."""

    digest: str
    size: int
    diff_id: str


def write(entries: Iterable[Entry | Link], stream: BinaryIO, check: Callable[[], object] = lambda: None) -> Written:
    """Write a layer of files that are given in any order. Of the same path with the same content, the first counts.

    Guarantee: equal entries give equal bytes, on every machine.

    - check: called again and again; what it raises ends the writing

    Raises: FileUnfit where paths cannot be together in a layer, and what the files' contents raise.
    Memory: the list of entries, and pieces of the files.
    """
    tar = _Tar(stream, check)
    for path, entry in _in_order(list(_watched(entries, check))):
        check()
        if isinstance(entry, Entry):
            tar.add(entry)
        elif isinstance(entry, Link):
            tar.note(tar_headers.header(path, "link", target=entry.target))
        else:
            tar.note(tar_headers.header(path, "folder"))
    return tar.finish()


def _watched(entries: Iterable[Entry | Link], check: Callable[[], object]) -> Iterator[Entry | Link]:
    """Making each of them can take its time."""
    for entry in entries:
        check()
        yield entry


def folders_above(path: str) -> list[str]:
    """The folders that a path lies in.

    >>> folders_above("opt/noteship/bin/python")
    ['opt', 'opt/noteship', 'opt/noteship/bin']
    """
    return [path[:at] for at, letter in enumerate(path) if letter == "/"]


def _in_order(entries: Sequence[Entry | Link]) -> list[tuple[str, Entry | Link | None]]:
    found: dict[str, Entry | Link | None] = {}
    for entry in entries:
        _check_name(entry.path)
        before = found.setdefault(entry.path, entry)
        if before is not entry and not _same(before, entry):
            raise errors.FileUnfit(entry.path, "it is there twice with different contents")
    for path in list(found):
        for folder in folders_above(path):
            if found.setdefault(folder, None) is not None:
                raise errors.FileUnfit(folder, f"it is a file, and the folder of {path}")
    return sorted(found.items(), key=lambda item: item[0].encode())


def _same(one: Entry | Link | None, other: Entry | Link) -> bool:
    if isinstance(one, Entry) and isinstance(other, Entry):
        return one.content.digest == other.content.digest
    return one == other


def _check_name(path: str) -> None:
    names = path.split("/")
    if "\0" in path or {"", ".", ".."} & {*names}:
        raise errors.FileUnfit(path, "its path leads out of the image, or is none")
    if any(name.startswith(WHITEOUT) for name in names):
        raise errors.FileUnfit(path, f"a name that begins with '{WHITEOUT}' deletes files of the layers below")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise errors.FileUnfit(path.encode("ascii", "replace").decode(), "its name is no UTF-8") from error


class _Tar:
    """The sink of all files: stores or copies their bytes, and computes both digests on the way."""

    def __init__(self, stream: BinaryIO, check: Callable[[], object]) -> None:
        self._stream, self._check = stream, check
        self._members = GzipMembers(self._to_blob)
        self._blob = hashlib.sha256()
        self._size = 0
        self._tar = hashlib.sha256()
        self._of_file = 0

    def add(self, entry: Entry) -> None:
        content = entry.content
        self.note(tar_headers.header(entry.path, "file", content.size, executable=entry.executable))
        self._of_file = 0
        content.send(self)
        if self._of_file != content.size:
            raise errors.FileChanged(entry.path)
        self.note(tar_headers.padding(content.size))

    def note(self, data: bytes) -> None:
        self._tar.update(data)
        self._members.store(data)

    def plain(self, data: bytes) -> None:
        self._check()
        self._of_file += len(data)
        self.note(data)

    def deflated(self, pieces: Iterable[tuple[bytes, bytes]], crc: int, size: int) -> None:
        self._members.begin_copy()
        for raw, plain in pieces:
            self._check()
            self._members.copy(raw)
            self._tar.update(plain)
            self._of_file += len(plain)
        self._members.end_copy(crc, size)

    def finish(self) -> Written:
        self.note(tar_headers.END)
        self._members.finish()
        return Written(f"sha256:{self._blob.hexdigest()}", self._size, f"sha256:{self._tar.hexdigest()}")

    def _to_blob(self, data: bytes) -> None:
        self._blob.update(data)
        self._size += len(data)
        self._stream.write(data)
