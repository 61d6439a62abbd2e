"""Clusters of Dask whose processes meet over a network: real processes, and certificates that each makes for itself."""

from __future__ import annotations

import json
import os
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noteship.computing import Meeting, dask_identity, dask_pods

# What a stage does, by what it is given.
STAGE = """
import json, os, sys
environment, prelude, workspace = json.loads(sys.argv[1])
os.environ.update(environment)
request = {"workspace": workspace, "first": workspace}
os.chdir(workspace)
sys.path.insert(0, workspace)
given = {"request": request}
exec(prelude, given)
import helpers
from dask.distributed import get_client
client = get_client()
found = client.gather(client.map(helpers.pid, range(10), pure=False))
print(json.dumps([found, given["notes"]]))
"""


class Made:
    """A scheduler and workers on this machine."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        secret = folder / "secret"
        secret.write_text("[default]\naws_secret_access_key = none\n", encoding="utf-8")
        self.ports = [_free() for _ in range(1 + 2 * workers)]
        self.meeting = Meeting("127.0.0.1", "team-a/mail-dask-1", str(secret), str(folder / "stage"))
        self.address = f"tls://127.0.0.1:{self.ports[0]}"
        self.scheduler = self._start("scheduler", port=self.ports[0])
        self.workers = [self._worker(number) for number in range(workers)]

    def _worker(self, number: int) -> subprocess.Popen[str]:
        port, nanny_port = self.ports[1 + 2 * number : 3 + 2 * number]
        limits = {"threads": 1, "memory_bytes": 400 << 20, "spill_bytes": 100 << 20}
        return self._start(
            "worker", address=self.address, port=port, nanny_port=nanny_port, folder=f"{self.folder}/{number}", **limits
        )

    def _start(self, role: str, **more: Any) -> subprocess.Popen[str]:
        common = {"role": role, "secret": self.meeting.secret, "name": self.meeting.name, "folder": f"{self.folder}/s"}
        common |= {"deserted_s": 4.0, "gone_s": 2.0}
        words = [sys.executable, str(dask_pods.PROGRAM), json.dumps(common | more)]
        with (self.folder / f"{role}.log").open("a") as log:
            return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)

    def stage(self, name: str = "team-a/mail-dask-1") -> subprocess.CompletedProcess[str]:
        workspace = self.folder / "workspace"
        workspace.mkdir(exist_ok=True)
        (workspace / "helpers.py").write_text("import os\ndef pid(_): return os.getpid()\n", encoding="utf-8")
        meeting = Meeting(self.meeting.host, name, self.meeting.secret, self.meeting.folder)
        access = meeting.access("train", {"helpers": "1"}, len(self.workers))
        environment = {**access.environment, "DASK_SCHEDULER_ADDRESS": self.address}
        given = json.dumps([environment, access.prelude, str(workspace)])
        return subprocess.run([sys.executable, "-c", STAGE, given], capture_output=True, text=True, timeout=120)

    def close(self) -> None:
        for each in (self.scheduler, *self.workers):
            each.kill()
            each.communicate()


def _free() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    found = Made(tmp_path, 2)
    yield found
    found.close()


@pytest.mark.slow
def test_processes_that_have_the_secret_meet_and_end_by_themselves(made: Made) -> None:
    """A stage uses both workers by certificates of its own; another name's are refused; a stopped worker says so."""
    done = made.stage()
    assert done.returncode == 0, done.stderr
    found, notes = json.loads(done.stdout)
    assert len(set(found)) == 2 and notes == []
    refused = made.stage("team-a/mail-dask-2")
    assert refused.returncode != 0 and "certificate verify failed" in refused.stderr.lower(), refused.stderr[-500:]
    made.workers[0].terminate()
    assert made.workers[0].wait(15) == 143
    # Some time after the stage has gone the scheduler goes, and then the worker that is left.
    out, _ = made.scheduler.communicate(timeout=60)
    assert made.scheduler.returncode == 0
    assert made.workers[1].wait(60) == 0
    lost = [each for each in dask_pods.events(out.splitlines()) if each["event"] == "lost"]
    assert lost


