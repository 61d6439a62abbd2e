"""Modules and scripts that notebooks write: who takes them up reads them, and they are no sources of the project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from noteship.notebooks import ReadingSettings, StageSource, discovery, memory, read_project

BODY = (
    "import pandas as pd\n"
    "def load():\n    return pd.read_csv('data/in.csv')\n"
    "def save(df):\n    df.to_csv('out/res.csv')\n"
)
CELL = f"%%writefile helpers.py\n{BODY}"
CALL = "helpers.save(helpers.load())"

TAKEN_UP = {
    "import": ((CELL,), ("import helpers\n" + CALL,), "helpers.py"),
    "from import": ((CELL,), ("from helpers import load, save\nsave(load())",), "helpers.py"),
    "all names": ((CELL,), ("from helpers import *\nsave(load())",), "helpers.py"),
    "by name": ((CELL,), ("import importlib\nhelpers = importlib.import_module('helpers')\n" + CALL,), "helpers.py"),
    "run": ((CELL,), ("%run helpers.py\nsave(load())",), "helpers.py"),
    "executed text": ((CELL,), ("exec(open('helpers.py').read())\nsave(load())",), "helpers.py"),
    "as a command": ((f"{CELL}save(load())",), ("!python helpers.py",), "helpers.py"),
    "opened and written": (
        (f"text = '''{BODY}'''\nwith open('helpers.py', 'w') as file:\n    file.write(text)",),
        ("import helpers\n" + CALL,),
        "helpers.py",
    ),
    "write_text": (
        (f"import textwrap\nfrom pathlib import Path\nPath('helpers.py').write_text(textwrap.dedent('''{BODY}'''))",),
        ("import helpers\n" + CALL,),
        "helpers.py",
    ),
    "in a loop": (
        (f"for name, text in {{'helpers.py': '''{BODY}'''}}.items():\n    open(name, 'w').write(text)",),
        ("import helpers\n" + CALL,),
        "helpers.py",
    ),
    "lines": (
        (f"with open('helpers.py', 'w') as file:\n    file.writelines('''{BODY}''')",),
        ("import helpers\nprint(helpers)",),
        "helpers.py",
    ),
    "appended": (
        ("%%writefile helpers.py\nimport pandas as pd", "%%writefile -a helpers.py\n" + BODY),
        ("import helpers\n" + CALL,),
        "helpers.py",
    ),
    "copied": (
        ("%%writefile kept/old.py\n" + BODY, "import shutil\nshutil.copy('kept/old.py', 'helpers.py')"),
        ("import helpers\n" + CALL,),
        "helpers.py",
    ),
    "in a package": (
        ("%%writefile src/helpers.py\n" + BODY,),
        ("from src import helpers\n" + CALL,),
        "src/helpers.py",
    ),
    "in a folder of sys.path": (
        ("%%writefile src/helpers.py\n" + BODY,),
        ("import sys\nsys.path.append('src')\nimport helpers\n" + CALL,),
        "src/helpers.py",
    ),
    "its writer uses it too": ((CELL, "import helpers\nhelpers.load()"), ("import helpers\n" + CALL,), "helpers.py"),
    "through a module": ((CELL,), ("import between\nbetween.go()",), "helpers.py"),
}
MODULE = "import helpers\ndef go():\n    helpers.save(helpers.load())\n"


def _make(root: Path, files: Mapping[str, str | tuple[str, ...]]) -> None:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            cells = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in content]
            metadata = {"language_info": {"name": "python"}}
            content = json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells})
        place.write_text(content, encoding="utf-8")


def _stages(root: Path, cache: Path | None = None) -> dict[str, StageSource]:
    return {stage.name: stage for stage in read_project(root, ReadingSettings(), cache).stages}


def _told(stages: Mapping[str, StageSource]) -> list[tuple[object, ...]]:
    return [(each.name, each.reads, each.writes, each.modules, each.code) for each in stages.values()]


@pytest.mark.parametrize(("writer", "user", "module"), TAKEN_UP.values(), ids=list(TAKEN_UP))
def test_a_written_module_is_read_by_who_takes_it_up(
    tmp_path: Path, writer: tuple[str, ...], user: tuple[str, ...], module: str
) -> None:
    """It is among the reads and not among the project's modules, whether it lies there already or not."""
    _make(tmp_path, {"a.ipynb": writer, "b.ipynb": user, "between.py": MODULE, "data/in.csv": "x"})
    stages = _stages(tmp_path)
    assert module in stages["a"].writes
    assert module in stages["b"].reads
    assert module not in (*stages["a"].reads, *stages["a"].modules, *stages["b"].modules)
    if "print" not in user[0]:
        assert "data/in.csv" in stages["b"].reads
        assert stages["b"].writes == ("out/res.csv",)
    for there in (BODY, "left = 'by an earlier run'\n"):
        _make(tmp_path, {module: there})
        assert _told(_stages(tmp_path)) == _told(stages)


