"""Reading a request's body, no larger and no slower than is allowed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from noteship.serving.refusals import Refused

__all__ = ["Receive", "Scope", "header", "read_body"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


def header(scope: Scope, name: bytes) -> str:
    """A request's header, by its name in small letters; empty where it is missing."""
    for given, value in scope["headers"]:
        if given == name:
            return str(value, "latin-1")
    return ""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises Refused: 413 when it is larger than `limit` bytes."""
    if header(scope, b"content-encoding") not in ("", "identity"):
        raise Refused(415, "the body is compressed, and only plain JSON is taken")
    declared = header(scope, b"content-length")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    message = await receive()
    whole: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body") and len(whole) <= limit:
        return whole
    body = bytearray()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            return bytes(body)
        message = await receive()
    raise Refused(400, "the connection was closed before the body had come")


def _too_large(limit: int) -> Refused:
    return Refused(413, f"the body is larger than {limit} bytes; send fewer rows at once")
