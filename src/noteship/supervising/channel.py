"""What a supervisor and a worker say to each other."""

from __future__ import annotations

import array
import contextlib
import pickle
import socket
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from noteship.supervising.sums import Family

__all__ = [
    "Answer",
    "Ask",
    "Beat",
    "Channel",
    "Collect",
    "Connections",
    "Drain",
    "Failed",
    "Gone",
    "Loaded",
    "Message",
    "Obey",
    "Obeyed",
    "Order",
    "Passed",
    "Samples",
    "Scrape",
    "State",
    "Stop",
    "Sums",
    "Taken",
]

# Samples of some ten thousand series, packed; the system cuts it to its own limit.
BUFFER_BYTES = 4 << 20
# Below this packing is not worth its time.
PACK_BYTES = 4096
# As many connections as the system passes at once at most.
CONNECTIONS_LIMIT = 64
PLAIN, PACKED = b"=", b"z"


@dataclass(frozen=True)
class Beat:
    """A worker lives: for how long its one batch has been scored, and how many connections it has."""

    scoring_s: float
    open: int


@dataclass(frozen=True)
class Loaded:
    """A worker has scored its example."""


@dataclass(frozen=True)
class Failed:
    """A worker could not load, and ends."""

    error: BaseException


@dataclass(frozen=True)
class Scrape:
    """A worker asks for the samples of all."""

    number: int


@dataclass(frozen=True)
class Samples:
    """A worker's own samples, as was asked by Collect; None where they cannot be had."""

    number: int
    families: Sequence[Family] | None


@dataclass(frozen=True)
class State:
    """Whether the service as a whole takes requests."""

    is_ready: bool


@dataclass(frozen=True)
class Drain:
    """Be no longer ready, and close each connection with its next answer."""


@dataclass(frozen=True)
class Stop:
    """All connections have been handed over: finish them and end."""


@dataclass(frozen=True)
class Collect:
    """A worker is asked for its samples."""

    number: int


@dataclass(frozen=True)
class Sums:
    """The samples of all workers, for the one that asked by Scrape."""

    number: int
    families: Sequence[Family]


@dataclass(frozen=True)
class Order:
    """What one worker wants all to do.

    - revision: of what the order leads to; one that does not follow the present one comes too late
    - is_kept: whether workers that start from now on begin with it
    """

    stage: str
    revision: int
    payload: bytes
    is_kept: bool
    number: int = 0


@dataclass(frozen=True)
class Obey:
    """A worker is to do this."""

    number: int
    stage: str
    payload: bytes


@dataclass(frozen=True)
class Obeyed:
    """It has; or what was wrong: a status and a message, as JSON."""

    number: int
    fault: bytes


@dataclass(frozen=True)
class Passed:
    """All have done what a worker wanted; or what was wrong with one of them. None: the order came too late."""

    number: int
    fault: bytes | None


@dataclass(frozen=True)
class Ask:
    """A worker asks another one, through the supervisor; `number` is the question's, the asker's own."""

    asker: int
    worker: int
    number: int
    question: bytes


@dataclass(frozen=True)
class Answer:
    """What came of a question; empty where it could not be answered, None where nobody is there to be asked."""

    asker: int
    number: int
    answer: bytes | None


@dataclass(frozen=True)
class Connections:
    """Connections that were accepted for the receiver; they come beside the message, which is never packed."""

    sockets: tuple[socket.socket, ...]


@dataclass(frozen=True)
class Taken:
    """A worker has got one more connection, and read nothing of it yet."""


@dataclass(frozen=True)
class Gone:
    """The other side has ended."""


FromWorkers = Beat | Loaded | Failed | Scrape | Samples | Taken | Order | Obeyed | Ask | Answer
FromSupervisor = State | Drain | Stop | Collect | Sums | Connections | Obey | Passed
Message = FromWorkers | FromSupervisor | Gone


class Channel:
    """One end of a pair of sockets on which whole messages pass, and connections with them; nothing on disk.

    Both ends belong to one program, so that messages are pickles.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """One end, and a socket that becomes the other one in another process."""
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(here), there

    def fileno(self) -> int:
        """For selectors."""
        return self._end.fileno()

    def close(self) -> None:
        """The other end sees Gone."""
        self._end.close()

    def send_first(self, data: bytes) -> None:
        """Send what is read before the other side is a channel."""
        self._end.send(data)

    def send(self, message: Message) -> bool:
        """Send without waiting; False when the other side does not read, or has ended."""
        data = pickle.dumps(message)
        packed = PLAIN + data if len(data) < PACK_BYTES else PACKED + zlib.compress(data, 1)
        try:
            self._end.send(packed)
        except OSError:
            return False
        return True

    def hand(self, connection: socket.socket) -> bool:
        """Hand a connection over; the caller keeps its own copy until it is taken. False as in `send`."""
        try:
            socket.send_fds(self._end, [b"c"], [connection.fileno()])
        except OSError:
            return False
        return True

    def receive(self) -> Message | None:
        """The next message; None when there is none now."""
        try:
            data, beside, _, _ = self._end.recvmsg(BUFFER_BYTES, socket.CMSG_SPACE(CONNECTIONS_LIMIT * 4))
        except BlockingIOError:
            return None
        except OSError:
            return Gone()
        if not data:
            return Gone()
        if data[:1] == b"c":
            return Connections(tuple(_sockets(beside)))
        message: Message = pickle.loads(data[1:] if data[:1] == PLAIN else zlib.decompress(data[1:]))  # noqa: S301
        return message


def _sockets(beside: Sequence[tuple[int, int, bytes]]) -> list[socket.socket]:
    found = []
    for level, kind, data in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers = array.array("i")
            numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
            for number in numbers:
                # One that its client has closed meanwhile is none.
                with contextlib.suppress(OSError):
                    found.append(socket.socket(fileno=number))
    return found
