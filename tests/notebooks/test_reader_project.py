"""A whole project is read: stages, faults, overrides, memory."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noteship.notebooks import ReadingSettings, StageOverride, errors, memory, read_project
from noteship.notebooks.uses import ProjectSources, StageSource


def _notebook(*cells: str, language: str = "python") -> str:
    content = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "metadata": {"language_info": {"name": language}}, "cells": content})


def _make(root: Path, files: Mapping[str, str | tuple[str, ...]]) -> None:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content if isinstance(content, str) else _notebook(*content), encoding="utf-8")


def _stage(sources: ProjectSources, name: str) -> StageSource:
    return next(stage for stage in sources.stages if stage.name == name)


READ = "import pandas as pd\ndf = pd.read_csv('raw.csv')"
WRITE = "df.to_csv('clean.csv')"


def test_stages_come_with_their_evidence(tmp_path: Path) -> None:
    """A use names its cell, line and call."""
    _make(tmp_path, {"nb/a.ipynb": ("x = 1", READ, WRITE)})
    stage = _stage(read_project(tmp_path), "nb/a")
    assert (stage.reads, stage.writes, stage.cwd) == (("nb/raw.csv",), ("nb/clean.csv",), "nb")
    read = stage.uses[0]
    assert (read.cell, read.line, read.action) == (2, 2, "read")
    assert "read_csv" in read.call


def test_one_fault_leaves_the_rest(tmp_path: Path) -> None:
    """Each notebook that cannot be read is a stage with its fault; others are read."""
    _make(tmp_path, {"a.ipynb": (READ, WRITE), "b.ipynb": "{", "c.ipynb": ("x = (",)})
    (tmp_path / "d.ipynb").write_text(_notebook("x", language="R"))
    (tmp_path / "e.ipynb").write_bytes(b"\xff\xfe{")
    sources = read_project(tmp_path)
    faults = {stage.name: type(stage.fault).__name__ for stage in sources.stages if stage.fault}
    assert faults == {"b": "NotJson", "c": "CellSyntaxError", "d": "OtherLanguage", "e": "NotReadable"}
    assert _stage(sources, "a").writes == ("clean.csv",)
    assert _stage(sources, "c").code is None


def test_a_syntax_error_names_its_place(tmp_path: Path) -> None:
    """The cell, the line and the text are in the error."""
    _make(tmp_path, {"a.ipynb": ("x = 1", "y = 2\nprint 'old'")})
    fault = _stage(read_project(tmp_path), "a").fault
    assert isinstance(fault, errors.CellSyntaxError)
    assert (fault.cell, fault.line, fault.text) == (2, 2, "print 'old'")
    assert "Python 2" in str(fault)


def test_overrides_add_and_remove(tmp_path: Path) -> None:
    """What the user declares is added, and what the user denies is gone."""
    _make(tmp_path, {"a.ipynb": (READ, WRITE)})
    override = StageOverride(reads=("more.csv",), writes=("out/",), not_reads=("raw.csv",), not_writes=("clean*",))
    stage = _stage(read_project(tmp_path, ReadingSettings(stages={"a": override})), "a")
    assert stage.reads == ("more.csv",)
    assert stage.writes == ("out",)


def test_an_override_of_nothing_is_an_error(tmp_path: Path) -> None:
    """A section for a stage that is not there names the nearest."""
    _make(tmp_path, {"train.ipynb": ("x = 1",)})
    with pytest.raises(errors.UnknownStage) as caught:
        read_project(tmp_path, ReadingSettings(stages={"trian": StageOverride()}))
    assert caught.value.nearest_name == "train"


def test_the_folder_can_be_declared(tmp_path: Path) -> None:
    """`cwd` overrules where a stage runs."""
    _make(tmp_path, {"nb/a.ipynb": (READ,), "nb/raw.csv": "x"})
    stage = _stage(read_project(tmp_path, ReadingSettings(stages={"nb/a": StageOverride(cwd=".")})), "nb/a")
    assert (stage.cwd, stage.reads) == (".", ("raw.csv",))


def test_parameters_are_the_literals(tmp_path: Path) -> None:
    """Literals assigned at the top level are parameters; the tagged cell wins, else the first assignment."""
    _make(tmp_path, {"a.ipynb": ("n = 3\nrate: float = -0.5\nm = n\nnames = ['a', 'b']", "n = 4\nf = lambda: 0")})
    assert _stage(read_project(tmp_path), "a").parameters == {"n": 3, "rate": -0.5, "names": ["a", "b"]}


def test_code_covers_imported_modules(tmp_path: Path) -> None:
    """The code digest changes with a module that is imported by an imported one, and not with its comments."""
    files = {
        "a.ipynb": ("from helpers import f",),
        "helpers.py": "import deep",
        "deep.py": "x = 1",
        "other.py": "y = 1",
    }
    _make(tmp_path, files)
    before = _stage(read_project(tmp_path), "a")
    assert before.modules == ("deep.py", "helpers.py")
    _make(tmp_path, {"deep.py": "# said\nx = 1", "other.py": "y = 2"})
    assert _stage(read_project(tmp_path), "a").code == before.code
    _make(tmp_path, {"deep.py": "x = 2"})
    assert _stage(read_project(tmp_path), "a").code != before.code


FILES: dict[str, str | tuple[str, ...]] = {
    "a.ipynb": ("import config", "import pandas as pd", "df = pd.read_csv(config.RAW)", "df.to_csv('clean.csv')"),
    "b.ipynb": ("import pandas as pd", "pd.read_csv('clean.csv')"),
    "config.py": "RAW = 'raw.csv'\n",
}


def test_what_was_read_is_remembered(tmp_path: Path) -> None:
    """Reading again gives the same, from memory."""
    _make(tmp_path, FILES)
    cache = tmp_path / ".noteship" / "cache"
    fresh = read_project(tmp_path, None, cache)
    assert (cache / memory.FILE_NAME).exists()
    written = (cache / memory.FILE_NAME).stat().st_mtime_ns
    assert read_project(tmp_path, None, cache) == fresh == read_project(tmp_path)
    assert (cache / memory.FILE_NAME).stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"config.py": "RAW = 'other.csv'\n"}, ("other.csv",)),
        ({"a.ipynb": ("import pandas as pd", "pd.read_csv('new.csv')")}, ("new.csv",)),
        ({"config/__init__.py": "RAW = 'pkg.csv'\n", "config.py": "RAW = 'raw2.csv'"}, ("raw2.csv",)),
    ],
)
def test_memory_gives_way_to_changes(
    tmp_path: Path, changed: dict[str, str | tuple[str, ...]], expected: tuple[str, ...]
) -> None:
    """A changed notebook, or a changed file that its analysis rests on, is read again."""
    _make(tmp_path, FILES)
    cache = tmp_path / ".noteship" / "cache"
    read_project(tmp_path, None, cache)
    _make(tmp_path, changed)
    assert _stage(read_project(tmp_path, None, cache), "a").reads == expected


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1}', b"\xff", b'{"version": "x", "readings": 5}'])
def test_damaged_memory_is_no_memory(tmp_path: Path, damage: bytes) -> None:
    """Whatever is in the cache file, the project is read."""
    _make(tmp_path, FILES)
    cache = tmp_path / ".noteship" / "cache"
    fresh = read_project(tmp_path, None, cache)
    (cache / memory.FILE_NAME).write_bytes(damage)
    assert read_project(tmp_path, None, cache) == fresh


def test_memory_of_other_shape_is_no_memory(tmp_path: Path) -> None:
    """Readings of the right version with wrong contents are read again."""
    _make(tmp_path, FILES)
    cache = tmp_path / ".noteship" / "cache"
    fresh = read_project(tmp_path, None, cache)
    content = json.loads((cache / memory.FILE_NAME).read_bytes())
    for reading in content["readings"].values():
        reading["analyses"] = {"": {"uses": 5}}
    (cache / memory.FILE_NAME).write_text(json.dumps(content))
    assert read_project(tmp_path, None, cache) == fresh


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    """Without a place for the cache the project is read all the same."""
    _make(tmp_path, FILES)
    tmp_path.chmod(0o555)
    assert read_project(tmp_path, None, tmp_path / ".noteship" / "cache").stages


def _newer_python() -> Path | None:
    if sys.version_info >= (3, 12):
        return None
    homes = sorted(Path("~/.pyenv/versions").expanduser().glob("3.1[2-9]*/bin/python"))
    return homes[-1] if homes else None


@pytest.mark.skipif(_newer_python() is None, reason="there is no newer Python here")
def test_newer_syntax_is_read_by_the_project_python(tmp_path: Path) -> None:
    """What this Python cannot parse is read by the project's interpreter, and remembered."""
    _make(tmp_path, {"a.ipynb": ("type Name = str", "import pandas as pd\npd.read_csv(f'{'raw'}.csv')")})
    assert isinstance(_stage(read_project(tmp_path), "a").fault, errors.CellSyntaxError)
    cache = tmp_path / ".noteship" / "cache"
    with_newer = ReadingSettings(python=_newer_python())
    stage = _stage(read_project(tmp_path, with_newer, cache), "a")
    assert (stage.fault, stage.reads) == (None, ("raw.csv",))
    assert _stage(read_project(tmp_path, with_newer, cache), "a") == stage


