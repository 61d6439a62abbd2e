"""What the keys and values of messages are."""

from __future__ import annotations

from typing import Literal

__all__ = ["Form", "form_of"]

Form = Literal["text", "bytes", "json"]
"""Of `json` the values are JSON, and the keys text."""


def form_of(name: str | None) -> Form:
    """The form of this name; without one, text."""
    if name == "bytes":
        return "bytes"
    return "json" if name == "json" else "text"
