"""What goes back where there is no prediction."""

from __future__ import annotations

import logging

from noteship import logs
from noteship.serving import messages
from noteship.serving.calls import JSON, Reply
from noteship.serving.limits import Limits
from noteship.serving.refusals import Refused, place_of

__all__ = ["CLOSE", "FAILED", "late", "refusal", "reply"]

LOG = logging.getLogger(__name__)
# While the service drains: the client's next request goes elsewhere, and none crosses the closing of its connection.
CLOSE = (b"connection", b"close")
FAILED = Refused(500, "the service failed on this request")


def refusal(error: Exception, request_id: str, **ids: str | None) -> Refused:
    """What a client is told of an error. The error's own words may hold what the client sent: the log has its place."""
    if isinstance(error, Refused):
        return error
    LOG.error("request failed: %s", place_of(error), extra=logs.told(request_id=request_id, **ids))
    return FAILED


def late(limits: Limits, *, has_come: bool) -> Refused:
    """The time is over: of the answer, or of the body while that has not come."""
    if has_come:
        return Refused(504, "the answer was not there in the time that the request or the service allows")
    return Refused(408, f"the body did not come within {limits.body_s:g} seconds")


def reply(refused: Refused, request_id: str) -> Reply:
    """A refusal as an answer."""
    given = ((name.lower().encode(), value.encode()) for name, value in refused.headers.items())
    return Reply(messages.dumps(refused.body(request_id)), (JSON, *given))
