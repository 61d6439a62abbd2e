"""Tokens that the cluster knows, asked for over real HTTPS."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from noteship import serving
from noteship.serving import token_review

from .served import Served, served

ROWS = [["my dear aunt"]]
USERS: dict[str, dict[str, Any] | None] = {
    "shop-token": {"username": "system:serviceaccount:team-a:shop", "groups": ["system:serviceaccounts"]},
    "ops-token": {"username": "anna", "groups": ["ops"]},
    "other-token": {"username": "system:serviceaccount:team-b:shop", "groups": []},
}
RULES = tuple(map(serving.Rule.parsed, ("system:serviceaccount:team-a:*=predict", "group:ops=predict,observe")))


@dataclass
class Cluster:
    """What an API server is asked, and how it answers."""

    folder: Path
    status: int = 201
    knows_audiences: bool = True
    delay_s: float = 0.0
    answer: bytes | None = None
    reviews: list[dict[str, Any]] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    def review(self, asked: dict[str, Any]) -> bytes:
        """As the API has it."""
        self.reviews.append(asked)
        time.sleep(self.delay_s)
        if self.answer is not None:
            return self.answer
        spec = asked["spec"]
        user = USERS.get(spec["token"])
        status: dict[str, Any] = {"authenticated": True, "user": user} if user else {"error": "invalid bearer token"}
        if user and self.knows_audiences and "audiences" in spec:
            status["audiences"] = [each for each in spec["audiences"] if each == "models"]
            if not status["audiences"]:
                status = {"error": "token audiences do not match"}
        return json.dumps({**asked, "status": status}).encode()


@contextmanager
def api_server(cluster: Cluster, context: ssl.SSLContext) -> Iterator[int]:
    """An HTTPS server that speaks TokenReview."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/apis/authentication.k8s.io/v1/tokenreviews"
            cluster.authorizations.add(self.headers["authorization"])
            body = cluster.review(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(cluster.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever does not trust this server goes away."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster around this process, as a pod sees it."""
    authority = trustme.CA()
    (tmp_path / "token").write_text("pods-own-token\n")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    cluster = Cluster(tmp_path)
    with api_server(cluster, context) as port:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
        yield cluster


@contextmanager
def guarded(model: serving.Model, cluster: Cluster, audience: str | None = None, **more: Any) -> Iterator[Served]:
    review = serving.Review(RULES, audience, cluster.folder)
    with served(model, callers=serving.Callers(review=review, **more)) as one:
        yield one


def asking(one: Served) -> Callable[[str], httpx.Response]:
    return lambda token: one.client.post("/predict", json=ROWS, headers={"Authorization": f"Bearer {token}"})


def test_the_clusters_users_may_do_what_the_rules_say(letters: serving.Model, cluster: Cluster) -> None:
    """A user by name, another by group, one that no rule fits, and a stranger; the pod's own token asks."""
    with guarded(letters, cluster) as one:
        ask = asking(one)
        assert ask("shop-token").json()["predictions"] == ["letter"]
        assert [ask(f"{name}-token").status_code for name in ("ops", "other", "nobody")] == [200, 403, 401]
        assert one.client.get("/metrics", headers={"Authorization": "Bearer shop-token"}).status_code == 403
        assert one.client.get("/metrics", headers={"Authorization": "Bearer ops-token"}).status_code == 200
    assert cluster.authorizations == {"Bearer pods-own-token"}
    assert {review["kind"] for review in cluster.reviews} == {"TokenReview"}
    assert all("audiences" not in review["spec"] for review in cluster.reviews)


def test_answers_are_remembered_for_a_while(
    letters: serving.Model, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster is asked once for a token, and again when the answer is old; strangers become known sooner."""
    monkeypatch.setattr(token_review, "UNKNOWN_S", 0.3)
    with guarded(letters, cluster) as one:
        ask = asking(one)
        assert {ask("shop-token").status_code for _ in range(5)} == {200}
        assert {ask("nobody").status_code for _ in range(3)} == {401}
        assert len(cluster.reviews) == 2
        time.sleep(0.4)
        assert (ask("nobody").status_code, ask("shop-token").status_code) == (401, 200)
        assert len(cluster.reviews) == 3
        monkeypatch.setattr(token_review, "KNOWN_S", 0.3)
        assert ask("ops-token").status_code == 200
        time.sleep(0.4)
        assert ask("ops-token").status_code == 200
    assert len(cluster.reviews) == 5


def test_only_unknown_tokens_wait(letters: serving.Model, cluster: Cluster) -> None:
    """While a slow cluster is asked, others are answered; who sends the same token waits for the same answer."""
    with guarded(letters, cluster) as one, ThreadPoolExecutor(4) as clients:
        ask = asking(one)
        assert ask("shop-token").status_code == 200
        cluster.delay_s = 0.5
        waiting = [clients.submit(ask, "ops-token") for _ in range(3)]
        while len(cluster.reviews) < 2:
            time.sleep(0.01)
        assert {ask("shop-token").status_code for _ in range(5)} == {200}
        assert not any(each.done() for each in waiting)
        assert {each.result().status_code for each in waiting} == {200}
    assert len(cluster.reviews) == 2


def test_callers_are_not_kept_out_by_strangers(
    letters: serving.Model, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was a caller is asked about again though strangers take all places, and one that is none any more is not."""
    monkeypatch.setattr(token_review, "KNOWN_S", 0.0)
    monkeypatch.setattr(token_review, "UNKNOWN_S", 0.0)
    monkeypatch.setattr(token_review, "WAITING_LIMIT", 4)
    with guarded(letters, cluster) as one, ThreadPoolExecutor(4) as clients:
        ask = asking(one)
        assert (ask("shop-token").status_code, ask("other-token").status_code) == (200, 403)
        monkeypatch.setitem(USERS, "other-token", None)
        assert ask("other-token").status_code == 401
        cluster.delay_s = 1.0
        waiting = [clients.submit(ask, f"stranger-{number}") for number in range(4)]
        while len(cluster.reviews) < 7:
            time.sleep(0.01)
        assert ask("other-token").status_code == 503
        assert ask("shop-token").status_code == 200
        assert {each.result().status_code for each in waiting} == {401}


def test_a_cluster_that_does_not_say_lets_nobody_through(
    letters: serving.Model, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    """503 and no answer when the right is missing, when it fails or talks nonsense; told without tokens."""
    with guarded(letters, cluster) as one:
        ask = asking(one)
        for status, answer in ((403, b"{}"), (500, b""), (201, b"nonsense"), (201, b"[]"), (201, b'{"status": 1}')):
            cluster.status, cluster.answer = status, answer
            response = ask("shop-token")
            assert response.status_code == 503, answer
            assert response.headers["retry-after"] == "1"
            assert response.headers["content-type"] == "application/json"
        assert one.client.get("/signature", headers={"Authorization": "Bearer shop-token"}).status_code == 503
        assert "system:auth-delegator" in caplog.text
        assert len(caplog.records) == 1
        assert "-token" not in caplog.text.replace("noteship-token-review", "")
        cluster.status, cluster.answer = 201, None
        assert ask("shop-token").status_code == 200
        told = one.client.get("/metrics", headers={"Authorization": "Bearer ops-token"}).text
        assert 'noteship_refused_callers_total{reason="not reviewed"} 6.0' in told


def test_another_cluster_is_not_believed(letters: serving.Model, cluster: Cluster) -> None:
    """A server whose certificate the pod's authority has not signed gets no token."""
    trustme.CA().cert_pem.write_to_path(cluster.folder / "ca.crt")
    with guarded(letters, cluster) as one:
        assert asking(one)("shop-token").status_code == 503
    assert cluster.reviews == []


def plain_authority(folder: Path) -> ssl.SSLContext:
    """A server's context; its authority, in `folder`, has no more extensions than that it is one."""
    now, key, own = datetime.datetime.now(datetime.UTC), ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])

    def signed(subject: x509.Name, extension: x509.ExtensionType) -> bytes:
        made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        return made.add_extension(extension, critical=True).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)

    (folder / "ca.crt").write_bytes(signed(issuer, x509.BasicConstraints(ca=True, path_length=None)))
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + signed(own, address))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_a_clusters_authority_may_be_plain(
    letters: serving.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without the extensions that Python asks for since 3.13, as many clusters have it, is believed."""
    (tmp_path / "token").write_text("pods-own-token")
    cluster = Cluster(tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    with api_server(cluster, plain_authority(tmp_path)) as port:
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
        with guarded(letters, cluster) as one:
            assert asking(one)("shop-token").status_code == 200


def test_tokens_have_to_be_meant_for_the_audience(letters: serving.Model, cluster: Cluster) -> None:
    """With an audience, the cluster is told it, and has to name it in its answer."""
    with guarded(letters, cluster, "models") as one:
        assert asking(one)("shop-token").status_code == 200
        cluster.knows_audiences = False
        assert asking(one)("ops-token").status_code == 401
    assert cluster.reviews[0]["spec"] == {"token": "shop-token", "audiences": ["models"]}
    with guarded(letters, cluster, "elsewhere") as one:
        assert asking(one)("shop-token").status_code == 401


def test_a_file_of_tokens_is_looked_at_before(letters: serving.Model, cluster: Cluster, tmp_path: Path) -> None:
    """The cluster hears nothing of a token that the file has."""
    issued = serving.issue("shop", ["predict"])
    (tmp_path / "tokens").write_text(issued.line)
    with guarded(letters, cluster, tokens=tmp_path / "tokens") as one:
        assert asking(one)(issued.token).status_code == 200
        assert cluster.reviews == []
        assert asking(one)("shop-token").status_code == 200


def test_what_is_remembered_is_bounded(
    letters: serving.Model, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many strangers push out the oldest of their own kind, and no caller."""
    monkeypatch.setattr(token_review, "REMEMBERED", 2)
    with guarded(letters, cluster) as one:
        statuses = [asking(one)(token).status_code for token in ("shop-token", "x", "y", "z", "z", "shop-token", "x")]
    assert statuses == [200, 401, 401, 401, 401, 200, 401]
    assert [review["spec"]["token"] for review in cluster.reviews] == ["shop-token", "x", "y", "z", "x"]


@pytest.mark.parametrize("text", ["anna", "=predict", "group:=predict", "anna=", "anna=all", "anna=predict,all"])
def test_a_rule_that_says_nothing(text: str) -> None:
    """Who and what are both named, else the service does not start."""
    with pytest.raises(serving.errors.BadReviewRule):
        serving.Rule.parsed(text)


def test_a_rule_fits_names_and_groups_apart() -> None:
    """A name that is written like a group is none, and an equals sign may stand in a name."""
    assert serving.Rule.parsed("CN=anna,O=x=predict,observe").fits("CN=anna,O=x", ())
    assert not serving.Rule.parsed("ops=admin").fits("anna", ("ops",))
    assert not serving.Rule.parsed("group:ops=admin").fits("ops", ())
    assert not serving.Rule.parsed("system:serviceaccount:a:*=admin").fits("system:serviceaccount:ab:x", ())


def test_outside_of_a_pod_there_is_nobody_to_ask(
    letters: serving.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service does not start, and says what is missing."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(serving.errors.NoCluster, match="KUBERNETES_SERVICE_HOST"), guarded(letters, Cluster(tmp_path)):
        pass
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(serving.errors.NoCluster, match="token"), guarded(letters, Cluster(tmp_path)):
        pass
