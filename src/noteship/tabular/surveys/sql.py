"""Questions put together: whoever asks quotes names and gives values apart."""

from __future__ import annotations

__all__ = ["BESIDE", "NUMBERED", "ROW", "select", "within"]

# The rows with their numbers, from 0, in a column of a name that no table has.
ROW = '"noteship: row 7f2c9e41"'


def select(what: str, of: str = "rows", rest: str = "") -> str:
    """A question.

    >>> select("count(*)", within(select("a", rest="GROUP BY a")))
    'SELECT count(*) FROM (SELECT a FROM rows GROUP BY a)'
    """
    return f"SELECT {what} FROM {of} {rest}".rstrip()  # noqa: S608 - names are quoted, values are given apart


def within(question: str) -> str:
    """A question as a table, or as a list, of another one."""
    return f"({question})"


NUMBERED = within(select(f"*, row_number() OVER () - 1 AS {ROW}"))
BESIDE = within(select(f"*, row_number() OVER () - 1 AS {ROW}", "others"))
