"""How a space is searched."""

from __future__ import annotations

from dataclasses import dataclass

from noteship.tuning.trials import Direction

__all__ = ["PRUNERS", "SAMPLERS", "Method"]

SAMPLERS = ("tpe", "random", "grid", "gp", "cmaes")
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
