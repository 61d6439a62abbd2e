"""What a survey is asked about beside the table itself."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Asked"]


@dataclass(frozen=True)
class Asked:
    """How a table is looked at.

    - target: the column that is to be predicted
    - split: the column that says which part a row is in, such as "train" and "test"
    - key: columns that together name a row
    - leave_out: columns of which no value is shown
    - beside: how the table that is called `others` is named, where there is one: the test part of this one
    """

    target: str | None = None
    split: str | None = None
    key: tuple[str, ...] = ()
    leave_out: frozenset[str] = frozenset()
    beside: str | None = None
