"""A page on which a person has a text judged, and says whether that was right.

Started by `python application.py --service http://127.0.0.1:8080`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from model_client import ModelClient, Unavailable

PAGE = Path(__file__).with_name("page.html")
LONGEST_TEXT = 20_000
BUSY = "The model cannot be asked just now. Please try again in a minute."


class Application:
    """Judges texts and passes on what people say of it."""

    def __init__(self, client: ModelClient, labels: list[str]) -> None:
        self._client = client
        self._labels = labels
        # They come to stand in a script.
        listed = json.dumps(labels).replace("<", "\\u003c")
        self._page = PAGE.read_text(encoding="utf-8").replace("[/* labels */]", listed)

    async def page(self, _: Request) -> Response:
        return HTMLResponse(self._page, headers={"Cache-Control": "no-cache"})

    async def judge(self, request: Request) -> Response:
        text = await _field(request, "text")
        if not text or len(text) > LONGEST_TEXT:
            return JSONResponse({"error": f"Please give a text of at most {LONGEST_TEXT:,} letters."}, 422)
        found = await self._client.judge(text)
        return JSONResponse({"label": found.label, "probability": found.probability, "id": found.request_id})

    async def feedback(self, request: Request) -> Response:
        judgement_id, label = await _field(request, "id"), await _field(request, "label")
        if not judgement_id or label not in self._labels:
            return JSONResponse({"error": f"Please give an id, and one of {', '.join(self._labels)}."}, 422)
        return JSONResponse({"is_remembered": await self._client.tell(judgement_id, label)})

    def asgi(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await self._client.close()

        return Starlette(
            routes=[
                Route("/", self.page, methods=["GET"]),
                Route("/judge", self.judge, methods=["POST"]),
                Route("/feedback", self.feedback, methods=["POST"]),
            ],
            exception_handlers={Unavailable: _unavailable, httpx.HTTPStatusError: _refused},
            lifespan=lifespan,
        )


async def _field(request: Request, name: str) -> str:
    try:
        body = await request.json()
    except ValueError:
        return ""
    value = body.get(name) if isinstance(body, dict) else None
    return value.strip() if isinstance(value, str) else ""


async def _unavailable(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": BUSY}, 503)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, httpx.HTTPStatusError)
    return JSONResponse({"error": f"The model's service refused this with status {error.response.status_code}."}, 502)


def main() -> None:
    """Listen, say where, and serve until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--service", action="append", required=True, metavar="URL", help="an instance; may be repeated")
    parser.add_argument("--model", default="austen", help="the model's name (default: austen)")
    parser.add_argument("--labels", nargs="+", default=["legitimate", "spam"], help="(default: legitimate spam)")
    parser.add_argument(
        "--patience", type=float, default=30.0, metavar="SECONDS", help="how long a person may wait (default: 30)"
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    arguments = parser.parse_args()
    token = os.environ.get("SERVICE_TOKEN")
    client = ModelClient(arguments.service, arguments.model, token, arguments.patience)
    application = Application(client, arguments.labels)
    with socket.create_server(("127.0.0.1", arguments.port)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(application.asgi(), log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
