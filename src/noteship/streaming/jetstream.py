"""NATS JetStream as the broker."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

from noteship.streaming import errors
from noteship.streaming.worker import Message

__all__ = ["JetStream", "StreamSettings"]

CONNECT_S = 3
# Longer than any batch takes; what was taken by a worker that died comes again after it.
ACK_WAIT_S = 60
# The server tells within milliseconds that it has heard that a message is done.
HEARD_S = 5.0
REASON_LIMIT = 400


@dataclass(frozen=True)
class StreamSettings:
    """Which server, and which subjects; `durable` is the name under which all workers of a kind read together.

    Who asks is told by NATS_USER and NATS_PASSWORD, NATS_TOKEN, or NATS_CREDS, a file.
    """

    server: str
    source: str
    target: str
    dead: str
    durable: str
    ack_wait_s: float = ACK_WAIT_S

    @property
    def shown(self) -> str:
        """The server without what may be secret."""
        return re.sub(r"//[^/]*@", "//", self.server)


@dataclass(frozen=True)
class _Message:
    raw: Any

    @property
    def body(self) -> bytes:
        return bytes(self.raw.data)

    @property
    def key(self) -> str:
        meta = self.raw.metadata
        return f"{meta.stream}:{meta.sequence.stream}"

    @property
    def deliveries(self) -> int:
        return int(self.raw.metadata.num_delivered)

    async def done(self) -> None:
        with _timely():
            await self.raw.ack_sync(HEARD_S)


class JetStream:
    """A durable consumer of one subject, answers on another; each kept by a stream, as are the dead letters.

    Answers carry a message id made of the consumer and the place of what they answer, so that JetStream drops a second
    one within its window (two minutes by default).
    """

    def __init__(self, settings: StreamSettings, connection: Any, context: Any, subscription: Any) -> None:
        self._settings = settings
        self._connection = connection
        self._context = context
        self._subscription = subscription

    @classmethod
    async def connected(cls, settings: StreamSettings) -> Self:
        """Connect, see that every subject is kept, and make the consumer if need be.

        Raises ClientMissing, BrokerUnreachable, StreamMissing, BrokerFailed.
        """
        try:
            import nats
        except ImportError as error:
            raise errors.ClientMissing from error
        seen: list[Exception] = []
        try:
            # Once connected it connects anew for ever; the first time it should not.
            connection = await asyncio.wait_for(nats.connect(settings.server, **_options(seen)), CONNECT_S + 1)
        except (nats.errors.Error, OSError, ValueError) as error:
            cause = seen[-1] if seen else error
            raise errors.BrokerUnreachable(settings.shown, f"{type(cause).__name__}: {cause}") from error
        try:
            return cls(settings, connection, *await _subscribed(settings, connection))
        except BaseException:
            await connection.close()
            raise

    async def take(self, most: int, wait_s: float) -> Sequence[Message]:
        """What has come; none after waiting in vain."""
        import nats.errors

        try:
            with _mapped():
                return [_Message(raw) for raw in await self._subscription.fetch(most, timeout=wait_s)]
        except nats.errors.TimeoutError:
            return ()

    async def answer(self, key: str, body: bytes) -> None:
        """Write an answer, which is kept when this returns."""
        await self._publish(self._settings.target, key, body, {"Content-Type": "application/json"})

    async def bury(self, key: str, body: bytes, why: Mapping[str, str]) -> None:
        """Write a message among the dead letters, the reason in `Noteship-Reason`."""
        told = {f"Noteship-{name.title()}": _line(text) for name, text in why.items()}
        await self._publish(self._settings.dead, key, body, told | {"Noteship-Subject": self._settings.source})

    async def close(self) -> None:
        """Send what is to be sent, and go."""
        import nats.errors

        with suppress(nats.errors.Error, OSError):
            await self._connection.flush(timeout=CONNECT_S)
        await self._connection.close()

    async def _publish(self, subject: str, key: str, body: bytes, headers: dict[str, str]) -> None:
        message_id = {"Nats-Msg-Id": f"{self._settings.durable}:{key}"}
        with _timely():
            await self._context.publish(subject, body, headers=headers | message_id)


async def _subscribed(settings: StreamSettings, connection: Any) -> tuple[Any, Any]:
    import nats.errors
    import nats.js.errors
    from nats.js.api import AckPolicy, ConsumerConfig

    context = connection.jetstream()
    for subject in (settings.source, settings.target, settings.dead):
        try:
            await context.find_stream_name_by_subject(subject)
        except nats.js.errors.NotFoundError as error:
            raise errors.StreamMissing(settings.shown, subject) from error
        except (nats.errors.Error, nats.js.errors.Error, OSError) as error:
            raise errors.BrokerFailed(settings.shown, "looking for the stream", str(error)) from error
    config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=settings.ack_wait_s)
    try:
        return context, await context.pull_subscribe(settings.source, durable=settings.durable, config=config)
    except (nats.errors.Error, nats.js.errors.Error, OSError, ValueError) as error:
        doing = f"making the consumer '{settings.durable}'"
        raise errors.BrokerFailed(settings.shown, doing, str(error)) from error


def _options(seen: list[Exception]) -> dict[str, Any]:
    """Of the connection; what goes wrong with it is noted in `seen`, the latest alone."""
    given = {
        "user": os.environ.get("NATS_USER"),
        "password": os.environ.get("NATS_PASSWORD"),
        "token": os.environ.get("NATS_TOKEN"),
        "user_credentials": os.environ.get("NATS_CREDS"),
    }

    async def quietly(error: Exception) -> None:
        seen[:] = [error]

    return {
        "connect_timeout": CONNECT_S,
        "allow_reconnect": True,
        "max_reconnect_attempts": -1,
        "error_cb": quietly,
        "name": "noteship",
        **{name: value for name, value in given.items() if value},
    }


@contextmanager
def _mapped() -> Iterator[None]:
    """The client's faults at work as ConnectionError: it connects anew by itself, and messages come again."""
    import nats.errors
    import nats.js.errors

    try:
        yield
    except nats.errors.TimeoutError:
        raise
    except (nats.errors.Error, nats.js.errors.Error, OSError) as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error


@contextmanager
def _timely() -> Iterator[None]:
    """As `_mapped`; where nothing is heard in time, nobody knows whether it was done."""
    import nats.errors

    try:
        with _mapped():
            yield
    except nats.errors.TimeoutError as error:
        raise ConnectionError(str(error)) from error


def _line(text: str) -> str:
    """A header's value: one line of ASCII."""
    return " ".join(text.split()).encode("ascii", "replace").decode()[:REASON_LIMIT]
