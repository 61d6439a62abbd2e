"""Rows of many requests scored together, and bodies decoded the quick way."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noteship import models, serving
from noteship.serving.batching import Batcher
from noteship.serving.decoding import Decoder
from noteship.serving.pace import Pace
from noteship.serving.refusals import Refused
from noteship.serving.worker import Worker

from .served import Failing, Gated

LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIZE = st.integers(-(2**53) + 1, 2**53 - 1) | st.integers(0, 200).map(float)
RENT = st.tuples(SIZE, st.sampled_from(["north", "south", "elsewhere"]))


class Quick:
    """A compiled scorer in miniature, as far as the batcher sees: it takes rows."""

    def __init__(self, inner: models.Scorer) -> None:
        self._inner = inner
        self.threads: set[str] = set()
        self.signature = inner.signature

    def score(self, frame: Any) -> models.Scores:
        """As the scorer inside."""
        return self._inner.score(frame)

    def score_rows(self, rows: models.Rows) -> models.Scores:
        """As the scorer inside."""
        self.threads.add(threading.current_thread().name)
        return self._inner.score(rows.frame)


class Told:
    """What a batcher tells of each batch."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.waited: list[Sequence[float]] = []

    def __call__(self, rows: int, waited_s: Sequence[float], seconds: float) -> None:
        """Keep it."""
        assert seconds > 0
        self.rows.append(rows)
        self.waited.append(waited_s)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A thread to score on."""
    one = Worker("test-scoring")
    yield one
    one.close(5)


def rows_of(model: serving.Model, rows: Sequence[Any]) -> models.Rows:
    """Checked rows."""
    return Decoder(model.signature).rows([list(row) for row in rows])


def scored_together(batcher: Batcher, requests: Sequence[models.Rows]) -> list[Any]:
    """The scores of requests that come at once, or what they raised."""

    async def work() -> list[Any]:
        return await asyncio.gather(*map(batcher.score, requests), return_exceptions=True)

    return asyncio.run(work())


@given(requests=st.lists(st.lists(RENT, min_size=1, max_size=5), min_size=1, max_size=6), is_quick=st.booleans())
@LAW
def test_batched_equals_unbatched(rents: serving.Model, worker: Worker, requests: Any, is_quick: bool) -> None:
    """However requests are batched, each is scored as if it had come alone."""
    scorer: Any = Quick(rents.scorer) if is_quick else rents.scorer
    given_rows = [rows_of(rents, rows) for rows in requests]
    for rows, scores in zip(given_rows, scored_together(Batcher(scorer, worker, Told()), given_rows), strict=True):
        numpy.testing.assert_allclose(scores.predictions, rents.scorer.score(rows.frame).predictions, rtol=1e-12)


def test_what_comes_at_once_is_scored_at_once(letters: serving.Model, worker: Worker) -> None:
    """Requests of one look at the sockets are one batch, and each learns its own part with the probabilities."""
    told = Told()
    batcher = Batcher(letters.scorer, worker, told)
    requests = [rows_of(letters, [[text]]) for text in ("my dear", "snack", "sister")]
    for rows, scores in zip(requests, scored_together(batcher, requests), strict=True):
        alone = letters.scorer.score(rows.frame)
        assert scores.predictions.tolist() == alone.predictions.tolist()
        numpy.testing.assert_allclose(scores.probabilities, alone.probabilities, atol=1e-12)
    assert told.rows == [3] and len(told.waited[0]) == 3
    assert batcher.rows_waiting == 0 and batcher.wait_s == 0


def test_what_comes_meanwhile_is_scored_next(letters: serving.Model, worker: Worker) -> None:
    """While a batch is scored on the thread, requests gather for the next one, and the wait is estimated."""
    gated = Gated(letters.scorer)
    told = Told()
    batcher = Batcher(gated, worker, told)
    one = rows_of(letters, [["my dear"]])

    async def work() -> None:
        await batcher.score(one)
        # So slow that on no machine the one under way takes longer than it should.
        batcher.pace.measured(1, 60.0)
        first = asyncio.ensure_future(batcher.score(one))
        await asyncio.to_thread(gated.entered.wait, 10)
        others = [asyncio.ensure_future(batcher.score(one)) for _ in range(4)]
        given_up = asyncio.ensure_future(batcher.score(one))
        await asyncio.sleep(0)
        assert batcher.rows_waiting == 5 and batcher.wait_s <= batcher.pace.seconds(1)
        given_up.cancel()
        gated.gate.set()
        await asyncio.gather(first, *others)

    asyncio.run(work())
    assert told.rows == [1, 1, 4] and batcher.rows_waiting == 0


def test_slow_rows_make_small_batches(letters: serving.Model, worker: Worker) -> None:
    """Where a row takes 50 milliseconds, a batch of several requests holds two, and three of them are waited for."""
    told = Told()
    batcher = Batcher(letters.scorer, worker, told)
    one = rows_of(letters, [["my dear"]])

    async def work() -> None:
        for rows in (1, 2) * 50:
            batcher.pace.measured(rows, rows * 0.05)
        asked = [asyncio.ensure_future(batcher.score(one)) for _ in range(7)]
        await asyncio.sleep(0)
        assert batcher.wait_s == pytest.approx(0.3, rel=0.01)
        await asyncio.gather(*asked)

    asyncio.run(work())
    assert told.rows[0] == 2 and sum(told.rows) == 7


def test_quick_models_are_scored_between_two_looks_at_the_sockets(letters: serving.Model, worker: Worker) -> None:
    """A compiled model needs no thread, unless the batch takes long or the request is large."""
    quick: Any = Quick(letters.scorer)
    batcher = Batcher(quick, worker, Told())
    for rows in (1, 1000) * 5:
        batcher.pace.measured(rows, rows * 1e-6)
    scored_together(batcher, [rows_of(letters, [["my dear"]])])
    assert quick.threads == {threading.current_thread().name}

    async def large() -> None:
        await batcher.score(rows_of(letters, [["my dear"]]), is_large=True)

    asyncio.run(large())
    assert "test-scoring" in quick.threads


def test_one_bad_request_does_not_spoil_the_batch(letters: serving.Model, worker: Worker) -> None:
    """When a batch fails, each request is scored alone, and only those that fail again are told."""

    class Picky:
        signature = letters.signature

        def score(self, frame: Any) -> models.Scores:
            if frame["text"].str.contains("poison").any():
                raise ValueError("poison")
            return letters.scorer.score(frame)

    requests = [rows_of(letters, [[text]]) for text in ("my dear", "poison", "sister")]
    first, second, third = scored_together(Batcher(Picky(), worker, Told()), requests)
    assert isinstance(second, ValueError)
    assert len(first) == len(third) == 1
    (only,) = scored_together(Batcher(Failing(letters.scorer, 0), worker, Told()), requests[:1])
    assert isinstance(only, ValueError)


def test_large_integers_are_scored_alone(worker: Worker) -> None:
    """Integers that no float holds reach the steps as they are, in a batch of their own."""
    seen: list[list[int]] = []
    signature = models.Signature((models.Column("n", "integer", "int64"),), models.Output("y", "regression"), {})

    class Plain:
        def __init__(self) -> None:
            self.signature = signature

        def score(self, frame: Any) -> models.Scores:
            seen.append(frame["n"].tolist())
            return models.Scores(numpy.zeros(len(frame)), None, ())

    decoder = Decoder(signature)
    requests = [decoder.decode(json.dumps({"n": n}).encode(), 10).rows for n in (1, 2, 2**60 + 1, 3)]
    scored_together(Batcher(Plain(), worker, Told()), requests)
    assert seen == [[1, 2], [2**60 + 1], [3]]


def test_pace_follows_what_was_measured() -> None:
    """What a call and what a row costs is told apart, and older measurements are forgotten."""
    pace = Pace()
    assert pace.seconds(10) == 0
    pace.measured(1, 0.5)
    assert pace.seconds(100) == pytest.approx(0.5)
    for rows in (1, 1000) * 30:
        pace.measured(rows, 0.1 + rows * 0.0001)
    assert pace.seconds(500) == pytest.approx(0.15, rel=0.05)
    assert pace.seconds(2000, 2) == pytest.approx(0.4, rel=0.05)
    assert pace.rows(0.05, 10_000) == pytest.approx(1000, rel=0.1) and pace.rows(1.0, 64) == 64
    for _ in range(50):
        pace.measured(1000, 0.7)
    assert pace.seconds(1000) == pytest.approx(0.7, rel=0.05)


FORMS = st.sampled_from(["objects", "lists", "one", "rows", "rows and id"])


@given(rows=st.lists(RENT, min_size=1, max_size=4), form=FORMS, indent=st.sampled_from([None, 1]))
@LAW
def test_the_quick_way_decodes_as_the_slow_one(rents: serving.Model, rows: Any, form: str, indent: int | None) -> None:
    """A body is the same rows, and its id the same, whichever way it is decoded."""
    decoder, slow = Decoder(rents.signature), Decoder(rents.signature)
    slow._is_quick = False
    objects = [{"district": district, "size": size} for size, district in rows]
    forms = {"objects": objects, "lists": rows, "one": objects[0], "rows": {"rows": objects}}
    body = json.dumps(forms.get(form, {"rows": objects, "id": "mine"}), indent=indent).encode()
    quickly, slowly = decoder.decode(body, 10), slow.decode(body, 10)
    assert quickly.client_id == slowly.client_id
    assert quickly.rows.frame.equals(slowly.rows.frame)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'[{"size": 1.5, "district": "north"}]', 422),
        (b'[{"size": 1, "district": "north", "other": 1}]', 422),
        (b'[{"size": 1}]', 422),
        (b'[[1, "north"], [1]]', 422),
        (b'[{"size": 1e999, "district": "north"}]', 422),
        (b'[{"size": 1, "district": "\\ud800"}]', 422),
        (b'{"rows": [[1, "north"]], "id": "\\ud800"}', 422),
        (b'{"rows": [], "id": 1}', 422),
        (b'[[1, "north"], [1, "north"], [1, "north"]]', 413),
        (b'{"size": NaN, "district": "north"}', 400),
        (b"[" * 100_000, 400),
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(rents: serving.Model, body: bytes, status: int) -> None:
    """What the quick way does not take is judged by the slow one."""
    with pytest.raises(Refused) as refused:
        Decoder(rents.signature).decode(body, 2)
    assert refused.value.status == status
