"""Loading bundles while others are served, and changing what is served in one step."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from noteship import supervising
from noteship.errors import NoteshipError
from noteship.serving.agreement import check_fields
from noteship.serving.catalog import Catalog
from noteship.serving.model import Model
from noteship.serving.plan import Entry, Plan
from noteship.serving.refusals import Refused, place_of
from noteship.serving.served import Served
from noteship.serving.worker import Worker

__all__ = ["Repository", "Source", "Versions"]

# What a large model takes to be fetched and loaded; whoever waits for longer finds out from the index.
LOADING_S = 300.0
PREPARE, APPLY = "prepare", "apply"

LOG = logging.getLogger(__name__)
T = TypeVar("T")


class Source(Protocol):
    """Where bundles come from. Asked on the loading thread."""

    def find(self, bundle: str | None) -> Entry:
        """The bundle that a name or a digest means; without one, the one that would be served. Raises NoteshipError."""
        ...

    def load(self, entry: Entry) -> Model:
        """Load it, once its digest is verified. Raises NoteshipError."""
        ...


@dataclass(frozen=True)
class Versions:
    """What a service begins with, and where more comes from."""

    source: Source
    plan: Plan

    def as_kept(self, payload: bytes) -> Versions:
        """With the plan of the last order that all workers were given."""
        return Versions(self.source, _plan(payload))


class Repository:
    """Changes a catalog. Guarantee: no request waits for a model that is loaded, or loses the one it was given.

    Models are loaded one after the other on a thread of their own, and score their example row there, before the
    catalog names them. An unloaded model ends when its last request has. As one of several workers, a change is first
    prepared by all and then made by all; one that a single worker cannot load is made by none.
    """

    def __init__(self, catalog: Catalog, prepare: Callable[[Model], Served], changed: Callable[[], None]) -> None:
        self._catalog = catalog
        self._prepare = prepare
        self._changed = changed
        self._held: dict[str, Served] = {}
        self._worker = Worker("noteship-loading")
        self._turn = asyncio.Lock()
        self.source: Source | None = None
        # Is told who will answer, before the catalog names them.
        self.foretold: Callable[[Sequence[Served]], None] = lambda _: None
        # As one of several workers: who passes changes on.
        self.fleet: supervising.Post | None = None

    def begin(self, load: Callable[[], Model] | Versions) -> Future[None]:
        """Load what is served first. The future raises what loading raises, CanaryFailed and FieldsDiffer."""
        if isinstance(load, Versions):
            self.source, plan = load.source, load.plan
            return self._worker.submit(lambda: self._apply(plan), may_take_long=True)
        return self._worker.submit(lambda: self._begin_with(load()), may_take_long=True)

    async def find(self, bundle: str | None) -> Entry:
        """The bundle that is meant. Raises Refused."""
        source = self._loadable()
        return await self._done(self._worker.submit(lambda: source.find(bundle), may_take_long=True), 404)

    async def change(self, make: Callable[[Plan], Plan]) -> Plan:
        """Serve what `make` makes of the present plan; returns it. Raises Refused, and then nothing has changed."""
        async with self._turn:
            plan = make(self._catalog.plan)
            if plan.entries == self._catalog.plan.entries:
                return plan
            if self.fleet is None:
                await self._done(self._worker.submit(lambda: self._load(plan), may_take_long=True))
                await self._done(self._worker.submit(lambda: self._apply(plan), may_take_long=True))
            else:
                for stage in (PREPARE, APPLY):
                    await self._passed_on(self.fleet, stage, plan)
            return plan

    def ordered(self, stage: str, payload: bytes) -> Future[bytes]:
        """Do what the supervisor passes on; the future has what came of it, empty when all is well."""
        plan = _plan(payload)

        def work() -> bytes:
            try:
                self._load(plan) if stage == PREPARE else self._apply(plan)
            except Exception as error:
                refused = _refused(error)
                return json.dumps([refused.status, refused.message]).encode()
            return b""

        return self._worker.submit(work, may_take_long=True)

    def close(self) -> None:
        """Load nothing more."""
        self._worker.close(0)

    async def _passed_on(self, fleet: supervising.Post, stage: str, plan: Plan) -> None:
        order = supervising.Order(stage, plan.revision, pickle.dumps(plan), is_kept=stage == APPLY)
        try:
            said = await fleet.pass_on(order, LOADING_S)
        except TimeoutError:
            raise Refused(504, "not every worker has loaded it in time; nothing was changed") from None
        if said is None:
            raise Refused(409, "another change was made meanwhile; look at the index and ask again")
        if said:
            status, message = json.loads(said)
            raise Refused(status, message)

    async def _done(self, future: Future[T], usage: int = 422) -> T:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), LOADING_S)
        except TimeoutError:
            raise Refused(504, "it has not been loaded in time; nothing was changed") from None
        except Exception as error:
            raise _refused(error, usage) from error

    def _loadable(self) -> Source:
        if self.source is None:
            raise Refused(501, "this service was started with one model, and knows of no place with others")
        return self.source

    def _begin_with(self, model: Model) -> None:
        self._held[model.digest] = self._prepare(model)
        self._apply(Plan((Entry(model.name, model.digest),)))

    def _load(self, plan: Plan) -> None:
        """Hold every model of a plan, besides those that are served now."""
        digests = {entry.digest for entry in (*plan.entries, *self._catalog.plan.entries)}
        held = {digest: served for digest, served in self._held.items() if digest in digests}
        missing = [entry for entry in plan.entries if entry.digest not in held]
        for entry in missing:
            held[entry.digest] = self._prepare(self._loadable().load(entry))
        check_fields(plan, held)
        self._held = held
        if missing and len(self._catalog):
            # As after the start: garbage is not looked for in what stays.
            gc.collect()
            gc.freeze()

    def _apply(self, plan: Plan) -> None:
        self._load(plan)
        self.foretold([self._held[entry.digest] for entry in plan.entries if entry.role != "shadow"])
        self._catalog.put(plan, self._held)
        self._changed()
        self._load(plan)


def _plan(payload: bytes) -> Plan:
    plan: Plan = pickle.loads(payload)  # noqa: S301 - the workers of one program say it to each other
    return plan


def _refused(error: Exception, usage: int = 422) -> Refused:
    """Why a bundle is not served, for whoever asked for it; `usage` is the status of what makes no sense."""
    if isinstance(error, Refused):
        return error
    if not isinstance(error, NoteshipError):
        LOG.error("a bundle was not loaded: %s", place_of(error))
        return Refused(500, f"the bundle could not be loaded: {place_of(error)}")
    parts = error.parts()
    message = "; ".join(part for part in (parts.fact, parts.where, parts.nearest, parts.remedy) if part)
    return Refused(503 if error.retryable else usage, message)
