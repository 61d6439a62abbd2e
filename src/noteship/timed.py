"""Names in the order of time: when something began, in UTC, and digits of chance."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta

__all__ = ["after", "new"]

FORM = "%Y%m%dT%H%M%S%f"


def new(now: datetime | None = None) -> str:
    """A new name, to the microsecond, with six random digits."""
    return f"{now or datetime.now(UTC):{FORM}}Z-{os.urandom(3).hex()}"


def after(last: str) -> str:
    """A new name behind the last one, whose machine's clock may be ahead of this one's.

    >>> after("99981231T235959999999Z-abcdef")[:23]
    '99990101T000000000000Z-'
    """
    made = new()
    if made > last:
        return made
    with suppress(ValueError, OverflowError):  # what no noteship has written
        behind = datetime.strptime(last.partition("Z")[0], FORM) + timedelta(microseconds=1)
        return f"{behind:{FORM}}Z{made.partition('Z')[2]}"
    return made
