"""Tables of every form answer the same questions, and a connection reads nothing but what was named."""

from __future__ import annotations

import datetime
import gzip
import json
import tempfile
from pathlib import Path

import duckdb
import numpy
import pandas
import pyarrow
import pytest
from pyarrow import dataset, feather, parquet

from noteship import tabular

FRAME = pandas.DataFrame(
    {
        "id": [1, 2, 3],
        "price": [1.5, None, 3.5],
        "name": ["a, b", None, "it's"],
        "open": [True, False, True],
        "at": pandas.to_datetime(["2024-01-01 10:00:00", "2024-01-02 11:00:00", "2024-01-03 12:30:00"]),
    }
)
TYPES = {"id": "whole", "price": "number", "name": "text", "open": "bool", "at": "time"}


def written(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        FRAME.to_parquet(path)
    elif ".csv" in name:
        FRAME.to_csv(path, index=False)
    elif name.endswith(".tsv"):
        FRAME.to_csv(path, index=False, sep="\t")
    elif name.endswith(".feather"):
        feather.write_feather(pyarrow.Table.from_pandas(FRAME), path)
    else:
        lines = not name.endswith(".json")
        FRAME.to_json(path, orient="records", lines=lines, date_format="iso")
    return path


class Speaking:
    """Speaks Arrow as frames of other libraries do."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "name", ["t.parquet", "t.csv", "t.csv.gz", "t.tsv", "t.jsonl", "t.ndjson.gz", "t.json", "t.feather"]
)
def test_forms(tmp_path: Path, name: str) -> None:
    """Every form gives the same columns, plain types and values."""
    with tabular.opened(written(tmp_path, name)) as table:
        assert {column.name: column.type for column in table.columns} == TYPES
        assert table.rows == 3
        assert table.ask("sum(id), count(price), sum(price), max(name)") == [(6, 2, 5.0, "it's")]
        assert table.ask('max("at")') == [(datetime.datetime(2024, 1, 3, 12, 30),)]


@pytest.mark.parametrize("kind", ["pandas", "arrow", "reader", "dataset", "speaking"])
def test_frames(tmp_path: Path, kind: str) -> None:
    """Frames, tables, datasets and readers can be asked as often as one likes, and NaN in them is missing."""
    arrow = pyarrow.Table.from_pandas(FRAME, preserve_index=False)
    parquet.write_table(arrow, tmp_path / "t.parquet")
    sources = {
        "pandas": FRAME,
        "arrow": arrow,
        "reader": arrow.to_reader(max_chunksize=1),
        "dataset": dataset.dataset(tmp_path / "t.parquet"),
        "speaking": Speaking(arrow),
    }
    with tabular.opened(sources[kind], name="the rows") as table:
        assert table.name == "the rows"
        assert {column.name: column.type for column in table.columns} == TYPES
        for _ in range(2):
            assert table.ask("count(price), sum(id)") == [(2, 6)]


def test_nan_is_missing_whatever_statistics_say(tmp_path: Path) -> None:
    """A NaN in a Parquet file whose statistics leave it out is missing, and no value."""
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"x": [1.0, float("nan"), 3.0, None]}), path)
    with tabular.opened(path) as table:
        assert table.ask("count(x), max(x), count_if(x IS NULL), count_if(x > 2)") == [(2, 3.0, 2, 1)]


def test_csv_is_read_by_all_its_rows(tmp_path: Path) -> None:
    """A text in the last of many rows makes a column of texts, and an empty field is missing."""
    path = tmp_path / "t.csv"
    path.write_text("a,b,c\n" + "1,2,NA\n" * 50_000 + "x,,3\n")
    with tabular.opened(path) as table:
        assert [column.type for column in table.columns] == ["text", "whole", "whole"]
        assert table.ask("count(b), count(c)") == [(50_000, 1)]
        assert not table.typed
    with tabular.opened(path, texts=["b"]) as table:
        assert table.ask("max(b)") == [("2",)]


def test_separators_and_dates(tmp_path: Path) -> None:
    """The header says what separates fields, and dates may be in the order of a country."""
    path = tmp_path / "t.csv"
    path.write_text('"a, b";day\nx;31/12/2024\ny;01/02/2024\n')
    with tabular.opened(path) as table:
        assert [(column.name, column.type) for column in table.columns] == [("a, b", "text"), ("day", "date")]
        assert table.ask("max(day)") == [(datetime.date(2024, 12, 31),)]


def test_plain_types(tmp_path: Path) -> None:
    """Categories and identifiers are texts, times with a zone are in UTC, and lists and structures are told apart."""
    frame = pandas.DataFrame({"c": pandas.Categorical(["u", "v"]), "l": [[1], [2]], "s": [{"a": 1}, {"a": 2}]})
    frame["z"] = pandas.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("Europe/Berlin")
    frame["b"] = [b"1", b"2"]
    with tabular.opened(frame) as table:
        assert [column.type for column in table.columns] == ["text", "list", "other", "time", "binary"]
        assert table.ask("min(z), max(c)") == [(datetime.datetime(2023, 12, 31, 23), "v")]


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
def test_times_with_a_zone_of_every_unit(unit: str) -> None:
    """A time with a zone is one in UTC, in whatever unit it is kept, and also in lists and structures."""
    of_utc = pyarrow.timestamp(unit, tz="Europe/Berlin")
    moment = datetime.datetime(2024, 1, 1, 10)
    given = moment.replace(tzinfo=datetime.UTC)
    columns = {
        "t": pyarrow.array([given], of_utc),
        "l": pyarrow.array([[given]], pyarrow.list_(of_utc)),
        "s": pyarrow.array([{"at": given}], pyarrow.struct([("at", of_utc)])),
        "n": pyarrow.array([[moment]], pyarrow.list_(pyarrow.timestamp(unit))),
    }
    with tabular.opened(pyarrow.table(columns)) as table:
        assert [column.type for column in table.columns] == ["time", "list", "other", "list"]
        assert table.ask(", ".join(map(table.quoted, columns))) == [(moment, [moment], {"at": moment}, [moment])]


def test_times_of_a_csv_with_a_zone(tmp_path: Path) -> None:
    """They are times in UTC where each value is one, and texts where it is asked or one is none."""
    path = tmp_path / "t.csv"
    path.write_text("t,u\n2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n2024-01-01 00:00:00+02:00,soon\n,\n")
    with tabular.opened(path) as table:
        assert [column.type for column in table.columns] == ["time", "text"]
        assert table.ask('min("t"), max("t"), min("u")') == [
            (datetime.datetime(2023, 12, 31, 22), datetime.datetime(2024, 1, 1), "2024-01-01T00:00:00Z")
        ]
    with tabular.opened(path, texts=["t"]) as table:
        assert table.ask('max("t")') == [("2024-01-01T00:00:00Z",)]


@pytest.mark.parametrize(
    "values", [("yes", "no"), ("t", "f"), ("y", "n"), ("true", "1"), ("True", "FALSE"), ("true", "NA"), ("on", "NA")]
)
def test_truths_of_a_csv_are_those_of_pandas(tmp_path: Path, values: tuple[str, str]) -> None:
    """True and false in any case are truths, and all other labels are texts as the file has them."""
    path = tmp_path / "t.csv"
    path.write_text("\n".join(("x", *values, "")))
    read = pandas.read_csv(path).x.dropna()
    is_truth = isinstance(read[0], bool | numpy.bool_)
    with tabular.opened(path) as table:
        assert table.column("x").type == ("bool" if is_truth else "text")
        assert [value for (value,) in table.ask("x", rest="WHERE x IS NOT NULL")] == list(read)
    with tabular.opened(path, texts=["x"]) as table:
        assert table.ask("x", rest="LIMIT 1") == [(values[0],)]


def test_truths_and_texts_of_a_folder(tmp_path: Path) -> None:
    """Where a part of a table has other labels than true and false, all are texts as their files have them."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/1.csv").write_text("x\nTrue\n")
    (tmp_path / "parts/2.csv").write_text("x\nno\n")
    with tabular.opened(tmp_path / "parts") as table:
        assert table.column("x").type == "text"
        assert sorted(table.ask("x")) == [("True",), ("no",)]


