"""Takes the labels that come for predictions: here, or at the worker that answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeVar

from noteship import supervising
from noteship.serving import feedback
from noteship.serving.bodies import Receive, Scope, header, read_body, unpacked
from noteship.serving.feedback import Feedback, Item, Outcome
from noteship.serving.ids import worker_of
from noteship.serving.limits import Limits
from noteship.serving.prediction_log import UNKNOWN_REQUEST, PredictionLog
from noteship.serving.refusals import Refused

__all__ = ["Afterwards", "Labelling"]

BODY_BYTES = 1 << 20
# For how long a label waits until the answer that it is about is in the log.
PATIENCE_S = 1.0
# What a worker has answered goes with it.
UNKNOWN = Outcome(404, UNKNOWN_REQUEST)
TAKEN, KNOWN = Outcome(), Outcome(feedback.KNOWN)
UNREACHABLE = Outcome(503, "the worker that answered this request cannot be asked now; try again")

T = TypeVar("T")


class Afterwards(Protocol):
    """Does something when all that was answered so far is in the log."""

    def __call__(self, work: Callable[[], T]) -> Future[T]:
        """Do it."""
        ...


class Labelling:
    """Compares labels with the log of what was answered, and tells `taken` of each that was new.

    With several workers each has a log of its own; a request's id says whose.
    """

    def __init__(
        self, log: PredictionLog, afterwards: Afterwards, taken: Callable[[Feedback], None], limits: Limits
    ) -> None:
        self._log = log
        self._afterwards = afterwards
        self._taken = taken
        self._limits = limits
        self.fleet: supervising.Post | None = None

    async def read(self, scope: Scope, receive: Receive) -> tuple[list[Item], bool]:
        """The labels of a request, and whether they came as a list. Raises Refused."""
        limit = min(BODY_BYTES, self._limits.body_bytes)
        try:
            async with asyncio.timeout(self._limits.body_s):
                body = await read_body(scope, receive, limit)
        except TimeoutError:
            raise Refused(408, f"the body did not come within {self._limits.body_s:g} seconds") from None
        return feedback.parse(unpacked(body, header(scope, b"content-encoding"), limit))

    async def take(self, items: Sequence[Item]) -> list[Outcome]:
        """Take each where its request was answered."""
        outcomes: dict[int, Outcome] = {}
        by_worker: dict[int | None, list[int]] = {}
        for place, item in enumerate(items):
            by_worker.setdefault(self._elsewhere(item), []).append(place)
        for worker, places in by_worker.items():
            part = [items[place] for place in places]
            found = await (self._here(part) if worker is None else self._there(worker, part))
            outcomes.update(zip(places, found, strict=True))
        return [outcomes[place] for place in range(len(items))]

    async def asked(self, question: bytes) -> bytes:
        """Another worker's labels for what was answered here."""
        return feedback.packed(await self._here(feedback.unpacked(question, Item)))

    def _elsewhere(self, item: Item) -> int | None:
        """The worker that answered, where it is another one."""
        worker = worker_of(item.request)
        return None if self.fleet is None or worker == self.fleet.number else worker

    async def _here(self, items: Sequence[Item]) -> list[Outcome]:
        outcomes = self._compared(items)
        if any(outcome.status == 404 for outcome in outcomes):
            # The label may have been quicker than the log, which is written after the answer.
            written = asyncio.wrap_future(self._afterwards(lambda: None))
            # An observer that hangs comes behind the log.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(written, PATIENCE_S)
            missing = [place for place, outcome in enumerate(outcomes) if outcome.status == 404]
            for place, outcome in zip(missing, self._compared([items[place] for place in missing]), strict=True):
                outcomes[place] = outcome
        return outcomes

    async def _there(self, worker: int, items: Sequence[Item]) -> list[Outcome]:
        try:
            answer = None if self.fleet is None else await self.fleet.ask(worker, feedback.packed(items))
        except TimeoutError:
            return [UNREACHABLE] * len(items)
        if answer is None:
            return [UNKNOWN] * len(items)
        if not answer:
            return [UNREACHABLE] * len(items)
        found: list[Outcome] = feedback.unpacked(answer, Outcome)
        return found

    def _compared(self, items: Sequence[Item]) -> list[Outcome]:
        return [self._outcome(item) for item in items]

    def _outcome(self, item: Item) -> Outcome:
        try:
            taken = self._log.label(item)
        except Refused as refused:
            return Outcome(refused.status, refused.message)
        if taken is None:
            return KNOWN
        self._taken(taken)
        return TAKEN
