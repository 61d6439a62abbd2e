"""An ASGI application that reads a body and answers: what HTTP costs by itself."""

from __future__ import annotations

from typing import Any

__all__ = ["app"]

ANSWER = b'{"predictions":["legitimate"]}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The same answer to everybody."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
