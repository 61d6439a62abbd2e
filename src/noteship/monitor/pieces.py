"""What workers tell of themselves and of their windows: names, values, and their written forms."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from noteship.monitor.calls import Calls

if TYPE_CHECKING:
    from noteship.monitor.sample import Sample

__all__ = ["Boot", "Piece", "Place", "grace_s", "stamp", "stamped", "start_of"]

VERSION = 1
STAMP = "%Y%m%dT%H%M%SZ"
# Between a version and the one whose profile encodes it, where that is not its own.
BESIDE = "@"
# Clocks of machines that are set over the network are milliseconds apart; the rest is for writing over a slow one.
MOST_GRACE_S = 30.0


def start_of(now: float, seconds: int) -> int:
    """The start of the window of a moment: both in seconds since 1970, a multiple of the windows' length."""
    return int(now // seconds) * seconds


def grace_s(seconds: int) -> float:
    """For how long after its end a window's pieces are waited for: a tenth of it, at most half a minute."""
    return min(seconds / 10, MOST_GRACE_S)


def stamp(start: int) -> str:
    """A window's start as names have it, in UTC.

    >>> stamp(0)
    '19700101T000000Z'
    """
    return datetime.datetime.fromtimestamp(start, datetime.UTC).strftime(STAMP)


def stamped(text: str) -> int:
    """The inverse of `stamp`. Raises ValueError."""
    return int(datetime.datetime.strptime(text, STAMP).replace(tzinfo=datetime.UTC).timestamp())


@dataclass(frozen=True)
class Place:
    """What is watched: a version, the digest of its bundle, of a model, under the name of a release."""

    release: str
    model: str
    version: str

    @property
    def is_beside(self) -> bool:
        """Whether it is a version as another one's profile has it, and none of its own."""
        return BESIDE in self.version

    def beside(self, version: str) -> Place:
        """The same rows, encoded by the profile of another version, so that both can be compared."""
        return Place(self.release, self.model, f"{self.version}{BESIDE}{version}")

    @property
    def prefix(self) -> str:
        """What all names of it in a store begin with."""
        return f"monitor/{quote(self.release, safe='')}/{quote(self.model, safe='')}/{quote(self.version, safe='')}/"


@dataclass(frozen=True)
class Boot:
    """The time that one worker watches one version. Times are seconds since 1970.

    - replica: the machine, or the pod; two that claim one name are told apart by `boot`, which is random
    - seconds: how long its windows are
    - ended: None while it goes on, and for ever where the worker was killed
    """

    replica: str
    boot: str
    started: float
    seconds: int
    ended: float | None = None

    @property
    def name(self) -> str:
        """Under which it is written, and which the names of its pieces begin with."""
        return f"{quote(self.replica, safe='')}-{self.boot}"

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "format": VERSION,
            "replica": self.replica,
            "boot": self.boot,
            "started": round(self.started, 3),
            "seconds": self.seconds,
            "ended": None if self.ended is None else round(self.ended, 3),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError and TypeError."""
        _check(value)
        ended = None if value["ended"] is None else float(value["ended"])
        return cls(str(value["replica"]), str(value["boot"]), float(value["started"]), int(value["seconds"]), ended)


@dataclass(frozen=True)
class Piece:
    """What one worker kept of one window. A worker writes one for every window that it lived in, rows or not.

    - sequence: counts a boot's pieces; where a clock was set back, there are several of one window
    - lost: rows that were answered and are not in the sketch: the watching was too slow, or failed, or pieces before
      this one were dropped because the store was away for too long
    - work_share: of the rows, those whose work was counted
    - sketch: its bytes, empty where there were no rows
    - sample: requests that are kept with their rows, where that is asked for; written elsewhere, see `KeptRows`
    - calls: how its requests went, those without rows included
    """

    start: int
    replica: str
    boot: str
    sequence: int
    rows: int = 0
    requests: int = 0
    lost: int = 0
    work_share: float = 0.0
    sketch: bytes = b""
    sample: Sample | None = None
    calls: Calls = field(default_factory=Calls)

    @property
    def name(self) -> str:
        """Under which it is written, within its window; no other piece has it, whatever is written how often."""
        return f"{quote(self.replica, safe='')}-{self.boot}-{self.sequence}"

    @property
    def boot_name(self) -> str:
        """The name of the boot that wrote it."""
        return self.name.rpartition("-")[0]

    def to_json(self) -> dict[str, Any]:
        """The written form; the sketch in base64, so that a piece is one value that is written in one step."""
        return {
            "format": VERSION,
            "start": stamp(self.start),
            "replica": self.replica,
            "boot": self.boot,
            "sequence": self.sequence,
            "rows": self.rows,
            "requests": self.requests,
            "lost": self.lost,
            "work_share": round(self.work_share, 6),
            "sketch": base64.b64encode(self.sketch).decode("ascii"),
            "calls": self.calls.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises ValueError, KeyError and TypeError."""
        _check(value)
        return cls(
            stamped(value["start"]),
            str(value["replica"]),
            str(value["boot"]),
            int(value["sequence"]),
            int(value["rows"]),
            int(value["requests"]),
            int(value["lost"]),
            float(value["work_share"]),
            base64.b64decode(value["sketch"], validate=True),
            calls=Calls.from_json(value.get("calls")),
        )


def _check(value: Mapping[str, Any]) -> None:
    if value["format"] != VERSION:
        raise ValueError(f"it has format {value['format']!r}, and this noteship reads format {VERSION}")
