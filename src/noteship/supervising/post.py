"""A worker's side: what it is told, and what it tells."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import socket
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from noteship.errors import NoteshipError
from noteship.supervising.channel import (
    Beat,
    Channel,
    Collect,
    Connections,
    Drain,
    Failed,
    Gone,
    Loaded,
    Samples,
    Scrape,
    State,
    Stop,
    Sums,
)
from noteship.supervising.errors import WorkerLost
from noteship.supervising.sums import Family

__all__ = ["Duties", "Post"]

# Often enough that some go missing before anybody draws a conclusion.
BEAT_S = 0.5
# For how long the others' samples are waited for; the supervisor itself gives up earlier.
SCRAPE_PATIENCE_S = 3.0


class Duties(Protocol):
    """What a worker does when it is told so, on its event loop."""

    def connected(self, connection: socket.socket) -> None:
        """Answer on a connection that was accepted."""
        ...

    def told(self, *, is_ready: bool) -> None:
        """Whether the service as a whole takes requests."""
        ...

    def drain(self) -> None:
        """Be no longer ready."""
        ...

    def stop(self) -> None:
        """Finish what is under way, and end."""
        ...

    def samples(self) -> Future[Sequence[Family]]:
        """What this worker counted."""
        ...


class Post:
    """Between a worker's event loop and the supervisor. When the supervisor is gone, the worker stops."""

    def __init__(self, number: int, channel: Channel) -> None:
        self.number = number
        self._channel = channel
        self._received = 0
        self._beat_at = 0.0
        self._numbers = itertools.count()
        self._scrapes: dict[int, asyncio.Future[Sequence[Family]]] = {}

    def attach(self, duties: Duties) -> None:
        """Listen to the supervisor from now on; to be called on the loop."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel.fileno(), self._hear, loop, duties)

    def beat(self, scoring_s: float, connections: int) -> None:
        """Say that the loop runs, and for how long the batch under way has been scored; cheap to be called often."""
        now = time.monotonic()
        if now - self._beat_at >= BEAT_S:
            self._beat_at = now
            self._channel.send(Beat(scoring_s, connections, self._received))

    def loaded(self) -> None:
        """Say that the example has been scored."""
        self._channel.send(Loaded())

    def failed(self, error: BaseException) -> None:
        """Say why there will be no answers."""
        if isinstance(error, NoteshipError):
            try:
                pickle.dumps(error)
            except Exception:
                error = WorkerLost(self.number, type(error).__name__)
        else:
            error = WorkerLost(self.number, f"{type(error).__name__}, which the log says more about")
        self._channel.send(Failed(error))

    async def scrape(self) -> Sequence[Family]:
        """The samples of all workers; raises TimeoutError."""
        number = next(self._numbers)
        answer = self._scrapes[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(Scrape(number))
            return await asyncio.wait_for(answer, SCRAPE_PATIENCE_S)
        finally:
            del self._scrapes[number]

    def _hear(self, loop: asyncio.AbstractEventLoop, duties: Duties) -> None:
        while (message := self._channel.receive()) is not None:
            match message:
                case Connections(sockets):
                    self._received += 1
                    for connection in sockets:
                        duties.connected(connection)
                case State(is_ready):
                    duties.told(is_ready=is_ready)
                case Drain():
                    duties.drain()
                case Collect(number):
                    self._collect(loop, duties, number)
                case Sums(number, families):
                    if (answer := self._scrapes.get(number)) is not None and not answer.done():
                        answer.set_result(families)
                case Stop() | Gone():
                    loop.remove_reader(self._channel.fileno())
                    duties.drain()
                    duties.stop()
                    return
                case _:
                    pass

    def _collect(self, loop: asyncio.AbstractEventLoop, duties: Duties, number: int) -> None:
        def tell(done: Future[Sequence[Family]]) -> None:
            if done.exception() is None and not loop.is_closed():
                loop.call_soon_threadsafe(self._channel.send, Samples(number, done.result()))

        duties.samples().add_done_callback(tell)
