"""Brings many blobs to a destination, several at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, Self

from noteship.images import streams
from noteship.images.descriptor import Blob, Descriptor
from noteship.images.destination import Destination
from noteship.images.registries.transport import Stopped
from noteship.stopping import Beneath

__all__ = ["Piece", "Progress", "Pushed", "Pushing", "push"]

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
    unique = {each.blob.descriptor.digest: each for each in reversed(list(pieces))}
    largest_first = sorted(unique.values(), key=lambda each: (-each.blob.descriptor.size, each.blob.descriptor.digest))
    with Pushing(destination, tell, stop, at_once) as begun:
        for piece in largest_first:
            begun.bring(piece)
        return begun.ended()


class Pushing:
    """Blobs on their way to a destination, as `push` brings them, while others are still being made.

    As a context manager it ends what is under way when an exception leaves the block.
    """

    def __init__(
        self,
        destination: Destination,
        tell: Callable[[Progress], None] = lambda _: None,
        stop: threading.Event | None = None,
        at_once: int = AT_ONCE,
    ) -> None:
        self._destination, self._tell, self._stop = destination, tell, Beneath(stop or threading.Event())
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="noteship-push")
        self._begun: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._ended: list[Progress] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Of no effect where all went well; also on Ctrl-C.
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def bring(self, piece: Piece) -> None:
        """Begin to bring it, unless its blob was begun before. Any thread may call this."""
        with self._lock:
            if piece.blob.descriptor.digest not in self._begun:
                self._begun[piece.blob.descriptor.digest] = self._pool.submit(self._bring, piece)

    def ended(self) -> Pushed:
        """What was brought, once all is. Raises the first fault after all others have ended."""
        done, _ = wait(self._begun.values(), return_when=FIRST_EXCEPTION)
        faults = [fault for each in done if (fault := each.exception())]
        if faults:
            self.__exit__()
            raise faults[0]
        return self._pushed()

    def _bring(self, piece: Piece) -> None:
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
        self._told(Progress(blob, how, blob.size))

    def _told(self, progress: Progress) -> None:
        with self._lock:
            if progress.how != "sending":
                self._ended.append(progress)
            self._tell(progress)

    def _pushed(self) -> Pushed:
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
                self._told(Progress(blob.descriptor, "sending", done))

    def _check(self) -> None:
        if self._stop.is_set():
            raise Stopped
