"""The service over HTTP, as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noteship import logs
from noteship.serving import access, administration, described, faults, feedback, messages, page, spans
from noteship.serving.bodies import read_body
from noteship.serving.calls import Asked, Scheme, Target
from noteship.serving.direct import Direct
from noteship.serving.observing import Batch
from noteship.serving.refusals import Refused
from noteship.serving.schemes import PlainScheme, V1Scheme, V2Scheme
from noteship.serving.served import Served
from noteship.serving.service import Service

__all__ = ["ACCESS_LOG", "Answering", "application"]

ACCESS_LOG = "noteship.access"
PREDICT = "/predict"
FEEDBACK = "/feedback"
OWN = ("/", PREDICT, FEEDBACK, "/signature", "/health/live", "/health/ready", "/metrics")
ROUTES = (*OWN, *described.GET, *described.POST, *administration.ROUTES)
# Paths that are remembered; whoever asks for more of them, asks for what is not there.
PATHS_LIMIT = 1000


def application(service: Service) -> Answering:
    """The routes of a service. Every response has an `X-Request-Id`; every fault is `{"error": ...}` in JSON."""
    return Answering(service)


class Answering:
    """Predictions are answered here, with nothing between the socket and the model; Starlette has the other routes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._others = _others(service)
        self._schemes: tuple[Scheme, ...] = (PlainScheme(), V2Scheme(), V1Scheme())
        self._targets: dict[str, Target | None] = {}
        self._access_log = logging.getLogger(ACCESS_LOG)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            return
        begun = time.perf_counter()
        request_id = self._service.ids.make()
        if self._service.spans is not None:
            self._service.spans.begin(scope, request_id)
        target = self._target(scope["path"]) if scope["method"] == "POST" else None
        if target is not None:
            await self._predict(target, scope, receive, send, request_id, begun)
        else:
            await self._other(scope, receive, send, request_id, begun)

    def direct(
        self,
        transport: asyncio.Transport,
        default: Callable[[], bytes],
        done: Callable[[bool], None],
        back: Callable[[bytes], None],
    ) -> Direct | None:
        """What answers a connection's predictions without ASGI; None where each request is to be told of."""
        if self._service.spans is not None or self._access_log.isEnabledFor(logging.INFO):
            return None
        return Direct(self._service, self._target, transport, default, done, back)

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
        served: Served | None = None
        service, limits = self._service, self._service.limits
        try:
            if service.guard is not None:
                asking = service.guard.check(scope["headers"], access.PREDICTING)
                if asking is not None:
                    await asking
            served = service.admit(target, scope["headers"], request_id)
            body: bytes | None = None
            trace = None if service.spans is None else spans.span_of(scope)
            try:
                service.deadlines.set(limits.body_s)
                body = await read_body(scope, receive, limits.body_bytes)
                answer = await service.answer(target, served, Asked(request_id, scope["headers"], body, trace))
            finally:
                service.release()
                if service.deadlines.end():
                    raise faults.late(limits, has_come=body is not None)
            status, reply, batch = 200, answer.reply, answer.batch
        except Exception as error:
            refused = faults.refusal(error, request_id, **spans.ids_of(scope))
            status, reply = refused.status, faults.reply(refused, request_id)
        told = () if served is None else served.told
        own = ((b"x-request-id", request_id.encode()), (b"content-length", b"%d" % len(reply.body)))
        end = (faults.CLOSE,) if service.is_draining else ()
        await send({"type": "http.response.start", "status": status, "headers": (*reply.headers, *own, *told, *end)})
        await send({"type": "http.response.body", "body": reply.body})
        self._account(scope, target.route, request_id, status, begun)
        if batch is not None:
            service.observe(batch)
        if served is not None:
            service.called(served.model, status, time.perf_counter() - begun)

    async def _other(self, scope: Scope, receive: Receive, send: Send, request_id: str, begun: float) -> None:
        scope.setdefault("state", {})["id"] = request_id

        async def accounted(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["state"]["code"] = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
                if self._service.is_draining:
                    message["headers"].append(faults.CLOSE)
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._account(scope, _route_of(scope), request_id, scope["state"]["code"], begun)

        try:
            refused = await self._refused(scope)
            answer = self._others if refused is None else _refusing(refused, request_id)
            await answer(scope, receive, accounted)
        except Exception as error:
            # The client has been told.
            faults.refusal(error, request_id, **spans.ids_of(scope))

    async def _refused(self, scope: Scope) -> Refused | None:
        """Why the caller may not have what is asked."""
        guard, scopes = self._service.guard, access.needed(scope["method"], scope["path"])
        if guard is not None and scopes:
            try:
                asking = guard.check(scope["headers"], scopes)
                if asking is not None:
                    await asking
            except Refused as refused:
                return refused
        if self._target(scope["path"]) is not None:
            return Refused(405, f"this path does not take {scope['method']}", headers={"Allow": "POST"})
        return None

    def _account(self, scope: Scope, route: str, request_id: str, code: int, begun: float) -> None:
        seconds = time.perf_counter() - begun
        self._service.metrics.responded(route, code, seconds)
        if self._access_log.isEnabledFor(logging.INFO):
            asked = {"method": scope["method"], "path": scope["path"][:200]}
            answered = {"code": code, "seconds": round(seconds, 6)}
            told = logs.told(request_id=request_id, **spans.ids_of(scope), **asked, **answered)
            self._access_log.info("answered", extra=told)
        if self._service.spans is not None and (span := spans.span_of(scope)) is not None:
            span.end(route, code)


def _route_of(scope: Scope) -> str:
    """A path as metrics name it: as few as there are routes, whatever is asked for."""
    if scope["path"] in ROUTES:
        return str(scope["path"])
    endpoint = scope.get("endpoint")
    return endpoint.route if isinstance(endpoint, _Described | _Changing) else "other"


class _Described:
    """Tells what a protocol tells at a route."""

    def __init__(self, service: Service, route: str, tell: described.Telling) -> None:
        self._service, self._tell, self.route = service, tell, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["path_params"]
        status, value = self._tell(self._service, asked.get("name"), asked.get("version"))
        await _json(status, value)(scope, receive, send)


class _Changing:
    """Changes what is served, for operators."""

    def __init__(self, service: Service, route: str) -> None:
        self._service, self.route = service, route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        administration.check(self._service, scope["headers"])
        body = await read_body(scope, receive, administration.BODY_BYTES)
        asked = scope["path_params"]
        value = await administration.change(self._service, self.route, asked["name"], asked.get("version"), body)
        await _json(200, value)(scope, receive, send)


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

    async def feedback(self, request: Request) -> Response:
        labelling, request_id = self._service.labelling, request.state.id
        items, is_list = await labelling.read(request.scope, request.receive)
        outcomes = await labelling.take(items)
        self._service.metrics.refused_labels(outcomes)
        return _json(202, feedback.reply(outcomes, request_id, is_list=is_list))

    async def page(self, _: Request) -> Response:
        return Response(page.HTML, media_type="text/html; charset=utf-8", headers=page.HEADERS)


def _others(service: Service) -> ASGIApp:
    endpoints = _Endpoints(service)
    routes = [
        Route("/", endpoints.page, methods=["GET"]),
        Route("/signature", endpoints.signature, methods=["GET"]),
        Route("/health/live", endpoints.live, methods=["GET"]),
        Route("/health/ready", endpoints.ready, methods=["GET"]),
        Route("/metrics", endpoints.metrics, methods=["GET"]),
        Route(FEEDBACK, endpoints.feedback, methods=["POST"]),
        *_told(service, described.GET, "GET"),
        *_told(service, described.POST, "POST"),
        *_changing(service),
    ]
    app = Starlette(
        routes=routes, exception_handlers={Refused: _refused, HTTPException: _not_found, Exception: _failed}
    )
    app.router.redirect_slashes = False
    return app


def _changing(service: Service) -> Iterator[Route]:
    for route in administration.ROUTES:
        path = route.replace("NAME", "{name}").replace("VERSION", "{version}")
        yield Route(path, _Changing(service, route), methods=["POST"])


def _told(service: Service, routes: Mapping[str, described.Telling], method: str) -> Iterator[Route]:
    for route, tell in routes.items():
        path = route.replace("NAME", "{name}").replace("VERSION", "{version}")
        yield Route(path, _Described(service, route, tell), methods=[method])


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _refusing(error, request.state.id)


def _refusing(refused: Refused, request_id: str) -> Response:
    response = _json(refused.status, refused.body(request_id))
    response.headers.update(refused.headers)
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
    return _json(500, faults.FAILED.body(request.state.id))


def _json(status: int, value: object) -> Response:
    return Response(messages.dumps(value), status, media_type="application/json")
