"""Clusters are opened once for those who ask for the same, as long as they can share them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from noteship import computing
from noteship.computing import Access, Clusters, Place, Wanted
from noteship.computing.errors import ClusterUnreachable

TWO = Wanted("toy", workers=2)


class Toy:
    """A cluster that is nothing but said to be there."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.there = True

    def access(self, stage: str, modules: Mapping[str, str]) -> Access:
        return Access({"TOY": stage})

    def alive(self, *, now: bool = False) -> bool:
        return self.there

    def describe(self) -> str:
        return "a toy"

    def news(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.there = False


class Toys:
    """An engine that remembers what it made."""

    def __init__(self) -> None:
        self.made: list[Toy] = []

    def open(self, wanted: Wanted, place: Place, cancel: threading.Event) -> Toy:
        self.made.append(Toy(wanted))
        return self.made[-1]


@pytest.fixture
def toys() -> Toys:
    return Toys()


@pytest.fixture
def clusters(toys: Toys, tmp_path: Path) -> Iterator[Clusters]:
    opened = Clusters(Place(tmp_path, Path("python"), {}), {"toy": toys})
    yield opened
    opened.close()


def test_the_same_wish_gets_the_same_cluster(clusters: Clusters, toys: Toys) -> None:
    """One cluster serves all who ask for the same, at once and later; who asks for another gets another."""
    with clusters.use(TWO) as first, clusters.use(TWO) as second:
        assert first is second
    with clusters.use(TWO) as later, clusters.use(Wanted("toy", workers=3)) as other:
        assert later is first
        assert other is not first
    assert len(toys.made) == 2


def test_a_cluster_that_is_gone_is_replaced(clusters: Clusters, toys: Toys) -> None:
    """After a cluster went away, the next one who asks gets a new one."""
    with clusters.use(TWO):
        toys.made[0].there = False
    with clusters.use(TWO) as again:
        assert again is toys.made[1]


def test_modules_of_one_name_that_differ_are_kept_apart(clusters: Clusters) -> None:
    """At once, only stages whose modules agree share a cluster; one after the other, all do."""
    with clusters.use(TWO, {"helpers": "1", "own": "1"}) as first:
        with clusters.use(TWO, {"helpers": "1", "other": "1"}) as same:
            assert same is first
        with clusters.use(TWO, {"helpers": "2"}) as other:
            assert other is not first
    with clusters.use(TWO, {"helpers": "2"}) as later:
        assert later is first


def test_workers_with_several_threads_are_not_shared_at_once(clusters: Clusters) -> None:
    """A process has one working folder, so that tasks of two stages cannot run in it beside each other."""
    wanted = Wanted("toy", workers=1, threads=2)
    with clusters.use(wanted) as first, clusters.use(wanted) as second:
        assert first is not second


def test_closing_ends_all(clusters: Clusters, toys: Toys) -> None:
    """Whatever was made is ended when the run is over."""
    with clusters.use(TWO):
        pass
    clusters.close()
    assert not toys.made[0].there


def answer(listener: socket.socket, words: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(words)


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_an_address_where_nobody_is_is_said_at_once(tmp_path: Path, scheme: str) -> None:
    """A scheduler that does not answer is an error with its address, before anything begins."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    clusters = Clusters(Place(tmp_path, Path("python"), {}))
    with (
        pytest.raises(ClusterUnreachable, match=f"{scheme}://127.0.0.1:{port}: Connection refused"),
        clusters.use(Wanted("dask", address=f"{scheme}://127.0.0.1:{port}")),
    ):
        pass


def test_what_speaks_no_tls_is_said(tmp_path: Path) -> None:
    """With tls:// in its address, a server that is none is refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener, b"HTTP/1.1 400 Bad Request\r\n\r\n"), daemon=True).start()
        wanted = Wanted("dask", address=f"tls://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(ClusterUnreachable), Clusters(Place(tmp_path, Path("python"), {})).use(wanted):
            pass


@pytest.mark.parametrize("address", ["tls://nowhere", "tcp://:8786"])
def test_an_address_without_host_or_port_is_said(tmp_path: Path, address: str) -> None:
    """What cannot be an address is told with what one looks like."""
    with (
        pytest.raises(ClusterUnreachable, match="an address is such as tls://HOST:8786"),
        Clusters(Place(tmp_path, Path("python"), {})).use(Wanted("dask", address=address)),
    ):
        pass


def test_a_certificate_that_is_not_there_is_said(tmp_path: Path) -> None:
    """The file is named."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wanted = Wanted(
            "dask",
            address=f"tls://127.0.0.1:{listener.getsockname()[1]}",
            identity=computing.Identity(ca="certificates/ca.pem"),
        )
        with (
            pytest.raises(ClusterUnreachable, match="No such file"),
            Clusters(Place(tmp_path, Path("python"), {})).use(wanted),
        ):
            pass


def test_a_cluster_that_is_there_is_described_and_left(tmp_path: Path) -> None:
    """Its address is told and given to stages, variables of another cluster are not, and it is not ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        clusters = Clusters(Place(tmp_path, Path("python"), {}))
        with clusters.use(Wanted("dask", address=address)) as found:
            assert found.alive()
            assert found.describe() == f"the Dask cluster at {address}"
            assert f"start the scheduler at {address}, then run again" in str(found.gone())
            assert found.access("a", {}).environment == {"DASK_SCHEDULER_ADDRESS": address}
        clusters.close()


def test_without_a_cluster_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """`spread` gives each item's number and result."""
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    assert list(computing.spread(str.upper, ["a", "b"])) == [(0, "A"), (1, "B")]


class Slow(Toys):
    """An engine whose clusters with three workers do not come up until they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.up = threading.Semaphore(0), threading.Event()

    def open(self, wanted: Wanted, place: Place, cancel: threading.Event) -> Toy:
        while wanted.workers == 3 and not self.up.is_set():
            self.begun.release()
            if cancel.wait(0.01):
                raise computing.OpeningStopped
        return super().open(wanted, place, cancel)


@pytest.fixture
def slow() -> Slow:
    return Slow()


def using(clusters: Clusters, cancel: threading.Event, came: list[object]) -> threading.Thread:
    """A stage, in a thread of its own, that wants three workers."""

    def work() -> None:
        try:
            with clusters.use(Wanted("slow", workers=3), {}, cancel) as cluster:
                came.append(cluster)
        except computing.OpeningStopped as error:
            came.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_cluster_that_does_not_come_up_holds_up_nobody(slow: Slow, tmp_path: Path) -> None:
    """Meanwhile others get, use and leave theirs; who waits for it is stopped at once, and so is it by closing."""
    clusters = Clusters(Place(tmp_path, Path("python"), {}), {"slow": slow})
    came: list[object] = []
    thread = using(clusters, threading.Event(), came)
    assert slow.begun.acquire(timeout=5)
    with clusters.use(Wanted("slow", workers=2)):
        pass
    stopped = threading.Event()
    waiting = using(clusters, stopped, came)
    stopped.set()
    waiting.join(5)
    assert isinstance(came[0], computing.OpeningStopped)
    clusters.close()
    thread.join(5)
    assert not thread.is_alive() and isinstance(came[1], computing.OpeningStopped)
    assert not slow.made[0].there


def test_who_waits_goes_on_where_the_first_is_stopped(slow: Slow, tmp_path: Path) -> None:
    """A cluster that another stage began to open, and does not want any more, is opened for the next one."""
    clusters = Clusters(Place(tmp_path, Path("python"), {}), {"slow": slow})
    came: list[object] = []
    first_stops = threading.Event()
    first = using(clusters, first_stops, came)
    assert slow.begun.acquire(timeout=5)
    second = using(clusters, threading.Event(), came)
    first_stops.set()
    first.join(5)
    slow.up.set()
    second.join(5)
    assert [type(each) for each in came] == [computing.OpeningStopped, Toy]
    clusters.close()
    assert not slow.made[0].there


def test_a_dask_cluster_that_hangs_is_stopped(tmp_path: Path) -> None:
    """An interpreter that says nothing is ended within seconds of the wish to stop."""
    hangs = tmp_path / "python"
    hangs.write_text("#!/bin/sh\ncat > /dev/null\n")
    hangs.chmod(0o700)
    clusters = Clusters(Place(tmp_path, hangs, {"PATH": "/usr/bin:/bin"}))
    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    with pytest.raises(computing.OpeningStopped), clusters.use(Wanted("dask", workers=1), {}, cancel):
        pass
