"""The rows of a query on PostgreSQL as an origin, through ADBC: they come as Arrow, a batch at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from noteship.ingestion import errors
from noteship.ingestion.address import Address
from noteship.ingestion.credentials import Secret
from noteship.ingestion.origin import Fetched, Watch
from noteship.ingestion.rows import write_parquet

__all__ = ["PostgresOrigin"]

CONNECT_S = 10
# A server whose machine died is noticed within these seconds, not after hours.
LIVELY = {"keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000"}
# The first characters of SQLSTATE, by what it means to the room.
DENIED, ABSENT, UNREACHABLE, CANCELLED = ("28", "42501"), ("3D000",), ("08", "53", "57P"), ("57014",)
# What libpq says before the server could give one.
_DENIED = re.compile(r"authentication failed|no password supplied|no pg_hba\.conf entry|role .* does not exist")
_ABSENT = re.compile(r"database .* does not exist")
_UNREACHABLE = re.compile(
    r"could not (connect|translate)|connection to server|timeout expired|server closed|refused|"
    r"terminating connection|SSL SYSCALL|Broken pipe",
    re.IGNORECASE,
)
_STATE = re.compile(r"SQLSTATE: (\w{5})")
# What the driver and libpq put around the server's own words, and the statement that they repeat.
_AROUND = re.compile(
    r"\[[\w-]+\]|^\w+: |\bFailed to [^:]{1,60}: |\b(ERROR|FATAL):\s*|"
    r"\bcould not begin COPY: |\bExecution error ?: |(Query was|LINE \d+):.*|"
    r"\bSQLSTATE: \w{5}",
    re.DOTALL,
)
# A comment, a space, or something that is said: a text or a name in any quotes, a word, a sign. What is not closed goes
# on to the end, as for the server, and so that each letter is looked at once.
_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|\s+|;"
    r"|(?P<said>[eE]'(?:[^'\\]|\\.)*'?|'[^']*'?|\"[^\"]*\"?|\$(?P<tag>[^\W\d]\w*|)\$.*?(?:\$(?P=tag)\$|\Z)|\w[\w$]*|.)",
    re.DOTALL,
)
_UNORDERED = (
    "the query has no `order by`: the same rows can come in another order next time, and count as another file then"
)


class PostgresOrigin:
    """One query in a transaction that only reads. PostgreSQL has no cheap word for whether the answer moved."""

    def __init__(self, address: Address, secret: Secret, query: str) -> None:
        self._address = address
        self._secret = secret
        # The driver puts the query in brackets: its own end has to go, and theirs must not be in its last comment.
        self.query = _unended(query) + "\n"

    @property
    def shown(self) -> str:
        """The address."""
        return self._address.text

    def version(self, watch: Watch) -> None:
        """Nothing is known of it before the query was asked."""

    def fetch(self, target: Path, _version: str | None, watch: Watch) -> Fetched:
        """Ask, and write the rows as Parquet in the order in which they come."""
        with (
            self._mapped(watch),
            self._connected(watch) as connection,
            connection.cursor() as cursor,
            watch.breaking(cursor.adbc_cancel),
        ):
            cursor.execute(self.query)
            reader = cursor.fetch_record_batch()
            done = write_parquet(reader.schema, self._batches(reader, watch), target, watch)
        return Fetched(done.size_bytes, None, done.rows, notes=tuple(self._notes(reader.schema, done.rows)))

    def _notes(self, schema: Any, rows: int) -> Iterator[str]:
        if rows > 1 and not re.search(r"\border\s+by\b", self.query, re.IGNORECASE):
            yield _UNORDERED
        for column in schema:
            kind = getattr(column.type, "type_name", "uuid" if "uuid" in str(column.type) else "")
            if kind:
                form = "text" if str(column.type.storage_type) == "string" else "bytes"
                cast = "float8" if kind == "numeric" else "text"
                remedy = f"cast it, {column.name}::{cast}"
                yield f"{column.name} comes as {form}, as nothing else has its type {kind}: {remedy}"

    def _batches(self, reader: Any, watch: Watch) -> Iterator[Any]:
        with self._mapped(watch):
            for batch in reader:
                watch.check()
                yield batch

    @contextmanager
    def _connected(self, watch: Watch) -> Iterator[Any]:
        try:
            from adbc_driver_postgresql import dbapi  # type: ignore[import-untyped]
        except ImportError as error:
            raise errors.DriverMissing(self.shown, "postgres") from error
        connection = dbapi.connect(self._words(watch), autocommit=False)
        try:
            yield connection
        finally:
            connection.close()

    def _words(self, watch: Watch) -> str:
        """libpq's words for the connection."""
        at, left_s = self._address, watch.left_s
        limits = f" -c statement_timeout={max(1, int(left_s * 1000))}" if left_s is not None else ""
        words: Mapping[str, str] = {
            "application_name": "noteship",
            "connect_timeout": str(CONNECT_S),
            **LIVELY,
            **at.options,
            "host": at.host,
            "port": str(at.port or 5432),
            "dbname": at.path,
            "user": at.user,
            "password": self._secret.reveal(),
            "options": f"-c default_transaction_read_only=on{limits}",
        }
        return " ".join(f"{name}={_quoted(value)}" for name, value in words.items() if value)

    @contextmanager
    def _mapped(self, watch: Watch) -> Iterator[None]:
        """The driver's faults as an origin's; what the server says of a statement is told without the statement."""
        try:
            yield
        except Exception as error:
            if not _is_driver(error):
                raise
            watch.check()
            raise self._meaning(error) from None

    def _meaning(self, error: Exception) -> Exception:
        text = self._secret.conceal(str(error))
        state = getattr(error, "sqlstate", None) or "".join(_STATE.findall(text)[:1])
        said = " ".join(_AROUND.sub("", text).split()).rstrip(" .") or "the query is empty, or gives no rows at all"
        if state.startswith(DENIED) or (not state and _DENIED.search(text)):
            return errors.OriginDenied(self.shown, said)
        if state.startswith(ABSENT) or (not state and _ABSENT.search(text)):
            return errors.NothingThere(self.shown, said)
        if state.startswith(CANCELLED):
            return errors.OriginFailed(self.shown, said, "raise its timeout, or ask for less")
        if state.startswith(UNREACHABLE) or (not state and _UNREACHABLE.search(text)):
            return errors.OriginUnreachable(self.shown, said)
        return errors.OriginFailed(self.shown, said, "correct its query, and run again")


def _unended(query: str) -> str:
    """A query without the semicolon at its end, and without the comments behind that."""
    query = query.strip()
    end = None
    for found in _TOKEN.finditer(query):
        if found[0] == ";":
            end = found.start() if end is None else end
        elif found["said"]:
            end = None
    return query[:end]


def _is_driver(error: Exception) -> bool:
    """Whether it is the driver's own, also where it comes through Arrow's reader."""
    return type(error).__module__.startswith(("adbc_driver", "pyarrow")) or (
        isinstance(error, OSError) and "[libpq]" in str(error)
    )


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
