"""A bucket on S3; Ceph's gateway is the first of its kinds.

Where and who: the ``AWS_*`` variables (``AWS_ENDPOINT_URL``, ``AWS_REGION``, ``AWS_ALLOW_HTTP``, keys), else the file
of credentials; no secret is ever part of a message. A key counts as refreshed when an empty ``fresh/<key>`` is young:
S3 has no way to make an object young again but to send it again.

Uploads that were killed stay invisible; a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) frees their
room.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from noteship.store import credentials, s3_faults
from noteship.store.bucket import Entry, Found

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Store

__all__ = ["S3Bucket"]

Result = TypeVar("Result")

# S3 takes 10,000 parts at most: objects of up to 78 GiB; four parts at a time are 32 MiB of memory.
PART_BYTES = 8 << 20
PARTS_AT_ONCE = 4
# A refused connection is given up after about this long, a silent server after one request's time more.
RETRY_S = 6
REQUEST_S = 60
# Far below any grace time of a sweep, so that a mark is written at most once an hour and object.
YOUNG_S = 3_600.0


class S3Bucket:
    """Keeps each key as an object below a prefix of a bucket, which must exist; opening asks nothing yet.

    With an `access` it is asked there and so; else as the environment says.
    """

    def __init__(self, bucket: str, prefix: str = "", access: credentials.Access | None = None) -> None:
        self._bucket = bucket
        self._access = access
        self._prefix = prefix
        # Ceph's gateway compares an ETag without the quotes that HTTP gives it; found out at the first such write.
        self._bare_etags = False
        # What fills the network alone needs no company, only memory; a write may read, a read never writes.
        self._large_reads = threading.Semaphore(1)
        self._large_writes = threading.Semaphore(1)

    @property
    def url(self) -> str:
        """Bucket and prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    @property
    def at_once(self) -> int:
        """Requests wait for the network, not for this machine."""
        return 16

    @cached_property
    def _client(self) -> S3Store:
        import obstore.store

        return obstore.store.S3Store(
            self._bucket,
            prefix=self._prefix or None,
            client_options=_connection(self._access),
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=RETRY_S)},
            **(_given(self._access) if self._access else credentials.found(self.url)),
        )

    def size(self, key: str) -> int | None:
        """Bytes under the key."""
        head = self._head(key)
        return None if head is None else int(head["size"])

    def get(self, key: str) -> Found | None:
        """A small value; its version is its ETag."""

        def read() -> Found:
            result = self._client.get(key)
            return Found(bytes(result.bytes()), str(result.meta["e_tag"]))

        return self._present(key, read)

    def pieces(self, key: str) -> Iterator[bytes]:
        """The bytes in pieces, each a request of its own, so that none is long."""
        size = self.size(key)
        if size is None:
            raise KeyError(key)
        if size > PART_BYTES:
            with self._large_reads:
                yield from self._read_ahead(key, size)
            return
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        yield found.data

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write, replacing what was there; more than one part goes up in several, and appears with the last."""
        parts = _parts(iter(pieces))
        first = next(parts, b"")
        if len(first) < PART_BYTES:
            self._ask(key, lambda: self._client.put(key, first, use_multipart=False))
            return
        everything = chain([first], parts)
        options: Any = {"chunk_size": PART_BYTES, "max_concurrency": PARTS_AT_ONCE}
        with self._large_writes:
            self._ask(key, lambda: self._client.put(key, everything, **options))

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write if the version is this one, by ``If-None-Match: *`` or ``If-Match``."""
        if version is None:
            return self._put_if(key, data, "create")
        if not self._bare_etags:
            written = self._put_if(key, data, {"e_tag": version})
            if written is not None:
                return written
            # Only where the server refuses the very ETag that it gives is the other form tried.
            head = self._head(key)
            if head is None or head["e_tag"] != version:
                return None
        written = self._put_if(key, data, {"e_tag": version.strip('"')})
        self._bare_etags = self._bare_etags or written is not None
        return written

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """All keys that begin with the prefix and come after a key, in order; a request for each thousand of them."""
        folder = prefix.rpartition("/")[0] or None
        offset = after or None
        found = self._ask(prefix, lambda: self._client.list(folder, offset=offset, chunk_size=1_000).collect())
        entries = map(_entry, found)
        return iter(sorted((one for one in entries if one.key.startswith(prefix)), key=lambda one: one.key))

    def entry(self, key: str) -> Entry | None:
        """One key as a listing has it."""
        head = self._head(key)
        return None if head is None else _entry(head)

    def pieces_of(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a listed key, in pieces. Raises KeyError when others have changed or removed it since."""
        for start in range(0, entry.size_bytes, PART_BYTES):
            span = (start, min(start + PART_BYTES, entry.size_bytes))
            piece = self._unchanged(entry, span)
            if piece is None:
                raise KeyError(entry.key)
            yield piece

    def _unchanged(self, entry: Entry, span: tuple[int, int]) -> bytes | None:
        # With the ETag's quotes, which Ceph's gateway does not take at a conditional write and does here.
        options: Any = {"range": span, "if_match": entry.version}
        try:
            return bytes(self._client.get(entry.key, options=options).bytes())
        except Exception as error:
            if s3_faults.is_lost_race(error):
                return None
            s3_faults.fail(error, self.url, entry.key)

    def folders(self, folder: str) -> Iterator[str]:
        """The common prefixes below a folder; what they hold is not listed."""
        found = self._ask(folder, lambda: self._client.list_with_delimiter(folder))
        return iter(sorted(path.rpartition("/")[2] for path in found["common_prefixes"]))

    def delete(self, key: str) -> None:
        """Remove the key."""
        self._present(key, lambda: self._client.delete(key))

    def refresh(self, key: str) -> int | None:
        """Mark an old object as needed, then see that it is still there."""
        head = self._head(key)
        if head is None or _age_s(head) < YOUNG_S:
            return None if head is None else int(head["size"])
        self.put(_mark(key), [b""])
        return self.size(key)

    def discard(self, key: str, older_than_s: float) -> bool:
        """Remove the key if neither it nor its mark is young; a mark that comes after that look is not seen."""
        for one in (key, _mark(key)):
            head = self._head(one)
            if head is not None and _age_s(head) < older_than_s:
                return False
        self.delete(key)
        return True

    def sweep_unfinished(self, older_than_s: float, folder: str = "") -> int:
        """Remove marks that say nothing any more."""
        before = time.time() - older_than_s
        marks = self.list(f"fresh/{folder}/" if folder else "fresh/")
        old = [entry.key for entry in marks if entry.modified_s <= before]
        for key in old:
            self.delete(key)
        return len(old)

    def _read_ahead(self, key: str, size: int) -> Iterator[bytes]:
        """Parts in order, while the next one is under way."""
        from concurrent.futures import ThreadPoolExecutor

        def read(start: int) -> bytes:
            return bytes(self._client.get_range(key, start=start, end=min(start + PART_BYTES, size)))

        with ThreadPoolExecutor(1, thread_name_prefix="noteship-s3") as ahead:
            coming = ahead.submit(read, 0)
            for following in range(PART_BYTES, size + PART_BYTES, PART_BYTES):
                piece = self._present(key, coming.result)
                if piece is None:
                    raise KeyError(key)
                if following < size:
                    coming = ahead.submit(read, following)
                yield piece

    def _head(self, key: str) -> Any:
        return self._present(key, lambda: self._client.head(key))

    def _put_if(self, key: str, data: bytes, mode: Any) -> str | None:
        try:
            return str(self._client.put(key, data, mode=mode, use_multipart=False)["e_tag"])
        except Exception as error:
            if s3_faults.is_lost_race(error):
                return None
            s3_faults.fail(error, self.url, key)

    def _present(self, key: str, call: Callable[[], Result]) -> Result | None:
        try:
            return call()
        except Exception as error:
            if s3_faults.is_absent(error):
                return None
            s3_faults.fail(error, self.url, key)

    def _ask(self, key: str, call: Callable[[], Result]) -> Result:
        try:
            return call()
        except Exception as error:
            s3_faults.fail(error, self.url, key)


def _parts(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of one size, as a multipart upload wants them; the last may be smaller."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)


def _given(access: credentials.Access) -> dict[str, Any]:
    """What the client is told of it; an endpoint of the environment is where this machine reaches it."""
    own = {"access_key_id": access.access_key, "secret_access_key": access.secret_key}
    region = {"region": access.region} if access.region else {}
    return {"endpoint": os.environ.get("AWS_ENDPOINT_URL") or access.endpoint, **region, **own}


def _connection(access: credentials.Access | None = None) -> ClientConfig:
    """Bounded times, and what the environment says of the connection: options that are given replace all of it."""
    is_plain = access is not None and access.endpoint.startswith("http://")
    options: ClientConfig = {
        "connect_timeout": timedelta(seconds=3),
        "timeout": timedelta(seconds=REQUEST_S),
        "allow_http": is_plain or os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true", "yes"),
    }
    authorities = os.environ.get("AWS_CA_BUNDLE")
    if authorities and Path(authorities).is_file():
        options["root_certificate"] = Path(authorities).read_bytes()
    return options


def _entry(item: Any) -> Entry:
    return Entry(item["path"], item["size"], item["last_modified"].timestamp(), str(item["e_tag"] or ""))


def _mark(key: str) -> str:
    return f"fresh/{key}"


def _age_s(head: Any) -> float:
    return time.time() - float(head["last_modified"].timestamp())
