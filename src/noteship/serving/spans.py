"""A span a request for OpenTelemetry, where that is installed and switched on; the only place that knows of it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

import noteship
from noteship.serving.bodies import Scope
from noteship.serving.trace_context import trace_context, trace_state

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as TheirSpan

__all__ = ["Span", "Spans", "ids_of", "span_of", "spans"]

LOG = logging.getLogger(__name__)
SCOPE_KEY = "noteship.span"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
EXPORTERS = "opentelemetry_traces_exporter"
# The methods that the semantic conventions name; any other is counted as one.
METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


def spans(environment: Mapping[str, str] = os.environ) -> Spans | None:
    """What makes spans, as the usual variables say (`OTEL_TRACES_EXPORTER`, `OTEL_EXPORTER_OTLP_ENDPOINT` …).

    None where they ask for none. Where OpenTelemetry or the exporter is not installed, it is logged what to install.
    """
    wanted = _wanted(environment)
    if not wanted:
        return None
    try:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        LOG.warning("no traces, though the environment asks for them: install opentelemetry-sdk beside noteship")
        return None
    found = metadata.entry_points(group=EXPORTERS, name=wanted)
    try:
        exporter = next(iter(found)).load()()
    except StopIteration:
        LOG.warning("no traces: there is no exporter '%s'; for OTLP install opentelemetry-exporter-otlp", wanted)
        return None
    except Exception as error:
        # Exporters come from anywhere, and check their own variables when they are made.
        LOG.warning("no traces: the exporter '%s' cannot be made: %s", wanted, type(error).__name__)
        return None
    provider = TracerProvider(resource=Resource.create({} if _is_named(environment) else {"service.name": "noteship"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Spans(provider)


def ids_of(scope: Scope) -> dict[str, str | None]:
    """The trace of a request and the span in it: its own where there is one, else its caller's."""
    if (span := span_of(scope)) is not None:
        return {"trace_id": span.trace_id, "span_id": span.span_id}
    context = trace_context(scope["headers"])
    if context is None:
        return {}
    return {"trace_id": context.trace_id, "span_id": context.span_id}


def span_of(scope: Scope) -> Span | None:
    """The span of a request, where there is one."""
    span: Span | None = scope.get(SCOPE_KEY)
    return span


class Span:
    """The span of one request."""

    def __init__(self, span: TheirSpan, method: str) -> None:
        self._span = span
        self._method = method
        context = span.get_span_context()
        self.trace_id, self.span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"

    def waited(self, seconds: float) -> None:
        """For how long its rows waited for their batch."""
        self._span.set_attribute("noteship.waiting_seconds", seconds)

    def scored(self, model: str, version: str, rows: int) -> None:
        """Who answered, and how many rows."""
        self._span.set_attributes({"noteship.model": model, "noteship.version": version, "noteship.rows": rows})

    def end(self, route: str, code: int) -> None:
        """The response was written."""
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("http.response.status_code", code)
        if route.startswith("/"):
            self._span.update_name(f"{self._method} {route}")
            self._span.set_attribute("http.route", route)
        if code >= 500:
            self._span.set_attribute("error.type", str(code))
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Spans:
    """Makes a server's spans, as the semantic conventions of HTTP have them."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("noteship", noteship.__version__)

    def begin(self, scope: Scope, request_id: str) -> Span:
        """Begin a request's span, and put it where `ids_of` finds it."""
        from opentelemetry.trace import SpanKind

        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        attributes: dict[str, Any] = {
            "http.request.method": method,
            "url.path": scope["path"][:200],
            "url.scheme": scope.get("scheme", "http"),
            "network.protocol.version": scope.get("http_version", "1.1"),
            "noteship.request_id": request_id,
        }
        name = "HTTP" if method == "_OTHER" else method
        span = scope[SCOPE_KEY] = Span(
            self._tracer.start_span(
                name, _parent(scope), kind=SpanKind.SERVER, attributes=attributes, start_time=time.time_ns()
            ),
            name,
        )
        return span

    def close(self) -> None:
        """Send what has ended."""
        self._provider.shutdown()


def _parent(scope: Scope) -> Any:
    """The caller's span; an empty context where it says none, so that nothing else is taken for it."""
    from opentelemetry import trace
    from opentelemetry.context import Context

    found = trace_context(scope["headers"])
    if found is None:
        return Context()
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if found.is_sampled else trace.TraceFlags.DEFAULT)
    state = trace.TraceState.from_header([trace_state(scope["headers"])])
    context = trace.SpanContext(
        int(found.trace_id, 16), int(found.span_id, 16), is_remote=True, trace_flags=flags, trace_state=state
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(context), Context())


def _is_named(environment: Mapping[str, str]) -> bool:
    """Whether the operator says how the service is called."""
    return "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")


def _wanted(environment: Mapping[str, str]) -> str:
    """The name of the exporter that is wanted, as it is registered; empty for none."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return ""
    has_endpoint = any(environment.get(name) for name in ENDPOINTS)
    wanted = environment.get("OTEL_TRACES_EXPORTER", "otlp" if has_endpoint else "").partition(",")[0].strip()
    if wanted == "none":
        return ""
    if wanted == "otlp":
        protocol = next((environment[name] for name in PROTOCOLS if environment.get(name)), "http/protobuf")
        return "otlp_proto_http" if protocol.startswith("http") else "otlp_proto_grpc"
    return wanted
