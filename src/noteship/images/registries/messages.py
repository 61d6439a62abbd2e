"""What is asked over HTTP, and what is answered, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Answer", "Request", "origin"]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Request:
    """One request; a body that is a function is written piece by piece, from its beginning at each call.

    - secret: headers that only the address's own host may see
    - size: of a body that is a function, in bytes
    - is_repeatable: whether it may be sent again after a fault
    - silence_s: how long the answer may take to begin, where that is longer than usual
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Callable[[], Iterator[bytes]] = b""
    size: int = 0
    is_repeatable: bool = True
    silence_s: float | None = None

    @property
    def asked(self) -> str:
        """For messages: without the query, which may hold secrets."""
        return f"{self.method} {urlsplit(self.url).path}"


@dataclass(frozen=True)
class Answer:
    """What was answered, and by which address, after redirects.

    - headers: names in small letters; a name may be there several times
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    url: str = field(default="", repr=False)
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first header of a name, or ""."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """All headers of a name."""
        return [value for each, value in self.headers if each == name]


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: whose secrets are one's own."""
    at = urlsplit(url)
    return at.scheme, (at.hostname or "").lower(), at.port or _PORTS.get(at.scheme, 0)
