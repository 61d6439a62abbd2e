"""What can stand in the way of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = [
    "ImageWithoutBundle",
    "NoNamespace",
    "NoRelease",
    "NoStoreForPods",
    "NotDeployable",
    "NothingBefore",
    "PlaceUnresolved",
    "ReleaseFailed",
    "ReleaseMoved",
    "Unchecked",
]

# As many as are read at a glance; documents have all.
SHOWN = 12


@dataclass(eq=False)
class ImageWithoutBundle(UsageError):
    """A named image has no bundle in it, and pods are to find it there."""

    image: str

    def parts(self) -> Parts:
        """The ways out."""
        return Parts(
            "the image has no bundle in it, and pods are to serve the one that is",
            where=self.image,
            remedy='build it with one (noteship build BUNDLE), or have pods fetch it: bundle = "store" in [kubernetes]',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("registry.example.org/team-a/mail@sha256:9b78…")


@dataclass(eq=False)
class NoNamespace(UsageError):
    """Nothing says in which namespace a release is to be."""

    def parts(self) -> Parts:
        """Both ways."""
        return Parts(
            "nothing says which namespace the release is for",
            where="[kubernetes] namespace in noteship.toml",
            remedy='name it: namespace = "team-a" in [kubernetes], or --namespace',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()


@dataclass(eq=False)
class NoStoreForPods(UsageError):
    """Pods cannot reach the project's store; `why` not."""

    why: str

    def parts(self) -> Parts:
        """What pods can reach."""
        return Parts(
            "pods cannot have the bundle from the project's store",
            where="[store] url, [kubernetes] bundle",
            nearest=cut(self.why),
            remedy='name a store on S3 that pods reach ([store] url = "s3://…", [kubernetes.store] endpoint),'
            ' or build the bundle in: bundle = "image"',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("it is a folder of this machine")


@dataclass(eq=False)
class PlaceUnresolved(EnvironmentLacks):
    """A place that pods are to reach has no address that they could: a NetworkPolicy takes addresses, not names."""

    retryable = True

    place: str
    setting: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{cut(self.place, 200)} has no address for pods, which is what a NetworkPolicy takes",
            where=self.setting,
            nearest=cut(self.reason),
            remedy="correct the name, or write the addresses that the cluster sees: 10.1.0.0/16:443",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("db.exmple.org:5432", "[kubernetes] egress", "Name or service not known")


@dataclass(eq=False)
class NotDeployable(WorkFailed):
    """What was found before anything was sent: all of it at once."""

    release: str
    faults: tuple[str, ...]

    def parts(self) -> Parts:
        """Every fault on a line of its own."""
        shown = self.faults[:SHOWN]
        more = [f"and {len(self.faults) - SHOWN} more"] if len(self.faults) > SHOWN else []
        things = "one thing stands" if len(self.faults) == 1 else f"{len(self.faults)} things stand"
        return Parts(
            f"{self.release} is not deployed, and nothing was sent: {things} in the way",
            nearest="\n".join([*(cut(each) for each in shown), *more]),
            remedy="put these right, then deploy again; noteship deploy --dry-run looks without sending anything",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "mail in team-a",
            (
                "Secret mail-tokens is not there: noteship token me --scope predict --add-to tokens",
                "you may not patch networkpolicies.networking.k8s.io in team-a",
            ),
        )


@dataclass(eq=False)
class ReleaseFailed(WorkFailed):
    """A release was sent, and its pods do not come up; `back` says what serves now."""

    release: str
    why: str
    pod: str
    said: tuple[str, ...]
    back: str
    remedy: str = ""
    who: str = ""

    def parts(self) -> Parts:
        """Why, with the last words of the pod, and what would mend it where that is known."""
        by = f" (it takes {self.who})" if self.who else ""
        words = "".join(f"\n{cut(line, 200)}" for line in self.said)
        return Parts(
            f"{self.release} did not come up: {cut(self.why)}",
            where=f"pod {self.pod}" if self.pod else "",
            nearest=f"{self.back}{words and chr(10) + 'its last words:' + words}",
            remedy=f"{self.remedy or 'put that right'}{by}; then deploy again: noteship status tells how it stands",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "mail in team-a",
            "pod mail-6d5f7c9b8-x2x4k asks for 64 CPUs, which no node has: the largest has 16",
            "mail-6d5f7c9b8-x2x4k",
            (),
            "the release before, 20260301T101500123Z-0a1b2c, serves as it did all the time",
            "ask for fewer CPUs, or have a larger node added",
        )


@dataclass(eq=False)
class ReleaseMoved(WorkFailed):
    """Somebody else deployed meanwhile."""

    release: str
    by: str

    def parts(self) -> Parts:
        """Who."""
        return Parts(
            f"{self.release} was deployed by {cut(self.by, 120)} meanwhile, and is left to them",
            remedy="look at what they did (noteship status), then deploy again",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", "ada")


@dataclass(eq=False)
class NoRelease(UsageError):
    """There is no such release, here or on record."""

    asked: str
    where: str
    known: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """With those that there are."""
        return Parts(
            f"there is no release {cut(self.asked, 120)}",
            where=self.where,
            nearest=f"there are {', '.join(self.known[:SHOWN])}" if self.known else "",
            remedy="noteship status lists those that there are; noteship deploy makes one",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mial", "team-a", ("mail",))


@dataclass(eq=False)
class NothingBefore(UsageError):
    """A release cannot go back: none before it came up."""

    release: str

    def parts(self) -> Parts:
        """What to do instead."""
        return Parts(
            f"{self.release} has no release before it that came up",
            where="the record of releases in the project's store",
            remedy="deploy another bundle (noteship deploy BUNDLE), or take it away (noteship undeploy)",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a")


@dataclass(eq=False)
class Unchecked(WorkFailed):
    """A folder for GitOps does not hold what is rendered today."""

    path: str
    differences: tuple[str, ...]

    def parts(self) -> Parts:
        """Where it differs."""
        shown = "\n".join(self.differences[:40])
        more = f"\n… ({len(self.differences) - 40} more lines)" if len(self.differences) > 40 else ""
        return Parts(
            f"{self.path} is not what is rendered today",
            nearest=shown + more,
            remedy="write it anew: noteship render --output DIR",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("deploy/mail.yaml", ("-  replicas: 2", "+  replicas: 3"))
