"""Databases in files: what is done with a connection decides whether its file is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from noteship.notebooks.interpreter.arguments import Call
from noteship.notebooks.interpreter.core import Machine, Model
from noteship.notebooks.interpreter.emission import path_texts, used
from noteship.notebooks.interpreter.evidence import Manner, evidence_of
from noteship.notebooks.interpreter.file_models import OpenFile
from noteship.notebooks.interpreter.modelling import argument_text
from noteship.notebooks.interpreter.sql import files_in, statement_actions
from noteship.notebooks.uses import Action
from noteship.notebooks.values import NONE, Const, Library, PathValue, Seq, Unknown, Value

__all__ = ["DATABASE_MODELS", "Database", "finish_databases", "run_sql", "touch"]

_ADDRESS = re.compile(r"^(sqlite(?:\+\w+)?|duckdb):///(.*)$")
_SERVER = re.compile(r"^[a-z][a-z0-9+]*://", re.IGNORECASE)


@dataclass(eq=False)
class Database:
    """A connection to a database in a file, and what was done through it."""

    path: Value
    call: Call
    place: object = None
    used: set[Action] = field(default_factory=set)


def _connect(machine: Machine, call: Call) -> Value:
    value = call.get(0, "database")
    return _connection(machine, call, value if value is not None else Const(":memory:"), f"{call.name}()")


def _connection(machine: Machine, call: Call, path: Value, name: str) -> Value:
    database = Database(path, call)
    machine.state.setdefault("databases", []).append((database, evidence_of(machine, call, "read", Manner())))
    return Library(name, "a connection to a database", database)


def _engine(machine: Machine, call: Call) -> Value:
    """An address: a file of SQLite or DuckDB, or a server, which lies outside."""
    text = argument_text(machine, call, 0, "url", "name_or_url", "database")
    found = _ADDRESS.match(text)
    if found:
        path = found.group(2).partition("?")[0]
        return _connection(machine, call, Const(path or ":memory:"), "sqlalchemy.create_engine()")
    machine.findings.external(text, evidence_of(machine, call, "read", Manner()))
    return Library("sqlalchemy.create_engine()", "a database", OpenFile(NONE))


def _same(machine: Machine, call: Call) -> Value:
    """Cursors, sessions and transactions stand for their connection."""
    kind = "duckdb.connect()" if call.name.startswith("duckdb") else "sqlalchemy.create_engine()"
    return Library(call.name.rpartition(".")[0] if call.name.count(".") > 1 else kind, call.reason, call.data)


def _session(machine: Machine, call: Call) -> Value:
    value = call.get(0, "bind")
    return Library("sqlalchemy.create_engine()", "a session", value.data if isinstance(value, Library) else None)


def touch(machine: Machine, call: Call, data: object, action: Action) -> None:
    """Record that a database's file is read or changed."""
    if isinstance(data, Database):
        if not machine.findings.quiet:
            data.used.add(action)
        used(machine, data.path, action, call, Manner(how=f"the database of {data.call.text}"))


def run_sql(machine: Machine, call: Call, data: object, sql: str | None) -> None:
    """Record what a SQL text does with the database and with files that it names."""
    for action in statement_actions(sql) if sql is not None else []:
        touch(machine, call, data, action)
    if "duckdb" in call.name or call.name.startswith(("polars", "?", "ibis")):
        for action, name in files_in(sql) if sql is not None else []:
            used(machine, Const(machine.holes.wildcards(name)), action, call)


def _sql_text(machine: Machine, value: Value | None) -> str | None:
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Library) and isinstance(value.data, Const) and isinstance(value.data.value, str):
        return value.data.value
    return None


def _execute(machine: Machine, call: Call) -> Value:
    run_sql(machine, call, call.data, _sql_text(machine, call.get(0, "query", "sql", "statement")))
    return Library(call.name.rpartition(".")[0], call.reason, call.data)


def _text(machine: Machine, call: Call) -> Value:
    return Library("sqlalchemy.text()", "a SQL text", call.get(0))


def _connection_of(machine: Machine, call: Call, position: int, *names: str) -> object:
    """The database behind a connection argument: an object or an address."""
    value = call.get(position, *names)
    if isinstance(value, Library):
        return value.data
    text = machine.text(value) if isinstance(value, (Const, PathValue)) else None
    if text is not None:
        found = _ADDRESS.match(text)
        if found:
            return Database(Const(found.group(2)), call)
        if _SERVER.match(text):
            machine.findings.external(text, evidence_of(machine, call, "read", Manner()))
    return None


def _read_sql(machine: Machine, call: Call) -> Value:
    data = _connection_of(machine, call, 1, "con", "connection", "uri", "connection_uri", "conn")
    if data is None and isinstance(call.get(0, "conn"), Const):
        data = _connection_of(machine, call, 0, "conn")
    touch(machine, call, data, "read")
    return Library(f"{call.name}()")


def _to_sql(machine: Machine, call: Call) -> Value:
    touch(machine, call, _connection_of(machine, call, 1, "con", "connection"), "write")
    return NONE


