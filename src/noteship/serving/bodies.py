"""Reading a request's body, no larger and no slower than is allowed."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from noteship.serving.refusals import Refused

__all__ = ["Receive", "Scope", "header", "read_body", "unpacked"]

ENCODINGS = ("", "identity", "gzip")
# zlib's number for a header and a checksum as gzip has them, and the largest window.
GZIP = 31

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
    if header(scope, b"content-encoding") not in ENCODINGS:
        raise Refused(415, "the body is encoded in a way that is not known; send it plain, or with gzip")
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


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its gzip. Raises Refused: 413 when more than `limit` bytes come out, 400 when it is none."""
    if encoding != "gzip":
        return body
    whole = bytearray()
    try:
        while body:
            member = zlib.decompressobj(GZIP)
            whole += member.decompress(body, limit + 1 - len(whole))
            if len(whole) > limit:
                raise _too_large(limit)
            if not member.eof:
                raise Refused(400, "the body is not whole: its gzip ends too early")
            body = member.unused_data
    except zlib.error:
        raise Refused(400, "the body is not in gzip, as its header says") from None
    return bytes(whole)


def _too_large(limit: int) -> Refused:
    return Refused(413, f"the body is larger than {limit} bytes; send fewer rows at once")
