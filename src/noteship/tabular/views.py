"""How files and frames are read, said in the engine's SQL: each table becomes one view."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship.tabular import frames, places, quoting, spellings
from noteship.tabular.column import plain_type
from noteship.tabular.csv_header import header
from noteship.tabular.errors import NotATable, TableUnreadable

__all__ = ["Connection", "Source", "View", "prepared", "view"]

# What pandas takes for missing when it reads a CSV file, so that both see the same rows.
MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
# Whole numbers of up to 38 digits, as identifiers are, keep every digit. What the engine itself takes for truths, such
# as "yes" and "t", are texts to pandas.
CSV_TYPES = ("BIGINT", "HUGEINT", "DOUBLE", "DATE", "TIMESTAMP", "VARCHAR")
ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
# Texts of which one among the first rows is none are not looked at further.
ROWS_TRIED = 1_000
ZONED = "TIMESTAMP WITH TIME ZONE"
# The index of a data frame, which pandas stores beside the columns.
PANDAS_INDEX = re.compile(r"__index_level_\d+__")


@dataclass(frozen=True)
class Connection:
    """What views are made with: questions are run, whose errors are noteship's, and frames are given a name."""

    run: Callable[[str], list[tuple[Any, ...]]]
    register: Callable[[str, object], object]


@dataclass(frozen=True)
class Source:
    """What a table is made of: files under paths that are no patterns, or a frame."""

    name: str
    form: places.Form | None
    paths: tuple[str, ...] = ()
    parted: bool = False
    frame: object = None


@dataclass(frozen=True)
class View:
    """How a table is read: from what, and what each of its columns is there, by name."""

    read: str
    columns: Mapping[str, str]

    def of(self, names: Collection[str]) -> str:
        """The question that has these columns."""
        listed = ", ".join(f"{self.columns[name]} AS {quoting.identifier(name)}" for name in names)
        return f"SELECT {listed} FROM {self.read}"  # noqa: S608 - all of it is quoted


def prepared(source: object, name: str, links: Path) -> Source:
    """What a table will be made of; `links` is a folder that is made where files need plainer names.

    Raises: NotATable, TableUnreadable.
    """
    if not isinstance(source, str | Path):
        return Source(name, None, frame=frames.spoken(source, name))
    files = places.found(source)
    if files.form == "arrow":
        return Source(name, files.form, frame=frames.dataset(files.paths, name))
    paths = tuple(_plainly_named(path, links, number) for number, path in enumerate(files.paths))
    return Source(name, files.form, paths, files.parted)


def view(connection: Connection, source: Source, name: str, texts: Collection[str]) -> View:
    """Make a view of that name. Raises: NotATable, TableUnreadable."""
    read = _read(connection, source, name, texts)
    described = connection.run(f"DESCRIBE SELECT * FROM {read}")  # noqa: S608 - all of it is quoted
    columns = [(row[0], row[1]) for row in described if not PANDAS_INDEX.fullmatch(row[0])]
    if not columns:
        raise NotATable(source.name, "it has no column")
    spellings.check(connection.run, source, [column for column, _ in columns])
    ways = WAYS.get(source.form or "", ())
    told = [column for column, sql_type in columns if sql_type == "VARCHAR" and column not in texts]
    meant = _meant(connection, read, [(column, *way(column)) for column in told for way in ways])
    made = View(read, {column: meant.get(column) or _plain(column, sql_type) for column, sql_type in columns})
    connection.run(f"CREATE TEMP VIEW {name} AS {made.of(made.columns)}")
    return made


def _plainly_named(path: Path, links: Path, number: int) -> str:
    """A file's path without letters that the engine would take for a pattern."""
    if not any(letter in str(path) for letter in places.PATTERN_LETTERS):
        return str(path)
    links.mkdir(exist_ok=True)
    link = links / f"{number}{''.join(path.suffixes[-2:])}"
    link.symlink_to(path)
    return str(link)


