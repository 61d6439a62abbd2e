"""What a stage reads, and what it looks for in vain, is seen."""

from __future__ import annotations

import pytest

from execution.conftest import Bench


def test_files_opened_by_python_are_reads(bench: Bench) -> None:
    """Modules, packages' own files and what the stage made itself do not count."""
    bench.write("data/a.csv", "x\n1")
    bench.write("near.py", "X = 1")
    done = bench.cells(
        "import pandas as pd, near\npd.read_csv('data/a.csv').to_csv('own.csv')\npd.read_csv('own.csv')",
    )
    assert done.reads == ("data/a.csv",)
    assert done.wanted == ()


def test_files_opened_by_native_code_and_other_programs_are_reads(bench: Bench) -> None:
    """Arrow opens its files itself, and `cat` is another process."""
    bench.write("seen.txt", "1")
    made = bench.cells("import pandas as pd\npd.DataFrame({'a': [1]}).to_parquet('t.parquet')")
    done = bench.cells(
        "import pyarrow.parquet as pq\npq.ParquetFile('t.parquet', memory_map=True).read()\n!cat seen.txt",
        inputs=made.outputs,
    )
    assert done.failure is None
    assert done.reads == ("seen.txt", "t.parquet")


@pytest.mark.parametrize(
    "source",
    [
        "open('features.csv')",
        "import pandas as pd\npd.read_csv('features.csv')",
        "try:\n    open('features.csv')\nexcept OSError:\n    pass",
        "import pyarrow as pa\npa.memory_map('features.csv')",
    ],
)
def test_files_looked_for_in_vain_are_wanted(bench: Bench, source: str) -> None:
    """Whether the stage fails for that or not."""
    assert bench.cells(source).wanted == ("features.csv",)


def test_a_cache_that_the_stage_makes_itself_is_not_wanted(bench: Bench) -> None:
    """Looking for a file, not finding it and writing it is the stage's own affair."""
    done = bench.cells(
        "try:\n    open('cache')\nexcept OSError:\n    open('cache', 'w').write('1')\nopen('cache').read()"
    )
    assert (done.reads, done.wanted) == ((), ())


def test_a_folder_listed_in_vain_is_wanted(bench: Bench) -> None:
    """A pattern that matches nothing since its folder is not there or empty."""
    bench.write("full/a.csv", "1")
    done = bench.cells("import glob\nglob.glob('parts/*.csv'), glob.glob('full/*.csv')")
    assert done.wanted == ("parts",)
    assert done.reads == ()


def test_a_file_changed_in_place_is_read(bench: Bench) -> None:
    """Appending and updating depend on what was there; writing anew does not."""
    files = {name: bench.artifact("1") for name in ("appended", "updated", "new")}
    done = bench.cells(
        "open('appended', 'a').write('2')\nopen('updated', 'r+').write('2')",
        "open('new', 'w').write('2')\nopen('new').read()",
        inputs=files,
    )
    assert done.reads == ("appended", "updated")
    assert sorted(done.outputs) == ["appended", "new", "updated"]


def test_a_database_is_read(bench: Bench) -> None:
    """SQLite opens its file natively."""
    made = bench.cells(
        "import sqlite3\nc = sqlite3.connect('d.sqlite')\nc.execute('create table t(a)')\nc.commit()\nc.close()"
    )
    done = bench.cells(
        "import sqlite3\nc = sqlite3.connect('d.sqlite')\nprint(c.execute('select * from t').fetchall())\nc.close()",
        inputs=made.outputs,
    )
    assert (list(made.outputs), done.reads, done.outputs) == (["d.sqlite"], ("d.sqlite",), {})


def test_a_file_of_the_project_by_its_absolute_path_is_named_as_of_the_project(bench: Bench) -> None:
    """Authors leave absolute paths in."""
    path = bench.write("data/a.csv", "1")
    assert bench.cells(f"open({str(path)!r}).read()").reads == ("data/a.csv",)
