"""What can be wrong with a tracking server, and with what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = ["EventRefused", "NoTracker", "NothingWaits", "TrackerAway", "TrackerMissing"]


@dataclass(eq=False)
class TrackerAway(EnvironmentLacks):
    """The tracking server cannot be told anything now; what it is to be told waits."""

    retryable = True

    server: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"MLflow is told nothing now: {cut(self.reason)}",
            where=self.server,
            remedy="what it is to be told waits; the next verb tries again, and so does `noteship tracking`",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("http://mlflow.example.org", "connection refused")


@dataclass(eq=False)
class EventRefused(WorkFailed):
    """The tracking server does not take what it is told."""

    server: str
    what: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"MLflow refuses {self.what}: {cut(self.reason)}",
            where=self.server,
            remedy="it is set aside, where `noteship tracking` lists it; the others are told",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("http://mlflow.example.org", "a run", "the experiment mail was deleted")


@dataclass(eq=False)
class TrackerMissing(EnvironmentLacks):
    """A tracking server is named, and the library that speaks to it is not installed."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "MLflow is told nothing: MLFLOW_TRACKING_URI is set, and MLflow's client is not installed",
            remedy="install it (pip install 'noteship[mlflow]'), or unset MLFLOW_TRACKING_URI",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()


@dataclass(eq=False)
class NothingWaits(UsageError):
    """What is to be dropped does not wait, and was not refused."""

    what: str
    servers: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"nothing waits for {cut(self.what)}, and no event has that id",
            where="--forget",
            nearest=f"waiting for {', '.join(self.servers)}" if self.servers else "",
            remedy="`noteship tracking` lists what waits and what was refused: name a server, or the id of an event",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("http://old.example.org", ("http://mlflow.example.org",))


@dataclass(eq=False)
class NoTracker(EnvironmentLacks):
    """No tracking server is named."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "no tracking server is named",
            where="MLFLOW_TRACKING_URI",
            remedy="set it to the address of an MLflow server, such as http://mlflow.example.org",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()
