"""Questions to a table, answered piece by piece: a file, a folder of files, or a frame, as the view `rows`.

DuckDB is known here alone. A connection may read the files that were named and nothing else: no network, no other file,
no extension, no Python variable; and this cannot be changed by what it is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import temporary
from noteship.processors import processors
from noteship.tabular import quoting, views
from noteship.tabular.column import Column, plain_type
from noteship.tabular.errors import NoSuchColumn, TableNeedsMemory, TableUnreadable
from noteship.tabular.faults import without_values

if TYPE_CHECKING:
    import duckdb
    import pyarrow  # type: ignore[import-untyped]

__all__ = ["Table", "opened", "pattern_fault"]

MEMORY_BYTES = 512 * 2**20
# The limit of the control group that is a container's root.
CONTAINER = Path("/sys/fs/cgroup/memory.max")
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "python_enable_replacements": False,
    # Statistics of Parquet files leave NaN out; the optimiser believes them, and would find none.
    "disabled_optimizers": "statistics_propagation",
}


class Table:
    """A table that questions are put to, in SQL, where it is called `rows`. For one thread at a time.

    Numbers that are NaN are missing. Times with a zone are in UTC. Categories and identifiers are texts. `typed` is
    whether the table says its types itself; those of CSV and JSON are found from all rows.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        limit_bytes: int,
        made: Mapping[str, views.View],
        *,
        typed: bool,
    ) -> None:
        self.name = name
        self.typed = typed
        self._made = made
        self._connection = connection
        self._limit_bytes = limit_bytes
        self.columns = self.columns_of("rows")

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.ask("count(*)")[0][0])

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {each.name: each for each in self.columns}

    def columns_of(self, view: str) -> tuple[Column, ...]:
        """The columns of `rows` or of `others`."""
        described = self._fetched(f"DESCRIBE {view}")
        return tuple(Column(row[0], plain_type(row[1]), row[1]) for row in described)

    def column(self, name: str, named_by: str = "") -> Column:
        """The column of that name, in exactly these letters. Raises: NoSuchColumn."""
        if name not in self._by_name:
            raise NoSuchColumn(self.name, name, tuple(self._by_name), named_by)
        return self._by_name[name]

    def quoted(self, name: str) -> str:
        """A column's name as SQL has it. Raises: NoSuchColumn."""
        return quoting.identifier(self.column(name).name)

    def ask(self, select: str, *given: object, rest: str = "") -> list[tuple[Any, ...]]:
        """The answers to `SELECT {select} FROM rows {rest}`, with a `?` for each value that is given.

        Raises: TableUnreadable, TableNeedsMemory.
        """
        sql = f"SELECT {select} FROM rows {rest}"  # noqa: S608 - who asks quotes names and gives values
        return self._fetched(self._narrowed(sql), *given)

    def where(self, condition: str, columns: Sequence[str], *given: object, limit: int = 5) -> list[tuple[Any, ...]]:
        """The first rows of which a condition holds: each row's number from 0, and its values in these columns.

        Raises: NoSuchColumn, TableUnreadable, TableNeedsMemory.
        """
        number = "row number"
        while any(each.name == number for each in self.columns):
            number += "_"
        number = quoting.identifier(number)
        listed = ", ".join((number, *map(self.quoted, columns)))
        numbered = f"(SELECT row_number() OVER () - 1 AS {number}, * FROM rows)"  # noqa: S608 - quoted
        sql = f"SELECT {listed} FROM {numbered} WHERE {condition} ORDER BY {number} LIMIT {limit}"  # noqa: S608 - quoted
        return self._fetched(self._narrowed(sql), *given)

    def arrow(self, sql: str, *given: object) -> pyarrow.Table:
        """The answer to a whole question, as Arrow. Raises: TableUnreadable, TableNeedsMemory."""
        question = self._narrowed(sql)
        return self._answered(lambda: self._connection.sql(question, params=list(given)).to_arrow_table())

    def _narrowed(self, sql: str) -> str:
        """A question, of views that have no more columns than it names: to bind thousands takes a second each time."""
        named = quoting.names(sql)
        parts = []
        for view, each in self._made.items():
            columns = [name for name in each.columns if name.casefold() in named] or list(each.columns)[:1]
            parts.append(f"{view} AS NOT MATERIALIZED ({each.of(columns)})")
        return f"WITH {', '.join(parts)} {sql}"

    def _fetched(self, sql: str, *given: object) -> list[tuple[Any, ...]]:
        return list(self._answered(lambda: self._connection.execute(sql, list(given)).fetchall()))

    def _answered(self, question: Callable[[], Any]) -> Any:
        return _answered(self._connection, question, self.name, self._limit_bytes)


