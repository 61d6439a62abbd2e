"""What can keep a service from starting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, WorkFailed, cut

__all__ = ["CanaryFailed"]


@dataclass(eq=False)
class CanaryFailed(WorkFailed):
    """The model was loaded, and does not score the row that its own signature gives as an example."""

    model: str
    version: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the model {self.model} does not score the example row of its own signature",
            where=f"bundle {self.version}",
            nearest=cut(self.reason),
            remedy="make the bundle again with `noteship run`, in the environment that serves it",
        )

    @classmethod
    def example(cls) -> Self:
        """A step that fails here."""
        return cls("mail", "3f2a91c04d11", "ValueError, raised at sklearn/utils/validation.py, line 1093")
