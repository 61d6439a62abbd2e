"""A page on which a person has a text judged, and says whether that was right.

Started by `python application.py --service http://127.0.0.1:8080`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from model_client import ModelClient, Refused, Unavailable

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
        return Starlette(
            routes=[
                Route("/", self.page, methods=["GET"]),
                Route("/judge", self.judge, methods=["POST"]),
                Route("/feedback", self.feedback, methods=["POST"]),
            ],
            exception_handlers={Unavailable: _unavailable, Refused: _refused},
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
    assert isinstance(error, Refused)
    return JSONResponse({"error": f"The model's service refused this with status {error.status}."}, 502)


async def serve(arguments: argparse.Namespace) -> None:
    """Listen, say where, and serve until it is stopped."""
    token = os.environ.get("SERVICE_TOKEN")
    with socket.create_server(("127.0.0.1", arguments.port)) as listener:
        async with ModelClient(arguments.service, arguments.model, token, arguments.patience) as client:
            application = Application(client, arguments.labels)
            print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
            await uvicorn.Server(uvicorn.Config(application.asgi(), log_level="warning")).serve(sockets=[listener])


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--service", action="append", required=True, metavar="URL", help="an instance; may be repeated")
    parser.add_argument("--model", default="austen", help="the model's name (default: austen)")
    parser.add_argument("--labels", nargs="+", default=["legitimate", "spam"], help="(default: legitimate spam)")
    parser.add_argument(
        "--patience", type=float, default=30.0, metavar="SECONDS", help="how long a person may wait (default: 30)"
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
