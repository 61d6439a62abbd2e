"""Traces that callers begin, and spans of OpenTelemetry."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from noteship import serving
from noteship.serving import spans
from noteship.serving.trace_context import trace_context

from .served import Failing, served

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ROWS = [["my dear aunt"], ["salty snack"]]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01\n",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}",
        f"0-{TRACE}-{PARENT}-01",
        f"01-{TRACE}-{PARENT}-01more",
        f"00-{TRACE}-{PARENT}-0g",
    ],
)
def test_a_wrong_traceparent_is_none(wrong: str) -> None:
    """What the standard does not allow is not taken for a trace."""
    assert trace_context([(b"traceparent", wrong.encode())]) is None


def test_a_traceparent_is_read_as_the_standard_says() -> None:
    """Later versions may say more; flags are bits; two of them are none."""
    headers = [(b"traceparent", f"01-{TRACE}-{PARENT}-03-more".encode())]
    found = trace_context(headers)
    assert found is not None
    assert (found.trace_id, found.span_id, found.is_sampled) == (TRACE, PARENT, True)
    assert trace_context(headers * 2) is None
    assert trace_context([]) is None


@pytest.mark.slow
@given(st.from_regex(r"\A(00|01|ff|0)-[0-9a-fA-F]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{2}(-x)?\Z"))
@example(TRACEPARENT)
def test_traces_are_those_of_opentelemetry(value: str) -> None:
    """Every traceparent that is taken is taken by OpenTelemetry's own reader, as the same trace."""
    found = trace_context([(b"traceparent", value.encode())])
    if found is not None:
        theirs = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": value}))
        context = theirs.get_span_context()
        assert (f"{context.trace_id:032x}", f"{context.span_id:016x}") == (found.trace_id, found.span_id)
        assert context.trace_flags.sampled == found.is_sampled


def asked(model: serving.Model, requests: list[dict[str, Any]]) -> tuple[list[ReadableSpan], list[httpx.Response]]:
    """The spans of requests, and the answers."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    service = serving.Service()
    service.spans = spans.Spans(provider)

    async def ask() -> list[httpx.Response]:
        await asyncio.wrap_future(service.load(lambda: model))
        transport = httpx.ASGITransport(serving.application(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return [await client.request(**each) for each in requests]

    responses = asyncio.run(ask())
    service.close(5)
    return list(exporter.get_finished_spans()), responses


def test_each_request_is_a_span(letters: serving.Model) -> None:
    """A span has its caller's trace, the attributes of the conventions, and for predictions rows and waiting."""
    headers = {"traceparent": TRACEPARENT, "tracestate": "theirs=1"}
    (found, other), responses = asked(
        letters,
        [
            {"method": "POST", "url": "/predict?key=secret", "json": ROWS, "headers": headers},
            {"method": "GET", "url": "/nowhere"},
        ],
    )
    assert (found.name, found.kind) == ("POST /predict", trace.SpanKind.SERVER)
    assert found.parent is not None
    assert (f"{found.parent.trace_id:032x}", f"{found.parent.span_id:016x}") == (TRACE, PARENT)
    assert found.get_span_context().trace_state == {"theirs": "1"}
    told = dict(found.attributes or {})
    waited = told.pop("noteship.waiting_seconds")
    assert isinstance(waited, float) and 0 <= waited < 1
    assert told == {
        "http.request.method": "POST",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "url.path": "/predict",
        "url.scheme": "http",
        "noteship.model": "letters",
        "noteship.version": letters.version,
        "noteship.rows": 2,
        "noteship.request_id": responses[0].headers["x-request-id"],
    }
    assert (other.name, other.parent, dict(other.attributes or {})["http.response.status_code"]) == ("GET", None, 404)
    assert "http.route" not in (other.attributes or {})


def test_a_failure_is_a_failed_span_and_a_record(letters: serving.Model, caplog: pytest.LogCaptureFixture) -> None:
    """A request that fails has a span with an error, and the record of it names the span."""
    failing = serving.Model(letters.name, letters.digest, Failing(letters.scorer))
    (found,), _ = asked(failing, [{"method": "POST", "url": "/predict", "json": ROWS}])
    assert found.status.status_code == trace.StatusCode.ERROR
    assert (found.attributes or {})["error.type"] == "500"
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    told: dict[str, Any] = vars(record)["told"]
    assert told["trace_id"] == f"{found.get_span_context().trace_id:032x}"
    assert told["span_id"] == f"{found.get_span_context().span_id:016x}"
    assert "aunt" not in record.getMessage()


def test_without_opentelemetry_records_name_the_callers_span(
    letters: serving.Model, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The access log has the trace that the caller told, and none where it told none or a wrong one."""
    with served(letters, access_log=True) as one:
        for value in (TRACEPARENT, "00-nonsense", None):
            one.client.post("/predict", json=ROWS, headers={} if value is None else {"traceparent": value})
    logging.getLogger("noteship.access").setLevel(logging.WARNING)
    first, *others = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["trace_id"], first["span_id"]) == (TRACE, PARENT)
    assert not any("trace_id" in each for each in others)


def test_spans_are_made_where_the_environment_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """The usual variables switch it on, and name an exporter; what is missing is said, and nothing fails."""
    assert spans.spans({}) is None
    assert spans.spans({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}) is None
    assert spans.spans({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "TRUE"}) is None
    assert caplog.records == []
    assert spans.spans({"OTEL_TRACES_EXPORTER": "nonsense"}) is None
    assert "there is no exporter 'nonsense'" in caplog.text
    made = spans.spans({"OTEL_TRACES_EXPORTER": "console"})
    assert made is not None
    made.close()


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", ""])
def test_an_endpoint_alone_is_enough(protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    """With an endpoint for OTLP the exporter of its protocol is taken, or missed by name."""
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    made = spans.spans(environment)
    if made is None:
        assert ("otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http") in caplog.text
    else:
        made.close()
