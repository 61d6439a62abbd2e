"""The service over HTTP, as an ASGI application."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noteship.serving import messages, page
from noteship.serving.refusals import Refused, place_of
from noteship.serving.service import Service

__all__ = ["ACCESS_LOG", "application"]

LOG = logging.getLogger(__name__)
ACCESS_LOG = "noteship.access"
ROUTES = ("/", "/predict", "/signature", "/health/live", "/health/ready", "/metrics")

Endpoint = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> ASGIApp:
    """The routes of a service. Every response has an `X-Request-Id`; every fault is `{"error": ...}` in JSON."""
    endpoints = _Endpoints(service)
    routes = [
        Route("/", endpoints.page, methods=["GET"]),
        Route("/predict", endpoints.predict, methods=["POST"]),
        Route("/signature", endpoints.signature, methods=["GET"]),
        Route("/health/live", endpoints.live, methods=["GET"]),
        Route("/health/ready", endpoints.ready, methods=["GET"]),
        Route("/metrics", endpoints.metrics, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes, exception_handlers={Refused: _refused, HTTPException: _not_found, Exception: _failed}
    )
    app.router.redirect_slashes = False
    return _Accounted(app, service)


class _Endpoints:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def predict(self, request: Request) -> Response:
        service = self._service
        with service.admitted():
            body = await _body(request, service.limits.body_bytes, service.limits.body_s)
            answer = await service.predict(body, request.state.id)

        async def observe() -> None:
            service.observe(answer.batch)

        return Response(answer.body, media_type="application/json", background=BackgroundTask(observe))

    async def signature(self, _: Request) -> Response:
        model = self._service.model
        told = {"model": model.name, "version": model.version, "bundle": model.digest}
        return _json(200, told | model.signature.to_json())

    async def live(self, _: Request) -> Response:
        return _json(200, {"live": True})

    async def ready(self, _: Request) -> Response:
        is_ready = self._service.is_ready
        return _json(200 if is_ready else 503, {"ready": is_ready})

    async def metrics(self, request: Request) -> Response:
        text, content_type = await self._service.scrape(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type})

    async def page(self, _: Request) -> Response:
        return Response(page.HTML, media_type="text/html; charset=utf-8", headers=page.HEADERS)


class _Accounted:
    """Gives each request an id, and counts it when its response is written; the rest is the application's."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._service.ids.make()
        scope.setdefault("state", {})["id"] = request_id
        begun = time.perf_counter()
        code = 0

        async def accounted(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._account(scope, code, time.perf_counter() - begun)

        try:
            await self._app(scope, receive, accounted)
        except Exception as error:
            # The client has been told; the error's own words may hold what it sent.
            LOG.error("request %s failed: %s", request_id, place_of(error))

    def _account(self, scope: Scope, code: int, seconds: float) -> None:
        path = scope["path"]
        self._service.metrics.responded(path if path in ROUTES else "other", code, seconds)
        log = logging.getLogger(ACCESS_LOG)
        if log.isEnabledFor(logging.INFO):
            told = {"id": scope["state"]["id"], "method": scope["method"], "path": path[:200], "code": code}
            log.info(json.dumps({"time": time.time()} | told | {"seconds": round(seconds, 6)}))


async def _body(request: Request, limit: int, patience_s: float) -> bytes:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Refused(415, "the body is compressed, and only plain JSON is taken")
    declared = request.headers.get("content-length", "")
    too_large = Refused(413, f"the body is larger than {limit} bytes; send fewer rows at once")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            async for piece in request.stream():
                body += piece
                if len(body) > limit:
                    raise too_large
    except TimeoutError:
        raise Refused(408, f"the body did not come within {patience_s:g} seconds") from None
    except ClientDisconnect:
        raise Refused(400, "the connection was closed before the body had come") from None
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    response = _json(error.status, error.body(request.state.id))
    response.headers.update(error.headers)
    return response


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = HTTPStatus(error.status_code).phrase.lower()
    if error.status_code == 404:
        message = f"there is nothing at this path; there are {', '.join(ROUTES)}"
    elif error.status_code == 405:
        message = f"this path does not take {request.method}"
    response = _json(error.status_code, Refused(error.status_code, message).body(request.state.id))
    response.headers.update(error.headers or {})
    return response


async def _failed(request: Request, _: Exception) -> Response:
    return _json(500, Refused(500, "the service failed on this request").body(request.state.id))


def _json(status: int, value: object) -> Response:
    return Response(messages.dumps(value), status, media_type="application/json")
