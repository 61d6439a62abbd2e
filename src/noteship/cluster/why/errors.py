"""What can be wrong with a question why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship import errors

__all__ = ["UnknownThing"]


@dataclass(eq=False)
class UnknownThing(errors.UsageError):
    """Nobody can be asked why of a thing of this kind."""

    text: str
    nearest: str = ""

    def parts(self) -> errors.Parts:
        """The message."""
        return errors.Parts(
            fact=f"'{errors.cut(self.text, 200)}' names nothing that can be asked about",
            where="THING",
            nearest=self.nearest,
            remedy="name a release, or pod/NAME, deployment/NAME, job/NAME, inferenceservice/NAME, run/ID, stage/NAME",
        )

    @classmethod
    def example(cls) -> Self:
        """One instance."""
        return cls("deploymnt/mail", "deployment/mail")
