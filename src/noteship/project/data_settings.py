"""`[data.NAME]`: where data of the project come from; many read it, so it has no secret."""

from __future__ import annotations

import datetime
import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from noteship.project import values

__all__ = ["CredentialSettings", "DataSettings"]

FORMS = ("text", "bytes", "json")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
NAMED = 'a table that says where the secret is: { file = "/run/secrets/NAME" } or { env = "NAME" }; never the secret'


@dataclass(frozen=True)
class CredentialSettings:
    """`[data.NAME] credentials`: where the secret is, and how it is sent."""

    file: str | None = None
    env: str | None = None
    header: str | None = None
    mechanism: str | None = None


def _address(value: object) -> str:
    from noteship import ingestion

    return ingestion.parsed(value).text


def _query(value: object) -> str:
    from noteship import ingestion

    if not isinstance(value, str) or not value.strip():
        raise ValueError("a query, such as select * from messages order by id")
    ingestion.check_open(value, "a query")
    return value


def _target(value: object) -> str:
    from noteship import ingestion

    if not isinstance(value, str) or not value.isprintable() or "*" in value or "?" in value:
        raise ValueError("the path of a file or a folder of the project, such as data/raw.parquet")
    path = posixpath.normpath(value)
    if path.startswith(("/", "..", "~")) or path.split("/")[0] in (".", ".noteship", ".git"):
        raise ValueError("a path within the project, relative to its folder")
    if ingestion.is_code(path):
        raise ValueError("a file of data: code does not come from a source")
    return path


def _refresh(value: object) -> float:
    if value in ("always", "once"):
        return 0.0 if value == "always" else math.inf
    try:
        return values.length(value)
    except ValueError as error:
        raise ValueError('"always", "once", or how old what was fetched may be, such as "1d"') from error


def _offsets(value: object) -> dict[str, Any]:
    from noteship import ingestion

    ingestion.Offsets.parsed(value)
    assert isinstance(value, dict)
    return value


def _moment(value: object) -> float:
    """Seconds since 1970. TOML's own dates and times are taken, too; without a zone they are in UTC."""
    try:
        found = value if isinstance(value, datetime.date) else datetime.datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("a date or a time, such as 2026-11-01 or 2026-11-01T08:00:00Z") from error
    if not isinstance(found, datetime.datetime):
        found = datetime.datetime(found.year, found.month, found.day)
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()


def _form(value: object) -> str:
    if value not in FORMS:
        raise ValueError('"text", "bytes" or "json"')
    return str(value)


def _credentials(value: object) -> CredentialSettings:
    if not isinstance(value, dict) or value.keys() - {"file", "env", "header", "mechanism"}:
        raise ValueError(NAMED)
    given = CredentialSettings(**value)
    if not all(isinstance(each, str) and each for each in value.values()) or bool(given.file) == bool(given.env):
        raise ValueError(NAMED)
    if given.env and not given.env.replace("_", "").isalnum():
        raise ValueError("env: the name of a variable, not its value")
    return given


@dataclass(frozen=True)
class DataSettings:
    """`[data.NAME]`: from where, to which file, how often it is asked whether it moved; `hidden` values are not told.

    `refresh_s` is 0 for always, infinite for once.
    """

    address: str = field(metadata={"key": "from", "parse": _address, "hidden": True})
    target: str = field(metadata={"key": "to", "parse": _target})
    query: str | None = field(default=None, metadata={"parse": _query, "hidden": True})
    query_file: str | None = None
    offsets: Mapping[str, Any] = field(default_factory=dict, metadata={"parse": _offsets})
    form: str | None = field(default=None, metadata={"key": "format", "parse": _form})
    refresh_s: float = field(default=0.0, metadata={"key": "refresh", "parse": _refresh})
    credentials: CredentialSettings | None = field(default=None, metadata={"parse": _credentials, "hidden": True})
    timeout_s: float | None = field(default=None, metadata={"key": "timeout", "parse": values.length})
    size_bytes: int | None = field(default=None, metadata={"key": "max_size", "parse": values.size})
    rows: int | None = field(default=None, metadata={"key": "max_rows", "parse": values.count})
    since: float | None = field(default=None, metadata={"parse": _moment})
    last_s: float | None = field(default=None, metadata={"key": "last", "parse": values.length})
    labelled: bool = False

    def __post_init__(self) -> None:
        from noteship import ingestion

        address = ingestion.parsed(self.address)
        if address.kind == "postgresql":
            if (self.query is None) == (self.query_file is None):
                raise ValueError("either query or query_file: what is to be asked of the database")
        elif self.query is not None or self.query_file is not None:
            raise ValueError("query and query_file with an address postgresql:// only")
        if address.kind != "kafka" and (self.offsets or self.form):
            raise ValueError("offsets and format with an address kafka:// only")
        if address.kind not in ("postgresql", "kafka", "collected") and self.rows:
            raise ValueError("max_rows with an address postgresql://, kafka:// or collected: only; max_size with any")
        if address.kind != "collected" and (self.since is not None or self.last_s is not None or self.labelled):
            raise ValueError("since, last and labelled with an address collected: only")
        if self.since is not None and self.last_s is not None:
            raise ValueError("either since or last")
        _check_target(address.kind, self.target, self.form)
        if self.credentials:
            _check_credentials(address, self.credentials)


def _check_target(kind: str, target: str, form: str | None) -> None:
    suffix = {
        "postgresql": ".parquet",
        "collected": ".parquet",
        "kafka": ".jsonl" if form == "json" else ".parquet",
    }.get(kind, "")
    if not target.endswith(suffix):
        raise ValueError(f"for to a file that ends with {suffix}, as that is what it becomes")


def _check_credentials(address: Any, given: CredentialSettings) -> None:
    if address.kind in ("file", "s3", "collected"):
        here = "files of this machine" if address.kind == "file" else "what is in the project's store"
        what = "the AWS_* variables for s3://" if address.kind == "s3" else f"none for {here}"
        raise ValueError(f"no credentials, but {what}")
    if given.header and address.kind != "http":
        raise ValueError("credentials.header with an address http(s):// only")
    if given.header and not _HEADER.fullmatch(given.header):
        raise ValueError("for credentials.header the name of a header, such as X-Api-Key")
    if given.mechanism and address.kind != "kafka":
        raise ValueError("credentials.mechanism with an address kafka:// only")
    if address.kind == "kafka" and not address.user:
        raise ValueError("for from the user whose secret it is: kafka+tls://USER@HOST:PORT/TOPIC")
