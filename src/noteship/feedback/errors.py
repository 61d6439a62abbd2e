"""What can go wrong when labels are told to a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, UsageError, WorkFailed, cut

__all__ = [
    "BadUrl",
    "CallerRefused",
    "NoLabelColumns",
    "NoToken",
    "NotTheService",
    "ServiceUnreachable",
    "TokenInClear",
]


@dataclass(eq=False)
class BadUrl(UsageError):
    """What is no address of a service."""

    url: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"'{cut(self.url, 200)}' is no address of a service",
            where="--url",
            remedy="name it as `noteship serve` does: http://127.0.0.1:8080, or https://…",
        )

    @classmethod
    def example(cls) -> Self:
        """Without a scheme."""
        return cls("127.0.0.1:8080")


@dataclass(eq=False)
class NoToken(UsageError):
    """A token that cannot be read, or sent."""

    place: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"there is no token in {self.place}: {self.reason}",
            where=self.place,
            remedy="put the token that `noteship token` printed there, and nothing else",
        )

    @classmethod
    def example(cls) -> Self:
        """A file that is empty."""
        return cls("token.txt", "it is empty")


@dataclass(eq=False)
class TokenInClear(UsageError):
    """A token would go to another machine without TLS, so that everybody between could use it."""

    url: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the token would go in clear to {cut(self.url, 200)}",
            where="--url",
            nearest="http is no secret to who is between; to this machine, 127.0.0.1 or localhost, it may be spoken",
            remedy="name the service with https://…, or say --insecure where nobody else is on that network",
        )

    @classmethod
    def example(cls) -> Self:
        """A service on another machine."""
        return cls("http://mail.example.org:8080")


@dataclass(eq=False)
class ServiceUnreachable(EnvironmentLacks):
    """The service does not answer, or asks for patience for too long. What was sent before stays."""

    retryable = True

    url: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the service at {self.url} does not take labels now",
            where=self.url,
            nearest=cut(self.reason, 200),
            remedy="see that it runs, or name it with --url, and call again: labels that were taken count once",
        )

    @classmethod
    def example(cls) -> Self:
        """Nobody serves."""
        return cls("http://127.0.0.1:8080", "Connection refused")


@dataclass(eq=False)
class CallerRefused(UsageError):
    """The service asks who calls, and does not let this caller tell labels."""

    url: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the service at {self.url} does not let this caller tell labels",
            where=self.url,
            nearest=cut(self.reason, 200),
            remedy="give a token of scope predict, in NOTESHIP_TOKEN or with --token-file",
        )

    @classmethod
    def example(cls) -> Self:
        """Without a token."""
        return cls("https://mail.example.org", "a token is needed")


@dataclass(eq=False)
class NotTheService(WorkFailed):
    """Whoever answers there does not answer as a service of noteship does."""

    url: str
    status: int
    said: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"{self.url} answered {self.status}, and not as a service of noteship does",
            where=self.url,
            nearest=cut(self.said, 200),
            remedy="name the service with --url, with the path that leads to it, if any",
        )

    @classmethod
    def example(cls) -> Self:
        """Another server on the port."""
        return cls("http://127.0.0.1:8080", 404, "Not Found")


@dataclass(eq=False)
class NoLabelColumns(WorkFailed):
    """A file of labels lacks a column. `is_answered`: it has to have the predictions beside."""

    path: str
    missing: tuple[str, ...]
    present: tuple[str, ...]
    is_answered: bool = False

    def parts(self) -> Parts:
        """The message."""
        answered = "`label`; and `prediction`, as the answer had it" if self.is_answered else "and `label`"
        has = ", ".join(cut(name, 60) for name in self.present[:20]) or "none"
        return Parts(
            f"{self.path} has no column {', '.join(self.missing)}",
            where=self.path,
            nearest=f"it has {has}" + (f" and {len(self.present) - 20} more" if len(self.present) > 20 else ""),
            remedy="call the columns `request`, the X-Request-Id of the answer; `row`, from 0, which may be left out; "
            f"{answered}",
        )

    @classmethod
    def example(cls) -> Self:
        """Another name."""
        return cls("labels.csv", ("label",), ("request", "row", "truth"))
