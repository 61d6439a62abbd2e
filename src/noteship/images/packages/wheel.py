"""One wheel that a lock means: what it is called, and by which digest it is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging import tags, utils

from noteship.images.packages.target import Target

__all__ = ["Locked", "Wheel", "best"]


@dataclass(frozen=True, order=True)
class Wheel:
    """A wheel by its digest; `url` is where it lies now, and no part of what it is.

    - size: in bytes; 0 where the index does not say
    """

    name: str
    version: str
    filename: str
    sha256: str
    size: int = 0
    url: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, order=True)
class Locked:
    """What a package is installed from: one file, known by its digest.

    - is_source: it has to be built, which runs its code
    """

    name: str
    version: str
    sha256: str
    is_source: bool = False

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"

    @property
    def requirement(self) -> str:
        """As pip reads it, which then takes no other file.

        >>> Locked("docopt", "0.6.2", "49b3").requirement
        'docopt==0.6.2 --hash=sha256:49b3'
        """
        return f"{self} --hash=sha256:{self.sha256}"


def best(wheels: Iterable[Wheel], target: Target) -> Wheel | None:
    """Of one package's wheels the one that pip would take; None where none fits."""
    ranks = {tag: rank for rank, tag in enumerate(_tags(target))}
    fits = [(rank, wheel.filename, wheel) for wheel in wheels if (rank := _rank(wheel.filename, ranks)) is not None]
    return min(fits)[2] if fits else None


def _rank(filename: str, ranks: dict[tags.Tag, int]) -> int | None:
    try:
        has = utils.parse_wheel_filename(filename)[3]
    except utils.InvalidWheelFilename:
        return None
    return min((ranks[tag] for tag in has if tag in ranks), default=None)


def _tags(target: Target) -> list[tags.Tag]:
    major, minor = (int(part) for part in target.python.split("."))
    platforms = list(target.platforms())
    return [
        *tags.cpython_tags((major, minor), platforms=platforms),
        *tags.compatible_tags((major, minor), f"cp{major}{minor}", platforms),
    ]
