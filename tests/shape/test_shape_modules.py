from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from shape import pages

SOURCE = Path(__file__).parents[2] / "src"
# The field's shared vocabulary is imported wherever it is spoken.
# `packaging` is the standards of Python's packages: their names, versions, markers and tags.
VOCABULARY = {"numpy", "packaging", "pandas", "pyarrow", "scipy", "sklearn"}
# Runs by its path in the project's interpreter, where noteship need not be installed: it can import nothing from here.
ELSEWHERE = "noteship.notebooks.execution.zygote"


def tree_of(name: str) -> tuple[Path, ast.Module]:
    path = SOURCE / (name.replace(".", "/") + ".py")
    if not path.exists():
        path = SOURCE / name.replace(".", "/") / "__init__.py"
    return path, ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in pages.modules() if name != ELSEWHERE])
def test_exports_are_complete(name: str) -> None:
    """`__all__` names every public function and class that a module defines, and nothing that is not there."""
    _, tree = tree_of(name)
    defined = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    module = importlib.import_module(name)
    if not defined and not hasattr(module, "__all__"):
        return
    exported = list(module.__all__)
    assert set(defined) <= set(exported)
    assert all(hasattr(module, each) for each in exported)


def test_each_library_has_one_owner() -> None:
    """A third-party library is imported by one module only, except the field's shared vocabulary."""
    owners: dict[str, set[str]] = defaultdict(set)
    for name in pages.modules():
        if name == ELSEWHERE:
            continue
        _, tree = tree_of(name)
        for node in ast.walk(tree):
            imported = []
            if isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported = [node.module]
            for each in imported:
                top = each.partition(".")[0]
                if top not in sys.stdlib_module_names and top != "noteship" and top not in VOCABULARY:
                    owners[top].add(name)
    several = {library: sorted(names) for library, names in owners.items() if len(names) > 1}
    assert several == {}


def test_every_dependency_says_why() -> None:
    """Above each dependency stands a comment with its reason, size and owner, and the owner exists."""
    text = (SOURCE.parent / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("dependencies = [")[2].partition("\n]")[0]
    comment = ""
    fresh = False
    for line in block.strip().splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment = f"{comment} {stripped[1:]}" if fresh else stripped[1:]
            fresh = True
            continue
        fresh = False
        owner = re.findall(r"([\w/]+)(\.py|/)", comment)
        assert re.search(r"\d+ (KB|MB)", comment), stripped
        assert owner, stripped
        assert any((SOURCE / "noteship" / (path + (".py" if end == ".py" else ""))).exists() for path, end in owner), (
            stripped
        )


def test_starting_imports_little() -> None:
    """The command line's help imports the standard library alone."""
    code = (
        "import sys; from noteship.cli import main; main._parser(['run'])\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    # Some systems' Python brings the first of these.
    found = [name for name in found if name not in ("sitecustomize", "usercustomize")]
    assert {name for name in found if name not in sys.stdlib_module_names and not name.startswith("_")} <= {"noteship"}


def test_production_imports_no_notebooks() -> None:
    """The closure of what runs in production holds no notebook, workflow, declaration or command line."""
    code = "import sys, noteship.serving, noteship.scoring, noteship.streaming, noteship.store; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in found if name.startswith("noteship.")}
    base = {path.stem for path in (SOURCE / "noteship").glob("*.py")}
    production = {"serving", "evaluating", "collecting", "supervising", "scoring", "streaming"}
    assert rooms <= production | {"models", "monitor", "store"} | base
    assert not {"jupyter_client", "ipykernel", "IPython", "zmq", "rich"} & set(found)
