"""How a cluster is reached: who asks, who is trusted, through what."""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cluster_seam.api_server import ApiServer, Asked, Said, serving
from noteship.cluster import errors, kubeconfig
from noteship.cluster.cluster import ObjectRef
from noteship.cluster.kubernetes_cluster import KubernetesCluster

SECRET = "s3cr3t-token"
MAP = ObjectRef("v1", "ConfigMap", "a")
THING = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
REFUSED = Said(401, {"kind": "Status", "code": 401, "reason": "Unauthorized"})


def answer(_: Asked) -> Said:
    return Said(body=THING)


def only(token: str) -> Any:
    """Answers for whoever has this token."""
    return lambda asked: answer(asked) if asked.headers.get("authorization") == f"Bearer {token}" else REFUSED


def test_a_token_is_sent_and_never_shown(tmp_path: Path) -> None:
    """Not in an error, not in what an object of noteship's looks like."""
    with serving(only("other")) as server, server.opened(tmp_path, token=SECRET) as cluster:
        with pytest.raises(errors.ClusterUnauthorized) as caught:
            cluster.get(MAP)
        assert server.asked[-1].headers["authorization"] == f"Bearer {SECRET}"
        assert "the user 'ada'" in str(caught.value)
        assert SECRET not in f"{caught.value!r} {caught.value} {cluster.__dict__} {kubeconfig.Login(token=SECRET)!r}"


def test_a_tokens_file_is_read_again_when_it_is_refused(tmp_path: Path) -> None:
    """As the kubelet replaces it; once a request, so that a wrong one does not ask for ever."""
    file = tmp_path / "token"
    file.write_text("first\n")
    with serving(only("first")) as server, server.opened(tmp_path, tokenFile="token") as cluster:
        assert cluster.get(MAP) == THING
        file.write_text("second")
        server.answer = only("second")
        assert cluster.get(MAP) == THING
        server.answer = only("third")
        count = len(server.asked)
        with pytest.raises(errors.ClusterUnauthorized):
            cluster.get(MAP)
        assert len(server.asked) == count + 2
        file.unlink()
        with pytest.raises(errors.LoginFailed, match="No such file"):
            cluster.get(MAP)


def program(folder: Path, code: str, **more: Any) -> dict[str, Any]:
    """A user whom a program logs in."""
    (folder / "login.py").write_text(f"import datetime, json, os, pathlib, sys\n{code}")
    words = [str(folder / "login.py")]
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": words}
    return {"exec": {**plugin, "interactiveMode": "Never", **more}}


