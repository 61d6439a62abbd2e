"""Brings many blobs to a destination, several at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from noteship.images import streams
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.destination import Destination
from noteship.images.registries.transport import Stopped
from noteship.stopping import Beneath

__all__ = ["Piece", "Progress", "Pushed", "push"]

# More do not use a link better, and registries limit how many one may have.
AT_ONCE = 4
# As much is read at a time, and told of.
PIECE_BYTES = 1 << 20
How = Literal["sending", "sent", "mounted", "there"]


@dataclass(frozen=True)
class Piece:
    """A blob, and the repository of the same registry that has it already."""

    blob: Blob
    mounted_from: str = ""


@dataclass(frozen=True)
class Progress:
    """How far one blob is; what is sent again begins with less than was told before."""

    blob: Descriptor
    how: How
    done_bytes: int


@dataclass(frozen=True)
class Pushed:
    """How many blobs and bytes were brought, and how many could be left where they were."""

    sent: int = 0
    sent_bytes: int = 0
    mounted: int = 0
    there: int = 0


def push(
    destination: Destination,
    pieces: Iterable[Piece],
    tell: Callable[[Progress], None] = lambda _: None,
    stop: threading.Event | None = None,
    at_once: int = AT_ONCE,
) -> Pushed:
    """Have all blobs at the destination: those that are there stay, others are mounted or sent, the largest first.

    Raises the first fault after all others have ended, and Stopped soon after `stop` is set; what was brought stays
    there, so that a second push goes on. `tell` is called by one thread at a time.

    Cost: `at_once` threads with some 2 MB each.
    """
    pushing = _Pushing(destination, tell, Beneath(stop or threading.Event()))
    unique = {each.blob.descriptor.digest: each for each in reversed(list(pieces))}
    largest_first = sorted(unique.values(), key=lambda each: (-each.blob.descriptor.size, each.blob.descriptor.digest))
    with ThreadPoolExecutor(max(1, min(at_once, len(unique))), thread_name_prefix="noteship-push") as pool:
        try:
            futures = [pool.submit(pushing.bring, each) for each in largest_first]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            faults = [fault for each in done if (fault := each.exception())]
        finally:
            # Of no effect where all went well; also on Ctrl-C.
            pushing.stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    if faults:
        raise faults[0]
    return pushing.pushed()


class _Pushing:
    def __init__(self, destination: Destination, tell: Callable[[Progress], None], stop: threading.Event) -> None:
        self._destination, self._tell, self.stop = destination, tell, stop
        self._lock = threading.Lock()
        self._ended: list[Progress] = []

    def bring(self, piece: Piece) -> None:
        self._check()
        blob = piece.blob.descriptor
        how: How = "sent"
        if self._destination.has(blob.digest):
            how = "there"
        elif piece.mounted_from and self._destination.mount(blob, piece.mounted_from):
            how = "mounted"
        else:
            self._check()
            self._destination.put(Blob(blob, lambda: streams.of_pieces(self._watched(piece.blob))))
        self.told(Progress(blob, how, blob.size))

    def told(self, progress: Progress) -> None:
        with self._lock:
            if progress.how != "sending":
                self._ended.append(progress)
            self._tell(progress)

    def pushed(self) -> Pushed:
        sent = [each.done_bytes for each in self._ended if each.how == "sent"]
        mounted, there = (sum(each.how == how for each in self._ended) for how in ("mounted", "there"))
        return Pushed(len(sent), sum(sent), mounted, there)

    def _watched(self, blob: Blob) -> Generator[bytes, None, None]:
        """The blob's bytes, whose reader is told of, and stopped between two pieces."""
        done = 0
        with closing(blob.open()) as stream:
            while piece := stream.read(PIECE_BYTES):
                self._check()
                done += len(piece)
                yield piece
                self.told(Progress(blob.descriptor, "sending", done))

    def _check(self) -> None:
        if self.stop.is_set():
            raise Stopped