@pytest.mark.parametrize("first", ["x = 1", "type Name = str"])
def test_declared_parameters_change_what_is_read(tmp_path: Path, first: str) -> None:
    """A parameter that is part of a path decides which file that is, whichever Python reads the notebook."""
    _make(tmp_path, {"a.ipynb": (first, "year = 2020\nimport pandas as pd\npd.read_csv(f'sales-{year}.csv')")})
    python = _newer_python()
    if first.startswith("type") and python is None and sys.version_info < (3, 12):
        pytest.skip("there is no newer Python here")
    settings_ = ReadingSettings(stages={"a": StageOverride(params={"year": 2021})}, python=python)
    cache = tmp_path / ".noteship" / "cache"
    for _ in range(2):
        assert _stage(read_project(tmp_path, settings_, cache), "a").reads == ("sales-2021.csv",)
    assert _stage(read_project(tmp_path, ReadingSettings(python=python), cache), "a").reads == ("sales-2020.csv",)


def test_an_interpreter_that_is_no_help_changes_nothing(tmp_path: Path) -> None:
    """With an interpreter that is missing or not newer the fault stands."""
    _make(tmp_path, {"a.ipynb": ("x = (",)})
    for python in (Path(sys.executable), tmp_path / "missing"):
        assert _stage(read_project(tmp_path, ReadingSettings(python=python)), "a").fault is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_cells_are_read(tmp_path: Path, cells: list[str]) -> None:
    """Whatever is in the cells, the project is read; faults are the stage's."""
    _make(tmp_path, {"a.ipynb": tuple(cells)})
    assert len(read_project(tmp_path).stages) == 1
