from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from noteship.supervising.channel import Answer, Ask, Channel, Collect, Message, Obey, Obeyed, Samples, Taken
from noteship.supervising.post import FAILED, Post
from noteship.supervising.sums import Family


class Failing:
    """Duties of which nothing comes."""

    def __init__(self) -> None:
        self.connections: list[socket.socket] = []

    def connected(self, connection: socket.socket) -> None:
        self.connections.append(connection)

    def told(self, *, is_ready: bool) -> None:
        pass

    def drain(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def samples(self) -> Future[Sequence[Family]]:
        return failed(RuntimeError())

    def asked(self, question: bytes) -> Future[bytes]:
        return failed(RuntimeError())

    def ordered(self, stage: str, payload: bytes) -> Future[bytes]:
        return failed(None)


def failed(error: Exception | None) -> Future[Any]:
    """What has failed; without an error, what was given up."""
    future: Future[Any] = Future()
    if error is None:
        future.cancel()
    else:
        future.set_exception(error)
    return future


async def told(supervisor: Channel) -> Message:
    while (message := supervisor.receive()) is None:
        await asyncio.sleep(0.001)
    return message


def with_post(duties: Failing, tell: Callable[[Channel], object], count: int) -> list[Message]:
    """What a worker says to what it is told."""
    supervisor, end = Channel.pair()

    async def main() -> list[Message]:
        Post(3, Channel(end)).attach(duties)
        tell(supervisor)
        return [await told(supervisor) for _ in range(count)]

    try:
        return asyncio.run(asyncio.wait_for(main(), 10))
    finally:
        supervisor.close()
        end.close()


def test_what_fails_is_answered_at_once() -> None:
    """Nobody waits until the patience is over for samples, an answer or an order that has failed."""
    asked = (Collect(1), Ask(0, 3, 2, b"?"), Obey(4, "prepare", b"plan"))
    answers = with_post(Failing(), lambda supervisor: [supervisor.send(each) for each in asked], 3)
    assert answers == [Samples(1, None), Answer(0, 2, b""), Obeyed(4, FAILED)]


def test_a_connection_that_does_not_arrive_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """A worker without descriptors has taken a connection and lost it, and its log says so."""
    duties = Failing()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    first, second = socket.socketpair()

    def tell(supervisor: Channel) -> None:
        supervisor.hand(first)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))

    with first, second:
        try:
            assert with_post(duties, tell, 1) == [Taken()]
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert duties.connections == []
    assert "a connection was lost: no file descriptors are left" in caplog.text
