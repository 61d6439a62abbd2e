"""What errors of the HTTP clients mean, by their class and the system's error beneath: their texts are not shown."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["KNOWN", "Fault", "meaning"]

# Every class of httpx's and httpx2's, and what happened, where nothing beneath says it better. What begins with "!" is
# no matter of the connection, and is the same at the next try.
KNOWN = {
    "CloseError": "the connection broke off",
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "CookieConflict": "!its cookies contradict each other",
    "DecodingError": "!its answer is not coded as it says",
    "HTTPError": "the request failed",
    "HTTPStatusError": "the request failed",
    "InvalidURL": "!it leads to what is no address",
    "LocalProtocolError": "!the request cannot be written as HTTP has it",
    "NetworkError": "the connection broke off",
    "PoolTimeout": "too many requests wait for a connection",
    "ProtocolError": "its answer is no HTTP",
    "ProxyError": "the proxy refuses",
    "ReadError": "the connection broke off",
    "ReadTimeout": "no answer in time",
    "RemoteProtocolError": "it broke off its answer, or that is no HTTP",
    "RequestError": "the request failed",
    "RequestNotRead": "!the request was not read",
    "ResponseNotRead": "!the answer was not read",
    "StreamClosed": "!the stream is closed",
    "StreamConsumed": "!the stream was read already",
    "StreamError": "!the stream failed",
    "TimeoutException": "no answer in time",
    "TooManyRedirects": "!it redirects without end",
    "TransportError": "the connection broke off",
    "UnsupportedProtocol": "!it leads to what is not asked by HTTP",
    "WriteError": "the connection broke off",
    "WriteTimeout": "it does not take what is sent in time",
}
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")


@dataclass(frozen=True)
class Fault:
    """What went wrong, and with what: the other side's certificate, its answer, or the way to it."""

    kind: Literal["certificate", "answer", "way"]
    reason: str


def meaning(error: Exception, known: Mapping[str, str] = KNOWN, alert: str = "TLS failed") -> Fault:
    """What an error of a client's says.

    - known: the classes, by name, as KNOWN has them; one that is not there is a request that failed
    - alert: what it means that the other side ends TLS with a word of its own
    """
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Fault("certificate", cause.verify_message)
    words = known.get(type(error).__name__, "the request failed")
    if words.startswith("!"):
        return Fault("answer", words[1:])
    if type(error).__name__ == "ProxyError":
        status = re.match(r"\d{3}\b", str(error))
        return Fault("way", words + (f" with status {status[0]}" if status else ""))
    beneath = next((found for cause in causes if (found := _system(cause, alert))), "")
    return Fault("way", beneath or words)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _system(cause: BaseException, alert: str) -> str:
    """What the system says; of TLS only whether the other side speaks it, or ended it."""
    if isinstance(cause, ssl.SSLError):
        reason = cause.reason or ""
        if any(each in reason for each in _NO_TLS):
            return "it does not speak TLS there"
        return alert if "ALERT" in reason else "TLS failed"
    if isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ConnectionError):
        return "the connection broke off"
    return cause.strerror or "" if isinstance(cause, OSError) else ""
