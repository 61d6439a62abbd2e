"""Freeing what nothing needs any more, beside runs that may be storing at the same time."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from noteship.digests import Digest
from noteship.store import keys
from noteship.store.abreast import each
from noteship.store.bucket import Bucket, Entry

__all__ = ["GRACE_S", "Stored", "Swept", "stored", "sweep", "trees"]

# A run that is still going has stored what no reference names yet; from the storing of an object to the reference that
# names it is at most a stage's length, and a day is longer than most.
GRACE_S = 86_400.0


@dataclass(frozen=True)
class Stored:
    """An object as it is listed; on S3 the age does not know of later storings of the same content."""

    digest: Digest
    size_bytes: int
    age_s: float


@dataclass(frozen=True)
class Swept:
    """What a sweep removed: objects, their bytes, and leftovers of killed writers."""

    objects: int
    size_bytes: int
    leftovers: int


def stored(bucket: Bucket) -> Iterator[Stored]:
    """Every object and description of a folder."""
    now = time.time()
    for entry, digest in _listed(bucket):
        yield Stored(digest, entry.size_bytes, max(0.0, now - entry.modified_s))


def trees(bucket: Bucket) -> set[Digest]:
    """The digests that stand for folders."""
    return {digest for entry in bucket.list("trees/") if (digest := keys.digest_of(entry.key))}


def sweep(bucket: Bucket, keep: Collection[Digest], older_than_s: float) -> Swept:
    """Remove old objects that are not to be kept, old damaged ones, and what killed writers left a day ago."""
    before = time.time() - older_than_s
    kept = frozenset(keep)
    old = [entry for entry, digest in _listed(bucket) if digest not in kept and entry.modified_s <= before]
    removed = each(bucket, old, lambda entry: bucket.discard(entry.key, older_than_s))
    sizes = [entry.size_bytes for entry, gone in zip(old, removed, strict=True) if gone]
    damaged = [entry for entry in bucket.list("damaged/") if entry.modified_s <= before]
    leftovers = sum(each(bucket, damaged, lambda entry: bucket.discard(entry.key, older_than_s)))
    return Swept(len(sizes), sum(sizes), leftovers + bucket.sweep_unfinished(GRACE_S))


def _listed(bucket: Bucket) -> Iterator[tuple[Entry, Digest]]:
    # Descriptions go before the files they name: a sweep killed in between leaves no folder without its files.
    for entry in chain(bucket.list("trees/"), bucket.list("objects/")):
        digest = keys.digest_of(entry.key)
        if digest:
            yield entry, digest
