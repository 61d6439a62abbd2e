"""Files of tokens: a line a token, `NAME SCOPE[,SCOPE] sha256:DIGEST`; the tokens themselves are not in them."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from noteship.errors import cut
from noteship.serving.access import SCOPES, Caller
from noteship.serving.errors import BadTokenFile

__all__ = ["Issued", "TokenFile", "issue"]

PREFIX = "noteship_"
# Beyond what can be guessed, so that a digest without salt and without rounds gives nothing away.
TOKEN_BYTES = 32
NAME = re.compile(r"[\w.:@/-]{1,100}", re.ASCII)
DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
SHAPE = "NAME SCOPE[,SCOPE] sha256:DIGEST"


@dataclass(frozen=True)
class Issued:
    """A new token, and the line by which a service knows it."""

    token: str
    line: str


def issue(name: str, scopes: Sequence[str]) -> Issued:
    """Make a token from the system's source of randomness. Raises BadTokenFile for a name that fits no line."""
    if not NAME.fullmatch(name):
        raise BadTokenFile("", 0, "a name has letters, digits and .:@/-_ only, at most 100 of them")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return Issued(token, f"{name} {','.join(scopes)} sha256:{hashlib.sha256(token.encode()).hexdigest()}")


class TokenFile:
    """The callers that a file names; of two lines with one digest, the file has one too many."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._callers: Mapping[bytes, Caller] = {}

    def callers(self) -> Mapping[bytes, Caller]:
        """By the digests of their tokens."""
        return self._callers

    def read(self) -> None:
        """Read it, again; where it cannot be read, the callers stay. Raises BadTokenFile."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise BadTokenFile(str(self._path), 0, cut(reason)) from error
        found: dict[bytes, Caller] = {}
        for number, digest, caller in self._entries(lines):
            if digest in found:
                raise BadTokenFile(str(self._path), number, "the token has a line already")
            found[digest] = caller
        self._callers = found

    def _entries(self, lines: Sequence[str]) -> Iterator[tuple[int, bytes, Caller]]:
        for number, line in enumerate(lines, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            fault = _fault(words)
            if fault:
                raise BadTokenFile(str(self._path), number, fault)
            digest = bytes.fromhex(words[2].removeprefix("sha256:"))
            yield number, digest, Caller(words[0], frozenset(words[1].split(",")))


def _fault(words: Sequence[str]) -> str:
    """What is wrong with a line; none of its words is told, as one may be a token."""
    if len(words) != 3:
        return f"the line has {len(words)} words and not the three of {SHAPE}"
    if not NAME.fullmatch(words[0]):
        return "the name has other characters than letters, digits and .:@/-_"
    if not set(words[1].split(",")) <= set(SCOPES):
        return f"the scopes are not among {', '.join(SCOPES)}, with commas and without spaces between them"
    if not DIGEST.fullmatch(words[2]):
        return "the third word is not `sha256:` and 64 small hexadecimal digits; a token itself does not belong here"
    return ""
