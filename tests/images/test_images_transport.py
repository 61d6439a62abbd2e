"""How registries are reached, asked of real servers over real connections."""

from __future__ import annotations

import inspect
import logging
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import trustme

from images import wires
from noteship import errors as base_errors
from noteship import http_faults
from noteship.images import errors
from noteship.images.registries import connection_faults, transport
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.messages import Request
from noteship.images.registries.transport import Stopped, Transport, Way

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SECRET = {"authorization": "Bearer s3cr3t"}


pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def carrier() -> Iterator[Transport]:
    with Transport(Way(tries=3, connect_s=5, silence_s=5)) as opened:
        yield opened


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def trust_of(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_every_error_of_the_client_has_a_meaning() -> None:
    """Each class of error that the HTTP client has is known here, and none that it has not."""
    kinds = (Exception,)
    theirs = {name for name, kind in inspect.getmembers(httpx, inspect.isclass) if issubclass(kind, kinds)}
    assert theirs == set(http_faults.KNOWN)
    for name in sorted(theirs):
        error = getattr(httpx, name).__new__(getattr(httpx, name))
        found = connection_faults.meaning(error, "registry.example.org", "GET /v2/", "")
        assert isinstance(found, base_errors.NoteshipError)
        assert str(found)


def test_other_verbs_do_not_pay_for_it() -> None:
    """The HTTP client is loaded with the first request, not with the room."""
    code = "import sys, noteship.images.registries.registry, noteship.images.base; print('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    "answers", [[b"", OK], [b"", b"", OK], [b"HTTP/1.1 503 x\r\n\r\n", OK], [b"nonsense\r\n\r\n", OK]]
)
def test_what_fails_once_is_asked_again(carrier: Transport, answers: list[bytes]) -> None:
    """A connection that breaks off, a server that is busy, and what is no HTTP are tried again."""
    with wires.saying(answers) as said:
        assert carrier.ask(Request("GET", f"http://{said.host}/v2/")).body == b"ok"
        assert len(said.came) == len(answers)


