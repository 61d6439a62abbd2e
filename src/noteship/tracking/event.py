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
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from noteship import files

__all__ = ["VERSION", "Event", "Kind", "address"]

VERSION = 1
HIDDEN = "(hidden)"
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
        """The inverse of `to_json`. Raises TypeError for what another version of noteship, or somebody else, wrote."""
        event = cls(**value)
        if event.version != VERSION or not event._is_sound():
            raise TypeError(event.version)
        return event

    def _is_sound(self) -> bool:
        """Whether it is of the form above, and its files have places in a folder: others may write to the store."""
        texts = (self.id, self.server, self.model, self.experiment)
        times = (self.started_ms, self.ended_ms)
        return (
            all(type(each) is str for each in texts)
            and all(type(each) is int for each in times)
            and self.kind in get_args(Kind)
            and (self.bundle is None or _is_digest(self.bundle))
            and isinstance(self.files, Mapping)
            and all(files.is_inside(name) and _is_digest(digest) for name, digest in self.files.items())
            and isinstance(self.body, Mapping)
        )


def address(uri: str) -> str:
    """A server's address as it may be kept and shown: without the name, the password and the words it is asked with.

    What is left is made of its parts, and of what cannot be taken apart for certain nothing is shown.

    >>> address("https://ada:secret@mlflow.example.org/team?token=secret"), address("https://ada:se/cret@example.org")
    ('https://mlflow.example.org/team', '(hidden)')
    """
    try:
        parts = urlsplit(uri.strip())
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return HIDDEN
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":  # it may end a password that has / or ? in it
        return HIDDEN
    host = parts.hostname or ""
    place = f"[{host}]{port}" if ":" in host else f"{host}{port}"
    # Of file: and sqlite: the place is empty, and yet what begins it is part of them.
    beginning = uri.strip()[: len(parts.scheme)] + ":" if parts.scheme else ""
    slashes = "//" if parts.netloc or uri.strip().startswith(f"{beginning}//") else ""
    return f"{beginning}{slashes}{place}{parts.path}".rstrip("/")


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None
