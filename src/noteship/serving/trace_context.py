"""Which trace a request belongs to, as its caller says: W3C Trace Context, level 1."""

from __future__ import annotations

import re
from dataclasses import dataclass

from noteship.serving.calls import Headers

__all__ = ["TraceContext", "trace_context", "trace_state"]

# Version, trace, parent and flags; a version after the one that is known may have more behind them.
PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
NEVER, KNOWN = b"ff", b"00"
# As much of the callers' own entries as has to be passed on.
STATE_BYTES = 512


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A trace, the caller's span in it, and whether the caller records it."""

    trace_id: str
    span_id: str
    is_sampled: bool


def trace_context(headers: Headers) -> TraceContext | None:
    """What `traceparent` says; None where it is missing, comes twice, or is wrong in any way.

    >>> trace_context([(b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")])
    TraceContext(trace_id='4bf92f3577b34da6a3ce929d0e0e4736', span_id='00f067aa0ba902b7', is_sampled=True)
    """
    given = [value for name, value in headers if name == b"traceparent"]
    found = PARENT.fullmatch(given[0].strip(b" \t")) if len(given) == 1 else None
    if found is None:
        return None
    version, trace, span, flags, rest = found.groups()
    is_wrong = version == NEVER or (version == KNOWN and rest is not None)
    if is_wrong or not trace.strip(b"0") or not span.strip(b"0"):
        return None
    return TraceContext(trace.decode(), span.decode(), is_sampled=bool(int(flags, 16) & 1))


def trace_state(headers: Headers) -> str:
    """What `tracestate` says, of several such headers joined; empty where it is more than has to be passed on."""
    joined = b",".join(value for name, value in headers if name == b"tracestate")
    return joined.decode("latin-1") if len(joined) <= STATE_BYTES else ""