def _duck(machine: Machine, call: Call) -> Value:
    """`duckdb.sql("...")` and `connection.sql("...")`."""
    run_sql(machine, call, call.data, _sql_text(machine, call.get(0, "query")))
    return Library("duckdb.sql()", "the result of a query", call.data)


def _duck_reader(machine: Machine, call: Call) -> Value:
    value = call.get(0, "path_or_buffer", "file_glob", "source")
    texts = path_texts(machine, value)
    globbed: Value | None = Seq("list", [Const(machine.holes.wildcards(text)) for text in texts]) if texts else value
    used(machine, globbed, "read", call)
    return Library("duckdb.sql()", "a table", None)


def _duck_writer(machine: Machine, call: Call) -> Value:
    used(machine, call.get(0, "file_name", "path"), "write", call)
    return NONE


def _scanned(machine: Machine, call: Call) -> Value:
    run_sql(machine, call, None, _sql_text(machine, call.get(0, "query")))
    return Library("polars.sql()")


# -- HDF5 stores and shelves ------------------------------------------------------------------------------------------


def _store(machine: Machine, call: Call) -> Value:
    value = call.get(0, "path", "filename")
    mode = call.constant(1, "mode", default="a")
    database = Database(value or NONE, call)
    if isinstance(mode, str) and mode[:1] in {"r", "w"}:
        touch(machine, call, database, "write" if mode[0] == "w" else "read")
    else:
        machine.state.setdefault("databases", []).append((database, evidence_of(machine, call, "read", Manner())))
    return Library(f"{call.name}()", "a store", database)


def _touching(action: Action) -> Model:
    def model(machine: Machine, call: Call) -> Value:
        touch(machine, call, call.data, action)
        return Unknown("an item of a store")

    return model


def finish_databases(machine: Machine) -> None:
    """A connection through which nothing known was done is taken to read."""
    for database, evidence in machine.state.get("databases", ()):
        if not database.used:
            texts = path_texts(machine, database.path)
            machine.findings.record([text for text in texts if text != ":memory:"], [machine.root], evidence, False)


_CONNECTIONS = (
    "sqlite3.connect()",
    "sqlalchemy.create_engine()",
    "duckdb.connect()",
    "aiosqlite.connect()",
    "apsw.Connection()",
)
_STORES = ("pandas.HDFStore()", "shelve.open()", "dbm.open()", "sqlitedict.SqliteDict()", "diskcache.Cache()")
_CURSORS = ("cursor", "connect", "begin", "__enter__", "raw_connection", "session", "begin_nested", "execution_options")
_EXECUTES = ("execute", "executemany", "executescript", "exec_driver_sql", "exec", "scalars", "scalar")

DATABASE_MODELS: MappingType[str, Model] = {
    "sqlite3.connect": _connect,
    "aiosqlite.connect": _connect,
    "apsw.Connection": _connect,
    "duckdb.connect": _connect,
    "sqlalchemy.create_engine": _engine,
    "sqlmodel.create_engine": _engine,
    "dataset.connect": _engine,
    "records.Database": _engine,
    "sqlalchemy.orm.Session": _session,
    "sqlalchemy.orm.sessionmaker": _session,
    "sqlalchemy.text": _text,
    "sqlalchemy.sql.text": _text,
    **{f"{kind}.{name}": _same for kind in _CONNECTIONS for name in _CURSORS},
    **{f"{kind}.{name}": _execute for kind in _CONNECTIONS for name in _EXECUTES},
    **{
        f"duckdb{kind}.{name}": _duck
        for kind in ("", ".connect()")
        for name in ("sql", "query", "execute", "from_query")
    },
    "duckdb.sql().execute": _duck,
    "duckdb.sql().sql": _duck,
    **{
        f"duckdb{kind}.{name}": _duck_reader
        for kind in ("", ".connect()")
        for name in ("read_csv", "read_parquet", "read_json", "from_parquet", "from_csv_auto")
    },
    **{f"duckdb.sql().{name}": _duck_writer for name in ("write_csv", "write_parquet", "to_csv", "to_parquet")},
    **{f"pandas.{name}": _read_sql for name in ("read_sql", "read_sql_query", "read_sql_table", "io.sql.read_sql")},
    "polars.read_database": _read_sql,
    "polars.read_database_uri": _read_sql,
    "connectorx.read_sql": _read_sql,
    "*.to_sql": _to_sql,
    "*.write_database": _to_sql,
    "polars.sql": _scanned,
    "pandasql.sqldf": _scanned,
    "pandas.HDFStore": _store,
    "shelve.open": _store,
    "sqlitedict.SqliteDict": _store,
    **{f"@{kind}[]": _touching("read") for kind in _STORES},
    **{f"{kind}.__setitem__": _touching("write") for kind in _STORES},
    **{
        f"{kind}.{name}": _touching("write")
        for kind in _STORES
        for name in ("put", "append", "remove", "update", "setdefault")
    },
    **{
        f"{kind}.{name}": _touching("read")
        for kind in _STORES
        for name in ("get", "select", "keys", "items", "values", "walk")
    },
}
