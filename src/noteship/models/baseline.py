"""The seam between making a bundle and what its model is watched by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas

from noteship.models.composition import ComposedScorer

__all__ = ["Baseline", "Profiler"]


@dataclass(frozen=True)
class Baseline:
    """The bytes of profile.json, and what bundle.json says of them: their "digest"; or no bytes, and "why"."""

    profile: bytes
    part: Mapping[str, Any]


# From the scorer and the raw rows that a bundle is made of, while the project's modules can be imported.
Profiler = Callable[[ComposedScorer, pandas.DataFrame], Baseline]
