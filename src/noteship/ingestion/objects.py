"""Objects on S3 that others keep, as an origin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from noteship import patterns, store
from noteship.ingestion import errors
from noteship.ingestion.gathering import Item, gathered, version_of
from noteship.ingestion.origin import Fetched, Watch

__all__ = ["ObjectOrigin"]


class ObjectOrigin:
    """An object; those below a prefix that ends with `/`; or those whose keys fit a pattern with `*`.

    A version is an ETag, or a digest of keys and ETags; who asks is told by the ``AWS_*`` variables.
    """

    def __init__(self, shown: str, bucket: str, key: str) -> None:
        self._shown = shown
        self._bucket = store.open_foreign(bucket)
        self._key = key

    @property
    def shown(self) -> str:
        """Bucket and key."""
        return self._shown

    def version(self, watch: Watch) -> str:
        """What the gateway lists. Cost: one request, or one for each thousand keys."""
        watch.check()
        with _mapped(self._shown):
            return version_of(list(self._items()))

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """Bring what is listed now; each object is read in the version that was listed."""
        with _mapped(self._shown):
            return gathered(list(self._items()), target, self._shown, watch)

    def _items(self) -> Iterator[Item]:
        if not patterns.is_pattern(self._key) and not self._key.endswith("/"):
            entry = self._bucket.entry(self._key)
            if entry is None:
                raise errors.NothingThere(self._shown, "no such object")
            yield self._item(entry, "")
            return
        found = list(self._below())
        if not found:
            raise errors.NothingThere(self._shown, "no object fits")
        for entry, name in found:
            yield self._item(entry, name)

    def _below(self) -> Iterator[tuple[store.Entry, str]]:
        prefix = f"{patterns.literal(self._key)}/".removeprefix("/") if patterns.is_pattern(self._key) else self._key
        fits = patterns.expression(self._key, hidden=False) if patterns.is_pattern(self._key) else None
        entries = list(self._bucket.list(prefix))
        # Browsers for buckets mark a folder by an empty object of its name; what is hidden is nobody's data.
        folders = {folder for entry in entries for folder in patterns.folders(entry.key.rpartition("/")[0])}
        for entry in entries:
            name = entry.key.removeprefix(prefix)
            is_hidden = any(part.startswith(".") for part in name.split("/"))
            if entry.key not in folders and not is_hidden and (fits is None or fits.fullmatch(entry.key)):
                yield entry, name

    def _item(self, entry: store.Entry, name: str) -> Item:
        return Item(name, entry.version.strip('"'), entry.size_bytes, partial(self._pieces, entry))

    def _pieces(self, entry: store.Entry) -> Iterator[bytes]:
        try:
            yield from self._bucket.pieces_of(entry)
        except KeyError as error:
            raise errors.MovedMeanwhile(self._shown, entry.key) from error


@contextmanager
def _mapped(shown: str) -> Iterator[None]:
    """The store's faults as an origin's."""
    try:
        yield
    except store.errors.TargetUnwritable:
        raise
    except store.errors.StoreDenied as error:
        raise errors.OriginDenied(shown, error.reason) from error
    except store.errors.StoreUnreachable as error:
        raise errors.OriginUnreachable(shown, error.reason) from error
    except store.errors.BucketMissing as error:
        raise errors.NothingThere(shown, "there is no such bucket") from error
    except store.errors.StoreFailed as error:
        raise errors.OriginFailed(shown, error.reason) from error
