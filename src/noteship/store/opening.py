"""From the address of a store to the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from noteship.store import errors
from noteship.store.bucket import Bucket
from noteship.store.credentials import Access
from noteship.store.folder import FolderBucket
from noteship.store.store import Store

if TYPE_CHECKING:
    from noteship.store.s3 import S3Bucket

__all__ = ["open_bucket", "open_foreign", "open_given", "open_store"]

DEFAULT = Path(".noteship", "store")
SCHEMES = ("file", "memory", "s3")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def open_store(url: str | None, root: Path) -> Store:
    """Open a store, which makes and asks nothing yet.

    None is ``.noteship/store`` below `root`; a path or ``file:PATH`` is a folder, relative to `root`;
    ``s3://BUCKET/PREFIX`` is S3, by the ``AWS_*`` variables and files; ``memory:`` is a new one in this process.
    Raises BadStoreUrl.
    """
    return Store(FolderBucket(root.resolve() / DEFAULT) if url is None else open_bucket(url, root))


def open_bucket(url: str, root: Path) -> Bucket:
    """The place that an address names, as bytes under keys, without a store's order in it. Raises BadStoreUrl."""
    match = _SCHEME.match(url)
    scheme = match.group(1).lower() if match else ""
    rest = url[match.end() :] if match else url
    if scheme in ("", "file"):
        return FolderBucket(_folder(url, rest, root) if scheme else _below(root, url))
    if scheme == "memory":
        from noteship.store.memory import MemoryBucket

        return MemoryBucket()
    if scheme == "s3":
        from noteship.store.s3 import S3Bucket

        return S3Bucket(*_bucket_and_prefix(url, rest))
    raise _unknown(url, scheme)


def open_foreign(bucket: str) -> S3Bucket:
    """A bucket on S3 that others fill, under whatever keys: to be read."""
    from noteship.store.s3 import S3Bucket

    return S3Bucket(bucket)


def open_given(url: str, access: Access | None = None) -> Store:
    """The store at ``s3://BUCKET/PREFIX``, asked as is said here; without `access` as the environment says."""
    from noteship.store.s3 import S3Bucket

    return Store(S3Bucket(*_bucket_and_prefix(url, url.removeprefix("s3:")), access))


def _folder(url: str, rest: str, root: Path) -> Path:
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    if host not in ("", "localhost"):
        raise errors.BadStoreUrl(_plain(url), f"it names a machine, '{host}', and a folder is on this one")
    return _below(root, unquote(slash + path))


def _below(root: Path, path: str) -> Path:
    if not path.strip():
        raise errors.BadStoreUrl(path, "it is empty")
    return (root / Path(path).expanduser()).resolve()


def _bucket_and_prefix(url: str, rest: str) -> tuple[str, str]:
    bucket, _, prefix = rest.removeprefix("//").partition("/")
    if "@" in bucket or "?" in rest or "#" in rest:
        raise errors.BadStoreUrl(_plain(url), "credentials and options are not part of it; AWS_* variables hold them")
    if not rest.startswith("//") or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]+", bucket):
        raise errors.BadStoreUrl(_plain(url), "it names no bucket")
    prefix = prefix.strip("/")
    if prefix and not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._=-]*(/[A-Za-z0-9_-][A-Za-z0-9._=-]*)*", prefix):
        raise errors.BadStoreUrl(_plain(url), "its prefix has more than letters, digits and - . _ = /")
    return bucket, prefix


def _unknown(url: str, scheme: str) -> errors.BadStoreUrl:
    import difflib

    nearest = difflib.get_close_matches(scheme, SCHEMES, n=1, cutoff=0.3)
    return errors.BadStoreUrl(_plain(url), f"the scheme '{scheme}' is not known", nearest[0] if nearest else "")


def _plain(url: str) -> str:
    """Without user, password and options, which must not show."""
    return re.sub(r"(//)[^/]*@", r"\1", re.sub(r"[?#].*", "", url))
