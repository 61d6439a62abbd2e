"""What a protocol is: from what came over the wire to rows, and from their scores to what goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from noteship import models
from noteship.serving.limits import Limits
from noteship.serving.served import Served

__all__ = ["JSON", "Asked", "Call", "Headers", "Reply", "Scheme", "Target", "Trace"]

Headers = Sequence[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")


class Trace(Protocol):
    """Wants to know how a request was answered."""

    def waited(self, seconds: float) -> None:
        """For how long its rows waited for their batch."""
        ...

    def scored(self, model: str, version: str, rows: int) -> None:
        """Who scored, and how many rows."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read to its end. `id` is noteship's own; `trace` is told what becomes of it."""

    id: str
    headers: Headers
    body: bytes
    trace: Trace | None = None

    def header(self, name: bytes) -> str:
        """A header by its name in small letters; empty where it is missing."""
        for given, value in self.headers:
            if given == name:
                return value.decode("latin-1")
        return ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A body, and headers beyond its length and the request's id."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (JSON,)


@dataclass(frozen=True, slots=True)
class Call:
    """Checked rows, what makes an answer of their scores, and the time that the client allows."""

    rows: models.Rows
    reply: Callable[[models.Scores], Reply]
    timeout_s: float | None = None


class Scheme(Protocol):
    """A way of asking for predictions, such as the Open Inference Protocol."""

    def target(self, path: str) -> Target | None:
        """Whom a path asks, or None where it is not one of this scheme's."""
        ...

    def is_slow(self, asked: Asked) -> bool:
        """Whether even a small body takes long to be read, so that it is read on another thread."""
        ...

    def call(self, served: Served, asked: Asked, limits: Limits) -> Call:
        """What is asked. Raises Refused. May be called on another thread than the one that answers."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a path asks, and in which scheme; None is the default. `route` is the path as metrics name it."""

    scheme: Scheme
    route: str
    name: str | None = None
    version: str | None = None
