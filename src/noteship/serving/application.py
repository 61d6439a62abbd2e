"""The service over HTTP, as an ASGI application."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noteship.serving import described, messages, page
from noteship.serving.bodies import read_body
from noteship.serving.calls import JSON, Asked, Reply, Scheme, Target
from noteship.serving.limits import Limits
from noteship.serving.observing import Batch
from noteship.serving.refusals import Refused, place_of
from noteship.serving.schemes import PlainScheme, V1Scheme, V2Scheme
from noteship.serving.service import Service

__all__ = ["ACCESS_LOG", "application"]

LOG = logging.getLogger(__name__)
ACCESS_LOG = "noteship.access"
PREDICT = "/predict"
ROUTES = ("/", PREDICT, "/signature", "/health/live", "/health/ready", "/metrics", *described.GET, *described.POST)
# While the service drains: the client's next request goes elsewhere, and none crosses the closing of its connection.
CLOSE = (b"connection", b"close")
FAILED = Refused(500, "the service failed on this request")
# Paths that are remembered; whoever asks for more of them, asks for what is not there.
PATHS_LIMIT = 1000


def application(service: Service) -> ASGIApp:
    """The routes of a service. Every response has an `X-Request-Id`; every fault is `{"error": ...}` in JSON."""
    return _Application(service)


class _Application:
    """Predictions are answered here, with nothing between the socket and the model; Starlette has the other routes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._others = _others(service)
        self._schemes: tuple[Scheme, ...] = (PlainScheme(), V2Scheme(), V1Scheme())
        self._targets: dict[str, Target | None] = {}
        self._access_log = logging.getLogger(ACCESS_LOG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = time.perf_counter()
        request_id = self._service.ids.make()
        target = self._target(scope["path"]) if scope["method"] == "POST" else None
        if target is not None:
            await self._predict(target, scope, receive, send, request_id, begun)
        else:
            await self._other(scope, receive, send, request_id, begun)

    def _target(self, path: str) -> Target | None:
        """Whom a path asks; remembered, as few paths come often."""
        if path not in self._targets:
            if len(self._targets) >= PATHS_LIMIT:
                self._targets.clear()
            found = (scheme.target(path) for scheme in self._schemes)
            self._targets[path] = next((target for target in found if target is not None), None)
        return self._targets[path]

    async def _predict(
        self, target: Target, scope: Scope, receive: Receive, send: Send, request_id: str, begun: float
    ) -> None:
        batch: Batch | None = None
        service, limits = self._service, self._service.limits
        try:
            served = service.admit(target)
            body: bytes | None = None
            try:
                service.deadlines.set(limits.body_s)
                body = await read_body(scope, receive, limits.body_bytes)
                answer = await service.answer(target, served, Asked(request_id, scope["headers"], body))
            finally:
                service.release()
                if service.deadlines.end():
                    raise _late(limits, has_come=body is not None)
            status, reply, batch = 200, answer.reply, answer.batch
        except Refused as refused:
            status, reply = refused.status, _refusal(refused, request_id)
        except Exception as error:
            # The error's own words may hold what the client sent.
            LOG.error("request %s failed: %s", request_id, place_of(error))
            status, reply = 500, _refusal(FAILED, request_id)
        own = ((b"x-request-id", request_id.encode()), (b"content-length", b"%d" % len(reply.body)))
        end = (CLOSE,) if service.is_draining else ()
        await send({"type": "http.response.start", "status": status, "headers": (*reply.headers, *own, *end)})
        await send({"type": "http.response.body", "body": reply.body})
        self._account(scope, target.route, request_id, status, begun)
        if batch is not None:
            service.observe(batch)

    async def _other(self, scope: Scope, receive: Receive, send: Send, request_id: str, begun: float) -> None:
        scope.setdefault("state", {})["id"] = request_id

        async def accounted(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["state"]["code"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                if self._service.is_draining:
                    message["headers"].append(CLOSE)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._account(scope, _route_of(scope), request_id, scope["state"]["code"], begun)

        try:
            await self._others(scope, receive, accounted)
        except Exception as error:
            # The client has been told.
            LOG.error("request %s failed: %s", request_id, place_of(error))

    def _account(self, scope: Scope, route: str, request_id: str, code: int, begun: float) -> None:
        seconds = time.perf_counter() - begun
        self._service.metrics.responded(route, code, seconds)
        if self._access_log.isEnabledFor(logging.INFO):
            told = {"id": request_id, "method": scope["method"], "path": scope["path"][:200], "code": code}
            self._access_log.info(json.dumps({"time": time.time()} | told | {"seconds": round(seconds, 6)}))


def _route_of(scope: Scope) -> str:
    """A path as metrics name it: as few as there are routes, whatever is asked for."""
    if scope["path"] in ROUTES:
        return str(scope["path"])
    endpoint = scope.get("endpoint")
    return endpoint.route if isinstance(endpoint, _Described) else "other"


class _Described:
    """Tells what a protocol tells at a route."""

    def __init__(self, service: Service, route: str, tell: described.Telling) -> None:
        self._service, self._tell, self.route = service, tell, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path_params"]
        status, value = self._tell(self._service, asked.get("name"), asked.get("version"))
        await _json(status, value)(scope, receive, send)


class _Endpoints:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def signature(self, _: Request) -> Response:
        model = self._service.model
        told = {"model": model.name, "version": model.version, "bundle": model.digest}
        return _json(200, told | model.signature.to_json())

    async def live(self, _: Request) -> Response:
        is_alive = self._service.is_alive
        return _json(200 if is_alive else 503, {"live": is_alive})

    async def ready(self, _: Request) -> Response:
        is_ready = self._service.is_ready
        return _json(200 if is_ready else 503, {"ready": is_ready})

    async def metrics(self, request: Request) -> Response:
        text, content_type = await self._service.scrape(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": content_type})

    async def page(self, _: Request) -> Response:
        return Response(page.HTML, media_type="text/html; charset=utf-8", headers=page.HEADERS)

    async def predict(self, _: Request) -> Response:
        """Only what is not a POST comes here."""
        raise HTTPException(405, headers={"Allow": "POST"})


def _refusal(refused: Refused, request_id: str) -> Reply:
    given = ((name.lower().encode(), value.encode()) for name, value in refused.headers.items())
    return Reply(messages.dumps(refused.body(request_id)), (JSON, *given))


def _late(limits: Limits, *, has_come: bool) -> Refused:
    if has_come:
        return Refused(504, "the answer was not there in the time that the request or the service allows")
    return Refused(408, f"the body did not come within {limits.body_s:g} seconds")


def _others(service: Service) -> ASGIApp:
    endpoints = _Endpoints(service)
    routes = [
        Route("/", endpoints.page, methods=["GET"]),
        Route(PREDICT, endpoints.predict),
        Route("/signature", endpoints.signature, methods=["GET"]),
        Route("/health/live", endpoints.live, methods=["GET"]),
        Route("/health/ready", endpoints.ready, methods=["GET"]),
        Route("/metrics", endpoints.metrics, methods=["GET"]),
        *_told(service, described.GET, "GET"),
        *_told(service, described.POST, "POST"),
    ]
    app = Starlette(
        routes=routes, exception_handlers={Refused: _refused, HTTPException: _not_found, Exception: _failed}
    )
    app.router.redirect_slashes = False
    return app


def _told(service: Service, routes: Mapping[str, described.Telling], method: str) -> Iterator[Route]:
    for route, tell in routes.items():
        path = route.replace("NAME", "{name}").replace("VERSION", "{version}")
        yield Route(path, _Described(service, route, tell), methods=[method])


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
    return _json(500, FAILED.body(request.state.id))


def _json(status: int, value: object) -> Response:
    return Response(messages.dumps(value), status, media_type="application/json")
