"""What the pods of a stage's cluster of tasks get, and what they are told: from what the stage asks for."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Self

from noteship import computing, distributions
from noteship.cluster import manifests
from noteship.computing import dask_engine, dask_pods

__all__ = ["Computed", "become", "check_installed", "described", "memory_bytes", "pods_of"]

GIBIBYTE, MEBIBYTE = 1 << 30, 1 << 20
# Of a worker that says nothing: as much as a stage has that says nothing.
MEMORY_BYTES = 2 * GIBIBYTE
# Who watches a worker is a process of its own beside it, which has imported as much.
OWN_BYTES = 192 * MEBIBYTE
# A scheduler waits for messages most of the time.
SCHEDULER_CPU = "100m"


@dataclass(frozen=True)
class Computed:
    """One stage's cluster as it is handed over to a driver.

    - templates: its manifests but for what is known when it is made; secret: a file of all pods of the run
    """

    templates: Sequence[Mapping[str, Any]]
    secret: str

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"templates": [dict(each) for each in self.templates], "secret": self.secret}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From its plain value. Raises KeyError for what is none."""
        return cls(tuple(value["templates"]), str(value["secret"]))

    def meeting(self, name: str) -> computing.Meeting:
        """Where the processes of the cluster of a name meet."""
        namespace = self.templates[0]["metadata"]["namespace"]
        return computing.Meeting(manifests.computing_host(self.templates[0], name), f"{namespace}/{name}", self.secret)

    def filled(self, name: str, wanted: computing.Wanted, owner: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """Its manifests."""
        at = self.meeting(name)
        common = (f"--name={at.name}", f"--host={at.host}", f"--secret={at.secret}")
        worker = (
            f"--threads={wanted.threads}",
            f"--memory={memory_bytes(wanted)}",
            f"--temporary={_temporary(wanted)}",
        )
        filling = manifests.Filling(
            name, ("compute", "scheduler", *common), ("compute", "worker", *common, *worker), owner
        )
        return list(manifests.filled_computing(self.templates, filling))


def pods_of(wanted: computing.Wanted, placement: manifests.Placement) -> manifests.Computing:
    """What its pods get. Raises BadRelease.

    A worker's memory is its own, as on a laptop; its pod has a little more, for who watches it. A scheduler passes on
    what its client gathers, and so gets as much.
    """
    memory = f"{-(-(memory_bytes(wanted) + OWN_BYTES) // MEBIBYTE)}Mi"
    promised = wanted.cpu or str(wanted.threads)
    limit = max(promised, str(wanted.threads), key=manifests.processors)
    temporary = f"{_temporary(wanted) // MEBIBYTE}Mi"
    least = min(SCHEDULER_CPU, promised, key=manifests.processors)
    return manifests.Computing(
        wanted.workers or 1,
        manifests.Resources(promised, limit, memory, temporary),
        manifests.Resources(least, "1", memory, "1Gi"),
        placement,
    )


def described(wanted: computing.Wanted) -> str:
    """What it is, for a person."""
    workers = dask_engine.described(wanted.workers or 1, wanted.threads, memory_bytes(wanted))
    return f"a Dask cluster made for it on Kubernetes: {workers}"


def check_installed() -> None:
    """Raises EngineMissing where this interpreter, which is the image's, cannot be one of a cluster's processes."""
    for module in dask_pods.NEEDED:
        if importlib.util.find_spec(module) is None:
            python = sys.executable
            command = distributions.install_command(python, *dask_pods.NEEDED)
            raise computing.errors.EngineMissing(python, module, command)


def become(role: Literal["scheduler", "worker"], meeting: computing.Meeting, worker: computing.Worker) -> NoReturn:
    """Be one of a cluster's processes from now on. Raises EngineMissing."""
    check_installed()
    dask_pods.become(role, meeting, worker if role == "worker" else None)


def memory_bytes(wanted: computing.Wanted) -> int:
    """What each worker may have for itself."""
    return wanted.memory_bytes or MEMORY_BYTES


def _temporary(wanted: computing.Wanted) -> int:
    """As much as its memory: values that do not fit into that are written."""
    return -(-max(memory_bytes(wanted), GIBIBYTE) // MEBIBYTE) * MEBIBYTE
