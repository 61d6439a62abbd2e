"""What share of the callers a canary gets: what was asked for, and what is possible. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from noteship.operations.errors import BadShare

__all__ = ["Share", "by_replicas", "by_route", "checked"]

# More would make the canary the stable release.
MOST = 0.5
MOST_PODS = 1000


@dataclass(frozen=True)
class Share:
    """What a canary has of the callers.

    - by: the route leads a percentage to it, of callers from outside; or replicas, of whoever calls the Service
    - replicas: of the canary; beside: of the stable release, when it was reckoned
    """

    asked: float
    possible: float
    by: Literal["route", "replicas"]
    replicas: int
    beside: int

    @property
    def percent(self) -> int:
        """As a route has it."""
        return round(100 * self.possible)

    @property
    def words(self) -> str:
        """For people: what it is, what was asked for, and of whom."""
        off = "" if math.isclose(self.asked, self.possible, abs_tol=5e-4) else f" ({self.asked:.3g} was asked for)"
        if self.by == "route":
            return f"{self.percent} % of the requests that come by the route{off}; who calls the Service meets none"
        pods = f"{self.replicas} of {self.replicas + self.beside} pods"
        return f"{self.possible:.1%} of the connections, by {pods}{off}"

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "asked": self.asked,
            "possible": round(self.possible, 6),
            "by": self.by,
            "replicas": self.replicas,
            "beside": self.beside,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Share:
        """The inverse of `to_json`. Raises KeyError."""
        return cls(value["asked"], value["possible"], value["by"], value["replicas"], value["beside"])


def checked(asked: float) -> float:
    """A share that a canary may have. Raises BadShare."""
    if not 0 < asked <= MOST:
        raise BadShare(asked, MOST)
    return asked


def by_route(asked: float, beside: int) -> Share:
    """Whole percents, and as many pods as such a share needs, if the stable release has as many as it needs.

    >>> by_route(0.1, 4)
    Share(asked=0.1, possible=0.1, by='route', replicas=1, beside=4)
    """
    percent = min(max(round(100 * asked), 1), 99)
    return Share(asked, percent / 100, "route", max(1, math.ceil(asked * beside - 1e-9)), beside)


def by_replicas(asked: float, beside: int) -> Share:
    """The number of pods whose share of all is nearest; never none.

    >>> by_replicas(0.1, 2).possible, by_replicas(0.1, 18).replicas
    (0.3333333333333333, 2)
    """
    beside = max(beside, 1)
    exact = asked * beside / (1 - asked)
    tried = {min(max(1, round_(exact)), MOST_PODS) for round_ in (math.floor, math.ceil)}
    pods = min(sorted(tried), key=lambda each: abs(each / (each + beside) - asked))
    return Share(asked, pods / (pods + beside), "replicas", pods, beside)
