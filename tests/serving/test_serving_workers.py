"""Several workers on one port, as real processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from noteship import serving
from noteship.serving.ids import worker_of

from .fleets import SERVES, end, kept, process, samples, until_both, workers
from .load import load
from .waiting import until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, and the module that serves it."""
    return kept(tmp_path_factory.mktemp("workers"))


def sleep(url: str, seconds: float) -> int:
    """Ask for something that takes so long."""
    return httpx.post(f"{url}/predict", json=[[f"sleep {seconds}"]], timeout=30).status_code


def never_answered(url: str) -> None:
    """Ask for something that takes a minute, of a worker that ends before."""
    with pytest.raises(httpx.HTTPError):
        sleep(url, 60)


def is_draining(url: str) -> bool:
    """Whether it says that it is not ready, or takes no connections any more."""
    try:
        return httpx.get(f"{url}/health/ready").status_code == 503
    except httpx.TransportError:
        return True


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service that each test leaves as it was: two workers that are ready."""
    with process(folder, 2.0) as (one, url):
        yield one, url


@pytest.mark.slow
def test_workers_share_the_load(shared: tuple[subprocess.Popen[str], str]) -> None:
    """Any worker answers for all: what was asked of them is summed, what is a process's own is told by worker."""
    one, url = shared
    assert httpx.get(f"{url}/health/ready").json() == {"ready": True}
    assert len(workers(one.pid)) == 2
    with load(url, 8) as asked:
        until(lambda: sum(asked.statuses.values()) > 300)
    answered = asked.statuses[200]
    assert (asked.lost, set(asked.statuses)) == ([], {200})
    assert samples(url, "noteship_requests_total")['code="200",route="/predict"'] == answered
    assert samples(url, "noteship_request_seconds_count") == {"": answered}
    assert samples(url, "noteship_workers") == {'state="ready"': 2, 'state="starting"': 0}
    assert set(samples(url, "noteship_process_open_fds")) == {'worker="0"', 'worker="1"'}
    assert list(samples(url, "noteship_build_info").values()) == [1]


@pytest.mark.slow
def test_a_killed_worker_is_replaced(shared: tuple[subprocess.Popen[str], str]) -> None:
    """Only what it was asked fails, another takes its place, and what it counted is not forgotten."""
    one, url = shared
    until_both(one, url)
    first = workers(one.pid)
    restarts = samples(url, "noteship_worker_restarts_total")[""]
    answered = samples(url, "noteship_requests_total").get('code="200",route="/predict"', 0)
    with load(url, 8) as asked:
        until(lambda: sum(asked.statuses.values()) > 100)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: first[0] not in workers(one.pid))
        before = sum(asked.statuses.values())
        until(lambda: sum(asked.statuses.values()) > before + 100)
        assert httpx.get(f"{url}/health/ready").status_code == 200
    until_both(one, url)
    # Each client asks one thing at a time, and none that was that worker's comes to it again.
    assert len(asked.lost) < 8
    assert len({client for client, _ in asked.lost}) == len(asked.lost)
    assert set(asked.statuses) == {200}
    assert samples(url, "noteship_worker_restarts_total") == {"": restarts + 1}
    assert samples(url, "noteship_requests_total")['code="200",route="/predict"'] >= answered


@pytest.mark.slow
def test_a_connection_that_a_killed_worker_never_took_goes_to_another(
    shared: tuple[subprocess.Popen[str], str],
) -> None:
    """What was handed to a process that stood still, and was killed, is answered by the others."""
    one, url = shared
    until_both(one, url)
    first = workers(one.pid)
    os.kill(first[0], signal.SIGSTOP)
    place = urlsplit(url)
    clients = [http.client.HTTPConnection(place.hostname or "", place.port, timeout=30) for _ in range(6)]
    for client in clients:
        client.request("POST", "/predict", '[["my dear aunt"]]', {"Content-Type": "application/json"})
    os.kill(first[0], signal.SIGKILL)
    assert [client.getresponse().status for client in clients] == [200] * 6
    for client in clients:
        client.close()
    until_both(one, url)


