"""Quantities as people write them in declarations: durations, times of a clock, and amounts of memory."""

from __future__ import annotations

import re

__all__ = ["duration_s", "is_cron", "size_bytes"]

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# Kubernetes' suffixes: powers of 1024 with an i, of 1000 without.
BYTES = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "ki": 2**10,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


def duration_s(text: str) -> float:
    """Seconds in a duration; ValueError when it is none.

    >>> duration_s("5m"), duration_s("1.5h"), duration_s("90")
    (300.0, 5400.0, 90.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*", text)
    if not found or float(found[1]) <= 0:
        raise ValueError('a duration such as "90s", "5m" or "2h"')
    return float(found[1]) * SECONDS[found[2] or "s"]


def is_cron(text: str) -> bool:
    """Whether it is a time as cron has it; what its fields hold is the cluster's to judge.

    >>> is_cron("15 3 * * 1"), is_cron("@daily"), is_cron("daily")
    (True, True, False)
    """
    return len(text.split()) == 5 or bool(re.fullmatch(r"@(hourly|daily|weekly|monthly|yearly)", text))


def size_bytes(text: str) -> int:
    """Bytes in an amount of memory; ValueError when it is none.

    >>> size_bytes("4Gi"), size_bytes("500M")
    (4294967296, 500000000)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]i?|Ki)?\s*", text)
    if not found or float(found[1]) <= 0:
        raise ValueError('an amount of memory such as "500Mi" or "4Gi"')
    return int(float(found[1]) * BYTES[found[2] or ""])
