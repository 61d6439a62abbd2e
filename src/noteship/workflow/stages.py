"""A stage: what one notebook or script is to the graph, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from noteship.digests import Digest

__all__ = ["JSON", "Environment", "Pieces", "Stage"]

JSON: TypeAlias = Any
"""None, a bool, a number, text, or lists and dictionaries of these."""
Pieces: TypeAlias = Sequence[tuple[str, str]]
"""Parts of a file's code in their order, each by its name and its digest."""


@dataclass(frozen=True)
class Environment:
    """What the stages run in: the digest counts, the packages are for messages."""

    digest: str
    packages: Mapping[str, str] = field(default_factory=dict)
    python: str = ""

    def to_json(self) -> JSON:
        """As a plain value."""
        return {"digest": self.digest, "packages": dict(self.packages), "python": self.python}

    @classmethod
    def from_json(cls, value: JSON) -> Environment:
        """From its plain value."""
        return cls(value["digest"], value["packages"], value["python"])


@dataclass(frozen=True)
class Stage:
    """One step of the graph; paths are relative to the project's root, with `/`.

    `reads` and `writes` may be files, folders, or patterns with `*`, `?` and `**`. What a stage reads after having
    written it itself is not among its reads; what it reads and then writes again is in `in_place` and in both of the
    others. `calls` and `elsewhere` say how it is run, as they count in its key. `literals` are what its code gives to
    its parameters, and `pieces` the parts of its code and of its modules, by file; both only word what changed. A
    `source` brings data from elsewhere, and nothing of it runs in the environment.
    """

    name: str
    path: str
    code: Digest
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()
    params: Mapping[str, JSON] = field(default_factory=dict)
    outside: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[tuple[str, ...], ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    literals: Mapping[str, JSON] = field(default_factory=dict)
    pieces: Mapping[str, Pieces] = field(default_factory=dict)
    source: bool = False

    def to_json(self) -> JSON:
        """As a plain value."""
        return {
            "name": self.name,
            "path": self.path,
            "code": self.code,
            "reads": list(self.reads),
            "writes": list(self.writes),
            "in_place": list(self.in_place),
            "params": dict(self.params),
            "outside": list(self.outside),
            "required": list(self.required),
            "places": dict(self.places),
            "literals": dict(self.literals),
            "pieces": {path: [list(each) for each in pieces] for path, pieces in self.pieces.items()},
            "calls": [list(call) for call in self.calls],
            "elsewhere": dict(self.elsewhere),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, value: JSON) -> Stage:
        """From its plain value."""
        lists = {key: tuple(value[key]) for key in ("reads", "writes", "in_place", "outside", "required")}
        return cls(
            name=value["name"],
            path=value["path"],
            code=Digest(value["code"]),
            params=value["params"],
            places=value["places"],
            literals=value["literals"],
            pieces={path: [(name, digest) for name, digest in each] for path, each in value["pieces"].items()},
            calls=tuple(tuple(call) for call in value["calls"]),
            elsewhere=value["elsewhere"],
            source=value["source"],
            **lists,
        )
