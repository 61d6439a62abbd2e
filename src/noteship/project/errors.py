"""What can be wrong with a project's declaration, interpreter or lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, cut

__all__ = [
    "BadLock",
    "BadSetting",
    "DeclarationUnreadable",
    "ImageDiffers",
    "InterpreterUnusable",
    "LockNotInstalled",
    "NoProject",
    "UnknownSetting",
]


@dataclass(eq=False)
class NoProject(UsageError):
    """The folder that was named is not there."""

    path: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is no folder {self.path}",
            remedy="name the project's folder with --project, or make one with `noteship new DIR`",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("work/mial")


@dataclass(eq=False)
class DeclarationUnreadable(UsageError):
    """`noteship.toml` is no TOML."""

    path: str
    reason: str
    unquoted: tuple[str, str] = ("", "")

    def parts(self) -> Parts:
        """The message; `unquoted` is a table's header that needs quotes, as it is and as it should be."""
        wrong, right = self.unquoted
        remedy = f"quote the name: {right} instead of {wrong}" if wrong else "correct that line"
        return Parts(f"{self.path} is not TOML: {cut(self.reason)}", where=self.path, remedy=remedy)

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("noteship.toml", "Expected '=' after a key in a key/value pair (at line 4, column 6)")


@dataclass(eq=False)
class UnknownSetting(UsageError):
    """`noteship.toml` names something noteship does not know; `lacking` are settings that it needs there."""

    name: str
    where: str
    near: str
    known: tuple[str, ...]
    lacking: tuple[str, ...] = ()

    def parts(self) -> Parts:
        """The message."""
        lacking = f"; needed there, and missing: {', '.join(self.lacking)}" if self.lacking else ""
        return Parts(
            f"noteship knows no setting '{self.name}'{lacking}",
            where=self.where,
            nearest=self.near,
            remedy=f"correct or delete it; known here: {', '.join(self.known)}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("service.step", "noteship.toml, line 9", "service.steps", ("data", "inputs", "steps", "target"))


@dataclass(eq=False)
class BadSetting(UsageError):
    """A setting has a value that it cannot have."""

    name: str
    where: str
    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(f"{self.name} cannot be {cut(self.got, 80)}", where=self.where, remedy=f"give it {self.expected}")

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("service.inputs", "noteship.toml, line 12", "a list of texts", "a text")


@dataclass(eq=False)
class InterpreterUnusable(EnvironmentLacks):
    """The project's Python is not there or does not start."""

    python: str
    named_by: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the project's Python does not start: {cut(self.reason)}",
            where=f"{self.python}, named by {self.named_by}",
            remedy="make that environment, or name another under [environment] python in noteship.toml",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(".venv/bin/python", "[environment] python in noteship.toml", "no such file")


@dataclass(eq=False)
class BadLock(UsageError):
    """A lock file cannot be read as one."""

    path: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.path} cannot be read as a lock: {cut(self.reason)}",
            where=self.path,
            remedy="make it again with the tool it comes from, or name another under [environment] lock",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("requirements.lock", "line 3 is no requirement: 'numpy=='")


@dataclass(eq=False)
class LockNotInstalled(EnvironmentLacks):
    """The project's environment is not what its lock says."""

    lock: str
    python: str
    problems: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        shown = list(self.problems[:5])
        if len(self.problems) > len(shown):
            shown.append(f"and {len(self.problems) - len(shown)} more")
        return Parts(
            f"the environment differs from {self.lock}: {'; '.join(shown)}",
            where=self.python,
            remedy=f"install what is locked, for example `uv pip install --python {self.python} -r {self.lock}`"
            if self.lock.endswith((".txt", ".lock", "pylock.toml"))
            and not self.lock.endswith(("uv.lock", "poetry.lock"))
            else f"install what is locked, with `{'poetry install' if 'poetry' in self.lock else 'uv sync'}`",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("requirements.lock", ".venv/bin/python", ("pandas 2.2.3 is missing", "numpy is 2.0.1, locked 2.1.0"))


@dataclass(eq=False)
class ImageDiffers(EnvironmentLacks):
    """What is installed in an image is not what it was made for."""

    lock: str
    problems: tuple[str, ...]

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the image has other packages than it was made for: {cut('; '.join(self.problems))}",
            where=self.lock,
            remedy="build the image again: noteship build",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("/opt/noteship/noteship-environment.json", ("numpy is 2.0.1, locked 2.1.0",))
