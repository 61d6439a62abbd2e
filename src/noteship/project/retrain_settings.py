"""`[retrain]`: when the model is learned anew without anybody asking, and what becomes of the new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from noteship.project import values

__all__ = ["OCCASIONS", "THEN", "RetrainSettings"]

OCCASIONS = ("alarm", "data")
THEN = ("validate", "promote", "canary", "deploy")


def _occasions(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(each in OCCASIONS for each in value):
        raise ValueError('a list of what may start it: "alarm", when a window rings, "data", when a source has moved')
    return tuple(dict.fromkeys(value))


def _then(value: object) -> str:
    if value not in THEN:
        raise ValueError(f"how far a model goes whose gates are passed: {', '.join(THEN)}")
    return str(value)


@dataclass(frozen=True)
class RetrainSettings:
    """`[retrain]`: what may start it, how often at most, and how far it goes.

    - look_s: how often it is looked for an occasion on a cluster; schedule: the clock that starts it there as well
    """

    on: tuple[str, ...] = field(default=("alarm",), metadata={"parse": _occasions})
    at_most_s: float = field(default=values.DAY_S, metadata={"key": "at_most", "parse": values.interval})
    then: str = field(default="canary", metadata={"parse": _then})
    share: float = field(default=0.1, metadata={"parse": values.share})
    look_s: float = field(default=600.0, metadata={"key": "look", "parse": values.every})
    schedule: str = field(default="", metadata={"parse": values.clock})
    zone: str = "Etc/UTC"

    def to_json(self) -> dict[str, Any]:
        """As a retraining's record has it."""
        return {"on": list(self.on), "at_most_s": self.at_most_s, "then": self.then, "share": self.share}