@pytest.mark.parametrize("sparse", [False, True])
def test_json_of_many_keys(tmp_path: Path, sparse: bool) -> None:
    """Objects of many keys of one type are rows of as many columns, whether each has all of them or one."""
    path = tmp_path / "t.jsonl"
    rows = [{f"k{key}": key for key in ([row] if sparse else range(250))} for row in range(15)]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    with tabular.opened(path) as table:
        assert len(table.columns) == (15 if sparse else 250)
        assert table.rows == 15


CASES = {
    "t.csv": b"id,Id\n1,2\n",
    "t.jsonl": b'{"id": 1}\n{"Id": 2}\n',
    "t.parquet": b"",
    "": b"",
}


@pytest.mark.parametrize("name", CASES)
def test_columns_that_differ_in_case_alone(tmp_path: Path, name: str) -> None:
    """Two such columns are told, and none of them gets a name that it has not; those with numbers at the end may be."""
    frame = pyarrow.table({"s": [{"a": 1, "A": 2}], "id": [1], "Id": [2]})
    path = tmp_path / name
    if name.endswith(".parquet"):
        parquet.write_table(frame, path)
    elif name:
        path.write_bytes(CASES[name])
    said = "columns Id and id differ in case alone"
    with pytest.raises(tabular.TableUnreadable, match=said), tabular.opened(path if name else frame):
        pass
    with tabular.opened(pyarrow.table({"s": [{"a": 1}], "id": [1], "id_1": [2]})) as table:
        assert [column.name for column in table.columns] == ["s", "id", "id_1"]


