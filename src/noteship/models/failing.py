"""Where scoring failed: a note on the error, since the error's own words may hold values of rows."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["FailedAt", "note_step"]


class FailedAt(str):
    """The step and, where it is known, the column: names only, never values."""

    __slots__ = ()


def note_step(error: BaseException, label: str, column: str, columns: Iterable[str]) -> None:
    """Note on an error in which step it came up, and in which column: the only one, or those that it speaks of.

    >>> error = KeyError("text")
    >>> note_step(error, "model.sav", "", ["text", "size"])
    >>> error.__notes__
    ["in step 'model.sav', column 'text'"]
    """
    said = str(error)
    named = [column] if column else [name for name in dict.fromkeys(columns) if f"'{name}'" in said]
    error.add_note(FailedAt(f"in step '{label}'" + "".join(f", column '{name}'" for name in named)))
