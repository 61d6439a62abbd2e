"""Asks a model in the Open Inference Protocol, and outlives restarts of the instances that answer."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

# Not now, says the service or a proxy in front of it; what was asked has not been done.
NOT_NOW = (429, 502, 503)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
TIMES = httpx.Timeout(10.0, connect=1.0)


@dataclass(frozen=True)
class Judgement:
    """What the model says of a text, and the id by which feedback names it."""

    label: str
    probability: float
    request_id: str


class Unavailable(Exception):
    """No instance answered in the time that a person waits."""


class ModelClient:
    """One model behind several instances: the next one is asked when one refuses, cuts the connection or is away.

    Asking twice does no harm, as a prediction changes nothing. Between rounds over all instances it waits:
    longer each time, a little less by chance, so that not all come back at once, and as long as `Retry-After` says.
    """

    def __init__(self, urls: Sequence[str], model: str, token: str | None = None, patience_s: float = 30.0) -> None:
        self._urls = deque(url.rstrip("/") for url in urls)
        self._model = model
        self._patience_s = patience_s
        self._http = httpx.AsyncClient(timeout=TIMES, headers={"Authorization": f"Bearer {token}"} if token else {})

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def judge(self, text: str) -> Judgement:
        """Raises Unavailable, and httpx.HTTPStatusError for what the service refuses."""
        tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}
        response = await self._ask(f"/v2/models/{self._model}/infer", {"inputs": [tensor]})
        response.raise_for_status()
        outputs = {output["name"]: output["data"] for output in response.json()["outputs"]}
        return Judgement(outputs["predictions"][0], max(outputs["probabilities"]), response.headers["x-request-id"])

    async def tell(self, judgement_id: str, label: str) -> bool:
        """What would have been right; False when no instance remembers that judgement any more."""
        # Only the instance that judged remembers it: "not found" sends the question on to the next.
        body = {"request": judgement_id, "row": 0, "label": label}
        response = await self._ask("/feedback", body, is_answer=lambda status: status not in (404, *NOT_NOW))
        if response.status_code != 404:
            response.raise_for_status()
        return response.status_code != 404

    async def _ask(
        self, path: str, body: Any, is_answer: Callable[[int], bool] = lambda status: status not in NOT_NOW
    ) -> httpx.Response:
        ends = time.monotonic() + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            wait_s = pause_s * random.uniform(0.5, 1.0)
            refusals = []
            for url in list(self._urls):
                try:
                    response = await self._http.post(url + path, json=body)
                except httpx.TransportError:
                    self._put_last(url)
                    continue
                if is_answer(response.status_code):
                    return response
                refusals.append(response)
                if response.status_code in NOT_NOW:
                    self._put_last(url)
                    wait_s = max(wait_s, _retry_after_s(response))
            if len(refusals) == len(self._urls) and all(each.status_code not in NOT_NOW for each in refusals):
                return refusals[-1]
            if time.monotonic() + wait_s > ends:
                raise Unavailable
            await asyncio.sleep(wait_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _put_last(self, url: str) -> None:
        """Whoever asks next begins with another instance."""
        if self._urls[0] == url:
            self._urls.rotate(-1)


def _retry_after_s(response: httpx.Response) -> float:
    said = response.headers.get("retry-after", "")
    return min(float(said), LONGEST_PAUSE_S) if said.isdecimal() else 0.0
