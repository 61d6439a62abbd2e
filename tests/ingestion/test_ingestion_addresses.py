"""Addresses, and the secrets that must not be in them."""

from __future__ import annotations

import base64
import html
import json
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship import ingestion
from noteship.ingestion import check_open, errors, parsed
from noteship.ingestion.credentials import HIDDEN, Credentials, Secret, secret_of
from noteship.ingestion.offsets import Offsets, ranges_in, ranges_text
from noteship.ingestion.postgres import PostgresOrigin

OPEN = [
    ("data/raw.csv", "file", "data/raw.csv"),
    ("file:///mnt/share/a%20b.csv", "file", "/mnt/share/a b.csv"),
    ("s3://team-a/raw/2026/*.parquet", "s3", "raw/2026/*.parquet"),
    ("https://data.example.org/get?format=csv&key=messages", "http", "/get?format=csv&key=messages"),
    ("https://team-a.reader-2024-prod@example.org/tokens/pw;v=2/x", "http", "/tokens/pw;v=2/x"),
    ("postgresql://reader@db.example.org:6432/mail?sslmode=require", "postgresql", "mail"),
    ("kafka+tls://ada@broker:9093/mail.in", "kafka", "mail.in"),
]
CLOSED = [
    "postgresql://reader:hunter2x@db/mail",
    "postgresql://reader:@db/mail",
    "postgresql://db/mail?password=hunter2x",
    "postgresql://db/mail?options=-cfoo",
    "https://ada:hunter2x@example.org/x",
    "https://example.org/x?token=hunter2x",
    "https://example.org/x?api_key=hunter2x",
    "https://example.org/x?X-Amz-Signature=hunter2x",
    "https://example.org/x?X-Amz-Security-Token=hunter2x",
    "https://example.org/x?sig=hunter2x",
    "https://example.org/x?key=hunter2xhunter2xhunter2x",
    "https://example.org/x#access_token=hunter2x",
    "https://example.org/x?pw=hunter2x",
    "https://example.org/x?a=1;token=hunter2x",
    "https://example.org/x;token=hunter2x/y",
    "https://hunter2x94fa3f8a9b2c1d@example.org/x",
    "https://sk_live_51hunter2xAbCdEfGh@example.org/x",
    "https://example.org/ghp_hunter2xhunter2xhunter2x/x",
    "s3://AKIAHUNTER:hunter2x@bucket/key",
    "s3://hunter2x@bucket/key",
    "kafka://ada:hunter2x@broker/topic",
    "file:///x/AKIAABCDEFGHIJKLMNOP",
]


@pytest.mark.parametrize(("text", "kind", "path"), OPEN)
def test_an_address_is_taken_apart(text: str, kind: str, path: str) -> None:
    """Every kind of address is known by its scheme, and can be shown as it is."""
    found = ingestion.parsed(text)
    assert (found.kind, found.path, found.text) == (kind, path, text)


@pytest.mark.parametrize("text", CLOSED)
def test_an_address_with_a_secret_is_refused(text: str) -> None:
    """What is expected is said, and nothing of what is there."""
    with pytest.raises(ValueError, match=r"postgresql://USER|without a password, token or key") as caught:
        ingestion.parsed(text)
    assert "unter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text", ["", " ", "ftp://x/y", "s3://", "s3:///x", "kafka://host", "postgresql:///db", "https://", 5]
)
def test_what_is_no_address_is_refused(text: object) -> None:
    """A scheme that is not known, and one without the parts that it needs."""
    with pytest.raises(ValueError, match=r"://|path"):
        ingestion.parsed(text)


@pytest.mark.parametrize(
    "query", ["select * from dblink('host=x password=hunter2x', 'select 1')", "alter user ada password 'hunter2x'"]
)
def test_a_query_with_a_password_is_refused(query: str) -> None:
    """Queries are in the declaration, too; columns and values that are only called so are none of that."""
    with pytest.raises(ValueError, match="without a password"):
        ingestion.check_open(query, "a query")
    ingestion.check_open("select token, password from words where token = 'the' and password = :p", "a query")


def test_a_secret_is_read_where_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first line of a file, or from a variable; what is not there, empty or something else is said."""
    (tmp_path / "secret").write_text("hunter2\n")
    monkeypatch.setenv("GIVEN", "hunter2")
    assert secret_of(Credentials(file="secret"), "here", tmp_path).reveal() == "hunter2"
    assert secret_of(Credentials(env="GIVEN"), "here", tmp_path).reveal() == "hunter2"
    assert not secret_of(None, "here", tmp_path)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("hunter2\nhunter3\n")
    (tmp_path / "bytes").write_bytes(b"hunter2\xff")
    for name in ("empty", "two", "bytes", "absent"):
        with pytest.raises(errors.CredentialsMissing) as caught:
            secret_of(Credentials(file=str(tmp_path / name)), "here", tmp_path)
        assert "hunter" not in f"{caught.value}{caught.value.__context__}{caught.value.__cause__}"
    with pytest.raises(errors.CredentialsMissing, match="not set"):
        secret_of(Credentials(env="NOT_GIVEN"), "here", tmp_path)


@settings(max_examples=50)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=30), st.text(max_size=20))
def test_a_secret_is_nowhere_in_what_is_shown(value: str, around: str) -> None:
    """A text that repeats it, plainly or in a URL's form, does not after it was concealed; nor does its own form."""
    secret = Secret(value)
    for form in (value, quote(value, safe="")):
        assert form not in secret.conceal(f"{around}<{form}>{around}").replace(HIDDEN, "") or form in around
    assert value not in repr(secret) or value in f"Secret({HIDDEN})"
    assert not pickle.loads(pickle.dumps(secret))


