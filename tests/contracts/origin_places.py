"""Real origins of each kind, whose data can be changed: for the suite that all of them fulfil."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy
import pytest

from contracts import store_places
from ingestion import kafka_broker, postgres_server, web_server
from noteship import collecting, digests, ingestion, models, store
from noteship.models.columns import Column
from noteship.operations.collected import CollectedOrigin
from noteship.store.memory import MemoryBucket

ALL = [
    "file",
    "folder",
    "http",
    "kafka",
    "collected",
    pytest.param("s3", marks=pytest.mark.ceph),
    pytest.param("s3 folder", marks=pytest.mark.ceph),
    pytest.param("postgres", marks=pytest.mark.debian),
]
SIGNATURE = models.Signature((Column("line", "text", "object"),), models.Output("y", "classification", ("x",)), {})
SECRET = "s3cr3t-of-the-origin"
VARIABLE = "NOTESHIP_TEST_ORIGIN"


class Place(Protocol):
    """An origin and what surrounds it."""

    def put(self, lines: list[str]) -> None:
        """Let these be the data."""

    def source(self) -> ingestion.Source:
        """The origin's declaration."""

    def missing(self) -> ingestion.Source:
        """The declaration of one where nothing is."""

    def away(self) -> ingestion.Source | None:
        """Of one that does not answer; None where there is no such thing."""

    def closed(self) -> ingestion.Source | None:
        """Of one that does not let us in."""


def source(address: str, **more: object) -> ingestion.Source:
    given: dict[str, object] = {"name": "data.x", "address": ingestion.parsed(address), "target": "x.out", **more}
    return ingestion.Source(**given)  # type: ignore[arg-type]


# What was collected is in the project's own store, which its address does not name.
STORES: dict[str, store.Store] = {}
SECRETIVE = {"credentials": ingestion.Credentials(env=VARIABLE)}


def open_origin(declared: ingestion.Source) -> ingestion.Origin:
    own = CollectedOrigin(STORES[declared.address.host], declared) if declared.address.kind == "collected" else None
    return ingestion.open_origin(declared, Path("/"), digests.of_file, own)


@dataclass
class OfFile:
    root: Path

    def put(self, lines: list[str]) -> None:
        (self.root / "data.csv").write_text("".join(f"{line}\n" for line in lines))

    def source(self) -> ingestion.Source:
        return source(f"file://{self.root}/data.csv")

    def missing(self) -> ingestion.Source:
        return source(f"{self.root}/other.csv")

    def away(self) -> None:
        return None

    def closed(self) -> None:
        return None  # root may read everything


class OfFolder(OfFile):
    def put(self, lines: list[str]) -> None:
        folder = self.root / "many"
        (folder / "within").mkdir(parents=True, exist_ok=True)
        (folder / "first.csv").write_text("".join(f"{line}\n" for line in lines))
        (folder / "within" / "second.csv").write_text("always")

    def source(self) -> ingestion.Source:
        return source(f"{self.root}/many")

    def missing(self) -> ingestion.Source:
        return source(f"{self.root}/many/*.parquet")


@dataclass
class OfWeb:
    site: web_server.Site

    def put(self, lines: list[str]) -> None:
        self.site.token = f"Bearer {SECRET}"
        self.site.files["/data.csv"] = "".join(f"{line}\n" for line in lines).encode()

    def source(self) -> ingestion.Source:
        return source(f"{self.site.address}/data.csv", **SECRETIVE)

    def missing(self) -> ingestion.Source:
        return source(f"{self.site.address}/other.csv", **SECRETIVE)

    def away(self) -> ingestion.Source:
        return source("http://127.0.0.1:1/data.csv", **SECRETIVE)

    def closed(self) -> ingestion.Source:
        self.site.token = "Bearer another"
        return self.source()