GIVES = """
told = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
count = pathlib.Path(sys.argv[0] + ".count")
n = len(count.read_text()) if count.exists() else 0
count.write_text("x" * (n + 1))
status = {"token": f"token-{n}-" + os.environ.get("WHO", "")}
if "ENDS_S" in os.environ:
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=float(os.environ["ENDS_S"]))
    status["expirationTimestamp"] = ends.isoformat().replace("+00:00", "Z")
assert told["spec"]["interactive"] is False
if "cluster" in told["spec"]:
    status["token"] += told["spec"]["cluster"]["server"]
print(json.dumps({"apiVersion": told["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


def test_a_program_that_logs_in_is_asked_once(tmp_path: Path) -> None:
    """With its own environment, and again when its token is refused."""
    user = program(tmp_path, GIVES, env=[{"name": "WHO", "value": "ada"}])
    with serving(only("token-0-ada")) as server, server.opened(tmp_path, **user) as cluster:
        assert cluster.get(MAP) == cluster.get(MAP) == THING
        server.answer = only("token-1-ada")
        assert cluster.get(MAP) == THING


def test_a_program_is_told_of_the_cluster_where_it_asks_for_that(tmp_path: Path) -> None:
    """The older version of its protocol is known, too."""
    user = program(tmp_path, GIVES, provideClusterInfo=True, apiVersion="client.authentication.k8s.io/v1beta1")
    with serving(answer) as server, server.opened(tmp_path, **user) as cluster:
        cluster.get(MAP)
        assert server.asked[-1].headers["authorization"] == f"Bearer token-0-{server.url}"


def test_a_token_that_is_about_to_end_is_not_used(tmp_path: Path) -> None:
    """Another one is asked for before the cluster refuses it."""
    user = program(tmp_path, GIVES, env=[{"name": "ENDS_S", "value": "11.5"}])
    with serving(answer) as server, server.opened(tmp_path, **user) as cluster:
        cluster.get(MAP)
        time.sleep(1.8)
        cluster.get(MAP)
        sent = {each.headers["authorization"] for each in server.asked}
        assert {"Bearer token-0-", "Bearer token-1-"} <= sent


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"print('{SECRET}'); sys.exit(3)", "it ended with 3"),
        (f"print('{SECRET}')", "its answer is no ExecCredential"),
        (f'print(\'{{"kind": "Other", "status": {{"token": "{SECRET}"}}}}\')', "its answer is no ExecCredential"),
        ('print(\'{"kind": "ExecCredential", "status": {}}\')', "neither token nor certificate"),
    ],
)
def test_a_program_that_does_not_log_in_is_named(code: str, said: str, tmp_path: Path) -> None:
    """With its own hint; nothing that it printed is shown."""
    user = program(tmp_path, code, installHint="ask team platform")
    with serving(answer) as server, server.opened(tmp_path, **user) as cluster:
        with pytest.raises(errors.LoginFailed, match=said) as caught:
            cluster.get(MAP)
        assert caught.value.parts().remedy == "ask team platform"
        assert SECRET not in str(caught.value)
        assert server.asked == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"command": "there-is-no-such-program"}, "not installed"),
        ({"apiVersion": "client/v9"}, "'client/v9' is not known"),
    ],
)
def test_a_program_that_cannot_be_asked_is_named(changed: dict[str, str], said: str, tmp_path: Path) -> None:
    """One that is not there, or speaks otherwise."""
    with (
        serving(answer) as server,
        server.opened(tmp_path, **program(tmp_path, "", **changed)) as cluster,
        pytest.raises(errors.LoginFailed, match=said),
    ):
        cluster.get(MAP)


def certificate(server: ApiServer) -> dict[str, str]:
    made = server.authority.issue_cert("ada@example.org")
    chain = b"".join(each.bytes() for each in made.cert_chain_pems)
    parts = {"client-certificate-data": chain, "client-key-data": made.private_key_pem.bytes()}
    return {name: base64.b64encode(data).decode() for name, data in parts.items()}


def test_a_certificate_is_shown(tmp_path: Path) -> None:
    """From the kubeconfig itself; nothing of it stays in a file."""
    with serving(answer, wants_certificate=True) as server:
        with server.opened(tmp_path, **certificate(server)) as cluster:
            assert cluster.get(MAP) == THING
        with server.opened(tmp_path, token=SECRET) as cluster, pytest.raises(errors.ClusterUnreachable):
            cluster.get(MAP)


def test_a_program_may_give_a_certificate(tmp_path: Path) -> None:
    """And another one later, which needs other connections."""
    with serving(answer, wants_certificate=True) as server:
        given = {name: base64.b64decode(data).decode() for name, data in certificate(server).items()}
        status = {
            "clientCertificateData": given["client-certificate-data"],
            "clientKeyData": given["client-key-data"],
        }
        code = f"print(json.dumps({{'kind': 'ExecCredential', 'status': {status!r}}}))"
        with server.opened(tmp_path, **program(tmp_path, code)) as cluster:
            assert cluster.get(MAP) == THING


def test_who_acts_as_another_says_so(tmp_path: Path) -> None:
    """A user, and each of several groups."""
    with serving(answer) as server:
        with server.opened(tmp_path, token="t", **{"as": "bob", "as-groups": ["a", "b"]}) as cluster:
            cluster.get(MAP)
        assert server.asked[-1].headers["impersonate-user"] == "bob"
        assert server.asked[-1].headers["impersonate-group"] in ("a", "b")


def test_a_name_and_a_password_are_sent(tmp_path: Path) -> None:
    """As old clusters have it."""
    with serving(answer) as server, server.opened(tmp_path, username="ada", password="p") as cluster:
        cluster.get(MAP)
        assert server.asked[-1].headers["authorization"] == "Basic " + base64.b64encode(b"ada:p").decode()


def test_an_authority_that_is_not_known_is_not_trusted(tmp_path: Path) -> None:
    """Nothing is sent; unless the kubeconfig says that it does not matter."""
    with serving(answer) as server:
        without = {"certificate-authority-data": ""}
        with server.opened(tmp_path, cluster=without, token=SECRET) as cluster:
            with pytest.raises(errors.ClusterUntrusted):
                cluster.get(MAP)
            assert server.asked == []
        blindly = {**without, "insecure-skip-tls-verify": True}
        with server.opened(tmp_path, cluster=blindly, token=SECRET) as cluster:
            assert cluster.get(MAP) == THING


def test_the_certificates_name_counts(tmp_path: Path) -> None:
    """The address's own, or the one that the kubeconfig names instead."""
    with serving(answer, names=("api.example.org",)) as server:
        with server.opened(tmp_path, token="t") as cluster, pytest.raises(errors.ClusterUntrusted, match="IP address"):
            cluster.get(MAP)
        with server.opened(tmp_path, cluster={"tls-server-name": "api.example.org"}, token="t") as cluster:
            assert cluster.get(MAP) == THING


