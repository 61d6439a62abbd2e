"""What a client is told instead of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship import logs, models

__all__ = ["Refused", "place_of"]


@dataclass(eq=False)
class Refused(Exception):
    """A request that gets an HTTP status and a sentence; never anything that the client sent as a value."""

    status: int
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON document of the response."""
        return {"error": self.message, **self.details, "id": request_id}


def place_of(error: BaseException) -> str:
    """The kind of an error, where it was raised, and in which step; its own words may hold values of rows.

    >>> place_of(ValueError("could not convert string to float: 'a secret'"))
    'ValueError'
    >>> error = KeyError("a secret")
    >>> error.add_note(models.FailedAt("in step 'model.sav'"))
    >>> place_of(error)
    "KeyError, in step 'model.sav'"
    """
    steps = [note for note in getattr(error, "__notes__", ()) if isinstance(note, models.FailedAt)]
    return ", ".join([logs.raised_at(error), *steps])
