"""The packages of an image: which wheels a lock means for its machine, and their bytes."""

from __future__ import annotations

from noteship.images.packages.errors import (
    DamagedDownload,
    IndexDenied,
    PinsUnknown,
    ResolverFailed,
    ResolverMissing,
    SourceOnly,
    WheelGone,
)
from noteship.images.packages.resolving import Resolver
from noteship.images.packages.target import Target
from noteship.images.packages.wheel import Locked, Wheel
from noteship.images.packages.wheelhouse import Wheelhouse

__all__ = [
    "DamagedDownload",
    "IndexDenied",
    "Locked",
    "PinsUnknown",
    "Resolver",
    "ResolverFailed",
    "ResolverMissing",
    "SourceOnly",
    "Target",
    "Wheel",
    "WheelGone",
    "Wheelhouse",
]
