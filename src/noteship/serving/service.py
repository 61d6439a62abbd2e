"""The service without HTTP: a model, its readiness, the thread it scores on, and who watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from noteship.errors import NoteshipError
from noteship.serving import messages
from noteship.serving.batching import Batcher
from noteship.serving.decoding import Decoder
from noteship.serving.errors import CanaryFailed
from noteship.serving.ids import RequestIds
from noteship.serving.metrics import Metrics
from noteship.serving.model import Model
from noteship.serving.observing import Batch, Observation, Observer
from noteship.serving.prediction_log import PredictionLog
from noteship.serving.refusals import Refused, place_of
from noteship.serving.worker import Worker

__all__ = ["Answer", "Limits", "Service"]

# How long whoever is refused should wait, and how long a scrape waits for the observers.
RETRY_AFTER_S = 1
SCRAPE_PATIENCE_S = 1.0
# A body that takes about as long to decode as a hop to a thread and back, several times over.
LARGE_BYTES = 64 << 10


@dataclass(frozen=True)
class Limits:
    """What a service takes.

    - body_bytes, rows: of one request; more is refused with 413
    - requests: that are read, wait or are scored at once; more are refused with 503
    - body_s: within which a request's body must have come
    """

    body_bytes: int = 16 << 20
    rows: int = 10_000
    requests: int = 128
    body_s: float = 30.0


@dataclass(frozen=True, eq=False)
class Answer:
    """A response's body, and the batch to be observed once it is written."""

    body: bytes
    batch: Batch


@dataclass(frozen=True, eq=False)
class _Served:
    """A model with what decodes its rows and what scores them."""

    model: Model
    decoder: Decoder
    batcher: Batcher


class Service:
    """Answers for one model."""

    def __init__(self, limits: Limits | None = None, observers: Sequence[Observer] = ()) -> None:
        self.limits = limits or Limits()
        self._under_way = 0
        self.ids = RequestIds()
        self.metrics = Metrics(lambda: self._under_way)
        self.predictions = PredictionLog()
        self._observation = Observation(
            (self.metrics, self.predictions, *observers), self.metrics.observer_failed, self.metrics.batch_dropped
        )
        self._worker = Worker("noteship-scoring")
        self._served: _Served | None = None
        self._draining = False

    @property
    def is_ready(self) -> bool:
        """Whether new requests should be sent here."""
        return self._served is not None and not self._draining

    @property
    def model(self) -> Model:
        """What is served; raises Refused while it is being loaded."""
        return self.served.model

    @property
    def served(self) -> _Served:
        """The model with what it is served by; raises Refused while it is being loaded."""
        if self._served is None:
            raise Refused(503, "the model is being loaded", headers={"Retry-After": str(RETRY_AFTER_S)})
        return self._served

    def load(self, load: Callable[[], Model]) -> Future[None]:
        """Load the model on the scoring thread, score its example row, and be ready.

        The future raises what `load` raises, and CanaryFailed.
        """

        def work() -> None:
            model = load()
            served = _Served(model, Decoder(model.signature), Batcher(model.scorer, self._worker, self.metrics.scored))
            _try(served)
            self.metrics.serve(model)
            self._served = served
            self.metrics.ready(self.is_ready)

        return self._worker.submit(work)

    def admit(self) -> None:
        """Take one request's place, to be given back by `release`.

        Raises Refused when the model is not there yet, or too many requests are under way.
        """
        self.served  # noqa: B018 - raises while there is none
        if self._under_way >= self.limits.requests:
            message = f"{self._under_way} requests are under way, and no more are taken at once"
            raise Refused(503, message, headers={"Retry-After": str(RETRY_AFTER_S)})
        self._under_way += 1

    def release(self) -> None:
        """Give the place back."""
        self._under_way -= 1

    async def predict(self, body: bytes, request_id: str) -> Answer:
        """Answer one request. Raises Refused for a body that is not what the signature describes."""
        served = self.served
        is_large = len(body) > LARGE_BYTES
        if is_large:
            # Decoding it would keep everything else waiting.
            question = await asyncio.wrap_future(self._worker.submit(lambda: self._decode(served, body)))
        else:
            question = self._decode(served, body)
        scores = await served.batcher.score(question.rows, is_large=is_large)
        written = messages.answer(served.model, scores, request_id, question.client_id)
        return Answer(written, Batch(served.model, question.rows, scores, (request_id,), (len(scores),)))

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

    def _decode(self, served: _Served, body: bytes) -> messages.Question:
        return served.decoder.decode(body, self.limits.rows)


def _try(served: _Served) -> None:
    """Score the signature's example, all the way to the response."""
    model = served.model
    try:
        rows = served.decoder.rows([dict(model.signature.example)])
        begun = time.perf_counter()
        scores = served.batcher.score_now(rows)
        served.batcher.pace.measured(len(rows), time.perf_counter() - begun)
        messages.answer(model, scores, "canary", None)
    except Refused as error:
        raise CanaryFailed(model.name, model.version, error.message) from error
    except NoteshipError:
        raise
    except Exception as error:
        # The steps are the project's code: they fail in any way.
        raise CanaryFailed(model.name, model.version, place_of(error)) from error
