"""Without tokens: only who is on this machine, and not every web page that somebody looks at there."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from noteship.serving.calls import Headers
from noteship.serving.refusals import Refused

__all__ = ["LocalGuard"]


class LocalGuard:
    """Lets requests through that name this machine, as its own programs and pages do.

    A web page of anybody's can have its own host's name resolved to 127.0.0.1 (DNS rebinding), and then read what it
    asks for; it can send without reading from any host. Browsers say in `Host` whom they were told to ask, and in
    `Origin` who made them. Cost: 1 microsecond.
    """

    asks = False

    def __init__(self, host: str, refused: Callable[[str], None]) -> None:
        self._refused = refused
        # As the operator calls this machine.
        self._host = host.encode().lower()

    def check(self, headers: Headers, scopes: frozenset[str]) -> None:  # noqa: ARG002 - whoever is here has them all
        """Raises Refused: 403 where another host is named. Who names none is no browser."""
        for name, value in headers:
            if (name == b"host" and not self._is_here(value)) or (name == b"origin" and not self._is_page_here(value)):
                self._refused(name.decode())
                raise Refused(403, _message(name.decode().capitalize()))

    def _is_here(self, host: bytes) -> bool:
        name = _name_of(host)
        return name == self._host or _is_loopback(name)

    def _is_page_here(self, origin: bytes) -> bool:
        """Not `null`, which is a page that hides where it comes from."""
        scheme, _, host = origin.partition(b"://")
        return scheme in (b"http", b"https") and self._is_here(host)


def _message(header: str) -> str:
    return (
        f"without tokens the service answers this machine alone, and the {header} of the request is another; "
        "ask 127.0.0.1 or localhost, or start it with --tokens, or with --no-auth to answer everybody"
    )


@functools.lru_cache(maxsize=100)
def _name_of(host: bytes) -> bytes:
    """Without its port."""
    try:
        return (urlsplit(b"//" + host).hostname or b"").rstrip(b".")
    except ValueError:
        return b""


@functools.lru_cache(maxsize=100)
def _is_loopback(name: bytes) -> bool:
    """By its address, or as a name that browsers and resolvers keep for this machine: RFC 6761, section 6.3."""
    if name == b"localhost" or name.endswith(b".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.decode("ascii")).is_loopback
    except ValueError:
        return False
