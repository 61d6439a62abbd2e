"""Names of what is kept.

    collected/RELEASE/MODEL/rows/START/VERSION-REPLICA-BOOT-SEQUENCE.parquet       rows that were asked from START on
    collected/RELEASE/MODEL/labels/START/VERSION-REPLICA-BOOT-SEQUENCE.parquet     labels of rows of these

START is a moment in UTC, a multiple of five minutes, such as 20261123T021500Z; VERSION the digest of the bundle that
answered. A piece's name is its own for ever: written again, it is the same piece.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import quote, unquote

from noteship.monitor.pieces import stamp, stamped

__all__ = ["FOLDER", "SLOT_S", "Kind", "Piece", "Place"]

FOLDER = "collected"
# Rows are found, joined with their labels, and deleted by the time in which they were asked, in steps of so much.
SLOT_S = 300
Kind = Literal["rows", "labels"]
_NAME = re.compile(r"(rows|labels)/(\d{8}T\d{6}Z)/([0-9a-f]{64})-(.+)-([0-9a-z]+)-(\d+)\.parquet")


@dataclass(frozen=True)
class Place:
    """A model under the name of a release."""

    release: str
    model: str

    @property
    def prefix(self) -> str:
        """What all names of it begin with."""
        return f"{FOLDER}/{quote(self.release, safe='')}/{quote(self.model, safe='')}/"

    @classmethod
    def of(cls, name: str) -> Self | None:
        """Of which one a name is; None for what is none of these."""
        parts = name.split("/")
        is_one = len(parts) >= 4 and parts[0] == FOLDER
        return cls(unquote(parts[1]), unquote(parts[2])) if is_one else None


@dataclass(frozen=True, order=True)
class Piece:
    """What one worker wrote at once, of rows or of labels of one slot of time."""

    start: int
    version: str
    replica: str
    boot: str
    sequence: int
    kind: Kind = "rows"

    @property
    def name(self) -> str:
        """Under which it is written, below its place."""
        of = f"{self.version}-{quote(self.replica, safe='')}-{self.boot}-{self.sequence}"
        return f"{self.kind}/{stamp(self.start)}/{of}.parquet"

    @classmethod
    def of(cls, name: str) -> Self | None:
        """The piece of a name; None for what is none."""
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        kind: Kind = "rows" if found[1] == "rows" else "labels"
        try:
            return cls(stamped(found[2]), found[3], unquote(found[4]), found[5], int(found[6]), kind)
        except ValueError:
            return None
