"""A worker between two streams of a real NATS server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import nats.errors
import numpy
import pandas
import psutil
import pytest

from noteship import models, monitor, serving, store, streaming
from noteship.serving.served import Served, prepare
from noteship.serving.worker import Worker
from noteship.streaming import errors, jetstream
from serving.served import LETTERS, letters_bundle
from serving.watched import with_profile

pytestmark = pytest.mark.debian


@contextlib.contextmanager
def started(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server of our own, and its address."""
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        try:
            yield f"nats://127.0.0.1:{port}", process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server."""
    with started(tmp_path_factory.mktemp("nats")) as (address, _):
        yield address


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle."""
    return letters_bundle(tmp_path_factory.mktemp("letters"))


@pytest.fixture(scope="module")
def served(bundle: Path) -> Served:
    """A model that tells letters from reviews."""
    scorer = models.load(models.read(bundle), models.Trust())
    return prepare(serving.Model("letters", "ab" * 32, scorer), Worker("scoring"), lambda *_: None)


@dataclass
class Subjects:
    """Subjects of one test, each kept by a stream, and what is read from them."""

    context: Any
    name: str
    settings: streaming.StreamSettings
    answers: list[Any] = field(default_factory=list)

    async def send(self, *bodies: bytes) -> None:
        for body in bodies:
            await self.context.publish(self.settings.source, body)

    async def read(self, subject: str, count: int) -> list[Any]:
        """So many messages from the beginning."""
        subscription = await self.context.subscribe(subject, ordered_consumer=True)
        try:
            return [await subscription.next_msg(timeout=10) for _ in range(count)]
        finally:
            await subscription.unsubscribe()

    async def kept(self) -> tuple[int, int]:
        """How many answers and dead letters are kept."""
        counts = []
        for subject in (self.settings.target, self.settings.dead):
            info = await self.context.stream_info(self.name, subjects_filter=subject)
            counts.append((info.state.subjects or {}).get(subject, 0))
        return counts[0], counts[1]

    async def unanswered(self) -> int:
        """Messages that are not done."""
        info = await self.context.consumer_info(self.name, self.settings.durable)
        return int(info.num_pending + info.num_ack_pending)


@contextlib.asynccontextmanager
async def subjects(server: str, **more: Any) -> AsyncIterator[Subjects]:
    connection = await nats.connect(server)
    context = connection.jetstream()
    name = f"t{time.monotonic_ns()}"
    await context.add_stream(name=name, subjects=[f"{name}.>"])
    settings = streaming.StreamSettings(server, f"{name}.in", f"{name}.out", f"{name}.dead", f"d-{name}", **more)
    try:
        yield Subjects(context, name, settings)
    finally:
        await context.delete_stream(name)
        await connection.close()


@contextlib.asynccontextmanager
async def working(served: Served, settings: streaming.StreamSettings) -> AsyncIterator[streaming.StreamWorker]:
    broker = await streaming.JetStream.connected(settings)
    worker, stop = streaming.StreamWorker(served, broker), asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await task
        await broker.close()


def question(*texts: str, **more: Any) -> bytes:
    return json.dumps({"rows": [{"text": text} for text in texts], **more}).encode()


def test_messages_are_answered_as_requests_are(server: str, served: Served) -> None:
    """Each message gets one answer: the predictions and probabilities of its own rows, with the client's id."""

    async def work() -> None:
        async with subjects(server) as s, working(served, s.settings) as worker:
            texts = [[f"my dear sister {n}", f"crunchy snack {n}"][: 1 + n % 2] for n in range(300)]
            await s.send(*(question(*each, id=f"c{n}") for n, each in enumerate(texts)))
            found = {}
            for message in await s.read(s.settings.target, 300):
                answer = json.loads(message.data)
                found[answer["client_id"]] = answer
            model = models.LoadedModel("letters", "", served.model.scorer)
            for number, each in enumerate(texts):
                expected = model.score(pandas.DataFrame({"text": each}))
                answer = found[f"c{number}"]
                assert answer["predictions"] == expected.predictions.tolist()
                told = [list(row.values()) for row in answer["probabilities"]]
                assert numpy.allclose(told, expected.probabilities, atol=1e-12)
            assert worker.counted == streaming.Counted(300, 450, 0)
            await asyncio.sleep(0.1)
            assert await s.unanswered() == 0

    asyncio.run(work())


def test_messages_without_an_answer_are_put_aside_with_the_reason(server: str, served: Served) -> None:
    """What is no row goes among the dead letters as it was, with a status and a reason, and holds nothing else up."""

    async def work() -> None:
        async with subjects(server) as s, working(served, s.settings):
            await s.send(b"not JSON", question("dear madam"), b'[{"txt": "a secret"}]')
            await s.read(s.settings.target, 1)
            dead = {message.data: message.headers for message in await s.read(s.settings.dead, 2)}
            assert dead[b"not JSON"]["Noteship-Status"] == "400"
            headers = dead[b'[{"txt": "a secret"}]']
            assert headers["Noteship-Status"] == "422"
            assert "'txt'" in headers["Noteship-Reason"]
            assert "secret" not in headers["Noteship-Reason"]
            assert headers["Noteship-Subject"] == s.settings.source
            await asyncio.sleep(0.1)
            assert await s.unanswered() == 0

    asyncio.run(work())


