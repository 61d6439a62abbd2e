"""The service without HTTP: its models, its readiness, the thread it scores on, and who watches."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from noteship.serving.calls import Asked, Reply, Target
from noteship.serving.catalog import Catalog
from noteship.serving.deadlines import Deadlines
from noteship.serving.ids import RequestIds
from noteship.serving.limits import Limits
from noteship.serving.metrics import Metrics
from noteship.serving.model import Model
from noteship.serving.observing import Batch, Observation, Observer
from noteship.serving.prediction_log import PredictionLog
from noteship.serving.refusals import Refused
from noteship.serving.served import Served, prepare
from noteship.serving.worker import Worker

__all__ = ["Answer", "Service"]

# How long whoever is refused should wait at least, and how long a scrape waits for the observers.
RETRY_AFTER_S = 1
SCRAPE_PATIENCE_S = 1.0
# A body that takes about as long to decode as a hop to a thread and back, several times over.
LARGE_BYTES = 64 << 10


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """What goes back, and the batch to be observed once it is written."""

    reply: Reply
    batch: Batch


class Service:
    """Answers for the models of its catalog."""

    def __init__(self, limits: Limits | None = None, observers: Sequence[Observer] = ()) -> None:
        self.limits = limits or Limits()
        self.catalog = Catalog()
        self.deadlines = Deadlines()
        self.ids = RequestIds()
        self.metrics = Metrics(lambda: self._under_way)
        self.predictions = PredictionLog()
        self._observation = Observation(
            (self.metrics, self.predictions, *observers), self.metrics.observer_failed, self.metrics.batch_dropped
        )
        self._worker = Worker("noteship-scoring")
        self._under_way = 0
        self._draining = False

    @property
    def is_ready(self) -> bool:
        """Whether new requests should be sent here."""
        return len(self.catalog) > 0 and not self._draining

    @property
    def model(self) -> Model:
        """The model of requests that name none; raises Refused while it is being loaded."""
        return self.catalog.find().model

    def load(self, load: Callable[[], Model]) -> Future[None]:
        """Load a model on the scoring thread, score its example row, and be ready.

        The future raises what `load` raises, and CanaryFailed.
        """

        def work() -> None:
            served = prepare(load(), self._worker, self.metrics.scored)
            self.metrics.serve(served.model)
            self.catalog.add(served)
            self.metrics.ready(self.is_ready)

        return self._worker.submit(work)

    def admit(self, target: Target) -> Served:
        """The model that is asked, and one request's place, to be given back by `release`.

        Raises Refused: 503 while there is no model, 404 when there is no such one, 429 when it would wait too long.
        """
        served = self.catalog.find(target.name, target.version)
        if self._under_way >= self.limits.requests:
            raise _put_off(f"{self._under_way} requests are under way, and no more are taken at once", RETRY_AFTER_S)
        wait_s = served.batcher.wait_s
        if wait_s > self.limits.wait_s:
            raise _put_off(f"the request would wait {wait_s:.1f} seconds, and no more are taken now", wait_s)
        self._under_way += 1
        return served

    def release(self) -> None:
        """Give the place back."""
        self._under_way -= 1

    async def answer(self, target: Target, served: Served, asked: Asked) -> Answer:
        """Answer one request, within its task's deadline. Raises Refused for what the signature does not describe."""
        self.deadlines.set(self.limits.answer_s)
        is_large = len(asked.body) > LARGE_BYTES
        if is_large:
            # Decoding it would keep everything else waiting.
            call = await asyncio.wrap_future(
                self._worker.submit(lambda: target.scheme.call(served, asked, self.limits))
            )
        else:
            call = target.scheme.call(served, asked, self.limits)
        if call.timeout_s is not None:
            self.deadlines.set(min(call.timeout_s, self.limits.answer_s))
        scores = await served.batcher.score(call.rows, is_large=is_large)
        batch = Batch(served.model, call.rows, scores, (asked.id,), (len(scores),))
        return Answer(call.reply(scores), batch)

    def observe(self, batch: Batch) -> None:
        """Let the observers know; to be called when the response is written. Returns at once."""
        self._observation.observe(batch)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The metrics, with all that was answered before, unless observers lag by more than a second."""
        rendered = asyncio.wrap_future(self._observation.afterwards(lambda: self.metrics.render(accept)))
        try:
            return await asyncio.wait_for(rendered, SCRAPE_PATIENCE_S)
        except TimeoutError:
            return self.metrics.render(accept)

    def drain(self) -> None:
        """Be no longer ready; requests that come nevertheless are answered."""
        self._draining = True
        self.metrics.ready(False)

    def close(self, timeout_s: float) -> None:
        """Let the observers finish what was answered."""
        self._observation.close(timeout_s)
        self._worker.close(0)


def _put_off(message: str, wait_s: float) -> Refused:
    return Refused(429, message, headers={"Retry-After": str(max(RETRY_AFTER_S, math.ceil(wait_s)))})
