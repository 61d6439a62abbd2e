"""The service without HTTP: its models, its readiness, the thread it scores on, and who watches."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from noteship import supervising
from noteship.serving.access import Guard
from noteship.serving.bodies import unpacked
from noteship.serving.calls import Asked, Call, Headers, Reply, Scheme, Target
from noteship.serving.catalog import Catalog
from noteship.serving.deadlines import Deadlines
from noteship.serving.feedback import Feedback
from noteship.serving.ids import RequestIds
from noteship.serving.labelling import Labelling
from noteship.serving.limits import Limits
from noteship.serving.metrics import Metrics
from noteship.serving.model import Model
from noteship.serving.observing import Batch, CallObserver, Dropped, Observation, Observer, ServiceObserver
from noteship.serving.prediction_log import PredictionLog
from noteship.serving.refusals import Refused
from noteship.serving.repository import Repository, Versions
from noteship.serving.served import Served, prepare
from noteship.serving.shadowing import Shadowing
from noteship.serving.spans import Spans
from noteship.serving.worker import Worker

__all__ = ["LARGE_BYTES", "Answer", "Service"]

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
        self.metrics = Metrics(lambda: self._under_way, lambda: self.is_ready)
        self.predictions = PredictionLog()
        self._shadowing = Shadowing(self.catalog.shadow_of, self.metrics.shadowed, self.metrics.shadow_missed)
        self._observation = Observation(
            (self.metrics, self.predictions, self._shadowing, *observers),
            self.metrics.observer_failed,
            self._dropped,
        )
        self._calling = [observer for observer in observers if isinstance(observer, CallObserver)]
        self._watching = [observer for observer in observers if isinstance(observer, ServiceObserver)]
        for watching in self._watching:
            self.metrics.include(watching.families)
        self.labelling = Labelling(self.predictions, self._observation.afterwards, self._labelled, self.limits)
        self._worker = Worker("noteship-scoring")
        self.repository = Repository(
            self.catalog,
            lambda model: prepare(model, self._worker, self.metrics.scored),
            lambda: self.metrics.serve([served.model for served in self.catalog.all()]),
        )
        self.repository.foretold = self._foretold
        # Whether everybody who may call may change what is served; with a guard its tokens say who.
        self.is_open_to_admin = False
        self._under_way = 0
        # What makes a span of each request; without it, there are none.
        self.spans: Spans | None = None
        # Who may call; without it, everybody.
        self.guard: Guard | None = None
        # As one of several workers: where all of them are asked, and whether the service as a whole is ready.
        self.fleet: supervising.Post | None = None
        self.fleet_is_ready = False
        self.is_draining = False

    @property
    def asks_callers(self) -> bool:
        """Whether callers have to say who they are."""
        return self.guard is not None and self.guard.asks

    @property
    def is_ready(self) -> bool:
        """Whether new requests should be sent here; any worker answers for all."""
        if self.is_draining:
            return False
        return len(self.catalog) > 0 if self.fleet is None else self.fleet_is_ready

    @property
    def scoring_s(self) -> float:
        """For how long one batch has been scored on the thread; 0 between batches."""
        return self._worker.busy_s

    @property
    def is_alive(self) -> bool:
        """Whether scoring goes on; a batch that takes longer than the limit hangs."""
        return self.scoring_s <= self.limits.stall_s

    @property
    def model(self) -> Model:
        """The model of requests that name none; raises Refused while it is being loaded."""
        return self.catalog.find().model

    def load(self, load: Callable[[], Model] | Versions) -> Future[None]:
        """Load a model, or all that are to be served first, score their example rows, and be ready.

        The future raises what loading raises, CanaryFailed and FieldsDiffer.
        """
        return self.repository.begin(load)

    def admit(self, target: Target, headers: Headers = (), request_id: str = "") -> Served:
        """The model that is asked, and one request's place, to be given back by `release`.

        Raises Refused: 503 while there is no model, 404 when there is no such one, 429 when it would wait too long.
        """
        if target.version is None:
            served = self.catalog.choose(target.name, headers, request_id)
        else:
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
        scheme, encoding = target.scheme, asked.header(b"content-encoding")
        is_large = len(asked.body) > LARGE_BYTES or encoding == "gzip" or scheme.is_slow(asked)
        if is_large:
            # Decoding it would keep everything else waiting.
            calling = self._worker.submit(lambda: self._call(scheme, served, asked, encoding))
            call, body_bytes = await asyncio.wrap_future(calling)
        else:
            call, body_bytes = scheme.call(served, asked, self.limits), len(asked.body)
        if call.timeout_s is not None:
            self.deadlines.set(min(call.timeout_s, self.limits.answer_s))
        trace = asked.trace
        waited = None if trace is None else trace.waited
        scores = await served.batcher.score(call.rows, is_large=is_large, waited=waited)
        if trace is not None:
            trace.scored(served.name, served.version, len(scores))
        batch = Batch.of_request(served.model, call.rows, scores, asked.id, body_bytes)
        return Answer(call.reply(scores), batch)

    def _call(self, scheme: Scheme, served: Served, asked: Asked, encoding: str) -> tuple[Call, int]:
        """What is asked, and the bytes of its body when it is unpacked."""
        body = unpacked(asked.body, encoding, self.limits.body_bytes)
        return scheme.call(served, Asked(asked.id, asked.headers, body), self.limits), len(body)

    def observe(self, batch: Batch) -> None:
        """Let the observers know; to be called when the response is written. Returns at once."""
        self._observation.observe(batch)

    def called(self, model: Model, status: int, seconds: float) -> None:
        """Let those know who want to how a version's request went."""
        if status != 200:
            self.metrics.failed(model, status)
        for calling in self._calling:
            calling.observe_call(model, status, seconds)

    async def scrape(self, accept: str) -> tuple[bytes, str]:
        """The metrics, with all that was answered before, unless observers lag by more than a second.

        Those of all workers; raises Refused while these cannot be had.
        """
        if self.fleet is not None:
            try:
                return self.metrics.render(accept, await self.fleet.scrape())
            except TimeoutError:
                raise Refused(503, "the metrics of the other workers cannot be had now") from None
        rendered = asyncio.wrap_future(self._observation.afterwards(lambda: self.metrics.render(accept)))
        try:
            return await asyncio.wait_for(rendered, SCRAPE_PATIENCE_S)
        except TimeoutError:
            return self.metrics.render(accept)

    def samples(self) -> Future[Sequence[supervising.Family]]:
        """This process's part of the metrics, with all that was answered before."""
        return self._observation.afterwards(self.metrics.families)

    def join(self, fleet: supervising.Post) -> None:
        """Be one of several workers."""
        self.fleet = self.labelling.fleet = self.repository.fleet = fleet
        self.ids = RequestIds(worker=fleet.number)

    def drain(self) -> None:
        """Be no longer ready; requests that come nevertheless are answered."""
        self.is_draining = True

    def _foretold(self, served: Sequence[Served]) -> None:
        # As with what they do with batches: who watches keeps nobody from answering.
        for watching in self._watching:
            self._observation.guarded(watching, watching.observe_served, served)

    def _dropped(self, reason: Dropped, batch: Batch | None) -> None:
        self.metrics.batch_dropped(reason)
        if batch is not None:
            for watching in self._watching:
                watching.observe_lost(batch.model, len(batch.scores))

    def _labelled(self, feedback: Feedback) -> None:
        self.metrics.labelled(feedback)
        self._observation.hear(feedback)

    def close(self, timeout_s: float) -> None:
        """Let the observers finish what was answered."""
        self._observation.close(timeout_s)
        for watching in self._watching:
            watching.close(timeout_s)
        if self.spans is not None:
            self.spans.close()
        self._shadowing.close()
        self.repository.close()
        self._worker.close(0)


def _put_off(message: str, wait_s: float) -> Refused:
    return Refused(429, message, headers={"Retry-After": str(max(RETRY_AFTER_S, math.ceil(wait_s)))})
