"""The one module that knows lightkube and the HTTP client beneath it: requests, connections, who is trusted.

lightkube writes requests and sends them. How a cluster is reached is this room's own, because lightkube 1.0 takes a
single kubeconfig, no proxies of clusters, no networks in NO_PROXY, and programs that log in of the version ``v1beta1``
at most; and so are streams, because lightkube's cannot be ended while they wait.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from lightkube.config.client_adapter import ConnectionParams
from lightkube.config.kubeconfig import KubeConfig, SingleConfig
from lightkube.config.models import Cluster, Context, User
from lightkube.core.generic_client import ALL_NS, BasicRequest, GenericSyncClient
from lightkube.generic_resource import GenericGlobalResource, GenericNamespacedResource, create_api_info

from noteship import proxies, tls
from noteship.cluster import connection_faults, errors, refusals
from noteship.cluster.cluster import EVERYWHERE, Resource
from noteship.cluster.credentials import Credentials, Given, certificate_files
from noteship.cluster.kubeconfig import Access
from noteship.cluster.refusals import Asked
from noteship.cluster.watching import Deadline

__all__ = ["Answer", "Client", "Forgotten", "Request", "kubeconfig_of", "parsed", "refusal"]

Request = BasicRequest

CONNECT_S = 10.0
# The server's own limit of a request is a minute, in which webhooks are asked.
ANSWER_S = 65.0
TRIES = 3
WAIT_S = 0.25
# How soon what waits is ended.
LOOK_S = 0.1
# A dead peer is found after a minute, also where nothing is to be said for hours.
ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class Forgotten(Exception):
    """The server no longer knows the state from which it was asked to go on."""


@dataclass(frozen=True)
class Answer:
    """What the server said, and what it warns of."""

    body: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Client:
    """Requests to one API server, for several threads; to be closed. Raises the errors that the seam names."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._credentials = Credentials(access)
        self._proxy = access.proxy or proxies.proxy_for(access.server, os.environ)
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def close(self) -> None:
        """End all connections; another request makes new ones."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            connection.end()

    def request(self, verb: str, resource: Resource, namespace: str, name: str = "", **more: Any) -> Request:
        """A request for objects of a kind, as lightkube writes it; `more` is its own."""
        place = ALL_NS if namespace == EVERYWHERE else namespace
        return self._connected().prepare_request(
            verb, _model(resource), name=name or None, namespace=place if resource.is_namespaced else None, **more
        )

    def ask(self, request: Request, asked: Asked) -> Answer:
        """The whole answer. Raises Forgotten where the server says 410."""
        response = self._sent(request, asked)
        kind = response.headers.get("content-type", "")
        if not kind.startswith("application/json"):
            said = f"status {response.status_code} with {kind.partition(';')[0] or 'no type'}"
            raise errors.BadClusterAnswer(asked.server, asked.words, said)
        return Answer(parsed(response.content, asked), tuple(_warnings(response)))

    def lines(
        self, request: Request, asked: Asked, deadline: Deadline, silence_s: float | None = None
    ) -> Iterator[bytes]:
        """What is streamed, line by line, until its end or the deadline, or until nothing came for so long."""
        request.timeout = httpx2.Timeout(ANSWER_S, connect=CONNECT_S, read=silence_s)
        try:
            response = self._sent(request, asked, stream=True)
            with _ended(response, deadline), self._mapped(asked):
                yield from _split(response.iter_bytes())
        except errors.ClusterUnreachable:
            if not deadline.is_over():
                raise

    def _sent(self, request: Request, asked: Asked, *, stream: bool = False) -> httpx2.Response:
        """An answer that is no refusal; whoever is busy or broke off is asked again: all that is asked here may be."""
        for tried in range(TRIES):
            try:
                with self._mapped(asked):
                    return _checked(self._connected().sent(request, stream=stream), asked)
            except (errors.ClusterBusy, errors.ClusterUnreachable) as error:
                is_worth_it = isinstance(error, errors.ClusterBusy) or "broke" in error.reason
                if tried + 1 == TRIES or not is_worth_it:
                    raise
            threading.Event().wait(WAIT_S * 2**tried)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _mapped(self, asked: Asked) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("httpx2", "lightkube"):
                raise
            raise connection_faults.meaning(error, asked, proxies.shown(self._proxy) if self._proxy else "") from error

    def _connected(self) -> _Connection:
        """The connections, made anew when the certificate to show has changed."""
        given = self._credentials.current()
        shown = (given.certificate, given.key)
        with self._lock:
            if self._connection is None or self._connection.shown != shown:
                before, self._connection = self._connection, _Connection(self._access, self._credentials, self._proxy)
                if before:
                    before.end()
            return self._connection


class _File(KubeConfig):
    """A kubeconfig as lightkube reads it from YAML, without its narrower understanding of it."""

    @classmethod
    def from_dict(cls, conf: Any, fname: Any = None) -> Any:  # noqa: ARG003
        """The plain values."""
        return conf


def kubeconfig_of(path: Path) -> Mapping[str, Any]:
    """The plain values of a kubeconfig. Raises ValueError where it is none, OSError."""
    try:
        found: Any = _File.from_file(path)
    except Exception as error:
        if isinstance(error, OSError | UnicodeDecodeError) or type(error).__module__.partition(".")[0] not in (
            "yaml",
            "lightkube",
        ):
            raise
        # Not its own words, which quote what may be a secret.
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"it is no YAML at line {mark.line + 1}" if mark else "it is no YAML") from None
    if not isinstance(found, Mapping):
        raise ValueError("it holds no table")
    return found


class _Connection(GenericSyncClient):
    """lightkube's client, over connections of our own."""

    def __init__(self, access: Access, credentials: Credentials, proxy: str) -> None:
        given = credentials.current()
        self.shown = (given.certificate, given.key)
        self._made = _http(access, credentials, given, proxy)
        config = SingleConfig(
            "noteship", Context(cluster="noteship", namespace=access.namespace), Cluster(access.server), User()
        )
        super().__init__(ConnectionParams(timeout=self._made.timeout), config)

    def AdapterClient(self, config: SingleConfig, parameters: ConnectionParams) -> httpx2.Client:  # noqa: ARG002, N802
        """What lightkube asks through."""
        return self._made

    def sent(self, request: Request, *, stream: bool) -> httpx2.Response:
        """The answer, whatever it is."""
        built = self.build_adapter_request(request)
        response: httpx2.Response = self.send(built, stream=stream)
        return response

    def end(self) -> None:
        """End all connections."""
        self._made.close()


