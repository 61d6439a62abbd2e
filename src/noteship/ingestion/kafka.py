"""The messages of a Kafka topic as an origin, by offsets: read without a group, so nobody else gets fewer."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from noteship.ingestion import errors
from noteship.ingestion.address import Address
from noteship.ingestion.credentials import Credentials, Secret
from noteship.ingestion.forms import Form
from noteship.ingestion.messages import write_messages
from noteship.ingestion.offsets import Offsets, Place, Ranges, ranges_in, ranges_text
from noteship.ingestion.origin import Fetched, Progress, Watch

__all__ = ["KafkaOrigin"]

CONNECT_S = 10.0
# How long one call waits, so that a stop is seen soon; how many messages one call takes.
PATIENCE_S, AT_ONCE = 0.5, 2_000
# A broker that has the next message and does not give it for so long is taken for gone.
SILENCE_S = 60.0
USUAL_MECHANISM = "SCRAM-SHA-512"
DENIED = ("AUTH", "SASL", "DENIED")
ABSENT = ("UNKNOWN_TOPIC", "UNKNOWN_PART")
CLOSED = "no broker keeps the connection; it may want TLS, kafka+tls://, or a user with credentials"


class KafkaOrigin:
    """One topic; a version is the offsets of each partition, the first and the one after the last.

    What is fetched is always all of that, in the order of partitions and offsets: equal offsets give equal bytes.
    """

    def __init__(
        self, address: Address, offsets: Offsets, form: Form, credentials: Credentials | None, secret: Secret
    ) -> None:
        self._address = address
        self._offsets = offsets
        self._form = form
        self._mechanism = (credentials and credentials.mechanism) or USUAL_MECHANISM
        self._secret = secret
        self._heard: list[Any] = []

    @property
    def shown(self) -> str:
        """Broker and topic."""
        return self._address.text

    def version(self, watch: Watch) -> str:
        """The offsets, as they are now."""
        with self._consumer() as consumer:
            return ranges_text(self._resolved(consumer, watch))

    def fetch(self, target: Path, version: str | None, watch: Watch) -> Fetched:
        """Bring the messages of the offsets that were asked for."""
        with self._consumer() as consumer:
            ranges = ranges_in(version) or self._resolved(consumer, watch)
            messages = self._messages(consumer, ranges, watch)
            rows = write_messages(messages, self._form, target, watch)
        facts = {"offsets": {str(partition): list(each) for partition, each in sorted(ranges.items())}}
        return Fetched(target.stat().st_size, ranges_text(ranges), rows, facts)

    # Offsets.

    def _resolved(self, consumer: Any, watch: Watch) -> Ranges:
        """The offsets of every partition: from where, to before where."""
        found = {}
        for partition in self._partitions(consumer, watch):
            low, high = self._patiently(
                consumer, watch, partial(consumer.get_watermark_offsets, self._at(partition), timeout=PATIENCE_S)
            )
            begin = self._offset(consumer, self._offsets.begin, partition, (low, high), watch)
            end = self._offset(consumer, self._offsets.end, partition, (low, high), watch)
            # What the broker has no more, or not yet, is left out.
            begin = min(max(begin, low), high)
            found[partition] = (begin, max(begin, min(end, high)))
        return found

    def _offset(self, consumer: Any, place: Place, partition: int, marks: tuple[int, int], watch: Watch) -> int:
        low, high = marks
        if isinstance(place, datetime):
            asked = self._at(partition, int(place.timestamp() * 1000))
            [found] = self._patiently(consumer, watch, lambda: consumer.offsets_for_times([asked], timeout=PATIENCE_S))
            return int(found.offset) if found.offset >= 0 else high  # no message is as young
        if isinstance(place, Mapping):
            return place.get(partition, low if place is self._offsets.begin else high)
        if isinstance(place, int):
            return place
        return low if place == "earliest" else high

    def _partitions(self, consumer: Any, watch: Watch) -> list[int]:
        topic = self._address.path
        known = self._patiently(consumer, watch, lambda: consumer.list_topics(topic, timeout=PATIENCE_S))
        listed = known.topics.get(topic)
        if listed is None or listed.error is not None:
            raise self._meaning(listed.error) if listed else errors.NothingThere(self.shown, "no such topic")
        absent = set(self._offsets.partitions) - listed.partitions.keys()
        if absent:
            raise errors.NothingThere(self.shown, f"the topic has no partition {min(absent)}")
        return list(self._offsets.partitions) or sorted(listed.partitions)

    def _at(self, partition: int, offset: int = 0) -> Any:
        from confluent_kafka import TopicPartition

        return TopicPartition(self._address.path, partition, offset)

    # Messages.

    def _messages(self, consumer: Any, ranges: Ranges, watch: Watch) -> Iterator[Sequence[Any]]:
        """All of them, some at a time."""
        rows = 0
        for partition, (begin, end) in sorted(ranges.items()):
            if begin >= end:
                continue
            consumer.assign([self._at(partition, begin)])
            for some in self._of_partition(consumer, end, watch):
                rows += len(some)
                watch.moved(Progress(0, rows=rows))
                if some:
                    yield some

    def _of_partition(self, consumer: Any, end: int, watch: Watch) -> Iterator[Sequence[Any]]:
        heard = time.monotonic()
        while True:
            watch.check()
            came = consumer.consume(AT_ONCE, timeout=PATIENCE_S / 5)
            heard = time.monotonic() if came else heard
            faults = [each for each in came if each.error() is not None]
            yield [each for each in came if each.error() is None and each.offset() < end]
            if any(each.offset() >= end - 1 for each in came if each.error() is None):
                return
            for each in faults:
                # The end of the partition: what was there was taken out since, as a compaction does.
                if each.error().name() == "_PARTITION_EOF":
                    return
                raise self._meaning(each.error())
            if time.monotonic() - heard > SILENCE_S:
                raise errors.CutOff(self.shown, self._last_heard() or "no message in time")

    # The client.

    @contextmanager
    def _consumer(self) -> Iterator[Any]:
        try:
            from confluent_kafka import Consumer
        except ImportError as error:
            raise errors.DriverMissing(self.shown, "kafka") from error
        self._heard.clear()
        consumer = Consumer(self._settings(), logger=_SILENT)
        try:
            with self._mapped():
                yield consumer
        finally:
            with suppress(Exception):
                consumer.close()

    def _settings(self) -> dict[str, Any]:
        at = self._address
        settings: dict[str, Any] = {
            "bootstrap.servers": f"{at.host}:{at.port or 9092}",
            "client.id": "noteship",
            # The client asks for one; it is never joined, and nothing is committed.
            "group.id": "noteship",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
            "socket.connection.setup.timeout.ms": int(CONNECT_S * 1000),
            "error_cb": self._heard.append,
        }
        if at.is_tls and os.environ.get("SSL_CERT_FILE"):
            settings["ssl.ca.location"] = os.environ["SSL_CERT_FILE"]
        if self._secret:
            settings |= {
                "sasl.mechanism": self._mechanism,
                "sasl.username": at.user,
                "sasl.password": self._secret.reveal(),
            }
        settings["security.protocol"] = ("sasl_" if self._secret else "") + ("ssl" if at.is_tls else "plaintext")
        return settings

    def _patiently(self, consumer: Any, watch: Watch, ask: Callable[[], Any]) -> Any:
        """An answer, in short calls, so that a stop is seen between them."""
        from confluent_kafka import KafkaException

        until = time.monotonic() + CONNECT_S
        while True:
            watch.check()
            try:
                found = ask()
            except KafkaException as error:
                fault = self._told(error)
                consumer.poll(0)  # lets the client say what it has met
                if not _is_away(fault) or self._is_denied() or time.monotonic() > until:
                    raise self._meaning(fault) from None
            else:
                if found is not None:
                    return found
            if time.monotonic() > until:
                raise errors.OriginUnreachable(self.shown, self._last_heard() or "no answer in time")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        from confluent_kafka import KafkaException

        try:
            yield
        except KafkaException as error:
            raise self._meaning(self._told(error)) from None

    def _told(self, error: Exception) -> Any:
        return error.args[0]

    def _is_denied(self) -> bool:
        return any(_is_denial(each) for each in self._heard)

    def _last_heard(self) -> str:
        """What the client has met, in its own words; that no broker is there says nothing of why."""
        told = [each.str() for each in self._heard if each.name() != "_ALL_BROKERS_DOWN"]
        return self._secret.conceal(told[-1]) if told else (CLOSED if self._heard else "")

    def _meaning(self, fault: Any) -> Exception:
        said = self._secret.conceal(fault.str())
        heard = self._last_heard()
        if _is_denial(fault) or self._is_denied():
            return errors.OriginDenied(self.shown, heard or said)
        if any(sign in fault.name() for sign in ABSENT):
            return errors.NothingThere(self.shown, said)
        if "OFFSET" in fault.name():
            return errors.MovedMeanwhile(self.shown, f"offsets that were asked for are gone: {said}")
        if _is_away(fault):
            return errors.OriginUnreachable(self.shown, heard or said)
        return errors.OriginFailed(self.shown, said)


def _is_denial(fault: Any) -> bool:
    # A broker may only close the connection: then the client's words say at what.
    return any(sign in fault.name() for sign in DENIED) or "authentication" in fault.str().lower()


def _is_away(fault: Any) -> bool:
    return bool(fault.retriable()) or fault.name() in ("_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "_RESOLVE")


_SILENT = logging.getLogger("noteship.kafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