def test_a_written_script_is_no_stage(tmp_path: Path) -> None:
    """What a notebook writes is its output, also when it lies there and would be a stage by itself."""
    script = "import pandas as pd\npd.read_csv('in.csv').to_csv('out.csv')\n"
    _make(tmp_path, {"a.ipynb": ("%%writefile work.py\n" + script,), "work.py": script, "in.csv": ""})
    assert list(_stages(tmp_path)) == ["a"]


def test_an_import_that_is_never_reached_is_a_read_too(tmp_path: Path) -> None:
    """The module has to be there, should the function be called after all."""
    user = ("def later():\n    import helpers\n    return helpers.load()",)
    _make(tmp_path, {"a.ipynb": (CELL,), "b.ipynb": user})
    assert _stages(tmp_path)["b"].reads == ("helpers.py",)


def test_what_a_written_module_imports_is_followed(tmp_path: Path) -> None:
    """A module of the project stays one, behind a written one."""
    text = "%%writefile helpers.py\nfrom places import PLACE\nopen(PLACE)\n"
    files = {"a.ipynb": (text,), "b.ipynb": ("import helpers",), "places.py": "PLACE = 'data/in.csv'\n"}
    _make(tmp_path, files)
    found = _stages(tmp_path)["b"]
    assert (found.reads, found.modules) == (("data/in.csv", "helpers.py"), ("places.py",))


def test_text_that_is_not_known_is_taken_from_the_folder(tmp_path: Path) -> None:
    """A downloaded module is a read; what it does is known once it lies there."""
    writer = ("import requests\nopen('helpers.py', 'w').write(requests.get('https://example.org/h.py').text)",)
    _make(tmp_path, {"a.ipynb": writer, "b.ipynb": ("import helpers\nhelpers.load()",)})
    assert _stages(tmp_path)["b"].reads == ("helpers.py",)
    _make(tmp_path, {"helpers.py": BODY})
    assert _stages(tmp_path)["b"].reads == ("data/in.csv", "helpers.py")


def test_the_same_text_twice_has_one_writer(tmp_path: Path) -> None:
    """Two notebooks that both write the same module for themselves are no alternatives to who imports it only."""
    own = (CELL, "import helpers\nhelpers.load()")
    _make(tmp_path, {"a.ipynb": own, "b.ipynb": own, "c.ipynb": ("import helpers",), "data/in.csv": ""})
    found = _stages(tmp_path)
    assert (found["a"].writes, found["b"].writes, found["b"].redone) == (("helpers.py",), (), ("helpers.py",))
    assert [each.reads for each in found.values()] == [("data/in.csv",), ("data/in.csv",), ("helpers.py",)]
    _make(tmp_path, {"b.ipynb": (CELL + "x = 1\n", *own[1:])})
    assert _stages(tmp_path)["b"].writes == ("helpers.py",)


def test_written_settings_are_known(tmp_path: Path) -> None:
    """The values of a settings file are those that a stage will write, not those that lie there."""
    user = ("import yaml\nopen(yaml.safe_load(open('config.yaml'))['place'])",)
    _make(tmp_path, {"a.ipynb": ("%%writefile config.yaml\nplace: new.csv\n",), "b.ipynb": user})
    _make(tmp_path, {"config.yaml": "place: old.csv\n"})
    assert _stages(tmp_path)["b"].reads == ("config.yaml", "new.csv")


def test_own_modules_are_no_reads(tmp_path: Path) -> None:
    """A module that nobody writes is source of the project."""
    _make(tmp_path, {"b.ipynb": ("import helpers\n" + CALL,), "helpers.py": BODY})
    found = _stages(tmp_path)["b"]
    assert (found.reads, found.modules) == (("data/in.csv",), ("helpers.py",))


def test_a_script_that_is_changed_in_place_stays_a_source(tmp_path: Path) -> None:
    """Who reads a script as a file and writes it again works on what is there."""
    changer = ("text = open('work.py').read()\nopen('work.py', 'w').write(text.upper())",)
    _make(tmp_path, {"a.ipynb": changer, "work.py": "open('in.csv')\nopen('out.csv', 'w')\n"})
    assert "work" in _stages(tmp_path)


def test_the_cache_follows_the_writer(tmp_path: Path) -> None:
    """Another text in the writing cell changes what the importer does; nothing else makes the cache be written."""
    _make(tmp_path / "proj", {"a.ipynb": (CELL,), "b.ipynb": ("import helpers\n" + CALL,)})
    cache = tmp_path / "cache"
    first = _told(_stages(tmp_path / "proj", cache))
    kept = (cache / memory.FILE_NAME).stat().st_mtime_ns
    assert _told(_stages(tmp_path / "proj", cache)) == first
    assert (cache / memory.FILE_NAME).stat().st_mtime_ns == kept
    _make(tmp_path / "proj", {"a.ipynb": (CELL.replace("in.csv", "new.csv"),)})
    assert _stages(tmp_path / "proj", cache)["b"].reads == ("data/new.csv", "helpers.py")
    _make(tmp_path / "proj", {"a.ipynb": ("x = 1",)})
    assert _stages(tmp_path / "proj", cache)["b"].reads == ()
    assert discovery.list_files(tmp_path / "proj") == {"a.ipynb", "b.ipynb"}
