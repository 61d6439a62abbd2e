"""Secrets: named by the declaration, read when they are needed, shown nowhere."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from noteship.ingestion import errors

__all__ = ["Credentials", "Secret", "secret_of"]

HIDDEN = "(hidden)"
# A key or a token; more is another file.
LIMIT_BYTES = 64 << 10


@dataclass(frozen=True)
class Credentials:
    """Where a secret is: in a file or in a variable of the environment.

    `header` is the HTTP header that takes it as it is; `mechanism` is Kafka's, such as SCRAM-SHA-512.
    """

    file: str | None = None
    env: str | None = None
    header: str | None = None
    mechanism: str | None = None

    @property
    def named(self) -> str:
        """Where, in words."""
        return f"the file {self.file}" if self.file else f"the variable {self.env}"


class Secret:
    """A secret, or none: falsy then."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({HIDDEN if self._value else ''})"

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return Secret, ()  # it goes nowhere else

    def reveal(self) -> str:
        """The secret itself, for who sends it."""
        return self._value

    def conceal(self, text: str) -> str:
        """A foreign text without it, in whichever of the usual forms it is there."""
        value = self._value
        if not value:
            return text
        coded = base64.b64encode(value.encode()).decode().rstrip("=")
        for form in (value, repr(value)[1:-1], quote(value), quote(value, safe=""), quote_plus(value), coded):
            text = text.replace(form, HIDDEN)
        return text


def secret_of(credentials: Credentials | None, place: str) -> Secret:
    """The secret that is named for a place: the first line of the file, or the variable. Raises CredentialsMissing."""
    if credentials is None:
        return Secret()
    text = _in_file(credentials, place) if credentials.file else os.environ.get(credentials.env or "", "")
    lines = text.strip().splitlines()
    if not lines:
        reason = "it is empty" if credentials.file else "it is not set"
        raise errors.CredentialsMissing(place, credentials.named, reason)
    if len(lines) > 1 or not lines[0].isprintable():
        raise errors.CredentialsMissing(place, credentials.named, "it holds something else than one line")
    return Secret(lines[0])


def _in_file(credentials: Credentials, place: str) -> str:
    try:
        with Path(credentials.file or "").expanduser().open("rb") as stream:
            return stream.read(LIMIT_BYTES).decode()
    except UnicodeDecodeError:
        reason = "it holds something else than text"  # the error would show some of it
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise errors.CredentialsMissing(place, credentials.named, reason)
