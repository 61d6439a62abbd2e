"""What the HTTP client's errors mean, told from their class and the system's error beneath; never by their texts."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

from noteship import errors as base_errors
from noteship.cluster import errors
from noteship.cluster.refusals import Asked

__all__ = ["KNOWN", "meaning"]

# Every class of the HTTP client's and of lightkube's, and what happened where nothing beneath says it better. What
# begins with "!" is no matter of the connection: what answers does not speak as an API server does.
KNOWN = {
    "ApiError": "!it refused",
    "CloseError": "the connection broke off",
    "ConditionError": "!it refused",
    "ConfigError": "!lightkube does not take the settings",
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection in time",
    "CookieConflict": "!its cookies contradict each other",
    "DecodingError": "!its answer is not coded as it says",
    "HTTPError": "the request failed",
    "HTTPStatusError": "!it refused, and did not say why as Kubernetes does",
    "InvalidURL": "!the address is none",
    "LoadResourceError": "!the kind is not known",
    "LocalProtocolError": "!the request cannot be written as HTTP has it",
    "NetworkError": "the connection broke off",
    "NotReadyError": "!its answer is not whole",
    "ObjectDeleted": "!the object was deleted",
    "PoolTimeout": "too many requests wait for a connection",
    "ProtocolError": "its answer is no HTTP",
    "ProxyError": "the proxy refuses",
    "ReadError": "the connection broke off",
    "ReadTimeout": "no answer in time",
    "RemoteProtocolError": "it broke off its answer, or that is no HTTP",
    "RequestError": "the request failed",
    "RequestNotRead": "!the request was not read",
    "ResponseNotRead": "!the answer was not read",
    "SSEError": "!its stream of events is none",
    "StreamClosed": "!the stream is closed",
    "StreamConsumed": "!the stream was read already",
    "StreamError": "!the stream failed",
    "TimeoutException": "no answer in time",
    "TooManyRedirects": "!it redirects without end",
    "TransportError": "the connection broke off",
    "UnsupportedProtocol": "!the address is not asked by HTTP",
    "WriteError": "the connection broke off",
    "WriteTimeout": "it does not take what is sent in time",
}
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")


def meaning(error: Exception, asked: Asked, proxy: str) -> base_errors.NoteshipError:
    """What an error of the client's is to noteship; `proxy` is shown as it is."""
    causes = list(_chain(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.ClusterUntrusted(asked.server, cause.verify_message)
    words = KNOWN.get(type(error).__name__, "the request failed")
    if words.startswith("!"):
        return errors.BadClusterAnswer(asked.server, asked.words, words[1:])
    if type(error).__name__ == "ProxyError":
        status = re.match(r"\d{3}\b", str(error))
        return errors.ClusterUnreachable(asked.server, words + (f" with status {status[0]}" if status else ""), proxy)
    beneath = next((found for cause in causes if (found := _system(cause))), "")
    return errors.ClusterUnreachable(asked.server, beneath or words, proxy)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _system(cause: BaseException) -> str:
    """What the system says; of TLS only whether the other side speaks it, or wants a certificate."""
    if isinstance(cause, ssl.SSLError):
        if any(each in (cause.reason or "") for each in _NO_TLS):
            return "it does not speak TLS there"
        return "it refuses the certificate of who asks" if "ALERT" in (cause.reason or "") else "TLS failed"
    if isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ConnectionError):
        return "the connection broke off"
    return cause.strerror or "" if isinstance(cause, OSError) else ""
