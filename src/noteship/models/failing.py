"""Where scoring failed: a note on the error, since the error's own words may hold values of rows."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["FailedAt", "failed_step", "note_step"]


class FailedAt(str):
    """The step and, where it is known, the column: names only, never values. `step` is its label alone."""

    __slots__ = ("step",)
    step: str


def note_step(error: BaseException, label: str, column: str, columns: Iterable[str]) -> None:
    """Note on an error in which step it came up, and in which column: the only one, or those that it speaks of.

    >>> error = KeyError("text")
    >>> note_step(error, "model.sav", "", ["text", "size"])
    >>> error.__notes__
    ["in step 'model.sav', column 'text'"]
    """
    said = str(error)
    named = [column] if column else [name for name in dict.fromkeys(columns) if f"'{name}'" in said]
    note = FailedAt(f"in step '{label}'" + "".join(f", column '{name}'" for name in named))
    note.step = label
    error.add_note(note)


def failed_step(error: BaseException) -> str:
    """The label of the step in which an error came up; nothing where it came up in none."""
    notes = (note for note in getattr(error, "__notes__", ()) if isinstance(note, FailedAt))
    return next((note.step for note in notes), "")
