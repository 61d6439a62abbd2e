"""`[image]`: what images are built on, and what of the project is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from noteship.project import values

__all__ = ["BuilderSettings", "ImageSettings"]

# By OCI's names; `images.packages` knows what Python's packages call them.
ARCHITECTURES = ("amd64", "arm64")


def _architecture(value: object) -> str:
    if value not in ARCHITECTURES:
        raise ValueError(f"a processor that images are built for: {', '.join(ARCHITECTURES)}")
    return str(value)


def _glibc(value: object) -> tuple[int, int]:
    found = re.fullmatch(r"2\.(\d{1,2})", value) if isinstance(value, str) else None
    if not found:
        raise ValueError('a version of the C library, such as "2.28"')
    return 2, int(found[1])


def _interpreter(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(/[^/\s]+)+", value):
        raise ValueError('an absolute path in the base, such as "/usr/bin/python3.12"')
    return value


def _secret(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value):
        raise ValueError("the name of a Secret")
    return value


@dataclass(frozen=True)
class BuilderSettings:
    """`builder`: how OpenShift builds it, where code of packages has to run."""

    cpu: str = "2"
    memory: str = "4Gi"
    pull_secret: str = field(default="", metadata={"parse": _secret})
    push_secret: str = field(default="", metadata={"parse": _secret})
    git: str = ""
    ref: str = ""
    folder: str = ""
    git_secret: str = field(default="", metadata={"parse": _secret})


@dataclass(frozen=True)
class ImageSettings:
    """What is not said follows from the base."""

    base: str | None = None
    architecture: str = field(default="amd64", metadata={"parse": _architecture})
    glibc: tuple[int, int] = field(default=(2, 28), metadata={"parse": _glibc})
    python: str | None = field(default=None, metadata={"parse": _interpreter})
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    cache: int = field(default=10 << 30, metadata={"parse": values.size})
    builder: BuilderSettings = field(default_factory=BuilderSettings)
