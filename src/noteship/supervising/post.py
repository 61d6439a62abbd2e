"""A worker's side: what it is told, and what it tells."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import logging
import pickle
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from noteship.errors import NoteshipError
from noteship.supervising.channel import (
    Answer,
    Ask,
    Beat,
    Channel,
    Collect,
    Connections,
    Drain,
    Failed,
    Gone,
    Loaded,
    Message,
    Obey,
    Obeyed,
    Order,
    Passed,
    Samples,
    Scrape,
    State,
    Stop,
    Sums,
    Taken,
)
from noteship.supervising.errors import WorkerLost
from noteship.supervising.sums import Family

__all__ = ["Duties", "Post"]

LOG = logging.getLogger(__name__)
# Often enough that some go missing before anybody draws a conclusion.
BEAT_S = 0.5
# For how long the others' samples and answers are waited for; the supervisor itself gives up earlier.
SCRAPE_PATIENCE_S = ASKING_PATIENCE_S = 3.0

# What is told of an order whose work failed in a way that nobody thought of.
FAILED = b'[500, "a worker could not do what it was told"]'

T = TypeVar("T")
F = TypeVar("F")


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

    def asked(self, question: bytes) -> Future[bytes]:
        """What another worker wants to know of this one."""
        ...

    def ordered(self, stage: str, payload: bytes) -> Future[bytes]:
        """Do what a worker wants all to do; the future has what is wrong with it, or nothing."""
        ...


class Post:
    """Between a worker's event loop and the supervisor. When the supervisor is gone, the worker stops.

    `kept` is what all workers were told before this one started, by the last order that was to be kept.
    """

    def __init__(self, number: int, channel: Channel, kept: bytes | None = None) -> None:
        self.number = number
        self.kept = kept
        self._channel = channel
        self._beat_at = 0.0
        self._numbers = itertools.count()
        self._scrapes: dict[int, asyncio.Future[Sequence[Family]]] = {}
        self._asked: dict[int, asyncio.Future[bytes | None]] = {}
        self._passed: dict[int, asyncio.Future[bytes | None]] = {}

    def attach(self, duties: Duties) -> None:
        """Listen to the supervisor from now on; to be called on the loop."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._channel.fileno(), self._hear, loop, duties)

    def beat(self, scoring_s: float, connections: int) -> None:
        """Say that the loop runs, and for how long the batch under way has been scored; cheap to be called often."""
        now = time.monotonic()
        if now - self._beat_at >= BEAT_S:
            self._beat_at = now
            self._channel.send(Beat(scoring_s, connections))

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

    async def ask(self, worker: int, question: bytes) -> bytes | None:
        """What another worker says to a question; nothing when it failed on it, None when there is no such one now.

        Raises TimeoutError.
        """
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(Ask(self.number, worker, number, question))
            return await asyncio.wait_for(answer, ASKING_PATIENCE_S)
        finally:
            del self._asked[number]

    async def pass_on(self, order: Order, patience_s: float) -> bytes | None:
        """Have all workers do something; what was wrong with one of them, or nothing; None when it comes too late.

        Raises TimeoutError.
        """
        number = next(self._numbers)
        answer = self._passed[number] = asyncio.get_running_loop().create_future()
        try:
            self._channel.send(dataclasses.replace(order, number=number))
            return await asyncio.wait_for(answer, patience_s)
        finally:
            del self._passed[number]

    def _hear(self, loop: asyncio.AbstractEventLoop, duties: Duties) -> None:
        while (message := self._channel.receive()) is not None:
            match message:
                case Connections(sockets):
                    # Before anything is read: from here on nobody else could go on with it.
                    self._channel.send(Taken())
                    if not sockets:
                        LOG.error("a connection was lost: no file descriptors are left, or its client has gone")
                    for connection in sockets:
                        duties.connected(connection)
                case State(is_ready):
                    duties.told(is_ready=is_ready)
                case Drain():
                    duties.drain()
                case Stop() | Gone():
                    loop.remove_reader(self._channel.fileno())
                    duties.drain()
                    duties.stop()
                    return
                case _:
                    self._heard(loop, duties, message)

    def _heard(self, loop: asyncio.AbstractEventLoop, duties: Duties, message: Message) -> None:
        """What all are asked, and what came of what this worker asked."""
        match message:
            case Collect(number):
                self._when(loop, duties.samples(), functools.partial(Samples, number), None)
            case Obey(number, stage, payload):
                self._when(loop, duties.ordered(stage, payload), functools.partial(Obeyed, number), FAILED)
            case Ask(asker, _, number, question):
                self._when(loop, duties.asked(question), functools.partial(Answer, asker, number), b"")
            case Answer(_, number, answer):
                if (asked := self._asked.get(number)) is not None and not asked.done():
                    asked.set_result(answer)
            case Sums(number, families):
                if (scrape := self._scrapes.get(number)) is not None and not scrape.done():
                    scrape.set_result(families)
            case Passed(number, fault):
                if (passed := self._passed.get(number)) is not None and not passed.done():
                    passed.set_result(fault)
            case _:
                pass

    def _when(
        self, loop: asyncio.AbstractEventLoop, done: Future[T], message: Callable[[T | F], Message], failed: F
    ) -> None:
        """Say what came of something, or what stands for it where it failed."""

        def tell(done: Future[T]) -> None:
            is_well = not done.cancelled() and done.exception() is None
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._channel.send, message(done.result() if is_well else failed))

        done.add_done_callback(tell)
