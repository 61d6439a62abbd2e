"""What can be in the way of a project's stages having the same keys in a pod as here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError, WorkFailed, cut, stage_section

__all__ = ["CarriedUnusable", "OtherInPod", "OutsideRead", "SecretRead"]


@dataclass(eq=False)
class CarriedUnusable(WorkFailed):
    """What pods are to have beside their image cannot be had."""

    digest: str
    why: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "what the project has beside its image cannot be had from the store",
            where=self.digest,
            nearest=cut(self.why),
            remedy="hand the project over again: noteship run --on kubernetes, or noteship export",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("9b78…", "it is not in s3://team-a/mail any more")


@dataclass(eq=False)
class OtherInPod(WorkFailed):
    """A stage is another one in the pod than where the project was handed over; an empty stage means all."""

    stage: str
    differing: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        who = f"stage '{self.stage}' is" if self.stage else "all stages are"
        return Parts(
            f"{who} another one here than where the project was handed over: {cut(', '.join(self.differing))}",
            where="the image, and what is in the store beside it",
            remedy="hand the project over again with an image of the same state; where that is so already, name what"
            f" the stage reads under {stage_section(self.stage or 'NAME')}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("04-train", ("data/rows.csv",))


@dataclass(eq=False)
class OutsideRead(UsageError):
    """A stage reads what is on this machine and not in the project, so pods have it not."""

    stage: str
    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{self.stage}' reads {self.path}, which is not in the project's folder: pods do not have it",
            where=self.path,
            remedy="put it into the project, or where pods reach it, and name that as a source:"
            ' [data.NAME] from = "s3://…"',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("01-clean", "/data/raw/rows.csv")


@dataclass(eq=False)
class SecretRead(UsageError):
    """A stage reads what looks like a secret, and no secret leaves this machine with a project."""

    stage: str
    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{self.stage}' reads {self.path}, which does not leave this machine: {self.reason}",
            where=self.path,
            remedy=f'if the stage can do without, reads = ["!{self.path}"] under {stage_section(self.stage)};'
            " if it is no secret, give it another name",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("01-clean", "config/credentials.json", "its name says that it holds a secret")
