"""What the HTTP client's errors mean, by their class and the system's own error beneath: their texts are not shown."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

from noteship import errors as base_errors
from noteship.images import errors

__all__ = ["KNOWN", "is_worth_another_try", "meaning"]

# Every class of the client's, and what happened, where nothing beneath says it better. What begins with "!" is no
# matter of the connection, and is the same at the next try.
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
# What no later moment changes, unless it was there a moment ago.
_LASTING = ("connection refused", "its name is not known")
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")


def meaning(error: Exception, registry: str, asked: str, proxy: str) -> base_errors.NoteshipError:
    """What an error of the client's is to noteship; `proxy` is shown as it is."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return errors.RegistryUntrusted(registry, cause.verify_message)
    words = KNOWN[type(error).__name__]
    if words.startswith("!"):
        return errors.BadRegistryAnswer(registry, asked, words[1:])
    if type(error).__name__ == "ProxyError":
        status = re.match(r"\d{3}\b", str(error))
        words += f" with status {status[0]}" if status else ""
        return errors.RegistryUnreachable(registry, words, proxy)
    beneath = next((found for cause in _chain(error) if (found := _system(cause))), "")
    return errors.RegistryUnreachable(registry, beneath or words, proxy)


def is_worth_another_try(fault: base_errors.NoteshipError, *, was_there: bool) -> bool:
    """Whether a moment later it may be otherwise: whoever was there a moment ago may come again."""
    if not isinstance(fault, errors.RegistryUnreachable) or "status 407" in fault.reason:
        return False
    return was_there or not fault.reason.startswith(_LASTING)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _system(cause: BaseException) -> str:
    """What the system says; of TLS only whether the other side speaks it."""
    if isinstance(cause, ssl.SSLError):
        return "it does not speak TLS there" if any(each in (cause.reason or "") for each in _NO_TLS) else "TLS failed"
    if isinstance(cause, socket.gaierror):
        return "its name is not known"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    if isinstance(cause, ConnectionError):
        return "the connection broke off"
    return cause.strerror or "" if isinstance(cause, OSError) else ""
