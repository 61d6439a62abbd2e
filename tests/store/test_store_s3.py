"""S3, what can go wrong with it, and how long that takes."""

from __future__ import annotations

import inspect
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import obstore.exceptions
import pytest
import trustme

from contracts import store_places
from noteship import errors as base_errors
from noteship.store import Store, errors, s3_faults
from noteship.store.s3 import S3Bucket

SECRET = "hush-hush-secret"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any credentials or servers in it."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "ENDPOINT_URL", "ENDPOINT_URL_S3"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


@pytest.fixture
def known(alone: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    alone.setenv("AWS_ACCESS_KEY_ID", "ada")
    alone.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    alone.setenv("AWS_ALLOW_HTTP", "true")
    return alone


def test_every_error_of_the_client_is_mapped() -> None:
    """The client has no error class whose meaning is not written down."""
    classes = {name for name, value in inspect.getmembers(obstore.exceptions, inspect.isclass)}
    assert classes <= set(s3_faults.KNOWN)
    for name in s3_faults.KNOWN:
        kind = getattr(obstore.exceptions, name, FileNotFoundError)
        with pytest.raises(base_errors.NoteshipError):
            s3_faults.fail(kind("no details"), "s3://a", "key")


def test_an_error_of_others_passes_as_it_is() -> None:
    """What is not the client's is not explained as if it were."""
    for error in (KeyboardInterrupt(), LookupError("x"), errors.SourceChanged("file")):
        with pytest.raises(type(error)):
            s3_faults.fail(error, "s3://a", "key")  # type: ignore[arg-type]


def test_a_refused_connection_is_told_without_hanging(known: pytest.MonkeyPatch) -> None:
    """A server that does not run is unreachable, soon, and worth another try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nothing answers there
        known.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(errors.StoreUnreachable, match=r"127\.0\.0\.1.*\n.*connection refused") as caught:
            Store(S3Bucket("team-a", "mail")).read_ref("champion")
    assert caught.value.retryable
    assert SECRET not in str(caught.value)


def test_a_certificate_of_nobody_known_is_told(known: pytest.MonkeyPatch) -> None:
    """The message says that it is the certificate, and where an authority of one's own is named."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with suppress(OSError), context.wrap_socket(connection, server_side=True):
                        pass

        threading.Thread(target=serve, daemon=True).start()
        known.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{listening.getsockname()[1]}")
        with pytest.raises(errors.StoreUnreachable, match="certificate is not trusted: AWS_CA_BUNDLE names"):
            Store(S3Bucket("team-a", "mail")).read_ref("champion")


def test_plain_http_must_be_allowed(known: pytest.MonkeyPatch) -> None:
    """Without AWS_ALLOW_HTTP an address without TLS is refused, and the message says what to set."""
    known.delenv("AWS_ALLOW_HTTP")
    known.setenv("AWS_ENDPOINT_URL", "http://user:hush@127.0.0.1:9")
    with pytest.raises(errors.StoreUnreachable, match="AWS_ALLOW_HTTP=true") as caught:
        Store(S3Bucket("team-a")).put_bytes(b"x")
    assert "hush" not in str(caught.value)


class Grumpy(BaseHTTPRequestHandler):
    """A server that answers everything in one way."""

    status, body = 503, b""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def grumpy(known: pytest.MonkeyPatch) -> Iterator[type[Grumpy]]:
    class One(Grumpy):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), One)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    known.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
    yield One
    server.shutdown()
    thread.join()
    server.server_close()


def body(code: str, message: str = "") -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message><HostId>x</HostId></Error>".encode()


@pytest.mark.parametrize(
    ("status", "text", "kind", "says"),
    [
        (403, body("AccessDenied", "not you"), errors.StoreDenied, "AccessDenied: not you"),
        (403, body("SignatureDoesNotMatch"), errors.StoreDenied, "SignatureDoesNotMatch"),
        (401, b"", errors.StoreDenied, "HTTP status 401"),
        (403, body("QuotaExceeded"), errors.StoreFull, "QuotaExceeded"),
        (507, b"", errors.StoreFull, "HTTP status 507"),
        (404, body("NoSuchBucket"), errors.BucketMissing, "no bucket"),
        (503, body("SlowDown"), errors.StoreUnreachable, "SlowDown"),
        (500, b"<html>" + b"x" * 5000, errors.StoreUnreachable, "HTTP status 500"),
        (400, body("Odd", "x" * 5000), errors.StoreFailed, "nearest: Odd"),
        (418, b"teapot", errors.StoreFailed, "HTTP status 418"),
    ],
)
def test_what_a_server_refuses_has_a_name(
    grumpy: type[Grumpy], status: int, text: bytes, kind: type[Exception], says: str
) -> None:
    """The server's code decides the error, and never more than its code and message is shown."""
    grumpy.status, grumpy.body = status, text
    store = Store(S3Bucket("team-a", "mail"))
    for asks in (lambda: store.write_ref("a", 1, expected=None), lambda: list(store.refs(""))):
        with pytest.raises(kind, match=says) as caught:
            asks()
        assert len(str(caught.value)) < 600


