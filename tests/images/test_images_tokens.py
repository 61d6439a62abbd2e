"""How registries let in: by a login, by tokens of the service that they name, and by no trick."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from images import wires
from noteship.images import errors, reference
from noteship.images.registries import tokens
from noteship.images.registries.memory_registry import MemoryRegistry
from noteship.images.registries.memory_server import serving
from noteship.images.registries.registry import Registry
from noteship.images.registries.transport import Transport, Way

pytestmark = pytest.mark.usefixtures("quick")
USER, PASSWORD = "ada", "s3cr3t-of-ada"
Open = Callable[..., Registry]


@pytest.fixture
def login(quick: Path) -> Callable[..., None]:
    """Writes docker's own file of logins."""

    def write(host: str, **entry: str) -> None:
        (quick / ".docker").mkdir(exist_ok=True)
        (quick / ".docker/config.json").write_text(json.dumps({"auths": {host: entry}}))

    return write


@pytest.fixture
def opened() -> Iterator[Open]:
    with Transport(Way(tries=2)) as transport:
        yield lambda host, repository="team/mail": Registry(reference.parsed(f"{host}/{repository}"), transport)


def memory(**settings: object) -> MemoryRegistry:
    return MemoryRegistry(users={USER: PASSWORD}, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", ["basic", "bearer"])
def test_a_login_is_sent_once_it_is_asked_for(opened: Open, login: Callable[..., None], way: str) -> None:
    """The first request goes without a login, all others with what the registry wants."""
    registry = memory(login=way)
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        place = opened(host)
        for _ in range(3):
            assert not place.has("sha256:" + "0" * 64)
    heads = [each for each in registry.asked if each.method == "HEAD"]
    sent = [each.headers.get("authorization", "").partition(" ")[0] for each in heads]
    assert sent == ["", *[way.capitalize()] * 3]
    assert len([path for path in registry.methods("GET") if path.startswith("/token")]) == (way == "bearer")


def test_a_token_is_kept_by_its_scope(opened: Open, login: Callable[..., None]) -> None:
    """Reading, writing and mounting ask for a token each, once; a mount's is for both repositories."""
    registry = memory(login="bearer")
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        place = opened(host)
        for _ in range(2):
            place.tags()
            place.has("sha256:" + "0" * 64)
            place.mount(_descriptor(), "team/base")
    asked = [path for path in registry.methods("GET") if path.startswith("/token")]
    assert len(asked) == 3
    assert "scope=repository%3Ateam%2Fmail%3Apull&" in asked[0]
    assert "scope=repository%3Ateam%2Fmail%3Apull%2Cpush&" in asked[1]
    assert "scope=repository%3Ateam%2Fbase%3Apull" in asked[2]
    assert "scope=repository%3Ateam%2Fmail%3Apull%2Cpush" in asked[2]
    assert all("service=memory" in path and f"account={USER}" in path for path in asked)


def _descriptor() -> object:
    from noteship.images.descriptor import Descriptor

    return Descriptor("x", "sha256:" + "0" * 64, 1)


def test_a_token_that_ended_is_asked_for_again(
    opened: Open, login: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it ended by the clock or because the registry says so."""
    registry = memory(login="bearer")
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        place = opened(host)
        place.tags()
        registry.tokens.clear()
        place.tags()
        assert len([path for path in registry.methods("GET") if path.startswith("/token")]) == 2
        now = time.monotonic
        monkeypatch.setattr(tokens.time, "monotonic", lambda: now() + 400)
        place.tags()
        assert len([path for path in registry.methods("GET") if path.startswith("/token")]) == 3


def test_strangers_may_read_where_they_may(opened: Open) -> None:
    """Without a login, a token is asked for without one."""
    registry = MemoryRegistry(login="bearer", users={"": ""})
    with serving(registry) as host:
        assert opened(host).tags() == []
        with pytest.raises(errors.RegistryDenied) as raised:
            opened(host).put_manifest(b"{}", "x")
    assert raised.value.login == "without a login: none was found for it"
    assert raised.value.asked.startswith("PUT /v2/team/mail/manifests/")


def test_an_identity_token_is_posted(opened: Open, login: Callable[..., None]) -> None:
    """An identity token goes to the token service in a form, and nowhere else."""
    registry = MemoryRegistry(login="bearer", identities={"i-s3cr3t": USER})
    with serving(registry) as host:
        login(host, identitytoken="i-s3cr3t")
        assert opened(host).tags() == []
    (form,) = [each for each in registry.asked if each.method == "POST"]
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"grant_type=refresh_token&refresh_token=i-s3cr3t&client_id=noteship&service=memory&scope=" in form.body
    assert [each for each in registry.asked if "i-s3cr3t" in f"{each.target}{each.headers}"] == []


def test_a_registry_token_is_sent_as_it_is(opened: Open, login: Callable[..., None]) -> None:
    """A token for the registry itself asks no token service."""
    registry = MemoryRegistry(login="bearer", tokens={"r-s3cr3t": {"team/mail:pull"}})
    with serving(registry) as host:
        login(host, registrytoken="r-s3cr3t")
        assert opened(host).tags() == []
    assert not [path for path in registry.methods("GET") if path.startswith("/token")]


@pytest.mark.parametrize("way", ["basic", "bearer"])
def test_a_wrong_password_is_told_without_it(opened: Open, login: Callable[..., None], way: str) -> None:
    """The error says who was refused and where the login is from; nothing that was sent is in it."""
    registry = memory(login=way)
    with serving(registry) as host:
        login(host, username=USER, password="wr0ng")
        with pytest.raises(errors.RegistryDenied) as raised:
            opened(host).tags()
    assert f"as {USER}, of " in raised.value.login
    assert raised.value.registry == host
    for secret in ("wr0ng", "YWRhOndyMG5n"):  # also as Basic writes it: the server repeats that
        assert secret not in str(raised.value)
    assert len(registry.methods("GET")) <= 3


def test_a_registry_that_never_has_enough_is_left(opened: Open, login: Callable[..., None]) -> None:
    """A token that is refused at once is not asked for again and again."""
    registry = memory(login="bearer", challenge="")
    registry.tokens = Forgetful()
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        with pytest.raises(errors.RegistryDenied):
            opened(host).tags()
    assert len([path for path in registry.methods("GET") if path.startswith("/token")]) == 1


class Forgetful(dict[str, set[str]]):
    def __setitem__(self, key: str, value: set[str]) -> None:
        """Keep nothing."""


@pytest.mark.parametrize(
    ("challenge", "reason"),
    [
        ("Negotiate", "only by negotiate"),
        ('Digest realm="x", Hobo y=z', "only by digest, hobo"),
        ("", "does not say how"),
        ("Bearer", "no address"),
        ('Bearer realm="/token"', "no address"),
        ('Bearer realm="ftp://login.example.org/token"', "no address"),
        ('Bearer realm="file:///etc/passwd"', "no address"),
        ('Bearer realm="https://ada:pw@login.example.org/token"', "no address"),
        ('Bearer realm="http://login.example.org/token"', "without TLS"),
        ('Bearer realm="http://169.254.169.254/latest"', "without TLS"),
        ('Bearer realm="https://["', "no address"),
    ],
)
def test_a_hostile_challenge_gets_no_password(
    opened: Open, login: Callable[..., None], challenge: str, reason: str
) -> None:
    """A login goes to no service without TLS, to none that is no address, and by no way that is not known."""
    registry = memory(login="bearer", challenge=challenge or "=")
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        with pytest.raises(errors.BadChallenge) as raised:
            opened(host).tags()
    assert reason in raised.value.reason
    assert not [each for each in registry.asked if "authorization" in each.headers]


def test_a_registry_with_tls_names_no_service_without(login: Callable[..., None], tmp_path: Path) -> None:
    """From https, a token service on http is refused on this machine, too."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(trust)
    service, registry = memory(), memory(login="bearer")
    with serving(service), serving(registry, trust) as host, Transport(Way(tmp_path / "ca.pem")) as transport:
        registry.challenge = f'Bearer realm="{service.address}/token"'
        login(host, username=USER, password=PASSWORD)
        place = Registry(reference.parsed(f"{host}/team/mail"), transport)
        with pytest.raises(errors.BadChallenge, match="without TLS"):
            place.tags()
        registry.challenge = ""
        assert place.tags() == []
    assert not service.asked


def test_a_token_service_may_be_elsewhere_and_its_redirects_get_nothing(
    opened: Open, login: Callable[..., None]
) -> None:
    """Another service gets the login, as registries have it; where that one leads to, nobody does."""
    there, registry = memory(), memory(login="bearer")
    with serving(there), serving(registry) as host:
        answer = f"HTTP/1.1 302 x\r\nlocation: {there.address}/token\r\ncontent-length: 0\r\n\r\n".encode()
        with wires.saying([answer]) as service:
            registry.challenge = f'Bearer realm="http://{service.host}/token",service="x"'
            login(host, username=USER, password=PASSWORD)
            with pytest.raises(errors.RegistryDenied):
                opened(host).tags()
            assert b"uthorization: Basic" in service.came[0]
    assert there.asked
    assert not [each for each in there.asked if "authorization" in each.headers]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"token": 7}',
        b'{"token": "a b"}',
        b'{"token": "a\\nx: y"}',
        b'{"token": "x", "expires_in": "y"}',
    ],
)
def test_an_answer_that_is_no_token_is_told(opened: Open, body: bytes) -> None:
    """A token service that says something else is named."""
    registry = memory(login="bearer")
    with serving(registry) as host:
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        with wires.saying([answer]) as service:
            registry.challenge = f'Bearer realm="http://{service.host}/token"'
            with pytest.raises(errors.BadRegistryAnswer) as raised:
                opened(host).tags()
            assert raised.value.registry == service.host


def test_many_threads_ask_for_one_token(opened: Open, login: Callable[..., None]) -> None:
    """Requests of several threads at once share one token."""
    from concurrent.futures import ThreadPoolExecutor

    registry = memory(login="bearer")
    with serving(registry) as host:
        login(host, username=USER, password=PASSWORD)
        place = opened(host)
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: place.tags(), range(16))) == [[]] * 16
    assert len([path for path in registry.methods("GET") if path.startswith("/token")]) == 1


def test_the_repositorys_own_login_is_taken(opened: Open, quick: Path) -> None:
    """Two repositories of a registry may have two logins."""
    registry = MemoryRegistry(login="basic", users={"host": "h", "team": "t"})
    with serving(registry) as host:
        (quick / ".docker").mkdir()
        logins = {host: {"username": "host", "password": "h"}, f"{host}/team": {"username": "team", "password": "t"}}
        (quick / ".docker/config.json").write_text(json.dumps({"auths": logins}))
        opened(host, "team/mail").tags()
        opened(host, "other/mail").tags()
    sent = [each.headers["authorization"] for each in registry.asked if "authorization" in each.headers]
    assert sent == ["Basic dGVhbTp0", "Basic aG9zdDpo"]
