"""Values of settings, read from the plain ones of TOML; each raises ValueError with what was expected."""

from __future__ import annotations

import re
from typing import Any

from noteship import quantities

__all__ = [
    "DAY_S",
    "argument",
    "arguments",
    "clock",
    "count",
    "digest",
    "duration",
    "every",
    "folds",
    "interval",
    "is_plain",
    "length",
    "name",
    "params",
    "part",
    "sample",
    "sample_keep",
    "share",
    "size",
    "window",
]

DAY_S = 86_400.0
# More would not fit into what a window's rows may take.
MOST_SAMPLED = 1_000


def name(value: object) -> str:
    """A name that Kubernetes takes, too. Raises ValueError with what was expected."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value):
        # The limit of a Kubernetes label and of a DNS label: the name ends up in both.
        raise ValueError("a name of at most 63 small letters, digits and dashes")
    return value


def digest(value: object) -> str:
    """A whole digest. Raises ValueError with what was expected."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("all 64 digits of a bundle's digest")
    return value


def duration(value: object) -> float:
    """Seconds of a duration such as 90s, 5m or 2h. Raises ValueError with what was expected."""
    return quantities.duration_s(str(value))


def length(value: object) -> float:
    """Seconds of a duration that has its unit. Raises ValueError with what was expected."""
    # A number alone could be of any unit: minutes are as likely as seconds.
    if not isinstance(value, str) or not value.strip()[-1:].isalpha():
        raise ValueError('a duration with its unit, such as "90s", "5m" or "2h"')
    return duration(value)


def window(value: object) -> int:
    """The whole seconds of a window. Raises ValueError with what was expected."""
    seconds = length(value)
    # A longer one would be blind to what happens every day at one time.
    if not 1 <= seconds <= DAY_S or seconds != int(seconds):
        raise ValueError('a duration in whole seconds and with its unit, from "1s" to "1d"')
    return int(seconds)


def interval(value: object) -> float:
    """Seconds between two events, of how many there are in a time. Raises ValueError with what was expected."""
    found = re.fullmatch(r"\s*([1-9]\d*)\s+per\s+(.+)", str(value))
    try:
        return length(found[2] if found else "") / int(found[1] if found else 1)
    except ValueError as error:
        raise ValueError('a number and a time with its unit, such as "1 per 90d"') from error


def size(value: object) -> int:
    """Bytes of a size such as 4Gi. Raises ValueError with what was expected."""
    return quantities.size_bytes(str(value))


def argument(value: object) -> int | str:
    """Which argument of a function holds a path. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("the position or the name of the argument that holds the path")
    return value


def arguments(value: object) -> dict[str, int | str]:
    """Functions, each with the argument that holds a path. Raises ValueError with what was expected."""
    if not isinstance(value, dict):
        raise ValueError('a table such as { "mylib.load_frame" = "path" }')
    return {function: argument(each) for function, each in value.items()}


def is_plain(value: object) -> bool:
    """Whether a value can be a parameter: JSON has it, so that it can be compared with that of another run."""
    if value is None or isinstance(value, bool | str | int | float):
        return True
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(each) for key, each in value.items())
    return isinstance(value, list | tuple) and all(map(is_plain, value))


def params(value: object) -> dict[str, Any]:
    """Parameters by name. Raises ValueError with what was expected."""
    if not isinstance(value, dict) or not is_plain(value):
        raise ValueError("a table of numbers, texts, true or false, and lists or tables of these")
    return value


def clock(value: object) -> str:
    """When something is done, as cron has it. Raises ValueError with what was expected."""
    if not isinstance(value, str) or not quantities.is_cron(value):
        raise ValueError('five fields of cron, such as "15 3 * * 1", or @daily')
    return value


def every(value: object) -> float:
    """Seconds between two looks: whole minutes that make an hour, or hours that make a day. Raises ValueError."""
    seconds = length(value)
    fits = seconds % 60 == 0 and seconds > 0
    if not fits or not (3600 % seconds == 0 or (seconds % 3600 == 0 and DAY_S % seconds == 0)):
        raise ValueError('minutes that make a whole hour, or hours that make a whole day, such as "10m" or "6h"')
    return seconds


def count(value: object) -> int:
    """A whole number from 1 on. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("a whole number from 1 on")
    return value


def share(value: object) -> float:
    """A number above 0 and at most 1. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError("a number above 0 and at most 1")
    return float(value)


def part(value: object) -> float:
    """A number from 0 to 1. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("a number from 0, for none, to 1, for all")
    return float(value)


def sample(value: object) -> int:
    """How many rows of a window are kept. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SAMPLED:
        raise ValueError(f"a whole number from 0, for none, to {MOST_SAMPLED:,}")
    return value


def sample_keep(value: object) -> float:
    """For how many seconds rows are kept. Raises ValueError with what was expected."""
    seconds = length(value)
    # Counts are kept for five weeks; rows no longer than these.
    if not 3_600 <= seconds <= 35 * DAY_S:
        raise ValueError('a duration from "1h" to "35d"')
    return seconds


def folds(value: object) -> int:
    """How many parts rows are cut into, or 0. Raises ValueError with what was expected."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0 or value == 1:
        raise ValueError("a whole number from 2 on, or 0 for none")
    return value
