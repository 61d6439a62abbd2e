"""Where in a bucket things are.

``objects/ab/cdef…``   content by its digest          ``trees/ab/cdef…``   descriptions of folders by theirs
``refs/<name>.json``   references                     ``damaged/…``        what was set aside
``files/<name>``        files by their names

Of the name of a reference or a file every character but ``A-Z a-z 0-9 . _ -`` and ``/`` becomes ``=XX``, its UTF-8
bytes in hexadecimal; so does a dot that begins a segment and one before a ``json`` that ends a segment with more to
follow. A segment that is then longer than file systems take is cut into several, ``…=/=…``, which no other key holds.
"""

from __future__ import annotations

import re
import secrets

from noteship.digests import Digest

__all__ = [
    "aside_key",
    "digest_of",
    "file_key",
    "file_name",
    "file_prefix",
    "is_cut",
    "object_key",
    "ref_key",
    "ref_name",
    "ref_prefix",
    "tree_key",
]

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SPECIAL = re.compile(r"[^A-Za-z0-9._/-]|(?<![^/])\.|\.(?=json/)")
_ESCAPED = re.compile(r"(?:=[0-9A-F]{2})+")
# File names have at most 255 bytes; the rest is left to suffixes.
SEGMENT_LIMIT = 200
_LONG = re.compile(rf"[^/]{{{SEGMENT_LIMIT + 1},}}")
_PIECE = re.compile(r"(?:=[0-9A-F]{2}|[^=]){1,66}")
_CUT = "=/="


def object_key(digest: Digest) -> str:
    """Where an object is. Raises ValueError for what is no digest."""
    return f"objects/{_fanned_out(digest)}"


def tree_key(digest: Digest) -> str:
    """Where the description of a folder is. Raises ValueError for what is no digest."""
    return f"trees/{_fanned_out(digest)}"


def digest_of(key: str) -> Digest | None:
    """The digest that a key of an object or tree stands for; None for a key that stands for none."""
    digest = "".join(key.split("/")[1:])
    return Digest(digest) if _DIGEST.fullmatch(digest) else None


def ref_key(name: str) -> str:
    """Where a reference is. Raises ValueError for an empty name or an empty segment.

    >>> ref_key("runs/7/étape 1")
    'refs/runs/7/=C3=A9tape=201.json'
    """
    if not name or "//" in f"/{name}/":
        message = f"a reference's name has no empty segments: {name!r}"
        raise ValueError(message)
    return f"{ref_prefix(name)}.json"


def ref_prefix(prefix: str) -> str:
    """What the keys of all references whose names begin so begin with; `prefix` ends where a segment does."""
    return "refs/" + _cut(prefix if _PLAIN.fullmatch(prefix) else _SPECIAL.sub(_escape, prefix))


def ref_name(key: str) -> str:
    """The name of the reference at a key.

    >>> ref_name(ref_key(".a/b.json/c=1"))
    '.a/b.json/c=1'
    """
    return _ESCAPED.sub(_unescape, key.removeprefix("refs/").removesuffix(".json").replace(_CUT, ""))


def file_key(name: str) -> str:
    """Where a file is. Raises ValueError for an empty name or an empty segment.

    >>> file_key("collected/mail/étape.parquet")
    'files/collected/mail/=C3=A9tape.parquet'
    """
    return "files/" + ref_key(name).removeprefix("refs/").removesuffix(".json")


def file_prefix(prefix: str) -> str:
    """What the keys of all files whose names begin so begin with; `prefix` ends where a segment does."""
    return "files/" + ref_prefix(prefix).removeprefix("refs/")


def file_name(key: str) -> str:
    """The name of the file at a key.

    >>> file_name(file_key("a/b=1.parquet"))
    'a/b=1.parquet'
    """
    return _ESCAPED.sub(_unescape, key.removeprefix("files/").replace(_CUT, ""))


def is_cut(segment: str) -> bool:
    """Whether a segment of a reference's key goes on in the next one."""
    return segment.endswith("=")


def aside_key(name: str) -> str:
    """A fresh place for something damaged."""
    return f"damaged/{_cut(_SPECIAL.sub(_escape, name.replace('/', '-')))}-{secrets.token_hex(3)}"


def _fanned_out(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        message = f"not a digest: {digest!r}"
        raise ValueError(message)
    return f"{digest[:2]}/{digest[2:]}"


def _cut(path: str) -> str:
    if len(path) <= SEGMENT_LIMIT:
        return path
    return _LONG.sub(lambda match: _CUT.join(_PIECE.findall(match.group())), path)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in match.group().encode())


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match.group().replace("=", "")).decode()
