"""Clusters of Dask whose processes are in pods: what each process is to be, and how a stage finds them.

Who makes the pods is not known here.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from noteship import processors
from noteship.computing import dask_engine
from noteship.computing.engines import Access

__all__ = ["NEEDED", "PORTS", "Meeting", "Worker", "become", "events", "news"]

PROGRAM = Path(__file__).with_name("dask_pod.py")
NEEDED = dask_engine.NEEDED
# Of the scheduler; of a worker, and of who watches it.
SCHEDULER_PORT, WORKER_PORT, NANNY_PORT = 8786, 8788, 8789
PORTS = (SCHEDULER_PORT, WORKER_PORT, NANNY_PORT)
# In each pod's own temporary folder: certificates, and what a worker has no memory for. Named, not imported: what is
# in that module is not for this interpreter.
FOLDER = "/tmp/noteship-computing"  # noqa: S108 - the pod's own
FILES = ("authority.pem", "certificate.pem", "key.pem")
# Of what a pod may write, so much is for values that do not fit into memory.
SPILL_SHARE = 0.8


@dataclass(frozen=True)
class Meeting:
    """Where the processes of a cluster find each other, and by what they know each other.

    - host: the scheduler's; name: the cluster's, which no other one has
    - secret: a file that all their pods have, and the stage's: certificates are made of it
    """

    host: str
    name: str
    secret: str
    folder: str = FOLDER

    @property
    def address(self) -> str:
        """The scheduler's."""
        return f"tls://{self.host}:{SCHEDULER_PORT}"

    def access(self, stage: str, modules: Mapping[str, str], workers: int) -> Access:
        """What a stage needs in its pod; equal for equal arguments, so that a stage under way is known again."""
        authority, certificate, key = (f"{self.folder}/{name}" for name in FILES)
        identity = {"secret": self.secret, "name": self.name, "folder": self.folder}
        options = {"stage": stage, "modules": dict(modules), "carry": True, "identity": identity, "workers": workers}
        return dask_engine.access(self.address, (authority, certificate, key), options)


@dataclass(frozen=True)
class Worker:
    """What a worker may use: threads, memory of its own, and room for what does not fit into that."""

    threads: int
    memory_bytes: int
    temporary_bytes: int


def become(role: Literal["scheduler", "worker"], meeting: Meeting, worker: Worker | None = None) -> NoReturn:
    """Let this process be one of a cluster's; it does not come back. Raises OSError."""
    request: dict[str, Any] = {
        "role": role,
        "secret": meeting.secret,
        "name": meeting.name,
        "folder": meeting.folder,
        "port": SCHEDULER_PORT,
    }
    if worker:
        request |= {
            "address": meeting.address,
            "port": WORKER_PORT,
            "nanny_port": NANNY_PORT,
            "threads": worker.threads,
            "memory_bytes": worker.memory_bytes,
            "spill_bytes": int(worker.temporary_bytes * SPILL_SHARE),
        }
    variables = {**dask_engine.without_clusters(os.environ), **dict.fromkeys(processors.VARIABLES, "1")}
    os.execve(sys.executable, [sys.executable, str(PROGRAM), json.dumps(request)], variables)  # noqa: S606 - no shell


def events(lines: Iterable[str]) -> list[Mapping[str, Any]]:
    """What a scheduler said of its workers, from all that it said."""
    found = []
    for line in lines:
        if line.startswith('{"event"'):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found


def news(said: Iterable[Mapping[str, Any]], killed: int, memory_bytes: int) -> tuple[str, ...]:
    """What befell workers, for a person; `killed` are those that ended for their memory without a word.

    >>> news([{"event": "lost", "worker": "tls://10.1.0.7:8788"}], 0, 1 << 30)
    ('a worker of the cluster ended; another took its place and its tasks',)
    """
    counts = Counter(str(each["event"]) for each in said)
    lost = counts["lost"]
    over = min(lost, counts["memory"] + killed)
    because = f": it took more than its memory of {dask_engine.size(memory_bytes)}"
    return tuple(
        f"a worker of the cluster ended{because if number < over else ''}; another took its place and its tasks"
        for number in range(lost)
    )
