"""Names of images: a registry, a repository, a tag and a digest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from noteship.images import errors

__all__ = ["ImageName", "is_digest", "parsed"]

# The grammar of OCI's distribution specification 1.1 ("Pulling manifests").
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::(\d{{1,5}}))?")
# What many registries refuse beyond.
MOST_LETTERS = 255
USUAL_TAG = "latest"


@dataclass(frozen=True)
class ImageName:
    """Where an image is; with a digest, which one: the tag is for people then.

    - registry: host, and port where it has one
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def reference(self) -> str:
        """What a registry is asked for: the digest, else the tag."""
        return self.digest or self.tag or USUAL_TAG

    def pinned(self, digest: str) -> ImageName:
        """The same by a digest."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parsed(text: str) -> ImageName:
    """The name that a text is. Raises BadImageName, also where it names no registry: none is guessed.

    >>> parsed("registry.example.org:5000/team/mail")
    ImageName(registry='registry.example.org:5000', repository='team/mail', tag='latest', digest='')
    """
    named, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise errors.BadImageName(text, "behind '@' stands no digest: sha256: and 64 hexadecimal digits")
    host, slash, path = named.partition("/")
    if not slash or not _is_host(host):
        nearest = f"registry.example.org/{text}"
        raise errors.BadImageName(text, "it begins with no registry, and none is guessed", nearest)
    found = _HOST.fullmatch(host)
    if not found or int(found[1] or 1) not in range(1, 1 << 16):
        raise errors.BadImageName(text, f"'{host}' is no host of a registry")
    repository, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise errors.BadImageName(text, f"'{tag}' is no tag: letters, digits and . _ - only, at most 128")
    if not _REPOSITORY.fullmatch(repository) or len(named) > MOST_LETTERS:
        raise errors.BadImageName(text, f"'{repository}' is no repository's name", _lowered(repository))
    return ImageName(host, repository, tag or ("" if digest else USUAL_TAG), digest)


def is_digest(text: str) -> bool:
    """Whether it is a digest as registries have them."""
    return _DIGEST.fullmatch(text) is not None


def _is_host(first: str) -> bool:
    return "." in first or ":" in first or first == "localhost"


def _lowered(repository: str) -> str:
    """What was probably meant: names of repositories have small letters alone."""
    low = repository.lower()
    return low if low != repository and _REPOSITORY.fullmatch(low) else ""