def test_folders_and_patterns(tmp_path: Path) -> None:
    """A folder or a pattern is one table, columns by their names; a folder's partitions are columns."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/1.csv").write_text("a,b\n1,x\n")
    (tmp_path / "parts/2.csv").write_text("b,a,c\ny,2.5,z\n")
    (tmp_path / "parts/_notes.txt").write_text("none of it")
    for source in (tmp_path / "parts", str(tmp_path / "parts/*.csv")):
        with tabular.opened(source) as table:
            assert [(column.name, column.type) for column in table.columns] == [
                ("a", "number"),
                ("b", "text"),
                ("c", "text"),
            ]
            assert table.ask("sum(a)") == [(3.5,)]
    FRAME.to_parquet(tmp_path / "by", partition_cols=["id"])
    with tabular.opened(tmp_path / "by") as table:
        assert table.ask("max(id), count(*)") == [(3, 3)]


def test_a_pattern_reads_folders_that_are_named_like_files(tmp_path: Path) -> None:
    """Spark writes such, with notes in them; each of their files counts once, and partitions are columns."""
    FRAME.to_parquet(tmp_path / "a.parquet", partition_cols=["id"])
    (tmp_path / "a.parquet/_SUCCESS").touch()
    (tmp_path / "old").mkdir()
    for pattern in ("*.parquet", "**/*.parquet", "*"):
        with tabular.opened(str(tmp_path / pattern)) as table:
            assert table.rows == 3
    with tabular.opened(str(tmp_path / "*.parquet")) as table:
        assert table.ask("max(id)") == [(3,)]
    FRAME.to_parquet(tmp_path / "b.parquet")
    with tabular.opened(str(tmp_path / "*.parquet")) as table:
        assert table.rows == 6


def test_an_index_of_pandas_is_no_column(tmp_path: Path) -> None:
    """The index that pandas stores beside the columns is not among them; a column that has a name is."""
    FRAME[["id"]].iloc[[2, 0]].to_parquet(tmp_path / "t.parquet")
    FRAME[["id", "name"]].set_index("name").to_parquet(tmp_path / "n.parquet")
    with tabular.opened(tmp_path / "t.parquet") as table:
        assert [column.name for column in table.columns] == ["id"]
    with tabular.opened(tmp_path / "n.parquet") as table:
        assert [column.name for column in table.columns] == ["id", "name"]


@pytest.mark.parametrize("name", ["a[1].parquet", "a*.csv", "it's; DROP.parquet", 'quo"te.csv'])
def test_names_are_never_patterns_nor_questions(tmp_path: Path, name: str) -> None:
    """A file is read by its own name, whatever letters are in it, and no other in its place."""
    for other in ("a1.parquet", "ab.csv"):
        written(tmp_path, other)
    pandas.DataFrame({"sole": [1]}).to_csv(tmp_path / "x.csv", index=False)
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text("sole\n7\n")
    else:
        parquet.write_table(pyarrow.table({"sole": [7]}), path)
    with tabular.opened(path) as table:
        assert table.ask("sole") == [(7,)]


def test_columns_are_quoted() -> None:
    """A column may be called anything; who names one that is not there is told the nearest."""
    names = ['the "id"', "rows", "a b; DROP", "select"]
    with tabular.opened(pyarrow.table({name: [1] for name in names})) as table:
        assert table.ask(", ".join(map(table.quoted, names))) == [(1, 1, 1, 1)]
        with pytest.raises(tabular.NoSuchColumn) as caught:
            table.quoted("selct")
        assert caught.value.parts().nearest == "select"


@pytest.mark.parametrize(
    "question",
    [
        "(SELECT count(*) FROM read_csv('{0}/secret.csv'))",
        "(SELECT count(*) FROM '{0}/secret.csv')",
        "(SELECT count(*) FROM read_text('/etc/hostname'))",
        "(SELECT count(*) FROM FRAME)",
        "getenv('HOME')",
        "(SELECT count(*) FROM read_csv('https://example.org/x.csv'))",
    ],
)
def test_nothing_else_is_read(tmp_path: Path, question: str) -> None:
    """A question cannot reach another file, the network, a variable of Python or the environment."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    path = written(tmp_path, "t.parquet")
    with tabular.opened(path) as table, pytest.raises((duckdb.Error, tabular.TableUnreadable)):
        table.ask(question.format(tmp_path))


