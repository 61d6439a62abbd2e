"""Brokers within this process that speak Kafka's protocol on sockets of this machine: librdkafka's own for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Broker:
    """A broker, and the producer that lives in it."""

    address: str
    producer: Any

    def send(self, topic: str, values: list[bytes | None], partition: int = 0, key: bytes | None = None) -> None:
        """Write messages, and wait until they are there."""
        for value in values:
            self.producer.produce(topic, value=value, key=key, partition=partition)
            self.producer.poll(0)
        assert self.producer.flush(10) == 0


@contextmanager
def broker() -> Iterator[Broker]:
    """One broker, whose topics have four partitions."""
    from confluent_kafka import Producer

    # It says on standard error that it is no real one.
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none", "log_level": 0})
        [found] = producer.list_topics(timeout=10).brokers.values()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    yield Broker(f"{found.host}:{found.port}", producer)
