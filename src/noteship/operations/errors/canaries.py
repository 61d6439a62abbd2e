"""What can stand in the way of a canary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, cut

__all__ = ["BadShare", "CanaryDiffers", "CanaryOfNothing", "CanaryUnderWay", "NoCanary"]


@dataclass(eq=False)
class BadShare(UsageError):
    """A share that no canary may have."""

    share: float
    most: float

    def parts(self) -> Parts:
        """Which it may."""
        return Parts(
            f"a canary cannot have {self.share:g} of the callers",
            where="--canary",
            remedy=f"name a share above 0 and at most {self.most:g}, such as 0.1",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(1.5, 0.5)


@dataclass(eq=False)
class CanaryOfNothing(UsageError):
    """There is no stable release that a canary could stand beside; `why`."""

    name: str
    why: str

    def parts(self) -> Parts:
        """What comes first."""
        return Parts(
            f"there is nothing beside which a canary of {self.name} could stand",
            nearest=cut(self.why),
            remedy="deploy the stable release first: noteship deploy",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", "nothing is deployed under that name")


@dataclass(eq=False)
class CanaryUnderWay(UsageError):
    """A release is to be changed while it is compared with a canary."""

    name: str
    id: str

    def parts(self) -> Parts:
        """Both ways to settle it."""
        return Parts(
            f"a canary of {self.name} is under way: what it is compared with stays as it is",
            where=f"release {self.id}",
            remedy="settle it first: noteship canary --promote, or --withdraw",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", "20261123T173804850784Z-e53ce8")


@dataclass(eq=False)
class CanaryDiffers(UsageError):
    """A canary would refuse what callers send to the stable release."""

    name: str
    differences: tuple[str, ...]

    def parts(self) -> Parts:
        """All of it."""
        return Parts(
            f"the canary of {self.name} takes other fields than its callers send",
            nearest=cut("\n".join(self.differences), 2_000),
            remedy="deploy it under a name of its own (--name), and let callers change",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", ("it has no field 'sender'",))


@dataclass(eq=False)
class NoCanary(UsageError):
    """There is none; `last` is what became of the last one."""

    name: str
    last: str = ""

    def parts(self) -> Parts:
        """How to make one."""
        return Parts(
            f"there is no canary of {self.name}",
            nearest=cut(self.last),
            remedy="noteship deploy BUNDLE --canary 0.1",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("mail in team-a", "the last one, 20261123T173804850784Z-e53ce8, was withdrawn: its failures")
