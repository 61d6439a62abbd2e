"""The seam to engines of clusters: what a stage asks for, and what its process needs to find what it gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from noteship.computing.errors import ClusterGone

__all__ = ["Access", "Cluster", "Engine", "Identity", "OpeningStopped", "Place", "Purpose", "Wanted"]


class OpeningStopped(Exception):
    """Who asked for a cluster does not want it any more."""


@dataclass(frozen=True)
class Identity:
    """Files for TLS, in PEM: who is trusted, and the certificate and key to be known by. Without them, by default."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Wanted:
    """A cluster as it is asked for: one to be made, or the one at `address`.

    Without `workers`, as many as there are processors for their threads; without `memory_bytes`, each has its share of
    the machine's. `identity` is for the one at an address; `cpu` is what each worker is promised where Kubernetes has
    them, as it writes processors.
    """

    engine: str
    workers: int | None = None
    threads: int = 1
    memory_bytes: int | None = None
    address: str | None = None
    identity: Identity = Identity()
    cpu: str = ""


@dataclass(frozen=True)
class Purpose:
    """What a cluster is wanted for: a stage, and its work by a name that equal work has, too.

    `tell` hears what is waited for until the cluster is there.
    """

    stage: str = ""
    work: str = ""
    tell: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class Place:
    """Where clusters are made: by a project's interpreter, in an environment; `root` is what paths are relative to."""

    root: Path
    python: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Access:
    """What a process needs to find a cluster: variables of its environment, and code to be run before its own."""

    environment: Mapping[str, str] = field(default_factory=dict)
    prelude: str = ""


class Cluster(Protocol):
    """A cluster that can be used; thread-safe."""

    def access(self, stage: str, modules: Mapping[str, str]) -> Access:
        """For a stage under a name that no other has, with the names and digests of its own modules."""
        ...

    def alive(self, *, now: bool = False) -> bool:
        """Whether it still is there; `now` asks at once, and has no patience with an answer that is missing."""
        ...

    def describe(self) -> str:
        """What it is, for a person: no secrets, nothing that is another each time."""
        ...

    def gone(self) -> ClusterGone:
        """That it went away, with what helps."""
        ...

    def news(self) -> tuple[str, ...]:
        """All that happened to it so far and is to be known, in its order."""
        ...

    def close(self) -> None:
        """End it, if it was made here."""
        ...


class Engine(Protocol):
    """Makes or finds clusters of one kind."""

    def open(self, wanted: Wanted, place: Place, cancel: threading.Event) -> Cluster:
        """A cluster as wanted; once `cancel` is set it is given up soon.

        Raises EngineMissing, ClusterBroken, ClusterUnreachable, OpeningStopped.
        """
        ...