def test_tries_have_an_end(carrier: Transport) -> None:
    """After the last try the fault is told; a busy server's last answer is given as it is."""
    with wires.saying([b""]) as said:
        with pytest.raises(errors.RegistryUnreachable, match="broke off") as raised:
            carrier.ask(Request("GET", f"http://{said.host}/v2/"))
        assert len(said.came) == 3
        assert raised.value.registry == said.host
        assert raised.value.retryable
    with wires.saying([b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n"]) as said:
        assert carrier.ask(Request("GET", f"http://{said.host}/v2/")).status == 500
        assert len(said.came) == 3


def test_what_may_not_be_repeated_is_not(carrier: Transport) -> None:
    """A request that says so is sent once."""
    with wires.saying([b"", OK]) as said:
        with pytest.raises(errors.RegistryUnreachable):
            carrier.ask(Request("PATCH", f"http://{said.host}/v2/", is_repeatable=False))
        assert len(said.came) == 1


def test_a_body_is_written_from_its_beginning_each_time(carrier: Transport) -> None:
    """A body in pieces is asked for again when it is sent again, with its length said before."""
    registry = MemoryRegistry(faults=[500])
    opened: list[int] = []

    def pieces() -> Iterator[bytes]:
        opened.append(1)
        yield from (b"a" * 100_000, b"b")

    with serving(registry):
        carrier.ask(Request("PUT", f"{registry.address}/v2/", body=pieces, size=100_001))
    assert len(opened) == 2
    assert [each.body for each in registry.asked] == [b"a" * 100_000 + b"b"] * 2
    assert registry.asked[0].headers["content-length"] == "100001"


@pytest.mark.parametrize(
    ("asked", "least_s"),
    [("0.5", 0.0), ("1", 1.0), ("Fri, 02 Jan 2026 03:04:05 GMT", 0.0), ("soon", 0.0), ("", 0.0)],
)
def test_patience_is_as_long_as_asked(carrier: Transport, asked: str, least_s: float) -> None:
    """Retry-After in seconds or as a date is waited for; what cannot be read is left out."""
    registry = MemoryRegistry(faults=[429], retry_after=asked)
    begun = time.monotonic()
    with serving(registry):
        assert carrier.ask(Request("GET", f"{registry.address}/v2/")).status == 200
    assert least_s <= time.monotonic() - begun < least_s + 15


@pytest.mark.parametrize("asked", ["3600", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_nobody_waits_for_an_hour(carrier: Transport, asked: str) -> None:
    """A registry that asks for more than a minute's patience is told of at once."""
    registry = MemoryRegistry(faults=[429, 429], retry_after=asked)
    with serving(registry):
        assert carrier.ask(Request("GET", f"{registry.address}/v2/")).status == 429
    assert len(registry.asked) == 1


def test_where_nobody_listens_is_told_at_once(carrier: Transport) -> None:
    """A refused connection and an unknown name are no matter of a moment, unless somebody was there a moment ago."""
    for url, reason in (("http://127.0.0.1:1/v2/", "refused"), ("https://nobody.invalid/v2/", "name is not known")):
        begun = time.monotonic()
        with pytest.raises(errors.RegistryUnreachable, match=reason):
            carrier.ask(Request("GET", url))
        assert time.monotonic() - begun < 3


def test_a_registry_that_comes_back_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was there a moment ago may be there again in a moment: it is started anew, for example."""
    monkeypatch.setattr(transport, "WAIT_S", 0.2)
    with Transport() as carrier:
        with wires.saying([OK]) as said:
            request = Request("GET", f"http://{said.host}/v2/")
            carrier.ask(request)
        timer = threading.Timer(0.5, lambda: _serve_at(said.host, stack))
        with ExitStack() as stack:
            timer.start()
            assert carrier.ask(request).status == 200
            timer.join()


def _serve_at(host: str, stack: ExitStack) -> None:
    import socket

    listening = stack.enter_context(socket.create_server(("127.0.0.1", int(host.rpartition(":")[2]))))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(OK)

    threading.Thread(target=serve, daemon=True).start()


def test_plain_http_is_for_this_machine_or_where_it_is_allowed(carrier: Transport) -> None:
    """Elsewhere nothing is sent without TLS, and the error says what allows it."""
    with pytest.raises(errors.PlainRefused):
        carrier.ask(Request("GET", "http://registry.test:5000/v2/"))
    way = Way(plain=frozenset({"registry.test:5000"}))
    assert [
        way.is_plain(host) for host in ("registry.test:5000", "registry.test", "127.9.9.9:1", "[::1]:1", "LOCALHOST")
    ] == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert not way.is_plain("localhost.example.org")


def test_a_registry_on_this_machine_is_asked_as_it_is_found(
    carrier: Transport, authority: trustme.CA, tmp_path: Path
) -> None:
    """With TLS where it has it, without where it has none; elsewhere always with it, unless it is allowed."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    plain, safe = MemoryRegistry(), MemoryRegistry()
    way = Way(tmp_path / "ca.pem", frozenset({"registry.test:5000"}))
    with serving(plain) as one, serving(safe, trust_of(authority, "127.0.0.1")) as other, Transport(way) as found:
        for _ in range(2):
            assert [found.base(one), found.base(other)] == [f"http://{one}", f"https://{other}"]
        assert found.base("registry.test:5000") == "http://registry.test:5000"
        assert found.base("registry.test") == "https://registry.test"
    assert len(plain.asked) == 1
    refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
    with wires.saying([refusal]) as said:
        assert carrier.base(said.host) == f"https://{said.host}"


def test_a_redirect_gets_no_secret_elsewhere(carrier: Transport) -> None:
    """A secret goes to the address that was asked, and to no other host or port that it redirects to."""
    there = MemoryRegistry()
    with serving(there), wires.saying([f"HTTP/1.1 307 x\r\nlocation: {there.address}/v2/\r\n\r\n".encode()]) as first:
        assert carrier.ask(Request("GET", f"http://{first.host}/v2/", secret=SECRET)).status == 200
        assert b"s3cr3t" in first.came[0]
    assert "authorization" not in there.asked[0].headers
    same = MemoryRegistry()
    with serving(same):
        same.redirects = f"{same.address}/v2"
        same.held["a"], same.blobs["sha256:" + "0" * 64] = {"sha256:" + "0" * 64}, b""
        carrier.ask(Request("GET", f"{same.address}/v2/a/blobs/sha256:{'0' * 64}", secret=SECRET))
    assert [each.headers.get("authorization") for each in same.asked] == ["Bearer s3cr3t"] * 2


@pytest.mark.parametrize(
    "location",
    ["ftp://example.org/x", "http://", "http://[", "http://u:s3cr3t@127.0.0.1:1/x", "http://127.0.0.1:0/x", "mailto:x"],
)
def test_redirects_lead_to_addresses_of_http(carrier: Transport, location: str) -> None:
    """Where a redirect leads nowhere, that is told without the address, which may have secrets in it."""
    with wires.saying([f"HTTP/1.1 307 x\r\nlocation: {location}\r\n\r\n".encode()]) as said:
        with pytest.raises(errors.BadRegistryAnswer, match=r"no address|asked by HTTP|more than") as raised:
            carrier.ask(Request("GET", f"http://{said.host}/v2/"))
        assert "s3cr3t" not in str(raised.value)


def test_redirects_have_an_end(carrier: Transport) -> None:
    """A circle of redirects is left after some rounds."""
    answer = b"HTTP/1.1 302 x\r\nlocation: /v2/\r\ncontent-length: 0\r\n\r\n"
    with wires.saying([answer]) as said, pytest.raises(errors.BadRegistryAnswer, match="more than 5 times"):
        carrier.ask(Request("GET", f"http://{said.host}/v2/"))


def test_an_endless_answer_is_not_read(carrier: Transport) -> None:
    """More than the largest manifest is refused."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n"
    with (
        wires.saying([head + bytes(9_000_000)]) as said,
        pytest.raises(errors.BadRegistryAnswer, match="more than 4 MiB"),
    ):
        carrier.ask(Request("GET", f"http://{said.host}/v2/"))


def test_a_private_authority_is_trusted_where_it_is_named(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By SSL_CERT_FILE or by a path; without it nothing is sent, and the error says what to do."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    registry = MemoryRegistry()
    with serving(registry, trust_of(authority, "127.0.0.1")):
        request = Request("GET", f"{registry.address}/v2/", secret=SECRET)
        with Transport() as carrier, pytest.raises(errors.RegistryUntrusted, match="unable to get local issuer"):
            carrier.ask(request)
        assert not registry.asked
        with Transport(Way(authorities=file)) as carrier:
            assert carrier.ask(request).status == 200
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        with Transport() as carrier:
            assert carrier.ask(request).status == 200


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_authorities_that_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """A file that is not there, or holds something else, is named: by TLS alone everybody would be untrusted."""
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    with Transport(Way(authorities=file)) as carrier, pytest.raises(errors.BadAuthorities, match=r"ca\.pem"):
        carrier.ask(Request("GET", "https://127.0.0.1:1/v2/"))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with Transport() as carrier, pytest.raises(errors.BadAuthorities, match=r"ca\.pem"):
        carrier.ask(Request("GET", "https://127.0.0.1:1/v2/"))


def test_a_wrong_name_is_not_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """A trusted authority's certificate for another host is none for this one."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    registry = MemoryRegistry()
    trust, way = trust_of(authority, "other.example.org"), Way(tmp_path / "ca.pem")
    refused = pytest.raises(errors.RegistryUntrusted, match="IP address mismatch")
    with serving(registry, trust), Transport(way) as carrier, refused:
        carrier.ask(Request("GET", f"{registry.address}/v2/"))


def test_tls_is_not_left_by_a_redirect(authority: trustme.CA, tmp_path: Path) -> None:
    """From https a redirect leads to no http, on this machine neither."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    plain, registry = MemoryRegistry(), MemoryRegistry()
    digest = "sha256:" + "0" * 64
    with serving(plain), serving(registry, trust_of(authority, "127.0.0.1")):
        registry.held["a"], registry.redirects = {digest}, plain.address
        with Transport(Way(tmp_path / "ca.pem")) as carrier, pytest.raises(errors.PlainRefused, match="without TLS"):
            carrier.ask(Request("GET", f"{registry.address}/v2/a/blobs/{digest}"))
    assert not plain.asked


def test_what_speaks_no_tls_is_told(carrier: Transport) -> None:
    """A server of plain http at an https address is named as what it is."""
    registry = MemoryRegistry()
    with serving(registry) as host, pytest.raises(errors.RegistryUnreachable, match="does not speak TLS"):
        carrier.ask(Request("GET", f"https://{host}/v2/", is_repeatable=False))


def test_plain_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets the whole address and its own password, and the registry what is the registry's."""
    registry = MemoryRegistry()
    with serving(registry) as host, wires.proxying(host) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://ada:pr0xy-s3cr3t@{proxy.host}")
        with Transport(Way(plain=frozenset({"registry.test:5000"}))) as carrier:
            assert carrier.ask(Request("GET", "http://registry.test:5000/v2/", secret=SECRET)).status == 200
        assert proxy.came[0].startswith(b"GET http://registry.test:5000/v2/ HTTP/1.1\r\n")
        assert (
            b"Proxy-Authorization: Basic " in proxy.came[0] or b"proxy-authorization: Basic " in proxy.came[0].lower()
        )


def test_tls_goes_through_a_tunnel_of_the_proxy(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy sees the host alone; the registry's certificate is checked as ever. NO_PROXY goes past it."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    registry = MemoryRegistry()
    with serving(registry, trust_of(authority, "registry.test")) as host, wires.proxying(host) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.host)
        with Transport(Way(tmp_path / "ca.pem")) as carrier:
            assert carrier.ask(Request("GET", "https://registry.test/v2/", secret=SECRET)).status == 200
            with pytest.raises(errors.RegistryUntrusted):
                carrier.ask(Request("GET", "https://other.test/v2/"))
        assert [head.split(b"\r\n")[0] for head in proxy.came] == [
            b"CONNECT registry.test:443 HTTP/1.1",
            b"CONNECT other.test:443 HTTP/1.1",
        ]
        assert b"s3cr3t" not in b"".join(proxy.came)
        monkeypatch.setenv("NO_PROXY", ".test")
        with Transport(Way(tries=1)) as carrier, pytest.raises(errors.RegistryUnreachable, match="name is not known"):
            carrier.ask(Request("GET", "https://registry.test/v2/"))
        assert len(proxy.came) == 2


def test_a_proxy_that_refuses_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's refusal is told as the proxy's, once; its address is shown without user and password."""
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    with wires.proxying("127.0.0.1:1", refusal) as proxy, Transport() as carrier:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ada:pr0xy-s3cr3t@{proxy.host}")
        with pytest.raises(errors.RegistryUnreachable, match="refuses with status 407") as raised:
            carrier.ask(Request("GET", "https://registry.test/v2/"))
        assert raised.value.proxy == f"http://{proxy.host}"
        assert "s3cr3t" not in str(raised.value)
        assert len(proxy.came) == 1


@pytest.mark.parametrize("proxy", ["socks5://u:s3cr3t@127.0.0.1:1", "http://u:s3cr3t@", "http://u:s3cr3t@[:1"])
def test_a_proxy_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """A proxy's address that cannot be used is shown without its password."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with Transport(Way(tries=1)) as carrier, pytest.raises((errors.BadProxy, errors.RegistryUnreachable)) as raised:
        carrier.ask(Request("GET", "https://registry.test/v2/"))
    assert "s3cr3t" not in str(raised.value)


def test_no_secret_is_logged(carrier: Transport, caplog: pytest.LogCaptureFixture) -> None:
    """Addresses with secrets in them, and headers, are in no log line, at whatever level is asked for."""
    there = MemoryRegistry()
    with caplog.at_level(logging.DEBUG), serving(there):
        answer = f"HTTP/1.1 307 x\r\nlocation: {there.address}/v2/?s3cr3t\r\n\r\n".encode()
        with wires.saying([answer]) as first:
            carrier.ask(Request("GET", f"http://{first.host}/v2/?s3cr3t", secret=SECRET))
    assert "s3cr3t" not in caplog.text


def test_a_header_that_is_none_is_told_without_it(carrier: Transport) -> None:
    """A secret that no header can hold is not in the error."""
    with wires.saying([OK]) as said, pytest.raises(errors.BadRegistryAnswer) as raised:
        carrier.ask(Request("GET", f"http://{said.host}/", secret={"authorization": "Bearer s3cr3t\nx: y"}))
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize("is_tls", [False, True])
def test_a_stop_breaks_off_what_waits(authority: trustme.CA, tmp_path: Path, is_tls: bool) -> None:
    """A request that waits for a silent server ends soon after a stop, with TLS too."""
    import socket

    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    silent: list[socket.socket] = []

    def serve() -> None:
        connection, _ = listening.accept()
        silent.append(
            trust_of(authority, "127.0.0.1").wrap_socket(connection, server_side=True) if is_tls else connection
        )

    threading.Thread(target=serve, daemon=True).start()
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    with listening, Transport(Way(tmp_path / "ca.pem"), stop) as carrier:
        timer = threading.Timer(0.5, stop.set)
        timer.start()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            carrier.ask(Request("GET", f"http{'s' if is_tls else ''}://{host}/v2/"))
        assert time.monotonic() - begun < 2
        with pytest.raises(Stopped):
            carrier.ask(Request("GET", f"http://{host}/v2/"))
        timer.join()
    for each in silent:
        each.close()


def test_a_silent_server_is_left() -> None:
    """A server that says nothing is told of when its time is over."""
    with wires.saying([None]) as said, Transport(Way(silence_s=0.2, tries=2)) as carrier:
        with pytest.raises(errors.RegistryUnreachable, match="no answer in time"):
            carrier.ask(Request("GET", f"http://{said.host}/v2/"))
        assert len(said.came) == 2