class _Login(httpx2.Auth):
    """Puts into each request who asks, and asks once more when the cluster takes that no longer."""

    def __init__(self, credentials: Credentials, server_name: str) -> None:
        self._credentials = credentials
        self._server_name = server_name

    def sync_auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """One request, or two."""
        if self._server_name:
            request.extensions = {**request.extensions, "sni_hostname": self._server_name}
        given = self._credentials.current()
        response = yield _signed(request, given)
        if response.status_code == 401 and self._credentials.can_be_renewed:
            self._credentials.refused(given)
            yield _signed(request, self._credentials.current())


def _signed(request: httpx2.Request, given: Given) -> httpx2.Request:
    ours = {name.lower() for name, _ in given.headers}
    others = [(name, value) for name, value in request.headers.multi_items() if name.lower() not in ours]
    request.headers = httpx2.Headers([*others, *given.headers])
    return request


def _http(access: Access, credentials: Credentials, given: Given, proxy: str) -> httpx2.Client:
    trust = _trust(access, given)
    try:
        through = httpx2.Proxy(proxy, ssl_context=trust if proxy.startswith("https:") else None) if proxy else None
        alive = [(socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in ALIVE if hasattr(socket, name)]
        transport = httpx2.HTTPTransport(
            verify=trust,
            proxy=through,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16),
            socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *alive],
        )
    except (httpx2.InvalidURL, ValueError) as error:
        raise errors.ClusterUnreachable(access.server, "the proxy's address is none", proxies.shown(proxy)) from error
    return httpx2.Client(
        base_url=access.server,
        transport=transport,
        auth=_Login(credentials, access.server_name),
        # Proxies are chosen before; a password of ~/.netrc is for other programs.
        trust_env=False,
        headers={"accept": "application/json, */*", "user-agent": "noteship"},
        timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S, pool=None),
    )