@pytest.mark.parametrize("statement", ["SET threads = 1", "INSTALL httpfs", "LOAD httpfs", "COPY rows TO '{0}/o.csv'"])
def test_what_is_locked_stays_locked(tmp_path: Path, statement: str) -> None:
    """Neither settings nor extensions nor files can be changed from within."""
    path = written(tmp_path, "t.parquet")
    with tabular.opened(path) as table, pytest.raises((duckdb.Error, tabular.TableUnreadable)):
        table.arrow(statement.format(tmp_path))
    assert not (tmp_path / "o.csv").exists()


def test_rows_of_a_condition(tmp_path: Path) -> None:
    """Rows are found with their numbers from 0, in order, and values given are no part of the question."""
    with tabular.opened(written(tmp_path, "t.csv")) as table:
        assert table.where("id > ?", ["name", "id"], 1) == [(1, None, 2), (2, "it's", 3)]
        assert table.where("name = ?", ["id"], "x' OR 1=1 --") == []


def test_two_tables(tmp_path: Path) -> None:
    """A second table is asked beside the first."""
    (tmp_path / "o.csv").write_text("id\n3\n4\n")
    with tabular.opened(written(tmp_path, "t.parquet"), beside=tmp_path / "o.csv") as table:
        assert table.arrow("SELECT count(*) AS n FROM rows JOIN others USING (id)").to_pylist() == [{"n": 1}]
        assert [column.name for column in table.columns_of("others")] == ["id"]


