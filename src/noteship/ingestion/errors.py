"""What can be wrong between a source's origin and the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, WorkFailed, cut

__all__ = [
    "CredentialsMissing",
    "CutOff",
    "DriverMissing",
    "MovedMeanwhile",
    "NothingThere",
    "OriginDenied",
    "OriginFailed",
    "OriginUnreachable",
    "TooMuch",
    "TooSlow",
]

# What a source's section can say so that a run goes on without its origin.
WITHOUT = '`noteship run --offline` goes on with what was fetched last, and refresh = "once" always does'
CREDENTIALS = 'credentials = { file = "/run/secrets/NAME" } or { env = "NAME" } in its section of noteship.toml'


@dataclass(eq=False)
class CredentialsMissing(EnvironmentLacks):
    """The secret that a source's declaration names is not there."""

    place: str
    named: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is no secret for {self.place}: {self.reason}",
            where=self.named,
            remedy=f"put it there, or name another place: {CREDENTIALS}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("postgresql://reader@db/mail", "the variable PGPASSWORD", "it is not set")


@dataclass(eq=False)
class DriverMissing(EnvironmentLacks):
    """A library that speaks with this kind of origin is not installed."""

    place: str
    extra: str
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"what speaks with {self.place} is not installed",
            where=self.declared,
            nearest=f"it comes with noteship[{self.extra}]",
            remedy=f"install it: pip install 'noteship[{self.extra}]'",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("postgresql://reader@db/mail", "postgres", "noteship.toml, [data.messages]")


@dataclass(eq=False)
class OriginUnreachable(EnvironmentLacks):
    """Nobody answers where a source's data come from."""

    retryable = True

    place: str
    reason: str
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} does not answer",
            where=self.declared or self.place,
            nearest=cut(self.reason, 200),
            remedy=f"see that it is there and can be reached from here, and run again; {WITHOUT}",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("https://data.example.org/messages.parquet", "Connection refused", "noteship.toml, [data.messages]")


@dataclass(eq=False)
class OriginDenied(EnvironmentLacks):
    """A source's origin does not let us read."""

    place: str
    reason: str
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} refuses to be read",
            where=self.declared or self.place,
            nearest=cut(self.reason, 200),
            remedy=f"check the user and the secret, and that they may read it: {CREDENTIALS}; for s3:// the AWS_* "
            "variables",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "postgresql://reader@db/mail",
            "password authentication failed for user 'reader'",
            "noteship.toml, [data.messages]",
        )


@dataclass(eq=False)
class NothingThere(WorkFailed):
    """A source's address is understood, and there is nothing."""

    place: str
    reason: str
    declared: str = ""
    remedy: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is nothing at {self.place}",
            where=self.declared or self.place,
            nearest=cut(self.reason, 200),
            remedy=self.remedy or "correct `from` in that section, or put the data there",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("s3://team-a/raw/mesages.parquet", "no such object", "noteship.toml, [data.messages]")


@dataclass(eq=False)
class OriginFailed(WorkFailed):
    """A source's origin answers, and not with data."""

    place: str
    reason: str
    remedy: str = ""
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} gives no data",
            where=self.declared or self.place,
            nearest=cut(self.reason, 400),
            remedy=self.remedy or "correct what that section asks for, and run again",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls(
            "postgresql://reader@db/mail", 'column "lable" does not exist', declared="noteship.toml, [data.messages]"
        )


@dataclass(eq=False)
class CutOff(WorkFailed):
    """A transfer ended before its end."""

    retryable = True

    place: str
    reason: str
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the transfer from {self.place} was cut off; nothing of it is kept",
            where=self.declared or self.place,
            nearest=cut(self.reason, 200),
            remedy="run again",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("https://data.example.org/messages.parquet", "1,048,576 of 8,388,608 bytes came, in 6 tries")


@dataclass(eq=False)
class MovedMeanwhile(WorkFailed):
    """A source's origin changed each time while it was read."""

    retryable = True

    place: str
    what: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} changed while it was read; nothing of it is kept",
            where=self.what,
            nearest="something writes it",
            remedy="wait until it is written, and run again",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("s3://team-a/raw/", "raw/2026-11.parquet")


@dataclass(eq=False)
class TooMuch(WorkFailed):
    """A source gives more than its declaration allows."""

    place: str
    limit: str
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} gives more than {self.limit}; nothing of it is kept",
            where=self.declared or self.place,
            nearest="max_size and max_rows of its section of noteship.toml say how much may come",
            remedy="raise the limit, or ask for less",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("kafka://broker:9092/mail", "1,000,000 rows", "noteship.toml, [data.messages]")


@dataclass(eq=False)
class TooSlow(WorkFailed):
    """A source takes longer than its declaration allows."""

    retryable = True

    place: str
    seconds: float
    declared: str = ""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.place} was not read within {self.seconds:g} s; nothing of it is kept",
            where=self.declared or self.place,
            nearest="timeout of its section of noteship.toml",
            remedy="raise it, ask for less, or run again when the origin is less busy",
        )

    @classmethod
    def example(cls) -> Self:
        """An instance for documentation."""
        return cls("postgresql://reader@db/mail", 600.0, "noteship.toml, [data.messages]")
