"""Messages of Kafka: which are taken, and what they become. The broker is the client library's own for tests."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.origin_places import open_origin, source
from ingestion import kafka_broker
from noteship import ingestion
from noteship.ingestion import errors, kafka


@pytest.fixture(scope="module")
def broker() -> Iterator[kafka_broker.Broker]:
    with kafka_broker.broker() as found:
        yield found


def origin(broker: kafka_broker.Broker, topic: str, form: str = "text", **offsets: object) -> ingestion.Origin:
    declared = source(f"kafka://{broker.address}/{topic}", offsets=ingestion.Offsets.parsed(offsets), form=form)
    return open_origin(declared)


def watch(cancel: threading.Event | None = None, **limits: float) -> ingestion.Watch:
    return ingestion.Watch("here", cancel, ingestion.Limits(**limits))  # type: ignore[arg-type]


def rows(path: Path) -> list[dict[str, Any]]:
    from pyarrow import parquet

    return list(parquet.read_table(path).to_pylist())


def test_the_offsets_that_were_asked_for_are_what_comes(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """What is added after the question is for the next one, and a later question takes all anew."""
    broker.send("asked", [b"one", b"two"], partition=0)
    broker.send("asked", [b"three"], partition=2)
    found = origin(broker, "asked")
    version = found.version(watch())
    assert version == "0:0-2 1:0-0 2:0-1 3:0-0"
    broker.send("asked", [b"four"], partition=0)
    fetched = found.fetch(tmp_path / "x", version, watch())
    assert [(row["partition"], row["offset"], row["value"]) for row in rows(tmp_path / "x")] == [
        (0, 0, "one"),
        (0, 1, "two"),
        (2, 0, "three"),
    ]
    assert fetched.facts == {"offsets": {"0": [0, 2], "1": [0, 0], "2": [0, 1], "3": [0, 0]}}
    later = found.version(watch())
    assert later == "0:0-3 1:0-0 2:0-1 3:0-0"
    assert found.fetch(tmp_path / "y", later, watch()).rows == 4


def test_a_part_of_a_topic_can_be_named(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """By partitions and offsets; what the broker has not is left out."""
    for partition in (0, 1):
        broker.send("part", [b"%d" % number for number in range(10)], partition=partition)
    assert origin(broker, "part", **{"from": 3, "to": 5, "partitions": [1]}).version(watch()) == "1:3-5"
    table = {"0": 8}
    assert origin(broker, "part", **{"from": table, "partitions": [0, 1]}).version(watch()) == "0:8-10 1:0-10"
    assert origin(broker, "part", to=100, partitions=[0]).version(watch()) == "0:0-10"
    origin(broker, "part").fetch(tmp_path / "x", "1:3-5", watch())
    assert [row["value"] for row in rows(tmp_path / "x")] == ["3", "4"]
    with pytest.raises(errors.NothingThere, match="no partition 7"):
        origin(broker, "part", partitions=[7]).version(watch())


def test_a_topic_without_messages_is_a_table_without_rows(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """With its columns."""
    broker.send("later", [b"x"], partition=1)
    assert origin(broker, "later", partitions=[0]).fetch(tmp_path / "x", "0:0-0", watch()).rows == 0
    assert rows(tmp_path / "x") == []


def test_messages_are_text_bytes_or_json(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """A message that is not what was declared is named by its offset; one without a value is missing."""
    broker.send("forms", [b'{"a": [1, "\xc3\xa9"]}', None], key=b"k")
    origin(broker, "forms", "json").fetch(tmp_path / "x.jsonl", "0:0-2", watch())
    first, second = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert (first["key"], first["value"], second["value"]) == ("k", {"a": [1, "é"]}, None)
    assert first["timestamp"].startswith("20")
    broker.send("forms", [b"\xff"])
    for form in ("text", "json"):
        with pytest.raises(errors.OriginFailed, match="partition 0, offset 2"):
            origin(broker, "forms", form).fetch(tmp_path / "y", "0:0-3", watch())
    broker.send("words", [b"no json"])
    with pytest.raises(errors.OriginFailed, match="no JSON: partition 0, offset 0"):
        origin(broker, "words", "json").fetch(tmp_path / "y", None, watch())
    origin(broker, "forms", "bytes").fetch(tmp_path / "z", None, watch())
    assert [row["value"] for row in rows(tmp_path / "z")][1:] == [None, b"\xff"]
    assert not (tmp_path / "y").exists()


def test_a_limit_of_messages_ends_it(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """Nothing of it is kept: a part would look like the whole."""
    broker.send("many", [b"x"] * 50)
    with pytest.raises(errors.TooMuch, match="10 rows"):
        origin(broker, "many").fetch(tmp_path / "x", None, watch(rows=10))
    assert list(tmp_path.iterdir()) == []


def test_nobody_is_waited_for_after_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is not there is asked for a while; a stop ends that at once."""
    monkeypatch.setattr(kafka, "CONNECT_S", 30.0)
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    began = time.monotonic()
    with pytest.raises(ingestion.Stopped):
        open_origin(source("kafka://127.0.0.1:1/topic")).version(watch(cancel))
    assert time.monotonic() - began < 5


def test_a_driver_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(errors.DriverMissing, match=r"noteship\[kafka\]"):
        open_origin(source("kafka://127.0.0.1:1/topic")).version(watch())
    with pytest.raises(errors.DriverMissing, match=r"noteship\[postgres\]"):
        open_origin(source("postgresql://db/x", query="select 1")).fetch(tmp_path / "x", None, watch())


def test_json_comes_number_by_number_as_it_is(broker: kafka_broker.Broker, tmp_path: Path) -> None:
    """Long numbers, large ones and words in whichever form they were sent, each message in one line."""
    sent = ['{"a": 0.12345678901234567890}', "1e400", '{"a":1,"a":2}', "7" * 5000]
    sent += ['{\r\n"a":\n"\\u00e9"}', ' "\\ud83d\\ude00"\n']
    broker.send("exact", [each.encode() for each in sent])
    origin(broker, "exact", "json").fetch(tmp_path / "x.jsonl", None, watch())
    lines = (tmp_path / "x.jsonl").read_text().split("\n")
    came = [line.partition('"value": ')[2].removesuffix("}") for line in lines if line]
    assert came == [*sent[:4], '{  "a": "\\u00e9"}', '"\\ud83d\\ude00"']


@pytest.mark.parametrize("sent", ['{"a": NaN}', "-Infinity", '"\\ud800"', "[" * 100_000])
def test_what_readers_of_json_refuse_is_none(broker: kafka_broker.Broker, tmp_path: Path, sent: str) -> None:
    """One such line would make the file unreadable: words for numbers that are none, half a letter, endless depth."""
    topic = f"no-json-{len(sent)}"
    broker.send(topic, [b"1", sent.encode()])
    with pytest.raises(errors.OriginFailed, match="no JSON: partition 0, offset 1"):
        origin(broker, topic, "json").fetch(tmp_path / "x", None, watch())
