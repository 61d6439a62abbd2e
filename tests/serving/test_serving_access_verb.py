"""Who may call, as `noteship serve` and `noteship token` are told it."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from noteship.cli.main import main
from noteship.operations.access import Access
from noteship.operations.errors import Contradiction, OpenToAll
from noteship.operations.opened import OpenedProject

from .served import letters_bundle
from .started import keep, started
from .waiting import until

ROWS = [["my dear aunt"]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose latest bundle is a real one."""
    root = tmp_path_factory.mktemp("project")
    keep(OpenedProject.at(root), letters_bundle(tmp_path_factory.mktemp("made")), "letters", "latest")
    return root


def test_other_addresses_ask_who_calls(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where others than this machine could call, the service does not start unless it asks or is told not to."""
    assert main(["serve", "--project", str(root), "--port", "0", "--host", "0.0.0.0"]) == 2
    said = capsys.readouterr().err
    assert "could call the service, without being asked who it is" in said
    assert "--no-auth" in said
    assert "loading" not in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_what_is_not_this_machines_own_address(host: str) -> None:
    """Every address but loopback needs callers to be asked, or to be let in by name."""
    with pytest.raises(OpenToAll):
        Access().check(host)
    Access(is_open=True).check(host)
    Access(tokens=Path("tokens")).check(host)
    Access(reviews=("group:ops=admin",)).check(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_this_machines_own_addresses_are_open(host: str) -> None:
    """Nobody is asked on loopback, whatever it is called."""
    Access().check(host)


@pytest.mark.parametrize(
    "access",
    [
        Access(tokens=Path("tokens"), is_open=True),
        Access(audience="models"),
        Access(certificate=Path("tls.crt")),
        Access(key=Path("tls.key")),
    ],
)
def test_what_does_not_go_together(access: Access) -> None:
    """Options that contradict each other are refused, and none of them is passed over."""
    with pytest.raises(Contradiction):
        access.check("127.0.0.1")


def test_a_token_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`noteship token` prints the token; the file gets the line, on a line of its own, and never the token."""
    path = tmp_path / "tokens"
    path.write_text("# no end of the line")
    words = ["token", "shop", "--scope", "predict", "--scope", "observe", "--add-to", str(path)]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(words) == 0
    second = capsys.readouterr().out.splitlines()
    assert path.read_text().splitlines() == ["# no end of the line", told["line"], second[-1]]
    assert told["line"].startswith("shop predict,observe sha256:")
    assert told["token"] not in path.read_text()
    assert second[0] not in path.read_text()
    assert main(["token", "shop", "--scope", "predict", "--add-to", str(tmp_path / "no" / "file")]) == 2
    assert main(["token", "my shop", "--scope", "predict"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_every_worker_asks_and_speaks_tls(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    """Each process knows the tokens and has the certificate, and each reads both again."""
    authority, tokens = trustme.CA(), tmp_path / "tokens"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "tls.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    assert main(["token", "shop", "--scope", "predict", "--add-to", str(tokens), "--json"]) == 0
    token = json.loads(capsys.readouterr().out)["token"]
    words = ["--tokens", str(tokens), "--tls-certificate", str(tmp_path / "tls.crt")]
    words += ["--tls-key", str(tmp_path / "tls.key"), "--workers", str(workers), "--access-log"]
    with started(root, *words) as one:
        assert one.url.startswith("https://127.0.0.1:")

        def status(given: str) -> int:
            # A connection of its own for each, so that every worker gets some.
            headers = {"Authorization": f"Bearer {given}"}
            return httpx.post(f"{one.url}/predict", json=ROWS, headers=headers, verify=trust, timeout=20).status_code

        assert {status(token) for _ in range(8)} == {200}
        assert {status("guessed") for _ in range(8)} == {401}
        tokens.write_text("")
        until(lambda: {status(token) for _ in range(8)} == {401}, 15)
        _, said = one.end()
        assert token not in said
        assert '"code":401' in said.replace(" ", "")


@pytest.mark.slow
def test_a_file_that_cannot_be_read_ends_all_workers(root: Path, tmp_path: Path) -> None:
    """The error is the one that a single process has."""
    command = [sys.executable, "-m", "noteship", "serve", "--project", str(root), "--port", "0", "--workers", "2"]
    done = subprocess.run(
        [*command, "--tokens", str(tmp_path / "none")], capture_output=True, text=True, timeout=60, env=os.environ
    )
    assert done.returncode == 2
    assert "the tokens cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