def test_without_credentials_nobody_is_asked(alone: pytest.MonkeyPatch) -> None:
    """No key in the environment and none in a file is said at once, with the place that was looked at."""
    with pytest.raises(errors.StoreDenied, match=r"no profile 'default' in .*credentials"):
        Store(S3Bucket("team-a")).read_ref("champion")


def test_credentials_come_from_a_file(alone: pytest.MonkeyPatch, grumpy: type[Grumpy], tmp_path: Path) -> None:
    """A profile of the file of credentials is used, and a faulty file is not quoted."""
    alone.delenv("AWS_ACCESS_KEY_ID")
    alone.delenv("AWS_SECRET_ACCESS_KEY")
    alone.setenv("AWS_PROFILE", "team")
    (tmp_path / "credentials").write_text(f"[team]\naws_access_key_id = ada\naws_secret_access_key = {SECRET}\n")
    grumpy.status = 404
    assert Store(S3Bucket("team-a")).read_ref("champion") is None
    (tmp_path / "credentials").write_text(f"aws_secret_access_key = {SECRET}\n")
    with pytest.raises(errors.StoreDenied) as caught:
        Store(S3Bucket("team-a")).read_ref("champion")
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)


@pytest.mark.ceph
def test_a_bucket_that_is_not_there_is_named() -> None:
    """A missing bucket is told from a missing object."""
    store = Store(S3Bucket("noteship-no-such-bucket"))
    for asks in (lambda: store.read_ref("a"), lambda: store.put_bytes(b"x"), lambda: list(store.refs(""))):
        with pytest.raises(errors.BucketMissing, match="noteship-no-such-bucket"):
            asks()


@pytest.mark.ceph
@pytest.mark.parametrize(("name", "value"), [("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_ACCESS_KEY_ID", "nobody")])
def test_wrong_credentials_are_denied(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A wrong key or secret is said to be wrong, and not repeated."""
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.StoreDenied, match="AWS_ACCESS_KEY_ID") as caught:
        Store(S3Bucket(store_places.TEST_BUCKET)).put_bytes(b"x")
    assert SECRET not in str(caught.value)


@pytest.mark.ceph
def test_a_quota_is_a_full_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose quota is used up gets the error of a full store."""
    if not shutil.which("radosgw-admin"):
        pytest.skip("needs radosgw-admin beside the gateway")

    def admin(*arguments: str) -> bytes:
        return subprocess.run(["radosgw-admin", *arguments], check=True, capture_output=True, timeout=60).stdout

    name = f"noteship-quota-{time.time_ns()}"
    keys = json.loads(admin("user", "create", f"--uid={name}", "--display-name=quota"))["keys"][0]
    try:
        admin("quota", "set", "--quota-scope=user", f"--uid={name}", "--max-size=65536")
        admin("quota", "enable", "--quota-scope=user", f"--uid={name}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["access_key"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["secret_key"])
        store_places.make_bucket(name)
        store = Store(S3Bucket(name))
        store.put_bytes(b"small")
        with pytest.raises(errors.StoreFull, match="QuotaExceeded"):
            store.put_bytes(bytes(1 << 20))
    finally:
        admin("user", "rm", f"--uid={name}", "--purge-data")


@pytest.mark.ceph
def test_many_references_are_read_at_once() -> None:
    """On a server references are asked for side by side, and come in order."""
    with store_places.on_gateway() as bucket:
        store = Store(bucket)
        for number in range(40):
            store.write_ref(f"results/{number:02}", number, expected=None)
        assert [ref.value for ref in store.read_refs("results/")] == list(range(40))