def test_what_was_taken_and_not_done_comes_again(server: str, served: Served) -> None:
    """A worker that dies between taking and answering loses nothing; an answer that is written twice is kept once."""

    async def work() -> None:
        async with subjects(server, ack_wait_s=1) as s:
            await s.send(*(question(f"dear {n}") for n in range(20)))
            dying = await streaming.JetStream.connected(s.settings)
            taken = list(await dying.take(20, 1))
            for message in taken[:5]:
                # Answered, and not done.
                await dying.answer(message.key, b"{}")
            await dying.close()
            assert await s.kept() == (5, 0)
            async with working(served, s.settings):
                for _ in range(100):
                    if await s.unanswered() == 0:
                        break
                    await asyncio.sleep(0.05)
                assert await s.unanswered() == 0
            assert await s.kept() == (20, 0)

    asyncio.run(work())


def test_what_is_done_is_known_to_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is done the server has heard of it; a server that says nothing is a fault that is tried again."""
    monkeypatch.setattr(jetstream, "HEARD_S", 0.2)

    async def work(server: str, process: subprocess.Popen[bytes]) -> None:
        async with subjects(server) as s:
            await s.send(b"1", b"2")
            broker = await streaming.JetStream.connected(s.settings)
            first, second = await broker.take(2, 1)
            await first.done()
            assert await s.unanswered() == 1
            process.send_signal(signal.SIGSTOP)
            while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
                await asyncio.sleep(0.01)
            try:
                with pytest.raises(ConnectionError):
                    await second.done()
            finally:
                process.send_signal(signal.SIGCONT)
            await broker.close()

    with started(tmp_path) as (address, process):
        asyncio.run(work(address, process))


def test_what_ends_every_worker_is_put_aside(server: str, served: Served) -> None:
    """A message that was taken five times and never answered is not scored a sixth time."""

    async def work() -> None:
        async with subjects(server, ack_wait_s=0.2) as s:
            await s.send(question("poison"))
            dying = await streaming.JetStream.connected(s.settings)
            while [message.deliveries for message in await dying.take(1, 2)] != [5]:
                pass
            await dying.close()
            async with working(served, s.settings) as worker:
                dead = await s.read(s.settings.dead, 1)
                assert "5 times" in dead[0].headers["Noteship-Reason"]
                assert worker.counted.messages == 0

    asyncio.run(work())


def test_what_is_missing_is_said(server: str, served: Served) -> None:
    """No server, and a subject that no stream keeps, are errors with the remedy, and tell no password."""

    async def work() -> None:
        settings = streaming.StreamSettings("nats://ada:hush@127.0.0.1:9", "a", "b", "c", "d")
        with pytest.raises(errors.BrokerUnreachable) as caught:
            await streaming.JetStream.connected(settings)
        assert "hush" not in str(caught.value)
        async with subjects(server) as s:
            lost = streaming.StreamSettings(server, s.settings.source, "nobody.keeps", s.settings.dead, "d")
            with pytest.raises(errors.StreamMissing, match=r"nobody\.keeps"):
                await streaming.JetStream.connected(lost)

    asyncio.run(work())


@contextlib.contextmanager
def streamed(s: Subjects, bundle: Path, project: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """`noteship stream`, once it reads."""
    names = s.settings
    words = ["stream", str(bundle), "--nats", names.server, "--from", names.source, "--to", names.target]
    words += ["--dead", names.dead, "--durable", names.durable, "--project", str(project), "--json", *more]
    command = [sys.executable, "-m", "noteship", *words]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}, **pipes) as process:
        assert process.stderr is not None
        assert any(line.startswith("reading ") for line in process.stderr)
        yield process


def test_the_verb_drains_on_sigterm(server: str, bundle: Path, tmp_path: Path) -> None:
    """`noteship stream` answers until SIGTERM, finishes what it took, exits 0, and has lost nothing."""

    async def work() -> None:
        async with subjects(server) as s:
            with streamed(s, bundle, tmp_path) as process:
                sending = asyncio.create_task(s.send(*(question(f"dear {n}") for n in range(2000))))
                await s.read(s.settings.target, 200)
                process.send_signal(signal.SIGTERM)
                out = await asyncio.to_thread(process.communicate, timeout=30)
                await sending
                assert process.returncode == 0
            told = json.loads(out[0])
            assert told["dead"] == 0
            assert await s.kept() == (told["messages"], 0)
            assert told["messages"] + await s.unanswered() == 2000

    asyncio.run(work())


@pytest.mark.parametrize("more", [[], ["--no-monitor"]])
def test_what_a_stream_asks_is_watched(server: str, more: list[str], tmp_path: Path) -> None:
    """Rows of a stream are in the windows of the project's release, each message a request; unless told otherwise."""
    bundle = with_profile(letters_bundle(tmp_path), [[letter] for letter in LETTERS])
    project = tmp_path / "project"
    project.mkdir()
    (project / "noteship.toml").write_text('[monitor]\nwindow = "1h"\nrelease = "mails"\n')

    async def work() -> None:
        async with subjects(server) as s:
            with streamed(s, bundle, project, *more) as process:
                await s.send(*(question(letter, "dear") for letter in LETTERS))
                await s.read(s.settings.target, 40)
                process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(process.communicate, timeout=30)
                assert process.returncode == 0

    asyncio.run(work())
    objects = store.open_store(None, project)
    found = monitor.places(objects)
    if more:
        assert found == []
        return
    assert found == [monitor.Place("mails", "letters", store.folder_digest(bundle))]
    windows = monitor.Windows(objects, found[0])
    pieces = [piece for start in windows.starts() for piece in windows.pieces(start).pieces]
    assert sum(piece.rows for piece in pieces) == 80
    assert sum(piece.requests for piece in pieces) == 40
    assert windows.boots()[0].ended is not None
