"""What a judging is asked for, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from noteship.validation.holdout import Holdout
from noteship.validation.measures import MEASURES

__all__ = ["JudgeRequest", "Packed", "measures_of"]


@dataclass(frozen=True)
class Packed:
    """A bundle in a folder, its digest, and how far it is trusted.

    - is_known: whether its own source may be imported; is_own: whether this project made it, of objects that it loads
      all the time
    - types, allow_pickle: what the operator allows beyond
    """

    folder: str
    digest: str
    is_known: bool = False
    is_own: bool = False
    types: tuple[str, ...] = ()
    allow_pickle: bool = False


@dataclass(frozen=True)
class JudgeRequest:
    """What `noteship.validation` is asked.

    - bundle, champion: what is judged, and what it is compared with
    - data, held: files with the rows; `held` where `holdout` names a file
    - read_by: the stage that has read the held-out file, if one has
    - timing_s: how long single rows, and batches, are scored to see what that takes
    - gated: columns whose slices gates ask for
    - target, positive, metric, slices, seed, resamples, robustness: as under [service] and [validate]
    """

    bundle: Packed
    data: str
    target: str
    holdout: Holdout
    champion: Packed | None = None
    held: str | None = None
    read_by: str = ""
    positive: str | None = None
    metric: str | None = None
    slices: tuple[str, ...] | None = None
    gated: tuple[str, ...] = ()
    seed: int = 0
    resamples: int = 1000
    robustness: bool = True
    timing_s: float = 3.0

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {**asdict(self), "holdout": self.holdout.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        slices, champion = value["slices"], value["champion"]
        made = {
            "bundle": _packed(value["bundle"]),
            "champion": None if champion is None else _packed(champion),
            "holdout": Holdout.read(value["holdout"]),
            "slices": None if slices is None else tuple(slices),
            "gated": tuple(value["gated"]),
        }
        return cls(**{**value, **made})


def measures_of(kind: Literal["classification", "regression"]) -> tuple[str, ...]:
    """The names of what is measured of a kind of model."""
    return tuple(name for name, each in MEASURES.items() if each.kind == kind)


def _packed(value: Mapping[str, Any]) -> Packed:
    return Packed(**{**value, "types": tuple(value["types"])})