@pytest.mark.slow
def test_a_scheduler_that_is_told_to_end_does_not_end_well(made: Made) -> None:
    """Who looks at its pod sees that it was not its stage that left."""
    made.stage()
    made.scheduler.terminate()
    assert made.scheduler.wait(15) == 143


def test_who_has_the_secret_makes_the_same_keys(tmp_path: Path) -> None:
    """The key is a function of secret and name alone; it is the user's own to read; each is trusted by the others."""
    (tmp_path / "secret").write_text("s")
    for folder, name in (("a", "n"), ("b", "n"), ("c", "other")):
        dask_identity.write(tmp_path / "secret", name, tmp_path / folder)
    (tmp_path / "secret").write_text("t")
    dask_identity.write(tmp_path / "secret", "n", tmp_path / "d")
    keys = [(tmp_path / folder / "key.pem").read_bytes() for folder in "abcd"]
    assert keys[0] == keys[1] and len(set(keys)) == 3
    mode = stat.S_IMODE((tmp_path / "a/key.pem").stat().st_mode)
    assert mode == 0o600
    assert dask_identity.FILES == dask_pods.FILES
    assert _agree(tmp_path / "a", tmp_path / "b") and not _agree(tmp_path / "a", tmp_path / "c")
    assert not _agree(tmp_path / "a", tmp_path / "d")


def _agree(server: Path, client: Path) -> bool:
    """Whether both trust the other one, as TLS sees it."""
    sides = []
    into = [ssl.MemoryBIO(), ssl.MemoryBIO()]
    for folder, purpose in ((server, ssl.PROTOCOL_TLS_SERVER), (client, ssl.PROTOCOL_TLS_CLIENT)):
        context = ssl.SSLContext(purpose)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "authority.pem")
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        number = len(sides)
        is_server = purpose == ssl.PROTOCOL_TLS_SERVER
        sides.append(context.wrap_bio(into[number], into[1 - number], server_side=is_server))
    done = [False, False]
    for _ in range(6):
        for number, side in enumerate(sides):
            try:
                side.do_handshake()
                done[number] = True
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return all(done)


def test_a_stage_finds_its_cluster_by_equal_words() -> None:
    """Who goes on with a run says the same again, so that the stage is known to be the one under way."""
    meeting = Meeting("mail-dask-1.mail-runs-computing.team-a.svc", "team-a/mail-dask-1", "/etc/noteship/secret")
    one, other = (meeting.access("train", {"helpers": "1"}, 2) for _ in range(2))
    assert one == other
    assert one.environment["DASK_SCHEDULER_ADDRESS"] == f"tls://{meeting.host}:8786"
    assert one.environment["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"
    assert "secret" in one.prelude and "PRIVATE" not in one.prelude


def test_what_befell_workers_is_told_with_its_reason() -> None:
    """Of those that ended as many are said to have had too little memory as the scheduler or the cluster saw."""
    lines = [
        "noise",
        '{"event": "memory", "worker": "a"}',
        '{"event": "lost", "worker": "a"}',
        '{"event": "lost", "worker": "b"}',
        '{"event": broken',
    ]
    said = dask_pods.events(lines)
    assert len(said) == 3
    assert [("memory" in text) for text in dask_pods.news(said, 0, 1 << 30)] == [True, False]
    assert [("memory" in text) for text in dask_pods.news(said, 1, 1 << 30)] == [True, True]
    assert dask_pods.news((), 3, 1 << 30) == ()


def test_a_process_becomes_one_of_a_cluster_s(tmp_path: Path) -> None:
    """The verb ends as its scheduler does; what is missing is said by name."""
    words = ("compute", "scheduler", "--name=n", "--host=h", f"--secret={tmp_path / 'none'}")
    done = subprocess.run(
        [sys.executable, "-m", "noteship", *words], capture_output=True, text=True, env=dict(os.environ), timeout=60
    )
    assert done.returncode == 1 and "FileNotFoundError" in done.stderr, done.stderr
