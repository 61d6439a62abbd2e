"""What the keys and values of messages are."""

from __future__ import annotations

from typing import Literal

__all__ = ["Form"]

Form = Literal["text", "bytes", "json"]
"""Of `json` the values are JSON, and the keys text."""
