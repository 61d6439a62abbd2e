"""The same work for many values, on the cluster that this process was given, or here where it was given none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["spread"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[int, Result]]:
    """Each item's number and what the function gives for it, as they come; one after the other without a cluster.

    To be called in the project's interpreter, by a process that has the environment of a cluster's `Access`. Function
    and items are pickled, and workers import what they name. What a call raises is raised here; who stops early gives
    up the rest.
    """
    if os.environ.get("DASK_SCHEDULER_ADDRESS"):
        from noteship.computing import dask_stage

        yield from dask_stage.spread(function, items)
        return
    for number, item in enumerate(items):
        yield number, function(item)
