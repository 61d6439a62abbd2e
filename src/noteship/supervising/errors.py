"""What can keep a service from listening, or its workers from running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, WorkFailed, cut

__all__ = ["CannotListen", "WorkerLost"]


@dataclass(eq=False)
class CannotListen(EnvironmentLacks):
    """The address cannot be listened on: another program has it, or it is not this machine's."""

    host: str
    port: int
    reason: str
    remedy: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the service cannot listen on {cut(self.host, 100)}, port {self.port}",
            where=f"{cut(self.host, 100)}:{self.port}",
            nearest=self.reason,
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """A port that is taken."""
        return cls("127.0.0.1", 8080, "another program listens there", "stop it, or take another port: --port 0")


@dataclass(eq=False)
class WorkerLost(WorkFailed):
    """Worker processes ended before they were ready, one after the other, and none is left that answers."""

    number: int
    how: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"worker {self.number} of the service does not get ready",
            where="while it was starting, twice in a row",
            nearest=self.how,
            remedy="serve with --workers 1 to see why; a process that is killed from outside mostly lacks memory",
        )

    @classmethod
    def example(cls) -> Self:
        """No memory for one more."""
        return cls(1, "it was ended by SIGKILL")
