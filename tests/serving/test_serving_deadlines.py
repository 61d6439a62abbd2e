"""Deadlines of many requests with one timer."""

from __future__ import annotations

import asyncio
import threading

import httpx

from noteship import serving
from noteship.serving.deadlines import Deadlines

from .served import Gated, served


def test_who_is_late_is_interrupted_and_told() -> None:
    """A task is cancelled after its time and goes on; one that ends in time, or sets a new time, is left alone."""
    deadlines = Deadlines()

    async def work(seconds: float, again: float | None = None) -> str:
        try:
            deadlines.set(0.1)
            if again is not None:
                deadlines.set(again)
            await asyncio.sleep(seconds)
        finally:
            if deadlines.end():
                return "late"  # noqa: B012 - as whoever answers does
        # It may wait again, and is not cancelled for what is over.
        await asyncio.sleep(0.2)
        return "in time"

    async def all_of_them() -> list[str]:
        return await asyncio.gather(work(20), work(0.01), work(20, again=0.05), work(0.3, again=20))

    assert asyncio.run(all_of_them()) == ["late", "in time", "late", "in time"]


def test_a_cancellation_from_elsewhere_stays_one() -> None:
    """Whoever is cancelled by somebody else is not told that it was late."""
    deadlines = Deadlines()
    was_late: list[bool] = []

    async def work() -> None:
        try:
            deadlines.set(20)
            await asyncio.sleep(20)
        finally:
            was_late.append(deadlines.end())

    async def cancelled() -> bool:
        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(cancelled())
    assert was_late == [False]


def test_an_answer_that_takes_too_long_is_given_up(letters: serving.Model) -> None:
    """When no answer is there in time the client gets 504, its rows are left unscored, and the service goes on."""
    gated = Gated(letters.scorer)
    with served(serving.Model("letters", letters.digest, gated), limits=serving.Limits(answer_s=0.2)) as one:
        first = one.predict([["my dear"]])
        assert first.status_code == 504 and "in the time" in first.json()["error"]
        assert one.client.get("/health/live").status_code == 200
        waiting: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: waiting.append(one.predict([["a"], ["b"]])))
        thread.start()
        thread.join()
        gated.gate.set()
        assert waiting[0].status_code == 504
        assert one.predict([["my dear"]]).status_code == 200
        assert gated.calls == [1, 1, 1]