@pytest.mark.slow
def test_a_killed_worker_whose_child_lives_is_replaced(
    shared: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """A process that a model forked has its worker's end of the channel, and does not stand for it."""
    one, url = shared
    until_both(one, url)
    told = tmp_path / "told"
    assert httpx.post(f"{url}/predict", json=[[f"fork {told}"]], timeout=30).status_code == 200
    until(lambda: told.exists() and told.read_text() != "")
    worker, child = map(int, told.read_text().split())
    try:
        os.kill(worker, signal.SIGKILL)
        until(lambda: worker not in workers(one.pid))
        until_both(one, url)
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.slow
def test_without_descriptors_connections_wait(shared: tuple[subprocess.Popen[str], str]) -> None:
    """A supervisor that can open nothing more does not spin, and accepts who came as soon as it can."""
    one, url = shared
    until_both(one, url)
    limits = resource.prlimit(one.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(one.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    asking = threading.Thread(target=lambda: statuses.append(sleep(url, 0)))
    statuses: list[int] = []
    try:
        asking.start()
        time.sleep(0.3)
        before = worked_s(one.pid)
        time.sleep(0.7)
        assert worked_s(one.pid) - before < 0.35
        assert statuses == []
    finally:
        resource.prlimit(one.pid, resource.RLIMIT_NOFILE, limits)
        asking.join(20)
    assert statuses == [200]


@pytest.mark.slow
def test_without_descriptors_no_worker_is_started_and_others_answer(shared: tuple[subprocess.Popen[str], str]) -> None:
    """A supervisor that cannot start a worker goes on, and starts it as soon as it can."""
    one, url = shared
    until_both(one, url)
    place = urlsplit(url)
    clients: list[http.client.HTTPConnection] = []
    answered: set[int | None] = set()
    while answered != {0, 1}:
        clients.append(http.client.HTTPConnection(place.hostname or "", place.port, timeout=30))
        answered.add(worker_of(asked(clients[-1])))
        # From here on it stays with its worker.
        clients[-1].auto_open = 0
    limits = resource.prlimit(one.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(one.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        os.kill(workers(one.pid)[0], signal.SIGKILL)
        until(lambda: len(workers(one.pid)) == 1)
        # It is tried at once, and again after a second.
        time.sleep(0.5)
        assert 0 < sum(asked(client) != "" for client in clients) < len(clients)
        assert (one.poll(), len(workers(one.pid))) == (None, 1)
    finally:
        resource.prlimit(one.pid, resource.RLIMIT_NOFILE, limits)
    for client in clients:
        client.close()
    until_both(one, url)


def asked(client: http.client.HTTPConnection) -> str:
    """The id of an answer; empty where the connection has ended."""
    try:
        client.request("POST", "/predict", '[["my dear aunt"]]', {"Content-Type": "application/json"})
        return str(json.loads(client.getresponse().read())["id"])
    except (OSError, http.client.HTTPException):
        return ""


def worked_s(process: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
def test_labels_find_the_worker_that_answered(shared: tuple[subprocess.Popen[str], str]) -> None:
    """Any worker takes feedback for what any of them answered; one in whose place another came knows nothing of it."""
    one, url = shared
    until_both(one, url)
    clients: list[httpx.Client] = []
    answered: dict[int | None, tuple[httpx.Client, str]] = {}
    with contextlib.ExitStack() as stack:
        # Each keeps its connection, so that sooner or later one is the other worker's.
        while set(answered) != {0, 1} and len(clients) < 20:
            clients.append(stack.enter_context(httpx.Client(base_url=url, timeout=20)))
            request = clients[-1].post("/predict", json=[["my dear aunt"]]).json()["id"]
            answered[worker_of(request)] = clients[-1], request
        first, second = answered[0][0], answered[1][0]
        labels = [{"request": answered[each][1], "row": 0, "label": "letter"} for each in (0, 1)]
        assert first.post("/feedback", json=labels).json()["accepted"] == 2
        assert [second.post("/feedback", json=each).status_code for each in labels] == [202, 202]
        other = [{**each, "label": "review"} for each in labels]
        refused = second.post("/feedback", json=other)
        assert (refused.status_code, [each["status"] for each in refused.json()["refused"]]) == (409, [409, 409])
        nobody = {"request": serving.RequestIds(worker=7).make(), "row": 0, "label": "letter"}
        assert first.post("/feedback", json=nobody).status_code == 404
    assert sum(samples(url, "noteship_feedback_total").values()) == 2


@pytest.mark.slow
def test_a_worker_that_hangs_while_it_scores_is_replaced(shared: tuple[subprocess.Popen[str], str]) -> None:
    """A batch that is scored for longer than the limit ends its worker; the other one answers meanwhile."""
    one, url = shared
    until_both(one, url)
    first = workers(one.pid)
    hanging = threading.Thread(target=never_answered, args=(url,))
    hanging.start()
    until(lambda: len(set(workers(one.pid)) & set(first)) == 1)
    hanging.join(10)
    assert sleep(url, 0) == 200
    until_both(one, url)


@pytest.mark.slow
def test_a_worker_whose_loop_stands_still_is_replaced(folder: Path) -> None:
    """A process that is stopped says nothing for ten seconds, and is killed."""
    with process(folder) as (one, url):
        first = workers(one.pid)
        os.kill(first[0], signal.SIGSTOP)
        until(lambda: first[0] not in workers(one.pid))
        assert sleep(url, 0) == 200
        until_both(one, url)
        assert "its event loop has hung for" in end(one)


@pytest.mark.slow
def test_a_signal_under_load_loses_nothing(folder: Path) -> None:
    """Whoever was connected when SIGTERM came is answered, on kept connections and on new ones."""
    with process(folder) as (one, url), load(url, 16) as asked:
        until(lambda: sum(asked.statuses.values()) > 300)
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=30) as slow:
            # Its bytes are on their way before the signal is.
            body = b'[["sleep 1.5"]]'
            head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n" % len(body)
            slow.sendall(head + body)
            end(one)
            assert slow.recv(12) == b"HTTP/1.1 200"
    assert asked.lost == []
    assert set(asked.statuses) == {200}


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(folder: Path) -> None:
    """Two SIGINT do not wait for what is under way."""
    with process(folder) as (one, url):
        waiting = threading.Thread(target=never_answered, args=(url,))
        waiting.start()
        until(lambda: samples(url, "noteship_requests_under_way") == {"": 1})
        one.send_signal(signal.SIGINT)
        until(lambda: is_draining(url))
        one.send_signal(signal.SIGINT)
        waiting.join(20)
        assert one.wait(10) == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("broken", "does not score the example row"),
        pytest.param("dying", "it ended with 9", marks=pytest.mark.slow),
    ],
)
def test_workers_that_do_not_load_end_the_service(folder: Path, tmp_path: Path, how: str, said: str) -> None:
    """What a worker raised while loading is the service's error; one that dies is tried once more."""
    (tmp_path / "serves.py").write_text(SERVES)
    (tmp_path / how).touch()
    with process(tmp_path) as (one, line):
        assert one.stdout is not None
        assert line.startswith("error: ")
        assert said in line + one.stdout.read()
        assert one.wait(20) == 1
