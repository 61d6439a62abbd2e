"""The one module that knows the HTTP client: proxies, authorities, time-outs, redirects and other tries."""

from __future__ import annotations

import contextlib
import email.utils
import logging
import os
import random
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from noteship import proxies
from noteship.images import errors
from noteship.images.registries import authorities, connection_faults
from noteship.images.registries.messages import Answer, Request, origin

if TYPE_CHECKING:
    import httpx

__all__ = ["Stopped", "Transport", "Way"]

# A manifest of this size is the largest that every registry must take (OCI's distribution specification 1.1).
ANSWER_LIMIT = 4 << 20
MOST_REDIRECTS = 5
# How long is waited between two tries: twice as long each time, by chance up to half of it less, so that many who were
# sent away together do not come again together.
WAIT_S, MOST_WAIT_S = 0.25, 16.0
# A registry that asks for more patience is told of instead.
MOST_PATIENCE_S = 60.0
BUSY = (408, 429, 500, 502, 503, 504)
REDIRECTS = {"GET": (301, 302, 303, 307, 308), "HEAD": (301, 302, 303, 307, 308)}
# How soon a request that waits is stopped.
LOOK_S = 0.1


class Stopped(Exception):
    """The work was stopped: no fault of anybody."""


@dataclass(frozen=True)
class Way:
    """How registries are reached.

    - authorities: a PEM file to trust beside the system's own, which SSL_CERT_FILE may name
    - plain: hosts, with their ports, that may be asked without TLS; this machine always may
    - connect_s, silence_s: how long a connection, and an answer on it, may take to begin
    - tries: how often a request is made before its fault is told
    """

    authorities: Path | None = None
    plain: frozenset[str] = frozenset()
    connect_s: float = 10.0
    silence_s: float = 60.0
    tries: int = 6

    def is_plain(self, host: str) -> bool:
        """Whether a host, with its port if that is no usual one, may be asked without TLS."""
        name = urlsplit(f"//{host}").hostname or ""
        return proxies.is_here(name) or host in self.plain


@dataclass(frozen=True)
class _Opened:
    """An answer whose body may still be to be read."""

    head: Answer
    response: httpx.Response


