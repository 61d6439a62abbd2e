"""How the messages of this room name columns, cells and what clients sent."""

from __future__ import annotations

from collections.abc import Mapping

from noteship.errors import cut

__all__ = ["FIELD_LIMIT", "listed", "places"]

# Names of columns that a message shows before it counts the rest.
NAMES_SHOWN = 8
# Cells that a message shows for the columns they make.
PLACES_SHOWN = 4
# A field's name comes from a client, who may have put anything there.
FIELD_LIMIT = 60


def listed(names: tuple[str, ...]) -> str:
    """Names in a row, each cut, the last of many counted."""
    shown = ", ".join(cut(name, FIELD_LIMIT) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def places(columns: tuple[str, ...], made_at: Mapping[str, str], stored_at: str) -> list[str]:
    """Where columns were made, as far as that is known, else where they were stored."""
    by_place: dict[str, list[str]] = {}
    for column in columns:
        if column in made_at:
            by_place.setdefault(made_at[column], []).append(column)
    made = [f"{listed(tuple(names))} made at {place}" for place, names in by_place.items()]
    shown = made[:PLACES_SHOWN]
    known = sum(map(len, by_place.values()))
    if stored_at and known < len(columns):
        others = tuple(column for column in columns if column not in made_at)
        shown.append(f"{listed(others)} stored at {stored_at}")
    return shown
