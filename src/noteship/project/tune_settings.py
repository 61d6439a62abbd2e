"""`[tune]`: what is searched, by which metric, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from noteship.project import values
from noteship.project.cluster_settings import ClusterSettings

__all__ = ["TuneSettings"]


def _one_of(value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"one of {', '.join(known)}")
    return str(value)


def _direction(value: object) -> str:
    return _one_of(value, ("maximize", "minimize"))


# The room of searches is loaded where there is something to search: a run with nothing to do is over sooner.


def _sampler(value: object) -> str:
    from noteship import tuning

    return _one_of(value, tuning.SAMPLERS)


def _pruner(value: object) -> str:
    from noteship import tuning

    return _one_of(value, tuning.PRUNERS)


def _dimension(name: str, value: object) -> object:
    from noteship import tuning

    stage, dot, parameter = name.rpartition(".")
    file, _, step = name.rpartition(":")
    if not dot and not file and isinstance(value, Mapping) and value and not {"low", "high"} & value.keys():
        raise ValueError(f'quotes around a name that has a dot: "{name}.{next(iter(value))}"')
    if not (file and step) and not (stage and dot and parameter.isidentifier()):
        raise ValueError('a name such as "04-train.depth", of a stage\'s parameter, or "model.sav:C", of a step\'s')
    return tuning.dimension(value)


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("a whole number from 0 on")
    return value


def _folds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise ValueError("a whole number from 2 on")
    return value


@dataclass(frozen=True)
class TuneSettings:
    """`[tune]`: what is searched, each a `tuning.Dimension` by its name, for the best of which metric, and how."""

    metric: str
    space: Mapping[str, Any] = field(metadata={"parse_item": _dimension})
    direction: Literal["maximize", "minimize"] | None = field(default=None, metadata={"parse": _direction})
    trials: int = field(default=50, metadata={"parse": values.count})
    timeout_s: float | None = field(default=None, metadata={"key": "timeout", "parse": values.length})
    jobs: int = field(default=1, metadata={"parse": values.count})
    sampler: str = field(default="tpe", metadata={"parse": _sampler})
    pruner: str = field(default="none", metadata={"parse": _pruner})
    seed: int = field(default=0, metadata={"parse": _seed})
    folds: int = field(default=5, metadata={"parse": _folds})
    cluster: ClusterSettings | None = field(default=None, metadata={"as": "stage.NAME.cluster"})

    def __post_init__(self) -> None:
        if not self.space:
            raise ValueError("at least one parameter below [tune.space]")
        if 0 < sum(":" in name for name in self.space) < len(self.space):
            raise ValueError("a space of notebooks' parameters or of steps' parameters, not of both")

    @property
    def is_of_steps(self) -> bool:
        """Whether parameters of steps are searched, not of notebooks."""
        return ":" in next(iter(self.space))