BROKEN = {
    "short.csv": (b"a,b\n1,2\nSECRET\n", "line 3: expected 2 fields, found 1"),
    "latin.csv": ("a,b\n1,SECRETé\n".encode("latin-1"), "its text is not UTF-8"),
    "quote.csv": (b'a,b\n1,"SECRET\n', "line 2: a quote is not closed"),
    "empty.csv": (b"", "it is empty, without a header"),
    "cut.csv.gz": (gzip.compress(b"a,b\n1,SECRET\n" * 99)[:40], "cannot be opened"),
    "no.parquet": (b"SECRET" * 9, "No magic bytes"),
    "no.jsonl": (b'{"a": 1}\nSECRET\n', "Malformed JSON"),
    "list.json": (b"[1, 2]", "non-record JSON"),
    "no.feather": (b"SECRET" * 9, ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_tell_no_values(tmp_path: Path, name: str) -> None:
    """A broken file is an error that says where it is broken, and nothing that is in it."""
    data, said = BROKEN[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(tabular.TableUnreadable) as caught, tabular.opened(tmp_path / name) as table:
        table.ask("*")
    assert said in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_what_is_no_table(tmp_path: Path) -> None:
    """An unknown suffix, nothing, an empty folder, several forms in one, and what speaks no Arrow are no tables."""
    written(tmp_path, "sales.csv")
    (tmp_path / "sales.xlsx").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    cases = {
        tmp_path / "sales.xlsx": "sales.csv",
        tmp_path / "sale.csv": "sales.csv",
        tmp_path / "empty": "",
        str(tmp_path / "*.parquet"): "",
    }
    for source, near in cases.items():
        with pytest.raises(tabular.NotATable) as caught, tabular.opened(source):
            pass
        assert near in caught.value.parts().nearest
    with pytest.raises(tabular.NoTableThere) as absent, tabular.opened(tmp_path / "qq.parquet"):
        pass
    told = absent.value.parts()
    assert (told.fact, told.nearest) == (f"{tmp_path}/qq.parquet does not exist", "beside it is sales.csv")
    with pytest.raises(tabular.NoTableThere, match="no table lies beside it"), tabular.opened(tmp_path / "x/nope.csv"):
        pass
    written(tmp_path, "sales.parquet")
    for wrong in (tmp_path, 3):
        with pytest.raises(tabular.NotATable), tabular.opened(wrong):
            pass


def test_a_frame_of_mixed_values_tells_none() -> None:
    """A column that holds values of several types is named, and its values are not."""
    with (
        pytest.raises(tabular.TableUnreadable) as caught,
        tabular.opened(pandas.DataFrame({"a": [1, "SECRET"]})),
    ):
        pass
    assert "column a" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder for what does not fit into memory is gone when the table is closed, and after an error."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with tabular.opened(written(tmp_path, "a[1].parquet")) as table:
        assert table.rows == 3
        assert list((tmp_path / "tmp").iterdir())
    with pytest.raises(tabular.NotATable), tabular.opened(tmp_path / "none.csv"):
        pass
    assert not list((tmp_path / "tmp").iterdir())


def test_patterns_of_re2() -> None:
    """A pattern that RE2 cannot read is told before it is used."""
    assert tabular.pattern_fault("(?=a)")
    assert tabular.pattern_fault("(")
    assert not tabular.pattern_fault(r"\p{L}+\d{3}")


@pytest.mark.slow
def test_more_than_memory_holds(tmp_path: Path) -> None:
    """A question whose work does not fit into the memory allowed is answered by spilling, or refused with a remedy."""
    path = tmp_path / "t.parquet"
    connection = duckdb.connect()
    connection.execute(f"COPY (SELECT range AS id, md5(range::VARCHAR) AS t FROM range(5000000)) TO '{path}'")
    connection.close()
    with tabular.opened(path, memory_bytes=100 * 2**20) as table:
        assert table.ask("count(DISTINCT t)") == [(5_000_000,)]
    with tabular.opened(path, memory_bytes=20 * 2**20) as table, pytest.raises(tabular.TableNeedsMemory):
        table.ask("list(t)")