@dataclass
class OfKafka:
    broker: kafka_broker.Broker
    lines: list[str] = field(default_factory=list)
    topics: int = 0

    def put(self, lines: list[str]) -> None:
        # Nothing that was written to a topic changes; what is added to it is more.
        if lines[: len(self.lines)] != self.lines or not self.topics:
            self.topics, self.lines = self.topics + 1, []
        new = [line.encode() for line in lines[len(self.lines) :]]
        self.broker.send(f"topic{self.topics}", list(new))
        self.lines = list(lines)

    def source(self) -> ingestion.Source:
        return source(f"kafka://{self.broker.address}/topic{self.topics}")

    def missing(self) -> ingestion.Source:
        return source(f"kafka://{self.broker.address}/no-such-topic")

    def away(self) -> ingestion.Source:
        return source("kafka://ada@127.0.0.1:1/topic", **SECRETIVE)

    def closed(self) -> ingestion.Source:
        return source(f"kafka://ada@{self.broker.address}/topic", **SECRETIVE)


class OfBucket:
    def __init__(self, bucket: store_places.Bucket) -> None:
        self.bucket = bucket

    def put(self, lines: list[str]) -> None:
        self.bucket.put("raw/data.csv", ["".join(f"{line}\n" for line in lines).encode()])  # type: ignore[list-item]
        self.bucket.put("raw/within/second.csv", [b"always"])

    def source(self) -> ingestion.Source:
        return source(f"{self.bucket.url}/raw/data.csv")

    def missing(self) -> ingestion.Source:
        return source(f"{self.bucket.url}/raw/other.csv")

    def away(self) -> ingestion.Source:
        os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
        return self.source()

    def closed(self) -> ingestion.Source:
        os.environ["AWS_SECRET_ACCESS_KEY"] = SECRET
        return self.source()


class OfPrefix(OfBucket):
    def source(self) -> ingestion.Source:
        return source(f"{self.bucket.url}/raw/")

    def missing(self) -> ingestion.Source:
        return source(f"{self.bucket.url}/raw/*.parquet")


@dataclass
class OfCollected:
    lines: list[str] = field(default_factory=list)
    objects: store.Store = field(default_factory=lambda: store.Store(MemoryBucket()))

    def put(self, lines: list[str]) -> None:
        """What was collected stays as it is; what is asked later is more."""
        STORES["mail"] = self.objects
        one = collecting.Collector(self.objects, collecting.Settings("mail", 1.0))
        for number, line in enumerate(lines[len(self.lines) :], len(self.lines)):
            encoded = models.Rows.of_columns(SIGNATURE, [[line]])
            moments = numpy.array([1_780_000_200.0 + number])
            one.add("mail", "ab" * 32, collecting.Taken(encoded, (f"r{number}",), (0,), moments, ("x",), None, 1))
        one.close(5)
        self.lines = list(lines)

    def source(self) -> ingestion.Source:
        return source("collected:mail")

    def missing(self) -> ingestion.Source:
        return source("collected:mail/other")

    def away(self) -> None:
        return None

    def closed(self) -> None:
        return None


@dataclass
class OfDatabase:
    database: postgres_server.Database

    def put(self, lines: list[str]) -> None:
        os.environ[VARIABLE] = postgres_server.PASSWORD
        rows = ", ".join(f"({number}, '{line}')" for number, line in enumerate(lines))
        self.database.do(
            "drop table if exists lines", "create table lines (n int, line text)", f"insert into lines values {rows}"
        )

    def _of(self, url: str, table: str = "lines") -> ingestion.Source:
        return source(url, query=f"select * from {table} order by n; -- all", **SECRETIVE)

    def source(self) -> ingestion.Source:
        return self._of(self.database.url)

    def missing(self) -> ingestion.Source:
        return self._of(self.database.url.replace("/postgres", "/nothing"))

    def away(self) -> ingestion.Source:
        return self._of("postgresql://owner@127.0.0.1:1/postgres")

    def closed(self) -> ingestion.Source:
        os.environ[VARIABLE] = SECRET
        return self.source()


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Place]:
    """An origin of a kind; its secret, where it takes one, is in a variable of the environment."""
    if kind in ("file", "folder"):
        yield OfFile(folder) if kind == "file" else OfFolder(folder)
    elif kind == "http":
        with web_server.serving() as site:
            yield OfWeb(site)
    elif kind == "collected":
        yield OfCollected()
    elif kind == "kafka":
        with kafka_broker.broker() as broker:
            yield OfKafka(broker)
    elif kind == "postgres":
        yield OfDatabase(postgres_server.shared())
    else:
        with store_places.on_gateway() as bucket:
            yield OfPrefix(bucket) if kind == "s3 folder" else OfBucket(bucket)
