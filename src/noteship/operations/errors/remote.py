"""What can be wrong with runs that go on elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = [
    "ApiUnknown",
    "DriverGone",
    "NoSuchTask",
    "NotSubmittable",
    "NothingSubmitted",
    "StoreOutOfReach",
    "TaskTaken",
]


@dataclass(eq=False)
class ApiUnknown(UsageError):
    """A pipeline for another engine is asked for, and nothing says where the cluster's API is."""

    def parts(self) -> Parts:
        """Both ways."""
        return Parts(
            "nothing says where the cluster's API is, and the pods of a workflow may reach nothing that is not named",
            where="noteship export",
            remedy="ask the cluster (--discover), or name it: --api 10.0.0.1:6443",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()


@dataclass(eq=False)
class NoSuchTask(UsageError):
    """A pod of a run was told of a task that is not in the store."""

    task: str
    url: str

    def parts(self) -> Parts:
        """Where it was looked for."""
        return Parts(
            f"there is no task {self.task} to be worked",
            where=self.url,
            remedy="begin the run again: noteship run --on kubernetes; what had finished is not run twice",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("6f1e0c9a4b7d2358", "s3://team-a/mail")


@dataclass(eq=False)
class TaskTaken(WorkFailed):
    """A second pod began a task that another one has."""

    task: str
    pod: str

    def parts(self) -> Parts:
        """Who has it."""
        return Parts(
            f"task {self.task} was taken by another pod, and this one does nothing",
            where=self.pod,
            remedy="nothing: each stage is worked by one pod at most",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("6f1e0c9a4b7d2358", "mail-04-train-6f1e0c9a4b-x7k2p")


@dataclass(eq=False)
class StoreOutOfReach(UsageError):
    """A run on a cluster needs a store that its pods reach, too."""

    url: str

    def parts(self) -> Parts:
        """Which store there is, and what is needed."""
        return Parts(
            "stages on a cluster hand their files over in a store that pods reach, and the project's is none",
            where=self.url,
            remedy='have one on S3: url = "s3://BUCKET/PREFIX" in [store]; docs/running-on-kubernetes.md says how',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(".noteship/store, a folder of this machine")


@dataclass(eq=False)
class NothingSubmitted(UsageError):
    """No run was handed to a cluster that fits what is asked for."""

    asked: str
    latest: str

    def parts(self) -> Parts:
        """What there is instead."""
        named = f"no run {cut(self.asked)} was handed to a cluster" if self.asked else "no run was handed to a cluster"
        return Parts(
            named,
            nearest=f"the latest is {self.latest}" if self.latest else "",
            remedy="noteship run --on kubernetes begins one, and says its name",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("20260301T1015", "20260228T090812345678Z-6f1e0c")


@dataclass(eq=False)
class NotSubmittable(EnvironmentLacks):
    """Something stands in the way of a run on a cluster; nothing was begun."""

    name: str
    faults: tuple[str, ...]

    def parts(self) -> Parts:
        """All of it."""
        count = len(self.faults)
        things = "one thing stands" if count == 1 else f"{count} things stand"
        return Parts(
            f"{self.name} does not run on the cluster, and nothing was sent: {things} in the way",
            nearest="\n".join(cut(each, 1000) for each in self.faults),
            remedy="put these right, then run again; noteship render --rights prints the Role that submitting needs",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", ("the Secret mail-store is not there",))


@dataclass(eq=False)
class DriverGone(WorkFailed):
    """The driver of a run is no more, and the run had not ended."""

    submission: str
    why: str
    remedy: str

    def parts(self) -> Parts:
        """Why, as far as the cluster knows."""
        return Parts(
            f"run {self.submission} does not go on: {cut(self.why)}",
            remedy=f"{self.remedy}; then noteship run --on kubernetes goes on from what had finished",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("20260301T101500123456Z-6f1e0c", "its Job was deleted", "begin it again")
