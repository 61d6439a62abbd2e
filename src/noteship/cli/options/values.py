"""Values of options, as people write them."""

from __future__ import annotations

import argparse

__all__ = ["canary", "count", "duration", "seconds"]


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    """A number of seconds, with or without an `s`: 30, 0.5s."""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, such as 30 or 0.5")
    return seconds


def canary(text: str) -> tuple[str, float]:
    """A bundle and its share: champion=5."""
    name, equals, share = text.partition("=")
    try:
        percent = float(share.removesuffix("%")) if equals else 0.0
    except ValueError:
        percent = -1.0
    if not name or not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no bundle with its percentage, such as latest=5")
    return name, percent


def duration(text: str) -> int:
    """Whole seconds in a duration: 90s, 5m, 1h, 7d."""
    from noteship import quantities

    try:
        # Without a unit it could be of any.
        seconds = quantities.duration_s(text) if text.strip()[-1:].isalpha() else 0.5
    except ValueError:
        seconds = 0.5
    if seconds != int(seconds):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration in whole seconds, such as 5m, 1h or 7d")
    return int(seconds)
