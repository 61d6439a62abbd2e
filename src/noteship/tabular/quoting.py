"""Names, texts and lists as SQL has them, quoted, so that nothing of a table is ever read as a question."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

__all__ = ["identifier", "moment", "names", "said_truth", "struct", "text", "texts", "truth"]

# A quoted name or a text, in which what ends it is doubled, or a bare word.
TOKEN = re.compile(r'"[^"]*(?:""[^"]*)*"' + r"|'[^']*(?:''[^']*)*'|\w+")


def identifier(name: str) -> str:
    """A name, whose quotes are doubled."""
    return '"' + name.replace('"', '""') + '"'


def names(sql: str) -> set[str]:
    r"""All words of a question that may be names, in small letters, as the engine does not tell these apart.

    >>> sorted(names("max(A), \"b\"\"c\" = 'not \"d\"'"))
    ['a', 'b"c', 'max']
    """
    words = (found for found in TOKEN.findall(sql) if not found.startswith("'"))
    return {(word[1:-1].replace('""', '"') if word.startswith('"') else word).casefold() for word in words}


def moment(sql: str) -> str:
    """The time in UTC that a text says, if it says one. A cast to a time without a zone would not look at the zone."""
    return f"CAST(TRY_CAST({sql} AS TIMESTAMP WITH TIME ZONE) AS TIMESTAMP)"


def said_truth(sql: str) -> str:
    """The truth that a text says, if it says one, as pandas reads it: "yes" and "t" are labels like others."""
    return f"CASE lower({sql}) WHEN 'true' THEN true WHEN 'false' THEN false END"


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
