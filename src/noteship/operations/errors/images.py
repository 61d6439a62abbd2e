"""What can be wrong with the image of a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import Parts, UsageError

__all__ = ["NoBase", "NoDestination", "OtherPython"]


@dataclass(eq=False)
class NoBase(UsageError):
    """Nothing says what the image is to be built on."""

    python: str

    def parts(self) -> Parts:
        """What is needed."""
        return Parts(
            "nothing says which image to build on",
            where="[image] base in noteship.toml",
            nearest=f"the project's Python is {self.python}: an image with that one is needed",
            remedy='name one: base = "registry.example.org/ubi9/python-'
            f'{self.python.replace(".", "")}@sha256:…" in [image], or --base',
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("3.12")


@dataclass(eq=False)
class NoDestination(UsageError):
    """Nothing says where the image goes."""

    def parts(self) -> Parts:
        """Both ways."""
        return Parts(
            "nothing says where the image goes",
            where="[kubernetes] registry in noteship.toml",
            remedy='name a repository: registry = "registry.example.org/team-a/mail" in [kubernetes], or --to;'
            " or --output DIR, for a folder",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls()


@dataclass(eq=False)
class OtherPython(UsageError):
    """The base has another Python than the project is locked for."""

    base: str
    has: str
    python: str

    def parts(self) -> Parts:
        """Both versions."""
        return Parts(
            f"the base has Python {self.has}, and the project is locked for {self.python}",
            where=self.base,
            remedy=f"build on an image with Python {self.python}, or make the project's environment with {self.has}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("registry.example.org/ubi9/python-311:1", "3.11", "3.12")
