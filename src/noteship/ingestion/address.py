"""Addresses of origins, which anybody may read: one with a secret in it is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

__all__ = ["Address", "Kind", "check_open", "parsed"]

Kind = Literal["file", "s3", "http", "postgresql", "kafka", "collected"]

SCHEMES: Mapping[str, Kind] = {
    "file": "file",
    "s3": "s3",
    "http": "http",
    "https": "http",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "kafka": "kafka",
    "kafka+tls": "kafka",
    "collected": "collected",
}
KNOWN = "a path, or an address that begins with file:, s3://, http(s)://, postgresql://, kafka:// or collected:"
INSTEAD = (
    "without a password, token or key, as many read it: put the secret into a file or a variable, and name that in the "
    'section: credentials = { file = "/run/secrets/NAME" } or { env = "NAME" }'
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
# Options of an address whose values are secrets, whatever they look like.
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)?|pwd?|.*secret.*|.*token|.*api[-_]?key|.*access[-_]?key(id)?|.*auth|authorization|"
    r"sig|.*signature|.*credentials?|sas|jwt",
    re.IGNORECASE,
)
# Names that are secrets in some addresses: there the value tells.
_DOUBTFUL_NAME = re.compile(r".*key|code|.*id", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_+/=-]{16,}")
# Within a user's name: people's have words, and signs between them. Some sites take a token there.
_TOKEN = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}")
# The forms that makers of tokens gave them so that they are found, a password within an address, and one that is set.
_SECRET_TEXT = re.compile(
    r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|"
    r"\bxox[abpr]-[\w-]{10,}|\bhf_[A-Za-z0-9]{20,}|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"://[^\s/@:'\"]*:[^\s/@'\"]+@|"
    r"\b(password|passwd|pwd)=[^\s'\"$:(]{3,}|\bpassword\s+'[^']+'",
    re.IGNORECASE,
)
# libpq's own words that say how, never who.
POSTGRES_OPTIONS = ("application_name", "connect_timeout", "sslmode", "sslrootcert", "target_session_attrs")


@dataclass(frozen=True)
class Address:
    """An origin's address; `text` is the whole of it and may be shown.

    `path` is of the file, the bucket's key, the database or the topic; of HTTP with the query.
    """

    kind: Kind
    text: str
    path: str
    host: str = ""
    port: int | None = None
    user: str = ""
    is_tls: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


def parsed(value: object) -> Address:
    """The address. Raises ValueError with what was expected, which never has anything of the value."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(KNOWN)
    match = _SCHEME.match(value)
    scheme = match[1].lower() if match else "file"
    if scheme not in SCHEMES:
        near = difflib.get_close_matches(scheme, SCHEMES, n=1)
        raise ValueError(f"{KNOWN}; {near[0]}: is nearest to what is written" if near else KNOWN)
    kind = SCHEMES[scheme]
    if kind == "file":
        check_open(value, "a path")
        return _file(value, value[match.end() :] if match else None)
    if kind == "collected":
        return _collected(value)
    return _remote(kind, scheme, value)


def check_open(text: str, what: str) -> None:
    """Raise ValueError where a text looks as if it held a secret."""
    if _SECRET_TEXT.search(text):
        raise ValueError(f"{what} {INSTEAD}")


def _file(text: str, rest: str | None) -> Address:
    if rest is None:
        return Address("file", text, text)
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    if host not in ("", "localhost") or not (slash + path):
        raise ValueError("a path, or file: and a path of this machine")
    return Address("file", text, unquote(slash + path))


def _collected(text: str) -> Address:
    """`host` is the release, `path` the model, empty where it is the only one."""
    found = re.fullmatch(r"collected:([A-Za-z0-9][\w.-]*)(?:/(\S+))?", text)
    if found is None:
        raise ValueError(_form("collected"))
    return Address("collected", text, found[2] or "", found[1])


def _remote(kind: Kind, scheme: str, text: str) -> Address:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise ValueError(_form(kind)) from None
    if parts.password is not None:
        raise ValueError(f"an address {INSTEAD}")
    options = parse_qsl(parts.query, keep_blank_values=True)
    user = unquote(parts.username or "")
    if any(_is_secret(*each) for each in _named(parts)) or (kind == "http" and _TOKEN.search(user)):
        raise ValueError(f"an address {INSTEAD}")
    check_open(text, "an address")
    path = unquote(parts.path).removeprefix("/")
    if not host or parts.fragment or (not path and kind != "http"):
        raise ValueError(_form(kind))
    if kind == "http":
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not path.isascii() or " " in path:
            raise ValueError("an address whose other letters are written in %XX")
    else:
        _check_form(kind, path, dict(options))
    if user and kind == "s3":
        raise ValueError(f"an address {INSTEAD}; for s3:// that is the AWS_* variables")
    # A bucket's name is no host: its letters count.
    host = parts.netloc if kind == "s3" else host
    return Address(kind, text, path, host, port, user, scheme in ("https", "kafka+tls"), dict(options))


def _named(parts: SplitResult) -> list[tuple[str, str]]:
    """What has a name in an address: in its query, behind it, and behind the semicolons of its path."""
    within = [name for step in parts.path.split("/") for name in step.split(";")[1:]]
    return parse_qsl("&".join([*within, *re.split("[;&]", parts.query), parts.fragment]), keep_blank_values=True)


def _is_secret(name: str, value: str) -> bool:
    name = name.rpartition("-")[2] if name.lower().startswith("x-") else name
    if _SECRET_NAME.fullmatch(name):
        return True
    return bool(_DOUBTFUL_NAME.fullmatch(name) and _RANDOM.fullmatch(value))


def _check_form(kind: Kind, path: str, options: Mapping[str, str]) -> None:
    allowed = POSTGRES_OPTIONS if kind == "postgresql" else ()
    if options.keys() - set(allowed):
        more = f"; options are {', '.join(allowed)}" if allowed else ""
        raise ValueError(_form(kind) + more)
    if kind in ("postgresql", "kafka") and "/" in path:
        raise ValueError(_form(kind))


def _form(kind: Kind) -> str:
    forms = {
        "s3": "s3://BUCKET/KEY, s3://BUCKET/PREFIX/, or a key with * in it",
        "http": "http(s)://HOST/PATH",
        "postgresql": "postgresql://USER@HOST:PORT/DATABASE",
        "kafka": "kafka://HOST:PORT/TOPIC, or kafka+tls://USER@HOST:PORT/TOPIC",
        "collected": "collected:RELEASE, or collected:RELEASE/MODEL",
        "file": "a path, or file: and a path of this machine",
    }
    return forms[kind]