def _read(connection: Connection, source: Source, name: str, texts: Collection[str]) -> str:
    paths = quoting.texts(source.paths)
    if source.frame is not None:
        frame = f"{name}_frame"
        connection.register(frame, source.frame)
        if not frames.is_read_once(source.frame):
            return frame
        connection.run(f"CREATE TEMP TABLE {name}_kept AS SELECT * FROM {frame}")  # noqa: S608 - names of our own
        return f"{name}_kept"
    if source.form == "parquet":
        return f"read_parquet({paths}, union_by_name=true, hive_partitioning={quoting.truth(source.parted)})"
    if source.form == "json":
        # Without the threshold, objects of many keys are one column, a map.
        return f"read_json({paths}, union_by_name=true, sample_size=-1, records='true', map_inference_threshold=-1)"
    parts = (_csv(connection, path, source.name, texts) for path in source.paths)
    return f"({' UNION ALL BY NAME '.join(f'SELECT * FROM {part}' for part in parts)})"  # noqa: S608 - quoted


def _csv(connection: Connection, path: str, name: str, texts: Collection[str]) -> str:
    """How a CSV file is read: types are found once, from all rows, and then said."""
    separator, names = header(Path(path), name)
    said = (
        f"{quoting.text(path)}, delim={quoting.text(separator)}, nullstr={quoting.texts(MISSING)}, "
        "quote='\"', escape='\"', header=true, comment='', skip=0"
    )
    given = {each: "VARCHAR" for each in names if each in texts}
    guessing = f"sample_size=-1, auto_type_candidates={quoting.texts(CSV_TYPES)}"
    if given:
        guessing += f", types={quoting.struct(given)}"
    try:
        ((columns, date, time),) = connection.run(
            f"SELECT Columns, DateFormat, TimestampFormat FROM sniff_csv({said}, {guessing})"  # noqa: S608 - quoted
        )
    except TableUnreadable:
        # Only who reads it without guessing says which line is wrong.
        every = quoting.struct({each or f"column{number}": "VARCHAR" for number, each in enumerate(names)})
        connection.run(f"SELECT count(COLUMNS(*)) FROM read_csv({said}, auto_detect=false, columns={every})")  # noqa: S608
        raise
    types = quoting.struct({each["name"]: given.get(each["name"], each["type"]) for each in columns})
    formats = "".join(
        f", {option}={quoting.text(found)}"
        for option, found in (("dateformat", date), ("timestampformat", time))
        if found
    )
    return f"read_csv({said}, auto_detect=false, columns={types}{formats})"


def _meant(connection: Connection, read: str, ways: list[tuple[str, str, str]]) -> Mapping[str, str]:
    """Columns of texts of which each says a value of another type, and how that is read; see `WAYS`."""
    for some in (f"(SELECT * FROM {read} LIMIT {ROWS_TRIED})", read):  # noqa: S608 - all of it is quoted
        if not ways:
            break
        asked = ", ".join(f"count({quoting.identifier(name)}), count({said})" for name, said, _ in ways)
        ((*counts,),) = connection.run(f"SELECT {asked} FROM {some}")  # noqa: S608 - all of it is quoted
        pairs = zip(ways, counts[::2], counts[1::2], strict=True)
        ways = [way for way, there, said in pairs if there == said and (said or some != read)]
    return {name: value for name, _, value in ways}


def _time(name: str) -> tuple[str, str]:
    """A time as ISO 8601 writes it, of which the engine itself knows a few ways."""
    column = quoting.identifier(name)
    moment = quoting.moment(column)
    return f"CASE WHEN regexp_matches({column}, {quoting.text(ISO_TIME)}) THEN {moment} END", moment


def _truth(name: str) -> tuple[str, str]:
    """A truth as pandas reads it."""
    truth = quoting.said_truth(quoting.identifier(name))
    return truth, truth


# What texts may say, by the form of their file: a value where a text says one, and the value where each does.
WAYS: Mapping[str, tuple[Callable[[str], tuple[str, str]], ...]] = {"csv": (_time, _truth), "json": (_time,)}


def _plain(name: str, sql_type: str) -> str:
    column = quoting.identifier(name)
    if sql_type in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isnan({column}) THEN NULL ELSE {column} END"
    # From nanoseconds with a zone there is no way but by that with a zone; also in lists and structures.
    zoned = sql_type.replace("TIMESTAMPTZ_NS", ZONED)
    if ZONED in zoned:
        return f"CAST(CAST({column} AS {zoned}) AS {zoned.replace(ZONED, 'TIMESTAMP')})"
    if plain_type(sql_type) == "time":
        return f"CAST({column} AS TIMESTAMP)"
    if plain_type(sql_type) == "text" and sql_type != "VARCHAR":
        return f"CAST({column} AS VARCHAR)"
    return column
