"""What can go wrong with a bundle and with loading its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut
from noteship.models.errors.wording import listed

__all__ = [
    "BundleTooNew",
    "DamagedBundle",
    "EnvironmentDiffers",
    "NotPortable",
    "PickleRefused",
    "SourceRefused",
    "UntrustedTypes",
]


@dataclass(eq=False)
class BundleTooNew(EnvironmentLacks):
    """A bundle was written in a later format than this noteship reads."""

    path: str
    format: int
    supported: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the bundle has format {self.format}; this noteship reads up to {self.supported}",
            where=self.path,
            remedy="install a newer noteship where the bundle is loaded, or make the bundle with this one",
        )

    @classmethod
    def example(cls) -> Self:
        """One version ahead."""
        return cls(path="bundle.json", format=2, supported=1)


@dataclass(eq=False)
class DamagedBundle(WorkFailed):
    """A folder is not a bundle, or parts of it are missing."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"{self.path} is not a bundle that can be read",
            where=self.path,
            nearest=cut(self.reason),
            remedy="make the bundle again with noteship run",
        )

    @classmethod
    def example(cls) -> Self:
        """A folder without its description."""
        return cls(path="bundle", reason="bundle.json is missing")


@dataclass(eq=False)
class EnvironmentDiffers(EnvironmentLacks):
    """Packages that the bundle's model needs are missing here or of another version."""

    missing: tuple[str, ...]
    differing: tuple[tuple[str, str, str], ...]
    interpreter: str

    def parts(self) -> Parts:
        """The message."""
        facts = []
        if self.missing:
            facts.append(f"missing: {listed(self.missing)}")
        if self.differing:
            facts.append(listed(tuple(f"{name} is {here}, not {there}" for name, there, here in self.differing)))
        wanted = [*self.missing, *(f"{name}=={there}" for name, there, _ in self.differing)]
        return Parts(
            fact="this environment is not the one the bundle was made in: " + "; ".join(facts),
            where=self.interpreter,
            remedy=f"install what the bundle names: {self.interpreter} -m pip install {' '.join(wanted)}",
        )

    @classmethod
    def example(cls) -> Self:
        """Another scikit-learn."""
        return cls(
            missing=("skops==0.11.0",),
            differing=(("scikit-learn", "1.5.2", "1.7.0"),),
            interpreter=".venv/bin/python",
        )


@dataclass(eq=False)
class NotPortable(WorkFailed):
    """The model works in the project, but not from the bundle, with nothing else of the project around."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact="the model does not score from its bundle as it does in the project",
            where=self.path,
            nearest=cut(self.reason),
            remedy="import the project's modules at the top of the modules that need them, and let no step read files",
        )

    @classmethod
    def example(cls) -> Self:
        """A function that imports late."""
        return cls(path="bundle", reason="ModuleNotFoundError: No module named 'cleaning'")


@dataclass(eq=False)
class PickleRefused(UsageError):
    """The model is stored as a pickle, which runs code when it is loaded."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact="the bundle's model is a pickle, and loading one runs whatever code it holds",
            where=self.path,
            nearest=self.reason,
            remedy="if you trust who made it, allow pickles in the server's own settings (--allow-pickle); "
            "no bundle can allow it",
        )

    @classmethod
    def example(cls) -> Self:
        """A class made in a notebook."""
        return cls(path="model.pkl", reason="skops cannot store type __main__.Clean")


@dataclass(eq=False)
class SourceRefused(UsageError):
    """The bundle brings project source, and its digest is not among those the operator named."""

    path: str
    modules: tuple[str, ...]
    digest: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the bundle's steps come from project source that may not be imported here: {listed(self.modules)}",
            where=self.path,
            nearest=f"the bundle's digest is {self.digest or 'not known'}",
            remedy=f"if you trust who made it, name it by its whole digest: noteship serve {self.digest or 'DIGEST'}",
        )

    @classmethod
    def example(cls) -> Self:
        """A helper module."""
        return cls(path="bundle", modules=("helpers.py",), digest="3f" * 32)


@dataclass(eq=False)
class UntrustedTypes(UsageError):
    """The model holds types that neither scikit-learn nor the bundle's own source defines."""

    path: str
    types: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            fact=f"the model holds types that are not trusted: {listed(self.types)}",
            where=self.path,
            remedy="if you trust them, name them in the server's own settings (--trust-type TYPE)",
        )

    @classmethod
    def example(cls) -> Self:
        """A boosted model of another library."""
        return cls(path="model.skops", types=("lightgbm.sklearn.LGBMClassifier",))
