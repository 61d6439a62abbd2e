"""What is told of a verb that ended: a plain value, which waits in the store until the server has it.

Written form, version 1: the fields as JSON. The body is of plain values:

- run: {"run", "state", "by", "stages": {name: {"state", "seconds", "params"}}}
- judgement: {"passed", "judged", "params", "metrics": {name: [value, low, high]}, "costs": {name: value},
  "gates": [[expression, passed, told]]}
- search: {"search", "metric", "direction", "state", "trials": [{"number", "parameters", "value", "state", "seconds"}]},
  with all trials of the search, not only those of the call
- promotion: {"by", "at", "reason", "override", "judgement"}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["VERSION", "Event", "Kind", "address"]

VERSION = 1
Kind = Literal["run", "judgement", "search", "promotion"]


@dataclass(frozen=True)
class Event:
    """What happened, and what belongs to it.

    - id: a time, so that ids sort by it; the server knows the event again by it
    - server: whom it is for; model: the project's name; experiment: where its runs are listed
    - bundle: the digest of the bundle that it is about; files: digests of others, by the names they get
    """

    id: str
    kind: Kind
    server: str
    model: str
    experiment: str
    started_ms: int
    ended_ms: int
    bundle: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Event:
        """The inverse of `to_json`. Raises TypeError for what another version of noteship has written."""
        event = cls(**value)
        if event.version != VERSION:
            raise TypeError(event.version)
        return event


def address(uri: str) -> str:
    """A server's address as it may be kept and shown: without the name, the password and the words it is asked with.

    >>> address("https://ada:secret@mlflow.example.org/team?token=secret")
    'https://mlflow.example.org/team'
    """
    return re.sub(r"//[^/@]*@", "//", re.split(r"[?#]", uri.strip(), maxsplit=1)[0]).rstrip("/")
