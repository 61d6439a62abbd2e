"""What can be missing where a cluster is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, cut

__all__ = ["ClusterBroken", "ClusterGone", "ClusterNotUp", "ClusterUnreachable", "EngineMissing"]


@dataclass(eq=False)
class EngineMissing(EnvironmentLacks):
    """The project's interpreter lacks what makes clusters."""

    python: str
    module: str
    command: str

    def parts(self) -> Parts:
        """The module, and the command that adds what is needed."""
        return Parts(
            f"a cluster is asked for, and the project's Python has no {self.module}",
            where=self.python,
            remedy=f"{self.command}, or leave out `cluster` in noteship.toml",
        )

    @classmethod
    def example(cls) -> Self:
        """A project without Dask."""
        python = ".venv/bin/python"
        return cls(python, "distributed", f"{python} -m pip install dask distributed cryptography")


@dataclass(eq=False)
class ClusterBroken(EnvironmentLacks):
    """A cluster that was to be made did not come up."""

    retryable = True

    what: str
    python: str
    reason: str

    def parts(self) -> Parts:
        """What its processes said last."""
        return Parts(
            f"{self.what} did not come up",
            where=self.python,
            nearest=cut(self.reason),
            remedy="ask for fewer workers or less memory under `cluster` in noteship.toml, or run again",
        )

    @classmethod
    def example(cls) -> Self:
        """A machine out of memory."""
        return cls("a Dask cluster of 64 workers", ".venv/bin/python", "OSError: [Errno 12] Cannot allocate memory")


@dataclass(eq=False)
class ClusterGone(EnvironmentLacks):
    """A cluster went away from who uses it; `address` is of one that was not made for the run."""

    retryable = True

    what: str
    address: str | None = None

    def parts(self) -> Parts:
        """Which one it was."""
        first = f"start the scheduler at {self.address}, then run again" if self.address else "run again"
        then = "what had finished is not done twice"
        return Parts(
            f"{self.what} went away",
            where="`cluster` in noteship.toml",
            remedy=f"{first}: {then}" if self.address else f"{first}: a cluster is made anew, and {then}",
        )

    @classmethod
    def example(cls) -> Self:
        """A scheduler that somebody ended."""
        return cls("a Dask cluster made for the run: 2 workers with 1 thread each")


@dataclass(eq=False)
class ClusterUnreachable(EnvironmentLacks):
    """The scheduler at an address does not answer, or not to this client."""

    retryable = True

    address: str
    reason: str

    def parts(self) -> Parts:
        """The address, and what the system said."""
        return Parts(
            f"no scheduler answers at {self.address}: {cut(self.reason)}",
            where="`cluster` in noteship.toml, address",
            remedy="start it, or correct the address and the certificates; without `address` a cluster is made for "
            "the run",
        )

    @classmethod
    def example(cls) -> Self:
        """A scheduler that is not there."""
        return cls("tls://scheduler.team-a:8786", "Connection refused")


@dataclass(eq=False)
class ClusterNotUp(EnvironmentLacks):
    """A cluster in pods did not come up, or not in time; `can_pass` where nobody has to do anything about it."""

    retryable = True

    what: str
    why: str
    remedy: str
    can_pass: bool = False

    def parts(self) -> Parts:
        """What was in the way."""
        return Parts(
            f"{self.what} did not come up: {cut(self.why)}",
            where="`cluster` in noteship.toml",
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A namespace whose quota is used up."""
        what = "a Dask cluster made for it on Kubernetes: 64 workers with 1 thread and 2.0 GiB of memory each"
        return cls(what, "the quota of team-a leaves 8 processors", "ask for fewer workers, or raise the quota")
