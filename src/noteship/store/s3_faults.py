"""What the S3 client's errors mean, told from their class and the server's code: their texts hold too much to show."""

from __future__ import annotations

import os
import re
from typing import NoReturn

from noteship import errors as base_errors
from noteship.store import errors

__all__ = ["KNOWN", "endpoint", "fail", "is_absent", "is_lost_race"]

# Every class of the client's, and what it means when the server's code does not say more.
KNOWN = {
    "AlreadyExistsError": "failed",
    "BaseError": "failed",
    "FileNotFoundError": "failed",
    "GenericError": "failed",
    "InvalidPathError": "failed",
    "JoinError": "failed",
    "NotFoundError": "failed",
    "NotModifiedError": "failed",
    "NotSupportedError": "failed",
    "PermissionDeniedError": "denied",
    "PreconditionError": "failed",
    "UnauthenticatedError": "denied",
    "UnknownConfigurationKeyError": "failed",
}
_BY_CODE = {
    "NoSuchBucket": "no bucket",
    "QuotaExceeded": "full",
    "EntityTooLarge": "full",
    "InsufficientStorage": "full",
    "XMinioStorageFull": "full",
    "InvalidAccessKeyId": "denied",
    "SignatureDoesNotMatch": "denied",
    "RequestTimeTooSkewed": "denied",
    "ExpiredToken": "denied",
    "InvalidToken": "denied",
    "SlowDown": "unreachable",
    "ServiceUnavailable": "unreachable",
    "InternalError": "unreachable",
    "RequestTimeout": "unreachable",
}
_CODE = re.compile(r"<Code>(\w{1,60})</Code>(?:<Message>([^<]{1,200})</Message>)?")
_STATUS = re.compile(r"status code: (\d{3})")
_TRANSPORT = re.compile(r"HTTP error: ([^\n]{1,160})")


def is_absent(error: Exception) -> bool:
    """Whether an error says that there is no such key; that there is no such bucket is something else."""
    return isinstance(error, FileNotFoundError) and _code(error) != "NoSuchBucket"


def is_lost_race(error: Exception) -> bool:
    """Whether an error says that the condition of a write did not hold."""
    lost = type(error).__name__ in ("AlreadyExistsError", "PreconditionError")
    return lost or is_absent(error) or _code(error) == "ConditionalRequestConflict"


def fail(error: Exception, url: str, key: str) -> NoReturn:
    """Raise what the error means; one that is not the client's passes as it is."""
    if isinstance(error, base_errors.NoteshipError) or type(error).__name__ not in KNOWN:
        raise error
    raise _meaning(error, url, key) from error


def endpoint() -> str:
    """The server's address, for messages: without user and password."""
    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "Amazon's own endpoint"
    return re.sub(r"//[^/]*@", "//", address)


def _meaning(error: Exception, url: str, key: str) -> base_errors.NoteshipError:
    match _kind(error):
        case "no bucket":
            return errors.BucketMissing(url, endpoint())
        case "full":
            return errors.StoreFull(url, key, _reason(error))
        case "denied":
            return errors.StoreDenied(url, endpoint(), _reason(error))
        case "unreachable":
            return errors.StoreUnreachable(url, endpoint(), _reason(error))
        case _:
            return errors.StoreFailed(url, key, _reason(error))


def _kind(error: Exception) -> str:
    """The server's code says most, its status less, the client's class least (generic for a refused listing)."""
    text = str(error)
    if kind := _BY_CODE.get(_code(error)):
        return kind
    if match := _STATUS.search(text):
        status = match.group(1)
        by_status = "unreachable" if status[0] == "5" else KNOWN[type(error).__name__]
        return {"401": "denied", "403": "denied", "507": "full"}.get(status, by_status)
    return "unreachable" if _TRANSPORT.search(text) else KNOWN[type(error).__name__]


def _code(error: Exception) -> str:
    match = _CODE.search(str(error))
    return match.group(1) if match else ""


def _reason(error: Exception) -> str:
    """The server's code and message, its status, or what kept the request from it: never a whole foreign text."""
    text = str(error)
    code, status, transport = _CODE.search(text), _STATUS.search(text), _TRANSPORT.search(text)
    if code:
        return ": ".join(part for part in code.groups() if part)
    if status:
        return f"HTTP status {status.group(1)}"
    if transport:
        return transport.group(1) + _depth(text)
    return type(error).__name__


def _depth(text: str) -> str:
    """The innermost cause that the client's own listing of the error names."""
    for sign, words in _CAUSES:
        if sign in text:
            return f" ({words})"
    return ""


_CAUSES = (
    ("ConnectionRefused", "connection refused"),
    ("dns error", "the name is not known"),
    ("TimedOut", "no answer in time"),
    ("Certificate", "its certificate is not trusted: AWS_CA_BUNDLE names a file of further authorities"),
    ("ConnectionReset", "connection reset"),
    ("BadScheme", "plain http needs AWS_ALLOW_HTTP=true"),
)
