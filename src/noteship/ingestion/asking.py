"""One request over HTTP, with its redirects: a secret goes to the declared host alone, and never in clear.

Redirects lead from the public network into no private one, where only who is inside can ask.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from noteship import tls
from noteship.ingestion import errors
from noteship.ingestion.origin import Watch

__all__ = ["Asker"]

CONNECT_S = 10.0
# A server that says nothing for so long is taken for gone.
SILENCE_S = 60.0
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 8


@dataclass(frozen=True)
class Asker:
    """Asks one address; `secret` are the headers that only its own host may see."""

    shown: str
    url: str
    secret: Mapping[str, str]

    @contextmanager
    def answer(self, method: str, headers: Mapping[str, str], watch: Watch) -> Iterator[http.client.HTTPResponse]:
        """The answer, with its body to be read.

        Raises OSError and HTTPException for a connection that fails, OriginFailed for redirects that lead nowhere, or
        from a public address to a private one.
        """
        at = urlsplit(self.url)
        if self.secret and at.scheme != "https" and not _is_here(at.hostname or ""):
            remedy = "use https://, as everybody on the way can read what goes without"
            raise errors.OriginFailed(self.shown, "a secret may not go over the network in clear", remedy)
        is_public = False
        for redirects in range(MOST_REDIRECTS + 1):
            watch.check()
            self._check_public(at, is_public and _is_private(at.hostname or ""))
            connection, path, more, peer = _connected(at)
            try:
                self._check_public(at, is_public and _is_private(peer))
                if not redirects:
                    is_public = not (_is_private(at.hostname or "") or _is_private(peer))
                secret = self.secret if _origin(at) == _origin(urlsplit(self.url)) else {}
                with watch.breaking(partial(connection.sock.shutdown, socket.SHUT_RDWR)):
                    sent = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "noteship"}
                    connection.request(method, path, headers={**sent, **headers, **more, **secret})
                    response = connection.getresponse()
                    location = response.getheader("location")
                    if response.status not in REDIRECTS or not location:
                        yield response
                        return
                at = self._next(at, location)
            finally:
                connection.close()
        raise errors.OriginFailed(self.shown, f"it redirects more than {MOST_REDIRECTS} times")

    def _check_public(self, at: SplitResult, is_private: bool) -> None:
        """Who is outside does not say what is to be asked of hosts that only who is inside can reach."""
        if is_private:
            reason = f"it redirects to {at.hostname}, which is this machine or in a private network"
            raise errors.OriginFailed(self.shown, reason, "if the data are there, name that address in `from`")

    def _next(self, at: SplitResult, location: str) -> SplitResult:
        """Where a redirect leads; where to is not shown, as addresses for a moment have secrets in them."""
        try:
            found = urlsplit(urljoin(at.geturl(), location))
            is_good = found.scheme in ("http", "https") and found.hostname and found.port != 0
        except ValueError:
            is_good = False
        if not is_good:
            raise errors.OriginFailed(self.shown, "it redirects to what is no address of HTTP")
        if at.scheme == "https" and found.scheme != "https":
            raise errors.OriginFailed(self.shown, f"it redirects to {found.hostname} without TLS", "ask its owner")
        return found


def _origin(at: SplitResult) -> tuple[str, str | None, int]:
    return at.scheme, at.hostname, at.port or _usual_port(at.scheme)


def _usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _connected(at: SplitResult) -> tuple[http.client.HTTPConnection, str, dict[str, str], str]:
    """A connection to the host, or to the proxy for it; with what to ask for there, and the proxy's own headers.

    At the end the host's address, which only the proxy knows where there is one.
    """
    host, port = at.hostname or "", at.port or _usual_port(at.scheme)
    path = (at.path or "/") + (f"?{at.query}" if at.query else "")
    proxy = _proxy(at.scheme, f"{host}:{port}")
    more = _proxy_headers(proxy) if proxy else {}
    there, gate = (proxy.hostname or "", proxy.port or 3128) if proxy else (host, port)
    connection: http.client.HTTPConnection
    if at.scheme == "https":
        connection = http.client.HTTPSConnection(there, gate, timeout=CONNECT_S, context=tls.trust())
        if proxy:
            connection.set_tunnel(host, port, more)
            more = {}
    else:
        connection = http.client.HTTPConnection(there, gate, timeout=CONNECT_S)
        path = f"http://{at.netloc.rpartition('@')[2]}{path}" if proxy else path
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    connection.sock.settimeout(SILENCE_S)
    return connection, path, more, "" if proxy else connection.sock.getpeername()[0]


def _proxy(scheme: str, host: str) -> SplitResult | None:
    from urllib.request import getproxies, proxy_bypass

    found = getproxies().get(scheme)
    # What is for this machine would leave it, in clear.
    if not found or _is_here(host.rpartition(":")[0]) or proxy_bypass(host):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"proxy-authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _is_private(host: str) -> bool:
    """Whether an address is none of the public network: of this machine, a link or a private network."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return not (getattr(address, "ipv4_mapped", None) or address).is_global
    return host == "localhost"


def _is_here(host: str) -> bool:
    """Whether it is this machine, whatever a server of names says."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
