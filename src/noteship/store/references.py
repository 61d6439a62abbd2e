"""Names that move: plain values that change by compare-and-swap alone."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from noteship import digests
from noteship import errors as base_errors
from noteship.store import errors, keys
from noteship.store.abreast import each
from noteship.store.bucket import Bucket, Found

__all__ = ["Ref", "References"]


@dataclass(frozen=True)
class Ref:
    """A reference as it was read: its plain value, and the version that a later write names."""

    name: str
    value: Any
    version: str


class References:
    """References over any bucket.

    A name is segments joined by ``/``, of any characters, such as ``runs/20250102-7f/start``. A value is anything that
    JSON can say; its bytes are its canonical JSON and a line feed, so a piece of it is never taken for the whole.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read_ref(self, name: str) -> Ref | None:
        """The reference, or None when there is none of that name. Raises DamagedReference."""
        found = self._bucket.get(keys.ref_key(name))
        return None if found is None else self._parsed(name, found)

    def read_refs(self, prefix: str, *, after: str = "") -> Iterator[Ref]:
        """All references whose names begin with the prefix, as `refs` names them.

        Cost: about 30 microseconds each in a folder; as many requests at once as pay off on a server.
        """
        return self._read(list(self.refs(prefix, after=after)))

    def read_whole_refs(self, prefix: str) -> Iterator[Ref]:
        """As `read_refs` without damaged ones, which are deleted, not set aside: for what must be nowhere else.

        Where they may not be deleted, they are left out all the same.
        """
        for name, found in self._found(list(self.refs(prefix))):
            try:
                yield _whole(name, found)
            except ValueError:
                with contextlib.suppress(errors.StoreDenied, errors.StoreReadOnly):
                    self.delete_ref(name)

    def sweep_unfinished_refs(self, folder: str, older_than_s: float) -> int:
        """Remove what killed writers of references below a folder left behind so long ago; how many."""
        return self._bucket.sweep_unfinished(older_than_s, keys.ref_prefix(folder))

    def refs(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """The names that begin with the prefix, in order.

        `after`: only names after this one are listed, where what follows the folder is letters, digits, `_` and `-`;
        those that hold other characters may be left out, since their keys have another order.
        """
        folder = prefix[: prefix.rfind("/") + 1]
        listed = self._bucket.list(keys.ref_prefix(folder), after=keys.ref_prefix(after) if after else "")
        names = (keys.ref_name(entry.key) for entry in listed)
        return iter(sorted(name for name in names if name.startswith(prefix) and name > after))

    def ref_folders(self, folder: str) -> list[str]:
        """The segments by which names go on that begin with `folder/` and do not end there, in order.

        Cost: of what is directly in the folder, whatever is below these segments.
        """
        return sorted(self._segments(keys.ref_prefix(folder), ""))

    def write_ref(self, name: str, value: Any, *, expected: Ref | None) -> Ref:
        """Write the reference if it still is what was read; None expects that there is none.

        Raises RefMoved when it is not: of several writers from one version exactly one succeeds.
        """
        data = digests.canonical_json(value) + b"\n"
        version = self._bucket.put_if(keys.ref_key(name), data, expected.version if expected else None)
        if version is None:
            raise errors.RefMoved(self._bucket.url, name, expected.version if expected else "")
        return Ref(name, json.loads(data), version)

    def delete_ref(self, name: str) -> None:
        """Remove the reference, whatever it is; nothing happens when there is none."""
        self._bucket.delete(keys.ref_key(name))

    def _segments(self, folder: str, begun: str) -> Iterator[str]:
        for segment in self._bucket.folders(folder):
            if keys.is_cut(segment):
                yield from self._segments(f"{folder}/{segment}", f"{begun}{segment}/")
            else:
                yield keys.ref_name(begun + segment)

    def _read(self, names: list[str]) -> Iterator[Ref]:
        return itertools.starmap(self._parsed, self._found(names))

    def _found(self, names: list[str]) -> Iterator[tuple[str, Found]]:
        found = each(self._bucket, names, lambda name: self._bucket.get(keys.ref_key(name)))
        for name, one in zip(names, found, strict=True):
            if one is not None:  # else removed since it was listed
                yield name, one

    def _parsed(self, name: str, found: Found) -> Ref:
        try:
            return _whole(name, found)
        except ValueError as error:
            raise errors.DamagedReference(self._bucket.url, name, self._set_ref_aside(name, found)) from error

    def _set_ref_aside(self, name: str, found: Found) -> str:
        aside = keys.aside_key(name)
        try:
            self._bucket.put(aside, [found.data])
            self._bucket.delete(keys.ref_key(name))
        except base_errors.NoteshipError:
            return ""
        return aside


def _whole(name: str, found: Found) -> Ref:
    """The reference at a key. Raises ValueError where it is damaged."""
    if not found.data.endswith(b"\n"):
        raise ValueError(name)
    return Ref(name, json.loads(found.data), found.version)