class Transport:
    """Connections to registries, for several threads; to be closed.

    All that asks raises RegistryUnreachable, RegistryUntrusted, BadRegistryAnswer, PlainRefused, BadProxy,
    BadAuthorities; and Stopped, within a moment, when `stop` is set. A busy registry's last answer is given as it is.
    """

    def __init__(self, way: Way | None = None, stop: threading.Event | None = None) -> None:
        self.way = way or Way()
        self.stop = stop or threading.Event()
        self._clients: dict[str, httpx.Client] = {}
        self._bases: dict[str, str] = {}
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._met: set[tuple[str, str, int]] = set()
        self._closed = threading.Event()
        if stop:
            threading.Thread(target=self._watch, name="noteship-images-stop", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections."""
        self._closed.set()
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def ask(self, request: Request) -> Answer:
        """The whole answer to a request, redirects followed. Raises BadRegistryAnswer where it is beyond 4 MiB."""
        return self._patiently(request, self._whole).head

    @contextmanager
    def opened(self, request: Request) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """The answer's head, and its body in pieces, which raise as this does."""
        opened = self._patiently(request, self._sent)
        with contextlib.closing(opened.response):
            yield opened.head, self._pieces(request, opened.response)

    def base(self, host: str) -> str:
        """A registry's address: over TLS, but for hosts that may go without, and on this machine as it is found."""
        if not self.way.is_plain(host):
            return f"https://{host}"
        if not proxies.is_here(urlsplit(f"//{host}").hostname or ""):
            return f"http://{host}"
        with self._lock:
            found = self._bases.get(host)
        if not found:
            found = self._found(host)
            with self._lock:
                self._bases[host] = found
        return found

    def check(self) -> None:
        """Raise Stopped where that is so."""
        if self.stop.is_set():
            raise Stopped

    def pause(self, tried: int, patience_s: float = 0.0) -> None:
        """Wait before another try, as long as the registry asks, or the longer the more tries there were."""
        longest = min(MOST_WAIT_S, WAIT_S * 2.0**tried)
        # Whoever guesses when the next try comes gains nothing.
        self.stop.wait(max(patience_s, longest * random.uniform(0.5, 1.0)))  # noqa: S311
        self.check()

    def _found(self, host: str) -> str:
        """Asked without TLS first, without any secret: who wants it says so at once, or breaks off."""
        try:
            answer = self.ask(Request("GET", f"http://{host}/v2/", is_repeatable=False))
        except errors.RegistryUnreachable:
            return f"https://{host}"
        return f"https://{host}" if answer.status == 400 else f"http://{host}"

    def _patiently(self, request: Request, once: Callable[[Request], _Opened]) -> _Opened:
        """What is answered, once more and once more where that can help."""
        tries = self.way.tries if request.is_repeatable else 1
        for tried in range(tries):
            is_last = tried + 1 == tries
            wait_s = 0.0
            with self._attempt(request, is_last=is_last):
                opened = once(request)
                wait_s = _patience_s(opened.head.header("retry-after"))
                if opened.head.status not in BUSY or is_last or wait_s > MOST_PATIENCE_S:
                    return opened
                opened.response.close()
            self.pause(tried, wait_s)
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _attempt(self, request: Request, *, is_last: bool) -> Iterator[None]:
        """Let pass what another try may mend; raise everything else as noteship's."""
        was_there = origin(request.url) in self._met
        try:
            with self._mapped(request):
                yield
        except errors.RegistryUnreachable as fault:
            if is_last or not connection_faults.is_worth_another_try(fault, was_there=was_there):
                raise

    @contextmanager
    def _mapped(self, request: Request) -> Iterator[None]:
        self.check()
        try:
            yield
        except Exception as error:
            self.check()
            if type(error).__module__.partition(".")[0] != "httpx":
                raise
            proxy = proxies.shown(self._proxy(request.url)) if self._proxy(request.url) else ""
            host = urlsplit(request.url).netloc.rpartition("@")[2]
            raise connection_faults.meaning(error, host, request.asked, proxy) from error

    def _whole(self, request: Request) -> _Opened:
        opened = self._sent(request)
        with contextlib.closing(opened.response):
            body = bytearray()
            for piece in opened.response.iter_raw():
                body += piece
                if len(body) > ANSWER_LIMIT:
                    raise errors.BadRegistryAnswer(_host(request.url), request.asked, "more than 4 MiB of it")
        return _Opened(replace(opened.head, body=bytes(body)), opened.response)

    def _sent(self, request: Request) -> _Opened:
        url, secret = request.url, dict(request.secret)
        for _ in range(MOST_REDIRECTS + 1):
            self._check_plain(url, request.url)
            response = self._client(url).send(self._built(request, url, secret), stream=True)
            self._met.add(origin(url))
            location = response.headers.get("location", "")
            if response.status_code not in REDIRECTS.get(request.method, (307, 308)) or not location:
                return _Opened(_head(response), response)
            response.close()
            url, before = _joined(url, location, request), url
            if origin(url) != origin(before):
                secret = {}
            if before.startswith("https:") and not url.startswith("https:"):
                raise errors.PlainRefused(proxies.shown(url), f"a redirect of {_host(request.url)}")
        reason = f"it redirects more than {MOST_REDIRECTS} times"
        raise errors.BadRegistryAnswer(_host(request.url), request.asked, reason)

    def _built(self, request: Request, url: str, secret: dict[str, str]) -> httpx.Request:
        headers = {**request.headers, **secret}
        body = request.body
        if not isinstance(body, bytes):
            headers["content-length"] = str(request.size)
        client = self._client(url)
        built = client.build_request(
            request.method, url, headers=headers, content=body if isinstance(body, bytes) else body()
        )
        if request.silence_s:
            built.extensions["timeout"] = {**built.extensions["timeout"], "read": request.silence_s}
        built.extensions["trace"] = self._trace
        return built

    def _pieces(self, request: Request, response: httpx.Response) -> Iterator[bytes]:
        with self._mapped(request):
            for piece in response.iter_raw():
                self.check()
                yield piece

    def _check_plain(self, url: str, first: str) -> None:
        at = urlsplit(url)
        if at.scheme == "http" and not self.way.is_plain(at.netloc.rpartition("@")[2]):
            raise errors.PlainRefused(proxies.shown(url), "the registry" if url == first else f"from {_host(first)}")

    def _client(self, url: str) -> httpx.Client:
        proxy = self._proxy(url)
        with self._lock:
            if proxy not in self._clients:
                self._clients[proxy] = self._made(proxy)
            return self._clients[proxy]

    def _proxy(self, url: str) -> str:
        return proxies.proxy_for(url, os.environ)

    def _made(self, proxy: str) -> httpx.Client:
        import httpx

        # Its lines would show addresses with the secrets that redirects have in them.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        trust = authorities.trust(self.way.authorities)
        try:
            if proxy and urlsplit(proxy).scheme not in ("http", "https"):
                raise errors.BadProxy(proxies.shown(proxy), "only http and https are known")
            through = httpx.Proxy(proxy, ssl_context=trust if proxy.startswith("https:") else None) if proxy else None
        except (httpx.InvalidURL, ValueError) as error:
            raise errors.BadProxy(proxies.shown(proxy), "it is no address") from error
        return httpx.Client(
            verify=trust,
            proxy=through,
            # Proxies are chosen here; a password of ~/.netrc is for other programs.
            trust_env=False,
            headers={"accept": "*/*", "accept-encoding": "identity", "user-agent": "noteship"},
            timeout=httpx.Timeout(self.way.silence_s, connect=self.way.connect_s, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
        )

    def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete", "proxy.start_tls.complete"):
            found = info["return_value"].get_extra_info("socket")
            if isinstance(found, socket.socket):
                self._sockets.add(found)

    def _watch(self) -> None:
        """Break off what waits, once work is stopped: a read of a socket hears of nothing else."""
        while not self._closed.is_set():
            if self.stop.wait(LOOK_S):
                for each in list(self._sockets):
                    with contextlib.suppress(OSError):
                        # Not the one of TLS, which would go on without it.
                        socket.socket.shutdown(each, socket.SHUT_RDWR)
                self._closed.wait(LOOK_S)


def _head(response: httpx.Response) -> Answer:
    headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
    return Answer(response.status_code, headers, str(response.url))


def _joined(url: str, location: str, request: Request) -> str:
    """Where a redirect leads; it is not shown, as such addresses have secrets in them."""
    try:
        found = urlsplit(urljoin(url, location))
        is_good = found.scheme in ("http", "https") and found.hostname and found.port != 0 and not found.username
    except ValueError:
        is_good = False
    if not is_good:
        raise errors.BadRegistryAnswer(_host(request.url), request.asked, "it redirects to what is no address of HTTP")
    return found.geturl()


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _patience_s(header: str) -> float:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
