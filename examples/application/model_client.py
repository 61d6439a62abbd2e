"""Asks a model with tritonclient, and outlives restarts of the instances that answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import aiohttp
import httpx
import numpy
from tritonclient.http import InferInput, InferRequestedOutput
from tritonclient.http.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

# Not now, says the service or a proxy in front of it; what was asked has not been done.
NOT_NOW = (429, 502, 503)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
# tritonclient tells no headers of a refusal, so that Retry-After is not known; the service says a second or more there.
REFUSED_PAUSE_S = 1.0
# Of connecting, too: what is left of an instance may be an address that nobody answers at.
TIMEOUT_S = 5.0

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Judgement:
    """What the model says of a text, and the id by which feedback names it."""

    label: str
    probability: float
    request_id: str


class Unavailable(Exception):
    """No instance answered in the time that a person waits."""


class Refused(Exception):
    """The service does not take what it was asked, and would not take it again; the status says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class NotNow(Exception):
    """An instance is away, busy, starting or stopping."""

    def __init__(self, pause_s: float = 0.0) -> None:
        super().__init__(pause_s)
        self.pause_s = pause_s


class Instance:
    """One process of the service. Each question raises NotNow where another one may be asked, else Refused."""

    def __init__(self, url: str, token: str | None) -> None:
        scheme, _, address = url.rstrip("/").partition("://")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._model = InferenceServerClient(address, ssl=scheme == "https", conn_timeout=TIMEOUT_S)
        # What the Open Inference Protocol does not have.
        self._rest = httpx.AsyncClient(base_url=url, headers=self._headers, timeout=TIMEOUT_S)

    async def close(self) -> None:
        await self._model.close()
        await self._rest.aclose()

    async def judge(self, model: str, text: str) -> Judgement:
        given = InferInput("text", [1], "BYTES")
        given.set_data_from_numpy(numpy.array([text], dtype=object))
        wanted = [InferRequestedOutput(name, binary_data=False) for name in ("predictions", "probabilities")]
        try:
            # It adds headers of its own to those that it is given.
            answer = await self._model.infer(model, [given], outputs=wanted, headers=dict(self._headers))
        except InferenceServerException as error:
            raise _refusal(int(error.status()), REFUSED_PAUSE_S) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotNow from error
        label, probabilities = answer.as_numpy("predictions")[0], answer.as_numpy("probabilities")
        return Judgement(label, float(probabilities.max()), answer.get_response()["id"])

    async def tell(self, judgement_id: str, label: str) -> bool | None:
        """Nothing where this instance does not remember the judgement."""
        try:
            response = await self._rest.post("/feedback", json={"request": judgement_id, "row": 0, "label": label})
        except httpx.TransportError as error:
            raise NotNow from error
        if response.is_success:
            return True
        if response.status_code == 404:
            return None
        said = response.headers.get("retry-after", "")
        raise _refusal(response.status_code, float(said) if said.isdecimal() else REFUSED_PAUSE_S)


class ModelClient:
    """One model behind several instances: the next one is asked when one refuses, cuts the connection or is away.

    Asking twice does no harm, as a prediction changes nothing. Between rounds over all instances it waits:
    longer each time, a little less by chance, so that not all come back at once.
    """

    def __init__(self, urls: Sequence[str], model: str, token: str | None = None, patience_s: float = 30.0) -> None:
        self._instances = deque(Instance(url, token) for url in urls)
        self._model = model
        self._patience_s = patience_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for instance in self._instances:
            await instance.close()

    async def judge(self, text: str) -> Judgement:
        """Raises Unavailable and Refused."""
        judgement = await self._ask(lambda instance: instance.judge(self._model, text))
        assert judgement is not None
        return judgement

    async def tell(self, judgement_id: str, label: str) -> bool:
        """What would have been right; False when no instance remembers that judgement any more."""
        # Only the instance that judged remembers it.
        return bool(await self._ask(lambda instance: instance.tell(judgement_id, label)))

    async def _ask(self, question: Callable[[Instance], Awaitable[Answer | None]]) -> Answer | None:
        """The first answer, or nothing once all instances have said that they have none."""
        ends = time.monotonic() + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            wait_s = pause_s * random.uniform(0.5, 1.0)
            without = 0
            for instance in list(self._instances):
                try:
                    answer = await question(instance)
                except NotNow as refusal:
                    self._put_last(instance)
                    wait_s = max(wait_s, min(refusal.pause_s, LONGEST_PAUSE_S))
                    continue
                if answer is not None:
                    return answer
                without += 1
            if without == len(self._instances):
                return None
            if time.monotonic() + wait_s > ends:
                raise Unavailable
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _put_last(self, instance: Instance) -> None:
        """Whoever asks next begins with another one."""
        if self._instances[0] is instance:
            self._instances.rotate(-1)


def _refusal(status: int, pause_s: float) -> Exception:
    return NotNow(pause_s) if status in NOT_NOW else Refused(status)
