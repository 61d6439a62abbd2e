"""Which rows of a stored table are which raw rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from pandas.api import types

__all__ = ["Match", "match"]


@dataclass(frozen=True, eq=False)
class Match:
    """Positions of equal rows in the raw and in the stored table, pair by pair, and how that is known."""

    raw: numpy.ndarray[Any, Any]
    stored: numpy.ndarray[Any, Any]
    how: str
    column: str = ""


def match(raw: pandas.DataFrame, stored: pandas.DataFrame, *, inputs: Sequence[str], target: str | None) -> Match | str:
    """The rows both tables share, or why none can be told to be shared.

    Tried in this order: a column of one name whose values tell the rows apart in both; an index that the stored table
    kept; the same number of rows in the same order. A way by which the target's values disagree is not taken.
    """
    by_keys = _by_keys(raw, stored, inputs, target)
    joined = [found for found in (*by_keys, *_by_index(raw, stored)) if len(found.raw)]
    apart = [found.how for found in by_keys if found.how not in {each.how for each in joined}]
    # Ids that are none of the raw rows' are other rows, however many they are.
    in_order = [] if apart and not joined and not _all_inputs(by_keys, inputs) else _by_order(raw, stored)
    for found in (*joined, *in_order):
        if _agrees(raw, stored, found, target):
            return found
    sizes = f"it has {len(stored)} rows, the raw data {len(raw)}"
    if joined:
        return f"{sizes}, and where they are joined {joined[0].how} their values of {target} are not the same"
    if apart:
        return f"{sizes}, and joined {apart[0]} they have no row in common"
    return f"{sizes}, and neither a key column nor an index nor the order joins them"


def _all_inputs(found: Sequence[Match], inputs: Sequence[str]) -> bool:
    return all(each.column in inputs for each in found)


def _by_keys(raw: pandas.DataFrame, stored: pandas.DataFrame, inputs: Sequence[str], target: str | None) -> list[Match]:
    """Matches by each column that can be a key; the one that joins most rows first, and ids before inputs."""
    found = []
    for name in stored.columns:
        if name not in raw.columns or name == target or not stored[name].is_unique or not _can_be_key(stored[name]):
            continue
        positions = _positions(raw, name, inputs)
        if positions is None:
            continue
        pairs = [(positions[value], place) for place, value in enumerate(stored[name].tolist()) if value in positions]
        places = numpy.array(pairs, dtype=numpy.intp).reshape(-1, 2)
        matched = Match(places[:, 0], places[:, 1], f"by column {name}", name)
        found.append((-len(pairs), name in inputs, matched))
    return [matched for _, _, matched in sorted(found, key=lambda item: item[:2])]


def _can_be_key(series: pandas.Series[Any]) -> bool:
    dtype = series.dtype
    whole = types.is_integer_dtype(dtype) or types.is_datetime64_any_dtype(dtype)
    return (whole or types.infer_dtype(series) == "string") and not series.hasnans


def _positions(raw: pandas.DataFrame, name: str, inputs: Sequence[str]) -> dict[Any, int] | None:
    """The raw row of each key; rows with one key must be alike in the inputs, since scores depend on nothing else."""
    keys = raw[name]
    if not keys.is_unique and raw.drop_duplicates([name]).shape[0] != raw.drop_duplicates([name, *inputs]).shape[0]:
        return None
    positions: dict[Any, int] = {}
    for place, value in enumerate(keys.tolist()):
        positions.setdefault(value, place)
    return positions


def _by_index(raw: pandas.DataFrame, stored: pandas.DataFrame) -> Iterator[Match]:
    if _is_plain(stored) or not (raw.index.is_unique and stored.index.is_unique):
        return
    places = raw.index.get_indexer(stored.index)
    if (places >= 0).all():
        yield Match(places, numpy.arange(len(stored)), "by index")


def _by_order(raw: pandas.DataFrame, stored: pandas.DataFrame) -> Iterator[Match]:
    if len(raw) == len(stored):
        every = numpy.arange(len(raw))
        yield Match(every, every, "in order")


def _is_plain(stored: pandas.DataFrame) -> bool:
    """Whether the index only counts the rows, and so says nothing of where they came from."""
    return stored.index.equals(pandas.RangeIndex(len(stored)))


def _agrees(raw: pandas.DataFrame, stored: pandas.DataFrame, found: Match, target: str | None) -> bool:
    if target is None or target not in raw.columns or target not in stored.columns:
        return True
    here, there = (
        raw[target].iloc[found.raw].astype(str).to_numpy(dtype=object),
        stored[target].iloc[found.stored].astype(str).to_numpy(dtype=object),
    )
    # Other values altogether are another coding of the target, which says nothing of the rows.
    return bool((here == there).all()) or not set(there) <= set(here)