def pattern_fault(pattern: str) -> str:
    """Why a regular expression is none of RE2's, which questions are asked in; empty where it is one."""
    import duckdb

    with duckdb.connect(":memory:", config=SETTINGS) as connection:
        try:
            connection.execute(f"SELECT regexp_full_match('', {quoting.text(pattern)})").fetchall()
        except duckdb.Error as error:
            return str(error).partition(": ")[2].splitlines()[0]
    return ""


@contextmanager
def opened(
    source: object,
    *,
    name: str | None = None,
    beside: object = None,
    texts: Collection[str] = (),
    memory_bytes: int | None = None,
) -> Iterator[Table]:
    """A table to put questions to.

    `source` is a path, a folder or a pattern of files, or what speaks Arrow: a pandas or polars frame, a table, a
    dataset, or a reader of record batches, which is read once and kept, on disk where it is large. `beside` is a second
    table, called `others` in questions. `texts` are columns of a CSV file whose values stay texts, however they look.
    `name` is how messages call the table.

    Raises: NotATable, TableUnreadable, TableNeedsMemory.
    """
    import duckdb

    limit_bytes = memory_bytes or _memory_bytes()
    with temporary.folder() as folder:
        sources = {
            view: views.prepared(each, _name(each, name if view == "rows" else None), folder / view)
            for view, each in (("rows", source), ("others", beside))
            if each is not None
        }
        with duckdb.connect(":memory:", config=_configuration(limit_bytes, folder)) as connection:
            _lock(connection, [path for each in sources.values() for path in each.paths])
            made = {
                view: views.view(_creating(connection, each.name, limit_bytes), each, view, texts)
                for view, each in sources.items()
            }
            rows = sources["rows"]
            yield Table(connection, rows.name, limit_bytes, made, typed=rows.form not in ("csv", "json"))


def _name(source: object, given: str | None) -> str:
    return given or (str(source) if isinstance(source, str | Path) else "the frame")


def _configuration(limit_bytes: int, folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        **SETTINGS,
        "memory_limit": f"{limit_bytes // 2**20}MiB",
        "threads": max(1, int(processors())),
        "temp_directory": str(folder / "spilled"),
    }


def _lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_paths = {quoting.texts(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _creating(connection: duckdb.DuckDBPyConnection, name: str, limit_bytes: int) -> views.Connection:
    """What views are made with. All that goes wrong there is the file's fault: its questions are always the same."""
    import duckdb

    def run(sql: str) -> list[tuple[Any, ...]]:
        try:
            return list(_answered(connection, lambda: connection.execute(sql).fetchall(), name, limit_bytes))
        except duckdb.Error as error:
            raise TableUnreadable(name, without_values(str(error))) from error

    def register(given: str, frame: object) -> None:
        try:
            connection.register(given, frame)
        except duckdb.Error as error:
            raise TableUnreadable(name, without_values(str(error))) from error

    return views.Connection(run, register)


def _answered(connection: duckdb.DuckDBPyConnection, question: Callable[[], Any], name: str, limit_bytes: int) -> Any:
    """The answer; errors of the file and of the machine are noteship's own, and a wrong question stays what it is."""
    import duckdb

    try:
        return _interruptible(connection, question)
    except duckdb.OutOfMemoryException as error:
        raise TableNeedsMemory(name, limit_bytes) from error
    except (
        duckdb.ConversionException,
        duckdb.InvalidInputException,
        duckdb.IOException,
        duckdb.NotImplementedException,
        duckdb.OutOfRangeException,
        duckdb.PermissionException,
        duckdb.SerializationException,
    ) as error:
        raise TableUnreadable(name, without_values(str(error))) from error


def _interruptible(connection: duckdb.DuckDBPyConnection, question: Callable[[], Any]) -> Any:
    """The answer, which a thread of its own waits for: in the engine, signals would be lost or be errors of its own."""
    with ThreadPoolExecutor(1) as one:
        answer = one.submit(question)
        try:
            return answer.result()
        except BaseException:
            if not answer.done():
                connection.interrupt()
            raise


def _memory_bytes() -> int:
    """At most half of what the machine, or the container, has: others work on it, too."""
    known = []
    with suppress(AttributeError, OSError, ValueError):
        known.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        known.append(int(CONTAINER.read_text()))  # "max" is no number, and no limit
    return min([MEMORY_BYTES, *(each // 2 for each in known)])
