"""Rows of PostgreSQL: what they become, what the query may do, and how it ends."""

from __future__ import annotations

import resource
import threading
import time
from pathlib import Path

import pytest

from contracts.origin_places import open_origin, source
from ingestion import postgres_server
from ingestion.postgres_server import PASSWORD, Database
from noteship import ingestion
from noteship.ingestion import errors

pytestmark = pytest.mark.debian
OTHERS = "pg_stat_activity where pid <> pg_backend_pid()"


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("PG_SECRET", PASSWORD)
    return postgres_server.shared()


def origin(database: Database, query: str) -> ingestion.Origin:
    return open_origin(source(database.url, query=query, credentials=ingestion.Credentials(env="PG_SECRET")))


def watch(cancel: threading.Event | None = None, **limits: float) -> ingestion.Watch:
    return ingestion.Watch("here", cancel, ingestion.Limits(**limits))  # type: ignore[arg-type]


def test_types_are_what_every_reader_of_parquet_knows(database: Database, tmp_path: Path) -> None:
    """What has no counterpart comes as it is stored, and is named with the cast that changes it."""
    import pandas as pd

    query = """select 1 as whole, 1.5::float8 as real, 1.25::numeric(10, 2) as exact, 'é' as text, true as yes,
      null::int as nothing, date '2026-11-01' as day, timestamptz '2026-11-01 12:00Z' as moment,
      '{"a": 1}'::jsonb as json, array[1, 2] as list, '\\x01'::bytea as bytes, gen_random_uuid() as id -- all"""
    fetched = origin(database, query).fetch(tmp_path / "x.parquet", None, watch())
    row = pd.read_parquet(tmp_path / "x.parquet").iloc[0]
    assert (row["whole"], row["real"], row["exact"], row["text"], row["json"]) == (1, 1.5, "1.25", "é", '{"a": 1}')
    assert row["moment"] == pd.Timestamp("2026-11-01 12:00", tz="UTC")
    assert [note.partition(" ")[0] for note in fetched.notes] == ["exact", "id"]
    assert "exact::float8" in fetched.notes[0]


@pytest.mark.parametrize(
    "query",
    [
        "delete from written returning *",
        "with gone as (delete from written returning *) select * from gone",
        "create table more (a int)",
        "select 1; delete from written",
        "select set_config('transaction_read_only', 'off', true); delete from written",
    ],
)
def test_a_query_only_reads(database: Database, tmp_path: Path, query: str) -> None:
    """Whatever it says, nothing is changed."""
    database.do("drop table if exists written", "create table written (a int)", "insert into written values (1)")
    with pytest.raises(errors.OriginFailed):
        origin(database, query).fetch(tmp_path / "x", None, watch())
    assert origin(database, "select * from written").fetch(tmp_path / "y", None, watch()).rows == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from nothing", 'relation "nothing" does not exist'),
        ("select nonsense(", "syntax error"),
        ("select 1 / 0", "division by zero"),
        ("select 1 / (n - 50000) from generate_series(1, 100000) n", "division by zero"),
        ("select 1 as a, 2 as a", "two columns are named 'a'"),
        ("select interval '1 day' as span", "no type for the column 'span'"),
    ],
)
def test_what_the_server_says_is_told(database: Database, tmp_path: Path, query: str, said: str) -> None:
    """Without the statement, which may be long, and without a file."""
    with pytest.raises(errors.OriginFailed, match=said) as caught:
        origin(database, query).fetch(tmp_path / "x", None, watch())
    assert "COPY" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["stop", "timeout"])
def test_a_long_query_is_left_soon(database: Database, tmp_path: Path, how: str) -> None:
    """The server is told, too."""
    cancel = threading.Event()
    began = time.monotonic()
    if how == "stop":
        threading.Timer(0.3, cancel.set).start()
        with pytest.raises(ingestion.Stopped):
            origin(database, "select pg_sleep(60)").fetch(tmp_path / "x", None, watch(cancel))
    else:
        with pytest.raises(errors.TooSlow):
            origin(database, "select pg_sleep(60)").fetch(tmp_path / "x", None, watch(timeout_s=0.5))
    assert time.monotonic() - began < 10
    running = "query like '%pg_sleep(60)%' and state = 'active'"
    assert (
        origin(database, f"select 1 as one from {OTHERS} and {running}").fetch(tmp_path / "y", None, watch()).rows == 0
    )


def test_a_server_that_dies_meanwhile_is_unreachable(database: Database, tmp_path: Path) -> None:
    """The connection's end is no end of the rows."""
    query = "select pg_sleep(0.01), n from generate_series(1, 1000) n"
    kill = f"select pg_terminate_backend(pid) from {OTHERS} and query like '%generate_series(1, 1000)%'"
    threading.Timer(1, lambda: database.do(kill)).start()
    with pytest.raises(errors.OriginUnreachable):
        origin(database, query).fetch(tmp_path / "x", None, watch())
    assert list(tmp_path.iterdir()) == []


def test_an_order_is_asked_for(database: Database, tmp_path: Path) -> None:
    """Rows without one are told of: they may come in another order next time."""
    series = "select n from generate_series(1, 10) n"
    assert origin(database, series).fetch(tmp_path / "x", None, watch()).notes
    assert not origin(database, f"{series} order by n").fetch(tmp_path / "x", None, watch()).notes


@pytest.mark.slow
def test_many_rows_do_not_take_much_memory(database: Database, tmp_path: Path) -> None:
    """A million rows of 640 characters, two thirds of a gigabyte, add less than 300 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    query = "select n, repeat(md5(n::text), 20) as text from generate_series(1, 1000000) n"
    assert origin(database, query).fetch(tmp_path / "x", None, watch()).rows == 1_000_000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 300
