"""Which files of a project are stages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from noteship.notebooks import discovery, scan
from noteship.notebooks.project_view import ProjectTexts
from noteship.notebooks.reading import Reader

NOTEBOOK = json.dumps({"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "x = f(1)\ny = g(x)"}]})


def _stages(root: Path, files: dict[str, str], exclude: tuple[str, ...] = ()) -> dict[str, str]:
    """Stages by name: their file, and their twin after a bar."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text or NOTEBOOK, encoding="utf-8")
    texts = ProjectTexts(root, discovery.list_files(root))
    reader = Reader(texts, {}, {})
    readings = {path: reader.read(path) for path in sorted(texts.files) if path.endswith((".ipynb", ".py"))}

    def lines(path: str) -> set[str]:
        document = texts.document(path)
        return {line for cell in (document.code if document else ()) for line in cell.source.splitlines() if line}

    importers = scan.imported_files(readings.values(), texts.places)
    found = scan.find_stages(readings, importers, exclude, lambda path: "use" in (root / path).read_text(), lines)
    return {stage.name: stage.path + (f" | {stage.twin}" if stage.twin else "") for stage in found}


CASES = [
    ({"a.ipynb": "", "sub/b.ipynb": ""}, {"a": "a.ipynb", "sub/b": "sub/b.ipynb"}),
    ({"a.ipynb": "", ".ipynb_checkpoints/a-checkpoint.ipynb": "", ".venv/x.ipynb": ""}, {"a": "a.ipynb"}),
    ({"env/pyvenv.cfg": "x", "env/x.ipynb": "", "node_modules/y.ipynb": ""}, {}),
    ({"a.py": "# %%\nx = 1\n"}, {"a": "a.py"}),
    ({"a.py": "use()"}, {"a": "a.py"}),
    ({"a.py": "def f(): pass"}, {}),
    ({"a.py": "import b\nuse()", "b.py": "use()"}, {"a": "a.py"}),
    ({"nb/a.ipynb": "", "nb/b.py": "use()", "nb/c.py": "from b import use"}, {"nb/a": "nb/a.ipynb", "nb/c": "nb/c.py"}),
    ({"setup.py": "use()", "tests/b.py": "use()", "pkg/__init__.py": "use()"}, {}),
    ({"test_a.py": "import pytest\nuse()", "b_test.py": "def test_b(): pass\nuse()"}, {}),
    ({"test_a.py": "use()", "b_test.py": "use()"}, {"b_test": "b_test.py", "test_a": "test_a.py"}),
    ({"a.ipynb": "", "a.py": "# %%\nother = 1\n"}, {"a": "a.ipynb | a.py"}),
    ({"a.ipynb": "", "a.py": "x = f(1)\ny = g(x)\nuse()\n"}, {"a": "a.ipynb | a.py"}),
    ({"a.ipynb": "", "a.py": "use()\nmore()\n"}, {"a": "a.ipynb", "a.py": "a.py"}),
    ({"nb/a.ipynb": "", "py/a.py": "# %%\nx = f(1)\ny = g(x)\n"}, {"nb/a": "nb/a.ipynb | py/a.py"}),
    ({"nb/a.ipynb": "", "py/a.py": "# %%\nx = 2\n"}, {"nb/a": "nb/a.ipynb", "py/a": "py/a.py"}),
    ({"a.ipynb": "{"}, {"a": "a.ipynb"}),
    ({"a.py": "use() +"}, {}),
    ({"año 1.ipynb": ""}, {"año 1": "año 1.ipynb"}),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_stages_are_found(tmp_path: Path, files: dict[str, str], expected: dict[str, str]) -> None:
    """Notebooks, percent scripts, and scripts that nobody imports and that do something."""
    assert _stages(tmp_path, files) == expected


@pytest.mark.parametrize("pattern", ["scratch", "scratch/*", "scratch/", "*.ipynb", "scratch/a.ipynb"])
def test_excluded_files_are_no_stages(tmp_path: Path, pattern: str) -> None:
    """A pattern names files or folders."""
    assert _stages(tmp_path, {"scratch/a.ipynb": ""}, (pattern,)) == {}


def test_links_are_followed_once(tmp_path: Path) -> None:
    """A linked folder is listed, a circle of links is not walked for ever."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "data").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "back").symlink_to(tmp_path / "project")
    assert discovery.list_files(tmp_path / "project") == {"data/x.csv"}


def test_broken_links_do_no_harm(tmp_path: Path) -> None:
    """A link to nowhere is a file that cannot be read."""
    (tmp_path / "gone.ipynb").symlink_to(tmp_path / "nowhere")
    texts = ProjectTexts(tmp_path, discovery.list_files(tmp_path))
    assert Reader(texts, {}, {}).read("gone.ipynb").fault is not None
