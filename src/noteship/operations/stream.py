"""`noteship stream`: a bundle's model between two streams of messages."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noteship.operations import loading
from noteship.operations.errors import NoProfile
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import monitor, serving, streaming
    from noteship.serving.served import Served

__all__ = ["StreamRequest", "stream"]

# For how long it waits, at its end, for rows to be counted, and then for windows to be written.
PATIENCE_S = 5.0


@dataclass(frozen=True)
class StreamRequest:
    """A NATS server, and the subjects that rows come from, answers go to, and messages without an answer go to."""

    server: str
    source: str
    target: str
    dead: str | None = None
    durable: str | None = None
    is_watched: bool = True


def stream(
    chosen: loading.Chosen,
    trusting: loading.Trusting,
    opened: OpenedProject,
    request: StreamRequest,
    started: Callable[[str], None],
) -> streaming.Counted:
    """Answer messages until SIGTERM or Ctrl-C, then finish those that were taken. `started` is given the consumer.

    Raises: what `loading.load`, `Profile.from_bytes` and `Watch.observe_served` raise, CanaryFailed, and the errors
    of streaming.
    """
    from noteship import serving, streaming
    from noteship.serving.served import prepare
    from noteship.serving.worker import Worker

    loaded = loading.load(chosen, trusting, opened.root)
    profile = _profile(chosen) if request.is_watched else None
    worker = Worker("noteship-scoring")
    served = prepare(serving.Model(loaded.name, loaded.digest, loaded.scorer, profile), worker, lambda *_: None)
    settings = streaming.StreamSettings(
        server=request.server,
        source=request.source,
        target=request.target,
        dead=request.dead or f"{request.target}.dead",
        durable=request.durable or f"noteship-{loaded.name}",
    )

    async def work(observe: Callable[[serving.Batch], None]) -> streaming.Counted:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        broker = await streaming.JetStream.connected(settings)
        try:
            started(settings.durable)
            reader = streaming.StreamWorker(served, broker, observe=observe)
            await reader.run(stop)
            return reader.counted
        finally:
            await broker.close()

    try:
        with _watched(opened, served, is_watched=request.is_watched) as observe:
            return asyncio.run(work(observe))
    finally:
        worker.close(0)


def _profile(chosen: loading.Chosen) -> monitor.Profile | None:
    """That of the bundle; where it has none, the log says that it is not watched."""
    from noteship.operations.profiles import profile_of, warn_unwatched

    try:
        return profile_of(chosen)
    except NoProfile as error:
        warn_unwatched(error)
        return None


@contextmanager
def _watched(opened: OpenedProject, served: Served, *, is_watched: bool) -> Iterator[Callable[[serving.Batch], None]]:
    """What is to be told of each batch that was answered; a model without a profile is collected from at most."""
    from noteship.operations.collecting import collect_of
    from noteship.operations.profiles import watch_of
    from noteship.serving.observing import Observation

    observers: list[serving.Watch | serving.Collect] = [watch_of(opened)] if served.model.profile else []
    observers += collect_of(opened) if is_watched else []
    if not observers:
        yield lambda _: None
        return

    def dropped(_: object, batch: serving.Batch | None) -> None:
        if batch is not None:
            for each in observers:
                each.observe_lost(batch.model, len(batch.scores))

    observation = Observation(observers, lambda _: None, dropped)
    try:
        for each in observers:
            each.observe_served([served])
        yield observation.observe
    finally:
        observation.close(PATIENCE_S)
        for each in observers:
            each.close(PATIENCE_S)