class Proxy(ThreadingHTTPServer):
    """One that was asked for a way, and refuses it."""

    asked: list[str]


class Refuses(BaseHTTPRequestHandler):
    server: Proxy

    def do_CONNECT(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(407)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_proxies_are_taken_as_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or as the kubeconfig says, also for this machine; a password of one is not shown."""
    proxy = Proxy(("127.0.0.1", 0), Refuses)
    proxy.asked = []
    threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://ada:{SECRET}@127.0.0.1:{proxy.server_address[1]}"
    monkeypatch.setenv("HTTPS_PROXY", address)
    try:
        monkeypatch.setenv("NO_PROXY", "198.51.100.0/24,.example.org")
        far = kubeconfig.Access("https://192.0.2.1:6443", who="ada")
        with KubernetesCluster(far) as cluster, pytest.raises(errors.ClusterUnreachable) as caught:
            cluster.version()
        assert caught.value.reason == "the proxy refuses with status 407"
        assert SECRET not in str(caught.value)
        assert proxy.asked == ["192.0.2.1:6443"]
        monkeypatch.delenv("HTTPS_PROXY")
        with (
            serving(answer) as server,
            server.opened(tmp_path, cluster={"proxy-url": address}, token="t") as cluster,
            pytest.raises(errors.ClusterUnreachable, match="407"),
        ):
            cluster.get(MAP)
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (Said(body=b"<html>log in</html>", kind="text/html"), "status 200 with text/html"),
        (Said(302, headers={"location": "https://login.example.org/?token=x"}), "it leads elsewhere"),
        (Said(body=b"[1]"), "no object in JSON"),
        (Said(body=b'{"half'), "no object in JSON"),
    ],
)
def test_what_is_no_api_server_is_told_of(said: Said, shown: str, tmp_path: Path) -> None:
    """A login page, or a proxy's own."""
    with (
        serving(lambda _: said) as server,
        server.opened(tmp_path, token="t") as cluster,
        pytest.raises(errors.BadClusterAnswer, match=shown),
    ):
        cluster.get(MAP)


def test_a_refusal_without_words_is_told_by_its_status(tmp_path: Path) -> None:
    """Such as a gateway's page."""
    said = Said(502, b"<html>bad gateway</html>", kind="text/html")
    with (
        serving(lambda _: said) as server,
        server.opened(tmp_path, token="t") as cluster,
        pytest.raises(errors.ClusterFailed, match="status 502 with text/html"),
    ):
        cluster.get(MAP)


def test_a_server_that_is_busy_is_asked_three_times(tmp_path: Path) -> None:
    """And then told of as busy."""
    busy = [Said(429, {"kind": "Status", "code": 429, "message": "slow down"})] * 2
    with (
        serving(lambda asked: busy.pop() if busy else answer(asked)) as server,
        server.opened(tmp_path, token="t") as cluster,
    ):
        assert cluster.get(MAP) == THING
        busy += [Said(429, b"too many requests", kind="text/plain")] * 3
        with pytest.raises(errors.ClusterBusy, match="429: too many requests"):
            cluster.get(MAP)


def test_what_the_server_warns_of_is_told(tmp_path: Path) -> None:
    """As of what it applied."""
    said = Said(body=THING, headers={"warning": '299 - "would violate \\"it\\""'})
    with serving(lambda _: said) as server, server.opened(tmp_path, token="t") as cluster:
        assert cluster.apply(THING).warnings == ('would violate "it"',)
        assert server.asked[-1].query["fieldManager"] == "noteship"
        assert server.asked[-1].query["fieldValidation"] == "Strict"
        assert json.loads(server.asked[-1].body) == THING


def test_a_server_that_is_not_there_is_told_of() -> None:
    """Its name, or its port."""
    for address, reason in (("https://127.0.0.1:1", "connection refused"), ("https://none.invalid", "name")):
        with (
            KubernetesCluster(kubeconfig.Access(address)) as cluster,
            pytest.raises(errors.ClusterUnreachable) as caught,
        ):
            cluster.version()
        assert reason in caught.value.reason
        assert caught.value.retryable
