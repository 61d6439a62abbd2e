"""A bucket in this process's memory: for trying things out, and the simplest statement of what a bucket is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

from noteship import digests
from noteship.store.bucket import PIECE_BYTES, Entry, Found

__all__ = ["MemoryBucket"]


class MemoryBucket:
    """Keeps everything in a dictionary, gone with the process; safe among threads."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The place, for messages."""
        return "memory:"

    @property
    def at_once(self) -> int:
        """One call at a time."""
        return 1

    def size(self, key: str) -> int | None:
        """Bytes under the key."""
        held = self._values.get(key)
        return None if held is None else len(held[0])

    def get(self, key: str) -> Found | None:
        """A small value."""
        held = self._values.get(key)
        return None if held is None else Found(held[0], digests.of_bytes(held[0]))

    def pieces(self, key: str) -> Iterator[bytes]:
        """The bytes in pieces."""
        data = self._values[key][0]
        for start in range(0, len(data), PIECE_BYTES):
            yield data[start : start + PIECE_BYTES]

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write, replacing what was there."""
        self._values[key] = (b"".join(pieces), time.time())

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Write if the version is this one."""
        with self._lock:
            found = self.get(key)
            if (found.version if found else None) != version:
                return None
            self.put(key, [data])
            return digests.of_bytes(data)

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """All keys that begin with the prefix and come after a key, in order."""
        chosen = (each for each in self._values.copy().items() if each[0].startswith(prefix) and each[0] > after)
        return (Entry(key, len(data), modified_s) for key, (data, modified_s) in sorted(chosen))

    def folders(self, folder: str) -> Iterator[str]:
        """The segments after the folder that are not the last ones, in order."""
        start = f"{folder}/"
        below = (key.removeprefix(start).partition("/") for key in self._values.copy() if key.startswith(start))
        return iter(sorted({segment for segment, slash, _ in below if slash}))

    def delete(self, key: str) -> None:
        """Remove the key."""
        with self._lock:
            self._values.pop(key, None)

    def refresh(self, key: str) -> int | None:
        """Count as just written."""
        with self._lock:
            held = self._values.get(key)
            if held is None:
                return None
            self._values[key] = (held[0], time.time())
            return len(held[0])

    def discard(self, key: str, older_than_s: float) -> bool:
        """Remove the key if it is so old."""
        with self._lock:
            held = self._values.get(key)
            if held is None or time.time() - held[1] < older_than_s:
                return False
            del self._values[key]
            return True

    def sweep_unfinished(self, older_than_s: float, folder: str = "") -> int:
        """Nothing is ever left behind."""
        del older_than_s, folder
        return 0
