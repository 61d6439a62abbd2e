"""Columns whose names differ in case alone, which the engine would give other names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship.errors import cut
from noteship.tabular import quoting
from noteship.tabular.csv_header import header
from noteship.tabular.errors import TableUnreadable

if TYPE_CHECKING:
    from noteship.tabular.views import Source

__all__ = ["check"]

# What the engine calls the second of two columns of one name.
RENAMED = re.compile(r"(.+)_\d+", re.DOTALL)


def check(run: Callable[[str], list[tuple[Any, ...]]], source: Source, columns: Collection[str]) -> None:
    """Raise TableUnreadable where one column may have a name that it has not in its file.

    A file is looked at again only where a column is called as if it had been renamed.
    """
    known = {name.lower() for name in columns}
    if not any((made := RENAMED.fullmatch(name)) and made[1].lower() in known for name in columns):
        return
    spelt: dict[str, str] = {}
    for name in _own_names(run, source):
        other = spelt.setdefault(name.lower(), name)
        if other != name:
            both = " and ".join(cut(each, 60) for each in sorted((other, name)))
            raise TableUnreadable(source.name, f"its columns {both} differ in case alone; call one of them otherwise")


def _own_names(run: Callable[[str], list[tuple[Any, ...]]], source: Source) -> Iterator[str]:
    """The columns' names as the files or the frame have them."""
    if source.frame is not None:
        yield from source.frame.schema.names  # type: ignore[attr-defined]
    for path in source.paths:
        quoted = quoting.text(path)
        if source.form == "csv":
            yield from header(Path(path), source.name)[1]
        elif source.form == "json":
            keys = run(f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({quoted})")  # noqa: S608 - quoted
            yield from (name for (name,) in keys)
        else:
            yield from _of_parquet(run(f"SELECT name, num_children FROM parquet_schema({quoted})"))  # noqa: S608 - quoted


def _of_parquet(elements: list[tuple[Any, ...]]) -> Iterator[str]:
    """The names right below the root, of a tree whose every element comes before its children."""
    places = iter(elements[1:])
    for name, children in places:
        yield str(name)
        within = children or 0
        while within:
            within += (next(places)[1] or 0) - 1
