"""`noteship stream`: a bundle's model between two streams of messages."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.operations import loading

if TYPE_CHECKING:
    from noteship import streaming

__all__ = ["StreamRequest", "stream"]


@dataclass(frozen=True)
class StreamRequest:
    """A NATS server, and the subjects that rows come from, answers go to, and messages without an answer go to."""

    server: str
    source: str
    target: str
    dead: str | None = None
    durable: str | None = None


def stream(
    chosen: loading.Chosen,
    trusting: loading.Trusting,
    root: Path,
    request: StreamRequest,
    started: Callable[[str], None],
) -> streaming.Counted:
    """Answer messages until SIGTERM or Ctrl-C, then finish those that were taken. `started` is given the consumer.

    Raises: what `loading.load` raises, CanaryFailed, and the errors of streaming.
    """
    from noteship import serving, streaming
    from noteship.serving.served import prepare
    from noteship.serving.worker import Worker

    loaded = loading.load(chosen, trusting, root)
    worker = Worker("noteship-scoring")
    served = prepare(serving.Model(loaded.name, loaded.digest, loaded.scorer), worker, lambda *_: None)
    settings = streaming.StreamSettings(
        server=request.server,
        source=request.source,
        target=request.target,
        dead=request.dead or f"{request.target}.dead",
        durable=request.durable or f"noteship-{loaded.name}",
    )

    async def work() -> streaming.Counted:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        broker = await streaming.JetStream.connected(settings)
        try:
            started(settings.durable)
            reader = streaming.StreamWorker(served, broker)
            await reader.run(stop)
            return reader.counted
        finally:
            await broker.close()

    try:
        return asyncio.run(work())
    finally:
        worker.close(0)
