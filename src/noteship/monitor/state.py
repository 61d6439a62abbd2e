"""What the evaluator knows of one version of a model: one value, which moves on with each window."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from noteship.monitor import errors, statistics
from noteship.monitor.betting import witness_from_json, witness_to_json
from noteship.monitor.memory import Memory

__all__ = ["State"]

VERSION = 1


@dataclass(frozen=True, eq=False)
class State:
    """Everything that later decisions depend on.

    - upto: the start of the last window that was closed, in seconds since 1970; None before the first
    - judged: windows, or groups of small ones, that were evidence
    - log_r: the evidence so far, by detector, of `weighed` of them: those since the last alarm was settled
    - since: the window that rang; it rings until it is settled, whatever the evidence is by then
    - memory: what windows leave for later ones; None before the first
    - witness: what rows from now on are bet on; bets: the last of them, with the hour of the week that they are for
    - waiting: the sketch of windows too small to be judged, `windows` of them, with the hour of the week that they are
      compared with; None for the profile
    - silent: boots that have not told of their windows, with the start of the first
    - settled: who settled the last alarm and why, and whether it was usual, until a decision has said so
    - last: what was decided last, with its sketch, from which it is written where the writer was killed
    """

    upto: int | None = None
    judged: int = 0
    weighed: int = 0
    log_r: Mapping[str, float] = field(default_factory=dict)
    since: int | None = None
    memory: Memory | None = None
    witness: statistics.Witness | None = None
    bets: Mapping[str, int | None] = field(default_factory=dict)
    waiting: bytes = b""
    waiting_hour: int | None = None
    windows: int = 0
    silent: Mapping[str, int] = field(default_factory=dict)
    settled: Mapping[str, Any] | None = None
    last: Mapping[str, Any] | None = None

    @property
    def told_settled(self) -> str:
        """Who settled the last alarm and why, in words; empty once a decision has said so."""
        if self.settled is None:
            return ""
        usual = ", and its windows are usual ones" if self.settled.get("usual") else ""
        return f"settled by {self.settled['by']}: {self.settled['why']}{usual}"

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "state": VERSION,
            "upto": self.upto,
            "judged": self.judged,
            "weighed": self.weighed,
            "log_r": dict(self.log_r),
            "since": self.since,
            "memory": None if self.memory is None else self.memory.to_json(),
            "witness": None if self.witness is None else witness_to_json(self.witness),
            "bets": list(map(list, self.bets.items())),
            "waiting": base64.b64encode(self.waiting).decode("ascii"),
            "waiting_hour": self.waiting_hour,
            "windows": self.windows,
            "silent": dict(self.silent),
            "settled": None if self.settled is None else dict(self.settled),
            "last": self.last,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises DamagedDecisions."""
        try:
            if value["state"] != VERSION:
                raise errors.DamagedDecisions(f"the evaluator's state has version {value['state']}, not {VERSION}")
            return cls(
                upto=value["upto"],
                judged=int(value["judged"]),
                weighed=int(value["weighed"]),
                log_r={str(name): float(each) for name, each in value["log_r"].items()},
                since=value["since"],
                memory=None if value["memory"] is None else Memory.from_json(value["memory"]),
                witness=None if value["witness"] is None else witness_from_json(value["witness"]),
                bets={str(name): hour for name, hour in value["bets"]},
                waiting=base64.b64decode(value["waiting"], validate=True),
                waiting_hour=value["waiting_hour"],
                windows=int(value["windows"]),
                silent={str(name): int(each) for name, each in value["silent"].items()},
                settled=value["settled"],
                last=value["last"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.DamagedDecisions("a part of the evaluator's state is missing or changed") from error
