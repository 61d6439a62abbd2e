"""Wheels on this machine: fetched once, by digest, and checked as they come; who uses one later checks it again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from noteship import files
from noteship.images import errors as image_errors
from noteship.images import pruning
from noteship.images.packages import index_logins
from noteship.images.packages.errors import DamagedDownload, IndexDenied, WheelGone
from noteship.images.packages.wheel import Wheel
from noteship.images.registries import transport
from noteship.images.registries.messages import Request

__all__ = ["Wheelhouse"]

# So many are fetched at the same time; more do not fill a line better.
AT_ONCE = 4
DENIED = (401, 403, 407)


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of wheels, `SHA256/FILENAME`; several processes may use it at once.

    `told` is called with the number of bytes that came, from several threads.
    """

    folder: Path
    transport: transport.Transport
    told: Callable[[int], None] = lambda _: None

    def paths(self, wheels: tuple[Wheel, ...]) -> dict[Wheel, Path]:
        """Where each lies, fetched if it does not.

        Raises: WheelGone, IndexDenied, DamagedDownload, what the transport raises, Stopped.
        """
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="noteship-wheels") as pool:
            return dict(zip(wheels, pool.map(self.path, wheels), strict=True))

    def path(self, wheel: Wheel) -> Path:
        """As `paths`, for one. What lies there is not read: layers that are kept need no wheel."""
        path = self._place(wheel)
        if not path.is_file():
            return self.fetch(wheel)
        pruning.use(path)
        return path

    def fetch(self, wheel: Wheel) -> Path:
        """Bring one, whether or not it lies there. Raises as `paths`."""
        path = self._place(wheel)
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(path) as stream:
            found = hashlib.sha256()
            for piece in self._pieces(wheel):
                stream.write(piece)
                found.update(piece)
                self.told(len(piece))
            if found.hexdigest() != wheel.sha256:
                raise DamagedDownload(wheel.filename, _host(wheel.url), wheel.sha256, found.hexdigest())
        return path

    def _place(self, wheel: Wheel) -> Path:
        return self.folder / wheel.sha256 / wheel.filename

    def _pieces(self, wheel: Wheel) -> Iterator[bytes]:
        """Its bytes, from a file or over HTTP; what broke off goes on where it was."""
        at = urlsplit(wheel.url)
        if at.scheme == "file":
            yield from _of_file(wheel, Path(url2pathname(at.path)))
            return
        came, broken = 0, 0
        while True:
            try:
                for piece in self._sent(wheel, came):
                    came += len(piece)
                    yield piece
                return
            except image_errors.RegistryUnreachable:
                broken += 1
                # Before anything comes, the transport itself has tried again.
                if not came or broken == self.transport.way.tries:
                    raise

    def _sent(self, wheel: Wheel, came: int) -> Iterator[bytes]:
        """What follows after so many bytes."""
        headers = {"range": f"bytes={came}-"} if came else {}
        secret = index_logins.headers(wheel.url, os.environ)
        with self.transport.opened(Request("GET", wheel.url, headers, secret)) as (answer, pieces):
            if answer.status in DENIED:
                raise IndexDenied(wheel.filename, _host(wheel.url))
            if answer.status not in (200, 206):
                raise WheelGone(wheel.filename, _host(wheel.url), answer.status)
            # Who does not know ranges sends all of it once more.
            skip = came if answer.status == 200 else 0
            for piece in pieces:
                if skip < len(piece):
                    yield piece[skip:]
                skip = max(0, skip - len(piece))


def _of_file(wheel: Wheel, path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                yield piece
    except FileNotFoundError as error:
        raise WheelGone(wheel.filename, str(path), 404) from error


def _host(url: str) -> str:
    at = urlsplit(url)
    return at.path if at.scheme == "file" else at.netloc.rpartition("@")[2]
