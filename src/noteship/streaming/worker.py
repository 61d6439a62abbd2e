"""Messages of rows in, messages of predictions out; what the broker is, is its own matter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from noteship import serving
from noteship.serving import messages
from noteship.serving.refusals import Refused, place_of
from noteship.serving.served import Served

__all__ = ["Broker", "Counted", "Message", "StreamWorker"]

LOG = logging.getLogger(__name__)
# Messages that are taken at once, and so scored together as far as their rows go together.
TAKEN = 256
# How soon a stop is noticed where nothing comes, and how long a broker that fails is left alone.
WAIT_S = 0.5
RETRY_S = 1.0
# A message that was taken so often without an answer has ended the process that took it.
DELIVERIES_LIMIT = 5
# Messages that are known when they come again: some batches, in 4 MB.
REMEMBERED = 10_000


class Message(Protocol):
    """One message. `key` is the same whenever it is delivered again; `deliveries` counts from 1."""

    @property
    def body(self) -> bytes:
        """As it was sent: rows as `POST /predict` takes them."""
        ...

    @property
    def key(self) -> str:
        """What tells it from all others."""
        ...

    @property
    def deliveries(self) -> int:
        """How often it was delivered, this time included."""
        ...

    async def done(self) -> None:
        """It need not be delivered again; returns when the broker knows. If that was too late, it does come again."""
        ...


class Broker(Protocol):
    """Where messages come from and go to. Everything may raise ConnectionError, which is tried again."""

    async def take(self, most: int, wait_s: float) -> Sequence[Message]:
        """What has come, at most so many; none after waiting in vain."""
        ...

    async def answer(self, key: str, body: bytes) -> None:
        """Write an answer; returns when it is kept. A second one of the same key may be dropped."""
        ...

    async def bury(self, key: str, body: bytes, why: Mapping[str, str]) -> None:
        """Write a message that has no answer where somebody will look at it, with the reason."""
        ...


@dataclass
class Counted:
    """Messages that were answered with so many rows, and messages that were put aside."""

    messages: int = 0
    rows: int = 0
    dead: int = 0


class StreamWorker:
    """Answers messages of one model with what `POST /predict` answers for the same body.

    Guarantee: a message is done with only when its answer, or the message itself among the dead letters, is kept. A
    kill in between lets it come again, so an answer may be written twice, under the same key.
    """

    def __init__(
        self,
        served: Served,
        broker: Broker,
        limits: serving.Limits | None = None,
        observe: Callable[[serving.Batch], None] = lambda _: None,
    ) -> None:
        self._served = served
        self._broker = broker
        self._limits = limits or serving.Limits()
        self._observe = observe
        self._ids = serving.RequestIds()
        # Of the last messages, by their keys: the ids of their answers, and of those that are done with.
        self._answered: dict[str, str] = {}
        self._finished: dict[str, str] = {}
        self.counted = Counted()

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until told to stop; then finish what was taken."""
        while not stop.is_set():
            try:
                taken = await self._broker.take(TAKEN, WAIT_S)
            except ConnectionError as error:
                LOG.warning("messages cannot be taken, trying again: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            await asyncio.gather(*map(self._handle, taken))

    async def _handle(self, message: Message) -> None:
        try:
            batch = None if message.key in self._finished else await self._answer(message)
            await message.done()
            if batch is not None and message.key not in self._finished:
                # Only now: what comes again is observed once.
                _remember(self._finished, message.key, self._answered.get(message.key, ""))
                self._observe(batch)
        except ConnectionError as error:
            # It comes again.
            LOG.warning("a message could not be answered, it comes again: %s", type(error).__name__)
            await asyncio.sleep(RETRY_S)

    async def _answer(self, message: Message) -> serving.Batch | None:
        if message.deliveries > DELIVERIES_LIMIT:
            await self._bury(message, 500, f"it was taken {DELIVERIES_LIMIT} times and never answered")
            return None
        # An answer that is written twice may be kept as it was first, so it has one id, by which labels come.
        request_id = self._answered.get(message.key) or self._ids.make()
        _remember(self._answered, message.key, request_id)
        try:
            question = self._served.decoder.decode(message.body, self._limits.rows)
            scores = await self._served.batcher.score(question.rows)
            body = messages.answer(self._served.model, scores, request_id, question.client_id)
        except Refused as error:
            await self._bury(message, error.status, error.message)
            return None
        except Exception as error:
            # The steps are the project's code: they fail in any way, and their words may hold values of rows.
            await self._bury(message, 500, f"the model failed: {place_of(error)}")
            return None
        await self._broker.answer(message.key, body)
        self.counted.messages += 1
        self.counted.rows += len(scores)
        model, size_bytes = self._served.model, len(message.body)
        return serving.Batch.of_request(model, question.rows, scores, request_id, size_bytes)

    async def _bury(self, message: Message, status: int, reason: str) -> None:
        await self._broker.bury(message.key, message.body, {"status": str(status), "reason": reason})
        self.counted.dead += 1


def _remember(recent: dict[str, str], key: str, request_id: str) -> None:
    recent[key] = request_id
    if len(recent) > REMEMBERED:
        # The one that was remembered first.
        del recent[next(iter(recent))]
