"""What a registry wants to be let in with: the WWW-Authenticate header (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Challenge", "parsed"]

# More than any registry writes; what is longer is not read.
LIMIT = 8 << 10
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=\s|,|$)")
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_WORD}))')
# A scheme such as Negotiate may have bare text behind its name.
_BARE = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")


@dataclass(frozen=True)
class Challenge:
    """One way in: the scheme in small letters, and its parameters by names in small letters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parsed(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of these headers, as far as they can be read.

    >>> parsed(['Basic realm="here", Bearer realm="https://login.example.org/token",service=x'])[1].parameters["service"]
    'x'
    """
    return [challenge for header in headers for challenge in _of_one(header[:LIMIT])]


def _of_one(header: str) -> list[Challenge]:
    found = []
    at = 0
    while scheme := _SCHEME.match(header, at):
        at = scheme.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, at):
            name, quoted, plain = parameter.groups()
            # The first one counts: what is added behind a header must not change it.
            parameters.setdefault(name.lower(), plain or re.sub(r"\\(.)", r"\1", quoted or ""))
            at = parameter.end()
        if not parameters and (bare := _BARE.match(header, at)):
            at = bare.end()
        found.append(Challenge(scheme[1].lower(), parameters))
    return found
