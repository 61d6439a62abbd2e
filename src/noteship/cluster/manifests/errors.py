"""What can be wrong with a release before anything is sent to a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = ["BadRelease", "SettingWithoutEffect"]


@dataclass(eq=False)
class BadRelease(errors.UsageError):
    """A release cannot be deployed as it is described."""

    setting: str
    reason: str
    remedy: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"a release with this {self.setting} cannot be deployed: {errors.cut(self.reason)}",
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("image", "mail:latest may be another one tomorrow", "name it by its digest: REPOSITORY@sha256:…")


@dataclass(eq=False)
class SettingWithoutEffect(errors.UsageError):
    """A setting of a release says something that would change nothing."""

    setting: str
    reason: str
    remedy: str

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"the setting {self.setting} would have no effect: {errors.cut(self.reason)}",
            remedy=self.remedy,
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("token audience", "no token of the cluster is asked about", "leave it out, or name token reviews")
