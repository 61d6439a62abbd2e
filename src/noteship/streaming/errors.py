"""What can keep a stream worker from its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from noteship.errors import EnvironmentLacks, Parts, cut

__all__ = ["BrokerFailed", "BrokerUnreachable", "ClientMissing", "StreamMissing"]


@dataclass(eq=False)
class BrokerUnreachable(EnvironmentLacks):
    """Nothing answers at the broker's address, or it does not let us in."""

    retryable = True
    server: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the NATS server does not answer at {self.server}",
            where=self.server,
            nearest=cut(self.reason),
            remedy="start it with JetStream (nats-server -js), or correct --nats, NATS_USER and NATS_PASSWORD",
        )

    @classmethod
    def example(cls) -> Self:
        """A server that is not running."""
        return cls("nats://127.0.0.1:4222", "connection refused")


@dataclass(eq=False)
class BrokerFailed(EnvironmentLacks):
    """The broker refuses what the worker needs."""

    server: str
    doing: str
    reason: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"the NATS server failed at {self.doing}",
            where=self.server,
            nearest=cut(self.reason),
            remedy="see that JetStream is on, that the user may use these subjects, and that --durable is its own",
        )

    @classmethod
    def example(cls) -> Self:
        """Another consumer of that name."""
        return cls("nats://127.0.0.1:4222", "making the consumer 'noteship-mail'", "filter subject does not match")


@dataclass(eq=False)
class StreamMissing(EnvironmentLacks):
    """No stream keeps the messages of a subject, so they could be lost."""

    server: str
    subject: str

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            f"no stream of JetStream keeps the subject '{cut(self.subject, 100)}'",
            where=self.server,
            remedy=f"add one: nats stream add --subjects '{cut(self.subject, 100)}', or correct the subject",
        )

    @classmethod
    def example(cls) -> Self:
        """Answers that nobody keeps."""
        return cls("nats://127.0.0.1:4222", "mail.scored")


@dataclass(eq=False)
class ClientMissing(EnvironmentLacks):
    """The client library of NATS is not installed."""

    def parts(self) -> Parts:
        """The message."""
        return Parts(
            "reading from NATS needs its client, which is not installed",
            where="the Python that loads the model",
            remedy="install it: python -m pip install nats-py",
        )

    @classmethod
    def example(cls) -> Self:
        """A small installation."""
        return cls()
