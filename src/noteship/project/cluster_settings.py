"""`cluster = {…}`: the cluster that a stage asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from noteship import computing
from noteship.project import values

__all__ = ["ClusterSettings"]


def _engine(value: object) -> str:
    if value not in computing.ENGINES:
        raise ValueError(f"the name of an engine that there is: {', '.join(computing.ENGINES)}")
    return str(value)


def _address(value: object) -> str:
    if not isinstance(value, str) or not value.startswith(("tls://", "tcp://")):
        raise ValueError('the address of a scheduler, such as "tls://scheduler.team-a:8786"')
    return value


def _processors(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[1-9]\d*m|\d*[1-9]\d*", value):
        raise ValueError('what each worker is promised on Kubernetes, such as "500m" or "2"')
    return value


@dataclass(frozen=True)
class ClusterSettings:
    """A cluster that is made for the run, of so many workers, or the one at an address, which is as it is."""

    engine: str = field(metadata={"parse": _engine})
    workers: int | None = field(default=None, metadata={"parse": values.count})
    threads: int | None = field(default=None, metadata={"parse": values.count})
    memory_bytes: int | None = field(default=None, metadata={"key": "memory", "parse": values.size})
    cpu: str | None = field(default=None, metadata={"parse": _processors})
    address: str | None = field(default=None, metadata={"parse": _address})
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if self.address and (self.workers or self.threads or self.memory_bytes or self.cpu):
            raise ValueError("either an address, whose workers are what they are, or workers, threads, memory and cpu")
        if (self.ca or self.cert or self.key) and not (self.address or "").startswith("tls://"):
            raise ValueError("ca, cert and key with an address tls://… only; a cluster made for the run has its own")
        if bool(self.cert) != bool(self.key):
            raise ValueError("cert and key together: each is of no use without the other")

    @property
    def wanted(self) -> computing.Wanted:
        """As it is asked for."""
        return computing.Wanted(
            self.engine,
            self.workers,
            self.threads or 1,
            self.memory_bytes,
            self.address,
            computing.Identity(self.ca, self.cert, self.key),
            self.cpu or "",
        )
