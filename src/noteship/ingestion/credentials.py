"""Secrets: named by the declaration, read when they are needed, shown nowhere."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from noteship.ingestion import errors

__all__ = ["Credentials", "Secret", "secret_of"]

HIDDEN = "(hidden)"
# A key or a token; more is another file.
LIMIT_BYTES = 64 << 10
# Fewer letters in the middle of a code occur by chance.
LEAST_CODED = 6


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
        self._sent: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Secret({HIDDEN if self._value else ''})"

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return Secret, ()  # it goes nowhere else

    def reveal(self) -> str:
        """The secret itself, for who sends it."""
        return self._value

    def sent_as(self, form: str) -> str:
        """A form of it that is sent, such as a header: `conceal` knows it from now on. Gives the form."""
        self._sent.add(form)
        return form

    def conceal(self, text: str) -> str:
        """A foreign text without it: as it is, as it was sent, and in whichever of the usual forms it is there."""
        if not self._value:
            return text
        forms = sorted({*_forms(self._value), *self._sent}, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, forms)), HIDDEN, text)


def _forms(value: str) -> Iterator[str]:
    data = value.encode(errors="surrogatepass")
    yield from (value, repr(value)[1:-1], json.dumps(value)[1:-1], html.escape(value), data.hex())
    for quoted in (quote(data), quote(data, safe=""), quote_plus(data)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
    for coded in (base64.b64encode, base64.urlsafe_b64encode):
        yield coded(data).decode().rstrip("=")
        # Behind other words, such as `user:`, it begins at any of three places of a code letter.
        for before in range(3):
            inner = coded(bytes(before) + data).decode()[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            if len(inner) >= LEAST_CODED:
                yield inner


def secret_of(credentials: Credentials | None, place: str, root: Path) -> Secret:
    """The secret that is named for a place: the first line of the file, or the variable. Raises CredentialsMissing.

    A relative path begins at `root`.
    """
    if credentials is None:
        return Secret()
    text = _in_file(credentials, place, root) if credentials.file else os.environ.get(credentials.env or "", "")
    lines = text.strip().splitlines()
    if not lines:
        reason = "it is empty" if credentials.file else "it is not set"
        raise errors.CredentialsMissing(place, credentials.named, reason)
    if len(lines) > 1 or not lines[0].isprintable():
        raise errors.CredentialsMissing(place, credentials.named, "it holds something else than one line")
    return Secret(lines[0])


def _in_file(credentials: Credentials, place: str, root: Path) -> str:
    try:
        with (root / Path(credentials.file or "").expanduser()).open("rb") as stream:
            return stream.read(LIMIT_BYTES).decode()
    except UnicodeDecodeError:
        reason = "it holds something else than text"  # the error would show some of it
    except OSError as error:
        reason = error.strerror or type(error).__name__
    raise errors.CredentialsMissing(place, credentials.named, reason)
