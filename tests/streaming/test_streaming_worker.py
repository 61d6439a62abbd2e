"""A worker between streams, whatever the broker is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from noteship import models, serving, streaming
from noteship.serving.served import Served, prepare
from noteship.serving.worker import Worker
from noteship.streaming import worker as worker_module
from serving.served import Failing, letters_bundle


@dataclass
class Letter:
    """A message in memory."""

    body: bytes
    key: str
    deliveries: int = 1
    is_done: bool = False
    faults: int = 0
    late: int = 0

    async def done(self) -> None:
        if self.faults:
            self.faults -= 1
            raise ConnectionError
        # What was done with too late is under way a second time.
        self.is_done, self.late = self.late <= 0, self.late - 1


@dataclass
class Pile:
    """A broker in memory that delivers again what is not done, and fails as often as it is told to."""

    letters: list[Letter]
    faults: int = 0
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    dead: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    async def take(self, most: int, wait_s: float) -> Sequence[Letter]:
        await asyncio.sleep(0)
        self._fail()
        return [letter for letter in self.letters if not letter.is_done][:most]

    async def answer(self, key: str, body: bytes) -> None:
        self._fail()
        self.answers.append((key, body))

    async def bury(self, key: str, body: bytes, why: Mapping[str, str]) -> None:
        self.dead.append((key, why))

    def _fail(self) -> None:
        if self.faults:
            self.faults -= 1
            raise ConnectionError


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> models.Scorer:
    """Tells letters from reviews."""
    return models.load(models.read(letters_bundle(tmp_path_factory.mktemp("letters"))), models.Trust())


def served(scorer: models.Scorer) -> Served:
    return prepare(serving.Model("letters", "ab" * 32, scorer), Worker("scoring"), lambda *_: None)


def finish(made: Served, pile: Pile, observe: Callable[[serving.Batch], None] = lambda _: None) -> streaming.Counted:
    """Let a worker answer all of a pile."""

    async def work() -> streaming.Counted:
        stop = asyncio.Event()
        reader = streaming.StreamWorker(made, pile, observe=observe)
        task = asyncio.create_task(reader.run(stop))
        while not all(letter.is_done for letter in pile.letters):
            await asyncio.sleep(0.005)
        stop.set()
        await task
        return reader.counted

    return asyncio.run(asyncio.wait_for(work(), 20))


def test_a_broker_that_fails_is_tried_again(scorer: models.Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is done with before its answer is kept, and everything is answered in the end."""
    monkeypatch.setattr(worker_module, "RETRY_S", 0.01)
    pile = Pile([Letter(json.dumps([[f"dear {n}"]]).encode(), str(n)) for n in range(8)], faults=9)
    counted = finish(served(scorer), pile)
    assert sorted(key for key, _ in pile.answers) == [str(n) for n in range(8)]
    assert counted == streaming.Counted(8, 8, 0)


def test_a_model_that_fails_puts_the_message_aside(scorer: models.Scorer) -> None:
    """The reason names the kind of the fault and where it was, and no value of a row."""
    pile = Pile([Letter(b'[["a secret"]]', "1"), Letter(b"[]", "2"), Letter(b'[["x"]]', "3", deliveries=6)])
    assert finish(served(Failing(scorer)), pile) == streaming.Counted(0, 0, 3)
    reasons = dict(pile.dead)
    assert reasons["1"]["status"] == "500"
    assert "ValueError" in reasons["1"]["reason"]
    assert "secret" not in reasons["1"]["reason"]
    assert reasons["2"]["status"] == "422"
    assert "5 times" in reasons["3"]["reason"]


def test_what_was_answered_is_observed_once(scorer: models.Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that comes again after its answer is observed when it is done; what has no answer is not."""
    monkeypatch.setattr(worker_module, "RETRY_S", 0.01)
    pile = Pile([Letter(b'[["dear"], ["dear"]]', "1", faults=2), Letter(b'[["crunchy"]]', "2"), Letter(b"[]", "3")])
    seen: list[serving.Batch] = []
    finish(served(scorer), pile, seen.append)
    assert sorted(batch.row_counts for batch in seen) == [(1,), (2,)]
    assert sorted(key for key, _ in pile.answers) == ["1", "1", "1", "2"]


def test_an_answer_that_is_written_twice_has_one_id(scorer: models.Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker may keep either, and labels name what was observed."""
    monkeypatch.setattr(worker_module, "RETRY_S", 0.01)
    pile, seen = Pile([Letter(b'[["dear"]]', "1", faults=2)]), list[serving.Batch]()
    finish(served(scorer), pile, seen.append)
    assert len(pile.answers) == 3
    assert {json.loads(body)["id"] for _, body in pile.answers} == {seen[0].request_ids[0]}


def test_what_was_done_with_too_late_is_not_observed_again(
    scorer: models.Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither scored nor answered a second time, however often it comes, unless it is long ago."""
    pile, seen = Pile([Letter(b'[["dear"]]', "1", late=7)]), list[serving.Batch]()
    assert finish(served(scorer), pile, seen.append) == streaming.Counted(1, 1, 0)
    assert (len(seen), len(pile.answers), pile.dead) == (1, 1, [])
    monkeypatch.setattr(worker_module, "REMEMBERED", 1)
    pile = Pile([Letter(b'[["dear"]]', "1", late=1), Letter(b'[["dear"]]', "2", late=1)])
    finish(served(scorer), pile, seen.append)
    assert len(seen) > 3
