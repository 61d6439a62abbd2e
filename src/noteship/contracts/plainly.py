"""Numbers, shares and foreign values as people read them."""

from __future__ import annotations

import datetime
from typing import Any

from noteship.contracts.contract import Bounds
from noteship.errors import cut

__all__ = ["age", "allowed", "count", "listed", "plain", "share"]

# A value is shown to be recognised, not to be read.
VALUE_LIMIT = 60
VALUES_SHOWN = 6


def plain(value: object) -> str:
    r"""A foreign value in one line: cut, and without what a terminal would obey.

    >>> print(plain("a\x1b[31m\nb"), plain(2.50), plain(None))
    'a\x1b[31m\nb' 2.5 missing
    """
    if value is None:
        return "missing"
    if isinstance(value, str):
        kept = value[: VALUE_LIMIT + 1]
        shown = kept if kept.isprintable() and kept == kept.strip() and kept else ascii(kept)
        return cut(shown, VALUE_LIMIT)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime.date):
        return value.isoformat().removesuffix("T00:00:00").replace("T", " ")
    return cut(str(value) if str(value).isprintable() else ascii(value), VALUE_LIMIT)


def count(number: int, of: int) -> str:
    """So many of so many rows, with the verb that follows.

    >>> count(1, 5796), count(3, 5796)
    ('1 of 5,796 rows is', '3 of 5,796 rows are')
    """
    return f"{number:,} of {of:,} rows {'is' if number == 1 else 'are'}"


def share(part: float) -> str:
    """A share of the rows.

    >>> share(0.0), share(0.012), share(0.00002)
    ('no row', '1.2 % of rows', '0.002 % of rows')
    """
    return f"{part * 100:.4g} % of rows" if part else "no row"


def allowed(bounds: Bounds) -> str:
    """What bounds allow.

    >>> allowed(Bounds(0, 120)), allowed(Bounds(0)), allowed(Bounds(None, 9)), allowed(Bounds(3, 3))
    ('from 0 to 120', 'at least 0', 'at most 9', '3')
    """
    if bounds.least is not None and bounds.least == bounds.most:
        return plain(bounds.least)
    if bounds.least is None:
        return f"at most {plain(bounds.most)}"
    return (
        f"at least {plain(bounds.least)}"
        if bounds.most is None
        else f"from {plain(bounds.least)} to {plain(bounds.most)}"
    )


def listed(values: Any) -> str:
    """Some values of a list."""
    shown = ", ".join(plain(each) for each in values[:VALUES_SHOWN])
    more = len(values) - VALUES_SHOWN
    return shown + (f" and {more} more" if more > 0 else "")


def age(seconds: float) -> str:
    """How long something is ago, from 0 on.

    >>> age(90_000), age(7_200), age(61), age(59)
    ('1 day', '2 hours', '1 minute', '0 minutes')
    """
    lengths_s = {"day": 86_400, "hour": 3_600, "minute": 60}
    unit = next((name for name, length_s in lengths_s.items() if seconds >= length_s), "minute")
    whole = int(seconds // lengths_s[unit])
    return f"{whole:,} {unit}{'' if whole == 1 else 's'}"
