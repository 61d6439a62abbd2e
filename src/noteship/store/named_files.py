"""Files under names of their own, for other programs to read: what is kept of rows, apart from all else by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from noteship.store import keys
from noteship.store.abreast import each
from noteship.store.bucket import Bucket

__all__ = ["NamedFile", "NamedFiles"]


@dataclass(frozen=True)
class NamedFile:
    """One in a listing."""

    name: str
    size_bytes: int


class NamedFiles:
    """Files over any bucket; a name is segments joined by ``/``, and names a file as long as it is not deleted.

    A file appears whole or not at all. They are neither content by digest nor references: nothing collects them.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def put_named(self, name: str, data: bytes) -> None:
        """Write one, in place of what had its name."""
        self._bucket.put(keys.file_key(name), [data])

    def named(self, prefix: str, *, after: str = "") -> Iterator[NamedFile]:
        """Those whose names begin so, in order; `after`: only names after this one.

        Cost: a request for each thousand. Of letters, digits, `_` and `-` alone, else the order may be another.
        """
        folder = prefix[: prefix.rfind("/") + 1]
        for entry in self._bucket.list(keys.file_prefix(folder), after=keys.file_prefix(after) if after else ""):
            name = keys.file_name(entry.key)
            if name.startswith(prefix) and name > after:
                yield NamedFile(name, entry.size_bytes)

    def get_named(self, names: Sequence[str]) -> list[bytes | None]:
        """The bytes of several, as many at once as pay off; None for those that are not there."""
        return list(each(self._bucket, names, self._bytes))

    def delete_named(self, name: str) -> None:
        """Remove one; nothing happens when it is not there."""
        self._bucket.delete(keys.file_key(name))

    def _bytes(self, name: str) -> bytes | None:
        try:
            return b"".join(self._bucket.pieces(keys.file_key(name)))
        except KeyError:
            return None
