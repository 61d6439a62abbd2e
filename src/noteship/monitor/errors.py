"""What can go wrong with profiles and sketches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.digests import short
from noteship.errors import Parts, UsageError, WorkFailed, cut

__all__ = [
    "DamagedDecisions",
    "DamagedProfile",
    "DamagedSketch",
    "NoReference",
    "OtherEncoding",
    "ProfileTooNew",
    "UnfitRows",
    "UnknownColumn",
]


@dataclass(eq=False)
class NoReference(UsageError):
    """A profile was asked for without rows to take it from."""

    def parts(self) -> Parts:
        """The message."""
        return Parts("a profile cannot be made of no rows", remedy="give [service] data that has rows")

    @classmethod
    def example(cls) -> Self:
        """The only one there is."""
        return cls()


@dataclass(eq=False)
class UnfitRows(UsageError):
    """Rows, predictions and work that are not of one length, or lack a column."""

    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"what was observed does not fit the profile: {self.reason}",
            remedy="give the rows, their predictions and their work together, in the same order, with all columns",
        )

    @classmethod
    def example(cls) -> Self:
        """A column is not there."""
        return cls("the column 'age' is missing")


@dataclass(eq=False)
class UnknownColumn(UsageError):
    """A column that is to be left out of the rows that are kept, and that the model does not have."""

    column: str
    model: str
    near: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"[monitor] leave_out names {cut(self.column, 100)!r}, which {cut(self.model, 100)} does not have",
            nearest=cut(self.near, 100),
            remedy="name columns as the model has them; else what was meant would be kept",
        )

    @classmethod
    def example(cls) -> Self:
        """A slip of the pen."""
        return cls("sendr", "mail", "sender")


@dataclass(eq=False)
class DamagedProfile(WorkFailed):
    """Bytes that are no profile."""

    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the profile cannot be read: {self.reason}",
            remedy="make the bundle again; its profile is a part of it",
        )

    @classmethod
    def example(cls) -> Self:
        """One that was cut."""
        return cls("it ends in the middle")


@dataclass(eq=False)
class ProfileTooNew(UsageError):
    """A profile of a version that this noteship does not know."""

    version: str
    known: int

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the profile has version {self.version}; this noteship reads version {self.known}",
            remedy="serve it with the noteship that made it, or make the bundle again with this one",
        )

    @classmethod
    def example(cls) -> Self:
        """One of the future."""
        return cls("2", 1)


@dataclass(eq=False)
class OtherEncoding(UsageError):
    """Two sketches, or a sketch and a profile, that count different things."""

    expected: str
    got: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"a window was counted with the profile {short(self.got)}, not with {short(self.expected)}",
            nearest="only windows of one and the same profile add up",
            remedy="compare it with the bundle that it was counted for",
        )

    @classmethod
    def example(cls) -> Self:
        """Windows of two bundles."""
        return cls("a" * 64, "b" * 64)


@dataclass(eq=False)
class DamagedSketch(WorkFailed):
    """Bytes that are no sketch."""

    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"a window's counts cannot be read: {self.reason}",
            remedy="delete the window; the others stand without it",
        )

    @classmethod
    def example(cls) -> Self:
        """One that was cut."""
        return cls("it ends in the middle")


@dataclass(eq=False)
class DamagedDecisions(WorkFailed):
    """What an evaluator has left cannot be read."""

    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"what was decided of earlier windows cannot be read: {self.reason}",
            remedy="use the noteship that wrote it, or watch under another [monitor] release, which begins anew",
        )

    @classmethod
    def example(cls) -> Self:
        """One of the future."""
        return cls("the evaluator's state has version 2, not 1")
