"""What can be missing around a stage, or wrong with how it was asked to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, cut

__all__ = ["InterpreterBroken", "IpykernelMissing", "KernelSilent", "WorkspaceFailed"]


@dataclass(eq=False)
class InterpreterBroken(EnvironmentLacks):
    """The project's interpreter is not there or does not start."""

    python: str
    reason: str

    def parts(self) -> Parts:
        """Which interpreter, and what the system or it said."""
        return Parts(
            fact=f"the project's Python does not start: {cut(self.reason)}",
            where=self.python,
            remedy="make the environment again, or name another under [environment] python",
        )

    @classmethod
    def example(cls) -> Self:
        """An environment whose Python was upgraded away."""
        return cls(".venv/bin/python", "No such file or directory")


@dataclass(eq=False)
class IpykernelMissing(EnvironmentLacks):
    """The project's interpreter has no ipykernel, or one that does not import."""

    python: str
    reason: str
    command: str

    def parts(self) -> Parts:
        """The command that adds it."""
        return Parts(
            fact="notebooks run by ipykernel, which the project's Python lacks",
            where=self.python,
            nearest=cut(self.reason),
            remedy=self.command,
        )

    @classmethod
    def example(cls) -> Self:
        """A new environment."""
        return cls(".venv/bin/python", "No module named 'ipykernel'", ".venv/bin/python -m pip install ipykernel")


@dataclass(eq=False)
class KernelSilent(EnvironmentLacks):
    """A kernel that was started and did not come up."""

    retryable = True

    stage: str
    waited_s: float
    last_words: str

    def parts(self) -> Parts:
        """What the kernel printed last."""
        return Parts(
            fact=f"the kernel of stage '{self.stage}' did not come up within {self.waited_s:.0f} s",
            nearest=cut(self.last_words.strip()),
            remedy="run again; if it stays so, look at what a notebook in Jupyter with the same Python says",
        )

    @classmethod
    def example(cls) -> Self:
        """A machine out of memory."""
        return cls("03-features", 60.0, "OSError: [Errno 12] Cannot allocate memory")


@dataclass(eq=False)
class WorkspaceFailed(EnvironmentLacks):
    """The workspace of a stage cannot be made."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The file, and what the system said."""
        return Parts(
            fact=f"a stage's workspace cannot be made: {cut(self.reason)}",
            where=self.path,
            remedy="free space, or give noteship the right to read the project and to write its .noteship folder",
        )

    @classmethod
    def example(cls) -> Self:
        """A disk without space."""
        return cls("data/large.csv", "No space left on device")