def _trust(access: Access, given: Given) -> ssl.SSLContext:
    """Whom to trust, and which certificate to show."""
    try:
        trust = tls.trust(access.authority.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise errors.BadKubeconfig(access.who or access.server, "its authority is no PEM certificate") from error
    if access.is_trusted_blindly:
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    if given.certificate:
        try:
            with certificate_files(given) as (certificate, key):
                trust.load_cert_chain(certificate, key, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = "the certificate and its key do not fit, or are no PEM"
            raise errors.LoginFailed("the client's certificate", access.who, reason) from error
    return trust


def _model(resource: Resource) -> Any:
    """A kind as lightkube has it. Not by its registry, which is one a process: two clusters may differ."""
    group, _, version = resource.api_version.rpartition("/")
    base = GenericNamespacedResource if resource.is_namespaced else GenericGlobalResource
    return type(resource.kind, (base,), {"_api_info": create_api_info(group, version, resource.kind, resource.plural)})


def _checked(response: httpx2.Response, asked: Asked) -> httpx2.Response:
    if response.is_success:
        return response
    try:
        response.read()
    finally:
        response.close()
    code = response.status_code
    if response.is_redirect:
        raise errors.BadClusterAnswer(asked.server, asked.words, f"status {code}: it leads elsewhere")
    status: Any = None
    with suppress(ValueError):
        status = json.loads(response.content)
    if isinstance(status, Mapping) and status.get("kind") == "Status":
        raise refusal(code, status, asked)
    kind = response.headers.get("content-type", "").partition(";")[0]
    # Some refusals are a line of plain text; a page is a proxy's or a login's.
    said = response.text.strip() if kind == "text/plain" else f"status {code} with {kind or 'no type'}"
    raise refusal(code, {"message": said}, asked)


def refusal(code: int, status: Mapping[str, Any], asked: Asked) -> Exception:
    """What to raise for a Status of the server's."""
    if (status.get("code") or code) == 410:
        return Forgotten()
    return refusals.meaning(code, status, asked)


def parsed(data: bytes, asked: Asked) -> dict[str, Any]:
    """An object in JSON."""
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise errors.BadClusterAnswer(asked.server, asked.words, "what it says is no object in JSON")
    return value


def _warnings(response: httpx2.Response) -> Iterator[str]:
    """``299 - "words"``, as RFC 7234 has them."""
    for each in response.headers.get_list("warning"):
        _, quote, words = each.partition('"')
        if quote:
            yield words.removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their ends; a long one is put together once."""
    held: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        held.append(first)
        for each in others:
            yield b"".join(held)
            held = [each]
    rest = b"".join(held)
    if rest:
        yield rest


@contextmanager
def _ended(response: httpx2.Response, deadline: Deadline) -> Iterator[None]:
    """Close the answer in the end, and break it off at the deadline: a read of a socket hears of nothing else."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(min(LOOK_S, deadline.left_s)):
            if deadline.is_over():
                found = response.extensions["network_stream"].get_extra_info("socket")
                with suppress(OSError):
                    # Not the one of TLS, which would go on without it.
                    socket.socket.shutdown(found, socket.SHUT_RDWR)
                return

    looker = threading.Thread(target=look, name="noteship-cluster-stop", daemon=True)
    if deadline.can_end:
        looker.start()
    try:
        yield
    finally:
        over.set()
        response.close()
        if deadline.can_end:
            looker.join()
