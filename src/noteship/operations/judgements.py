"""Judgements in the store, by the bundle that was judged.

References, of plain values:

- ``judgements/BUNDLE/ID``: {"judgement": the digest of its JSON, "key": of what was asked, "measured": of what of that
  decides what is measured, "pages": digests of its report and its card, by name}. An id is a time in UTC, to
  the microsecond, and six random digits, so ids sort by time; where clocks of machines differ, an id is yet behind
  those that were there.

What another version of noteship has written, and this one cannot read, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship import digests, store, timed
from noteship.digests import Digest
from noteship.validation.judgement import Judgement

__all__ = ["FOLDER", "Kept", "every", "find", "find_measured", "keep", "latest", "needed", "of_bundle", "read"]

FOLDER = "judgements"


@dataclass(frozen=True)
class Kept:
    """A judgement in the store: its id, the bundle, and where it and its pages are.

    - key, measured: of what was asked, and of what decides what is measured; gates decide nothing of that
    """

    id: str
    bundle: str
    judgement: Digest
    key: str
    pages: Mapping[str, Digest] = field(default_factory=dict)
    measured: str = ""

    @property
    def ref(self) -> str:
        """The name of its reference."""
        return f"{FOLDER}/{self.bundle}/{self.id}"

    @property
    def digests(self) -> set[Digest]:
        """All that belongs to it."""
        return {self.judgement, *self.pages.values()}


def keep(objects: store.Store, judgement: Judgement, key: str, pages: Mapping[str, bytes], measured: str = "") -> Kept:
    """Store a judgement and its pages; from then on it is the latest one of its bundle."""
    last = latest(objects, judgement.bundle)
    kept = Kept(
        timed.after(last.id if last else ""),
        judgement.bundle,
        objects.put_bytes(digests.canonical_json(judgement.to_json())),
        key,
        {name: objects.put_bytes(page) for name, page in sorted(pages.items())},
        measured,
    )
    value = {"judgement": kept.judgement, "key": key, "measured": measured, "pages": dict(kept.pages)}
    objects.write_ref(kept.ref, value, expected=None)
    return kept


def latest(objects: store.Store, bundle: str) -> Kept | None:
    """The last judgement of a bundle, which is the one that counts."""
    return next(of_bundle(objects, bundle), None)


def find(objects: store.Store, bundle: str, key: str) -> Kept | None:
    """The last judgement of a bundle that answers the same question."""
    return next((each for each in of_bundle(objects, bundle) if each.key == key), None)


def find_measured(objects: store.Store, bundle: str, measured: str) -> Kept | None:
    """The last judgement of a bundle whose measures are the same, by whatever gates."""
    return next((each for each in of_bundle(objects, bundle) if measured and each.measured == measured), None)


def read(objects: store.Store, kept: Kept) -> Judgement:
    """What was found. Raises MissingObject, DamagedObject."""
    return Judgement.from_json(json.loads(objects.get_bytes(kept.judgement)))


def every(objects: store.Store) -> Iterator[Kept]:
    """All judgements of all bundles."""
    return filter(None, map(_kept, objects.read_refs(f"{FOLDER}/")))


def of_bundle(objects: store.Store, bundle: str) -> Iterator[Kept]:
    """Those of a bundle, the latest first."""
    for name in sorted(objects.refs(f"{FOLDER}/{bundle}/"), reverse=True):
        ref = objects.read_ref(name)
        kept = _kept(ref) if ref is not None else None
        if kept is not None:
            yield kept


def needed(objects: store.Store, bundle: str) -> set[Digest]:
    """What belongs to the judgements of a bundle, also to those that only another version of noteship can read."""
    return {Digest(text) for ref in objects.read_refs(f"{FOLDER}/{bundle}/") for text in _texts(ref.value)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _kept(ref: store.Ref) -> Kept | None:
    _, bundle, name = ref.name.split("/")
    try:
        pages = {page: Digest(digest) for page, digest in ref.value["pages"].items()}
        measured = ref.value.get("measured", "")
        return Kept(name, bundle, Digest(ref.value["judgement"]), ref.value["key"], pages, measured)
    except (AttributeError, KeyError, TypeError):
        return None
