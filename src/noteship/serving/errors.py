"""What can keep a service from starting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, WorkFailed, cut

__all__ = ["CanaryFailed", "CannotListen"]


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
