"""Folds of trials on the workers of a cluster, each of which opens the bundle and the rows once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from pathlib import Path

from noteship import computing, models
from noteship.validation.trying import Trying

__all__ = ["values"]

_opening = threading.Lock()


def values(request: Path, count: int, changes: models.Changes) -> Iterator[float]:
    """As `Trying.values`, by the cluster that the environment names, whose workers read the request at its path.

    They come in their order, as trials are compared after the same folds; who stops early gives up the rest.
    """
    came: dict[int, float] = {}
    following = 0
    for fold, value in computing.spread(functools.partial(_value, str(request), changes), range(count)):
        came[fold] = value
        while following in came:
            yield came[following]
            following += 1


def _value(request: str, changes: models.Changes, fold: int) -> float:
    with _opening:
        trying = _opened(request)
    return trying.value(fold, changes)


@functools.lru_cache(maxsize=1)
def _opened(request: str) -> Trying:
    return Trying.of(Path(request))
