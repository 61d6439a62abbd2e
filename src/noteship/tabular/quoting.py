"""Names, texts and lists as SQL has them, quoted, so that nothing of a table is ever read as a question."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["identifier", "struct", "text", "texts", "truth"]


def identifier(name: str) -> str:
    """A name, whose quotes are doubled."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text.

    >>> print(text("it's"))
    'it''s'
    """
    return "'" + value.replace("'", "''") + "'"


def texts(values: Collection[str]) -> str:
    """A list of texts."""
    return f"[{', '.join(map(text, values))}]"


def struct(values: Mapping[str, str]) -> str:
    """A table of texts by texts."""
    return "{" + ", ".join(f"{text(key)}: {text(value)}" for key, value in values.items()) + "}"


def truth(value: bool) -> str:
    """True or false."""
    return "true" if value else "false"
