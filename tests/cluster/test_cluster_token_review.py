"""A service that asks a real cluster whose tokens its callers have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from noteship.operations.opened import OpenedProject
from serving.served import letters_bundle

from .api import Namespace, namespace

pytestmark = pytest.mark.cluster
ROWS = [["my dear aunt"]]
# Where every pod has its service account's token: made in a view of the files that only the service gets.
MOUNTED = "/var/run/secrets/kubernetes.io/serviceaccount"
IN_A_POD = 'mount -t tmpfs none /var/run && mkdir -p "$1" && mount --bind "$2" "$1" && shift 2 && exec "$@"'


@dataclass(frozen=True)
class Service:
    """One that runs, and what it says."""

    url: str
    log: Path

    def ask(self, token: str, path: str = "/predict") -> httpx.Response:
        """For predictions, or for something else."""
        headers = {"Authorization": f"Bearer {token}"}
        if path == "/predict":
            return httpx.post(self.url + path, json=ROWS, headers=headers, timeout=20)
        return httpx.get(self.url + path, headers=headers, timeout=20)

    def status(self, token: str, path: str = "/predict") -> int:
        """Of the answer."""
        return self.ask(token, path).status_code


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespace]:
    """A namespace with a service account that may review tokens, one that may not, and two callers."""
    with namespace(tmp_path_factory.mktemp("administrator")) as one:
        for account in ("reviewer", "unable", "shop", "stock"):
            one.make_account(account)
        one.bind("reviewer", "system:auth-delegator")
        yield one


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose latest bundle is a real one."""
    root = tmp_path_factory.mktemp("project")
    opened = OpenedProject.at(root)
    digest = opened.store.put_folder(letters_bundle(tmp_path_factory.mktemp("made")))
    for name in (f"bundles/{digest}", "names/latest"):
        opened.store.write_ref(name, {"digest": digest, "name": "letters"}, expected=None)
    return root


@contextmanager
def served(project: Path, team: Namespace, account: str, folder: Path, *words: str) -> Iterator[Service]:
    """The service as a pod of the account has it."""
    mounted, log = folder / "mounted", folder / "log"
    mounted.mkdir()
    (mounted / "token").write_text(team.token(account))
    (mounted / "ca.crt").write_text(team.authority())
    address = urlsplit(str(team.client.base_url))
    environment = {
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port or 443),
    }
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", IN_A_POD, "sh", MOUNTED, str(mounted)]
    command += [sys.executable, "-m", "noteship", "serve", "--project", str(project), "--port", "0", "--json"]
    command += ["--token-review", f"system:serviceaccount:{team.name}:shop=predict"]
    command += ["--token-review", f"group:system:serviceaccounts:{team.name}=observe", *words]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, text=True, stdout=subprocess.PIPE, stderr=errors, env=os.environ | environment
        ) as process,
    ):
        assert process.stdout is not None
        try:
            text = "".join(iter(process.stdout.readline, "}\n"))
            yield Service(json.loads(text + "}")["url"], log)
        finally:
            process.terminate()
            process.wait(20)


def test_the_clusters_tokens_open_what_the_rules_say(project: Path, team: Namespace, tmp_path: Path) -> None:
    """A caller by name, another by its namespace; nobody with a token that is guessed, altered or of no account."""
    team.make_account("gone")
    shop, stock, gone = team.token("shop"), team.token("stock"), team.token("gone")
    team.delete_account("gone")
    head, claims, signature = shop.split(".")
    with served(project, team, "reviewer", tmp_path) as one:
        assert one.ask(shop).json()["predictions"] == ["letter"]
        assert (one.status(stock), one.status(stock, "/metrics"), one.status(shop, "/metrics")) == (403, 200, 200)
        for wrong in ("guessed", f"{head}.{claims}.{signature[::-1]}", gone, team.token("shop", "models")):
            assert one.status(wrong) == 401
        assert httpx.post(f"{one.url}/predict", json=ROWS).status_code == 401
    said = one.log.read_text()
    assert not any(token in said for token in (shop, stock, gone))


def test_tokens_may_have_to_be_made_for_the_service(project: Path, team: Namespace, tmp_path: Path) -> None:
    """With an audience, a token for the cluster itself opens nothing."""
    meant = team.token("shop", "models")
    with served(project, team, "reviewer", tmp_path, "--token-audience", "models") as one:
        assert (one.status(meant), one.status(team.token("shop"))) == (200, 401)


def test_a_service_without_the_right_lets_nobody_through(project: Path, team: Namespace, tmp_path: Path) -> None:
    """503 and a line that names the role; once the account has it, callers come in without another start."""
    shop = team.token("shop")
    with served(project, team, "unable", tmp_path) as one:
        answer = one.ask(shop)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert one.status("guessed") == 503
        assert httpx.get(f"{one.url}/v2/health/ready").status_code == 200
        said = one.log.read_text()
        assert "403; the pod's service account needs the role system:auth-delegator" in said
        assert shop not in said
        team.bind("unable", "system:auth-delegator")
        end = time.monotonic() + 30
        while (status := one.status(shop)) == 503:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert (status, one.status("guessed")) == (200, 401)