@pytest.mark.parametrize(
    "coded",
    [
        lambda secret: base64.b64encode(secret.encode()).decode(),
        lambda secret: base64.b64encode(f"ada:{secret}".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(f"eve:{secret}:more".encode()).decode(),
        lambda secret: quote(secret, safe="").lower(),
        html.escape,
        lambda secret: secret.encode().hex(),
        json.dumps,
    ],
)
def test_what_servers_make_of_a_secret_is_concealed_too(coded: Callable[[str], str]) -> None:
    """Percent signs in small letters, entities, hexadecimal digits, base64 of it and of more than it."""
    form = coded('pl4nted-"s3cret"?/>~')
    shown = Secret('pl4nted-"s3cret"?/>~').conceal(f"denied for {form}, sorry")
    assert HIDDEN in shown and shown.startswith("denied for ") and shown.endswith(", sorry")
    # What is left is of the words beside it.
    assert len(shown.replace(HIDDEN, "")) <= len("denied for , sorry") + 16
    other = Secret("something")
    assert other.sent_as("as it is sent") in "as it is sent" and other.conceal("<as it is sent>") == f"<{HIDDEN}>"


@pytest.mark.parametrize(
    "text",
    [
        *(100_000 * "a", 25_000 * "eyJ-", 30_000 * "://:", "-- m; " + 100_000 * "-" + "\nselect 1"),
        *(50_000 * letters for letters in ("/*", "$a$b", "'", "e'\\'", ";", "- ", "''x")),
    ],
)
def test_no_text_takes_long_to_look_at(text: str) -> None:
    """Neither for secrets nor for the end of a query, whatever it is made of."""
    began = time.process_time()
    check_open(text, "a query")
    PostgresOrigin(parsed("postgresql://db/mail"), Secret(), text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("select 1;", "select 1"),
        ("select 1; -- that was it\n -- really;\n\n", "select 1"),
        ("select 1\n;\n-- done", "select 1\n"),
        ("-- a; b\nselect 1\n-- done;", "-- a; b\nselect 1\n-- done;"),
        ("select ';' as a", "select ';' as a"),
        ("select ';--'", "select ';--'"),
        ("select 'a;\n--b'", "select 'a;\n--b'"),
        ("select 'it''s;--' as \"a;--\";; -- it's", "select 'it''s;--' as \"a;--\""),
        ("select e'\\';--', 'a\\'; --'", "select e'\\';--', 'a\\'"),
        ("select $$a;--$$, $x$;$$;$x$; /* done;\n */", "select $$a;--$$, $x$;$$;$x$"),
        ("select a$b$ from c; -- $b$", "select a$b$ from c"),
        ("select 1 /* ;-- */", "select 1 /* ;-- */"),
        ("select 1; select 2", "select 1; select 2"),
        ("select 'open;", "select 'open;"),
    ],
)
def test_a_query_loses_its_end(query: str, asked: str) -> None:
    """A semicolon at the end, which the driver's brackets do not take, and the comments behind it."""
    assert PostgresOrigin(parsed("postgresql://db/mail"), Secret(), query).query == f"{asked}\n"


@pytest.mark.parametrize(
    ("given", "begin", "end"),
    [
        ({}, "earliest", "latest"),
        ({"from": 10, "to": {"0": 20, "3": 4}}, 10, {0: 20, 3: 4}),
        ({"from": "2026-11-01T02:00:00+02:00"}, "2026-11-01T00:00:00+00:00", "latest"),
    ],
)
def test_offsets_are_read(given: dict[str, object], begin: object, end: object) -> None:
    """Words, offsets, times with their zone, and tables by partition."""
    found = Offsets.parsed(given)
    assert found.begin == begin or getattr(found.begin, "isoformat", str)() == begin
    assert found.end == end


@pytest.mark.parametrize(
    "wrong", [{"from": "soon"}, {"from": -1}, {"to": {}}, {"to": {"a": 1}}, {"until": 1}, {"partitions": ["a"]}, []]
)
def test_wrong_offsets_are_refused(wrong: object) -> None:
    """With what is expected."""
    with pytest.raises(ValueError, match=r"earliest|partitions"):
        Offsets.parsed(wrong)


@settings(max_examples=50)
@given(st.dictionaries(st.integers(0, 99), st.tuples(st.integers(0), st.integers(0)), min_size=1))
def test_ranges_have_one_written_form(ranges: dict[int, tuple[int, int]]) -> None:
    """What is written is read again as it was."""
    assert ranges_in(ranges_text(ranges)) == ranges
    assert ranges_in(None) is None
