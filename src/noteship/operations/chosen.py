"""Which searches chose the parameters of a bundle, on rows that a judging may hold out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from noteship import tuning
from noteship.operations.opened import OpenedProject
from noteship.project import ValidateSettings

__all__ = ["chosen_on", "parted_by"]


def parted_by(settings: ValidateSettings) -> dict[str, Any]:
    """What decides which rows are held out of the same data, as plain values."""
    return {"holdout": settings.holdout.to_json(), "seed": settings.seed}


def chosen_on(opened: OpenedProject, description: Mapping[str, Any], settings: ValidateSettings) -> Iterator[str]:
    """A note for each search whose best trial has parameters that the bundle's stages were given, all of them.

    A parameter that was written into a notebook, or belongs to a step, is not told from one that nobody searched.
    """
    stages = description["lineage"].get("stages", ())
    given = {f"{each['stage']}.{name}": value for each in stages for name, value in each["params"].items()}
    given |= {name.rpartition("/")[2]: value for name, value in given.items()}
    book = tuning.Book(opened.store)
    for search in book.every():
        names = search.space.dimensions
        if not all(name in given for name in names):
            continue
        best = tuning.best(book.trials(search.id), search.direction)
        if best is None or any(best.parameters[name] != given[name] for name in names):
            continue
        chosen = f"its parameters were chosen by search {search.id}"
        if tuning.FileMetric.of(search.metric):
            yield f"{chosen}, by {search.metric}: rows that it was taken of may be among those held out here"
        elif search.told != parted_by(settings):
            yield f"{chosen}, which held out other rows: it may have looked at those held out here"
