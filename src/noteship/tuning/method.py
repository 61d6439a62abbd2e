"""How a space is searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from noteship.tuning.errors import EndlessGrid, SamplerMissing
from noteship.tuning.space import Space
from noteship.tuning.trials import Direction

__all__ = ["NEEDED", "PRUNERS", "SAMPLERS", "Method"]

SAMPLERS = ("tpe", "random", "grid", "gp", "cmaes")
# What a sampler needs beyond Optuna.
NEEDED: Mapping[str, str] = {"cmaes": "cmaes", "gp": "torch"}
PRUNERS = ("none", "median", "halving", "hyperband", "wilcoxon")


@dataclass(frozen=True)
class Method:
    """`sampler` draws the next point, `pruner` says which trial need not go on.

    Guarantee: what is drawn for trial N follows from the seed, N, and the trials that had ended then; so one trial at
    a time gives the same search each time, interrupted or not.
    """

    direction: Direction
    sampler: str = "tpe"
    pruner: str = "none"
    seed: int = 0

    def check(self, space: Space) -> None:
        """That the space can be searched so, here. Raises EndlessGrid, SamplerMissing."""
        import importlib.util

        if self.sampler == "grid" and space.size is None:
            raise EndlessGrid(space.continua)
        needed = NEEDED.get(self.sampler)
        if needed and importlib.util.find_spec(needed) is None:
            raise SamplerMissing(self.sampler, needed)
