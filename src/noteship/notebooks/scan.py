"""Which files of a project are stages, under which names, and which are two forms of one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from noteship.notebooks import discovery
from noteship.notebooks.modules import ModulePlaces
from noteship.notebooks.reading import Reading

__all__ = ["FoundStage", "candidates", "find_stages", "imported_files", "is_program", "may_be_stage"]

# What a module's part under `__main__` calls when it is a program, and not a trial of what the module defines.
_PROGRAM = re.compile(r"main|run|cli|parse_args|parse_known_args|Fire", re.IGNORECASE)
# Of a script's code lines, the part that must be in the notebook for the two to be twins.
TWIN_SHARE = 0.6


@dataclass(frozen=True)
class FoundStage:
    """A stage's name, file and twin."""

    name: str
    path: str
    script: bool
    twin: str | None = None


def candidates(files: Iterable[str], exclude: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Notebooks, and Python files: all that may be stages or modules, sorted."""
    notebooks = sorted(p for p in files if p.endswith(".ipynb") and not discovery.excluded(p, exclude))
    return notebooks, sorted(p for p in files if p.endswith(".py"))


def imported_files(readings: Iterable[Reading], places: ModulePlaces) -> dict[str, set[str]]:
    """By module file: the files that import it."""
    importers: dict[str, set[str]] = {}
    for reading in readings:
        search = (dirname(reading.path),)
        for level, name in reading.imports:
            place = places.relative(reading.path, level, name) if level else places.find(name, search)
            if place is not None and place.path and place.path != reading.path:
                importers.setdefault(place.path, set()).add(reading.path)
    return importers


def find_stages(
    readings: Mapping[str, Reading],
    importers: Mapping[str, set[str]],
    exclude: tuple[str, ...],
    does_something: Callable[[str], bool],
    lines_of: Callable[[str], set[str]],
) -> list[FoundStage]:
    """Every stage, sorted by name. `does_something` tells whether a script itself touches data files when it runs."""
    notebooks = [path for path in readings if path.endswith(".ipynb") and not discovery.excluded(path, exclude)]
    twins = _twins(notebooks, readings, exclude, lines_of)
    of_notebook = {notebook: twin for twin, notebook in twins.items()}
    found = [FoundStage(path.removesuffix(".ipynb"), path, False, of_notebook.get(path)) for path in notebooks]
    taken = {stage.name for stage in found}
    for path, reading in readings.items():
        if path in twins or not may_be_stage(path, reading, importers, exclude):
            continue
        if reading.kind == "percent" or reading.fault is not None or does_something(path):
            name = path.removesuffix(".py")
            found.append(FoundStage(path if name in taken else name, path, reading.kind == "script"))
    return sorted(found, key=lambda stage: stage.name)


def may_be_stage(path: str, reading: Reading, importers: Mapping[str, set[str]], exclude: tuple[str, ...]) -> bool:
    """Whether a script stands for itself, should it touch data files: no support, no module of others."""
    if not path.endswith(".py") or discovery.excluded(path, exclude) or discovery.is_support(path, reading.tests):
        return False
    if reading.fault is not None and reading.kind == "script" and not reading.main:
        return False
    return not importers.get(path, set()) - {path}


def is_program(tree: ast.Module) -> bool:
    """Whether a module's part under `__name__ == "__main__"` is a program: it calls `main`, or reads options."""
    parts = (node for node in tree.body if isinstance(node, ast.If) and "__name__" in ast.dump(node.test))
    calls = (inner.func for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Call))
    return any(_PROGRAM.search(getattr(call, "id", getattr(call, "attr", ""))) for call in calls)


def _twins(
    notebooks: list[str],
    readings: Mapping[str, Reading],
    exclude: tuple[str, ...],
    lines_of: Callable[[str], set[str]],
) -> dict[str, str]:
    """By script: the notebook that it is another form of."""
    by_code = {readings[path].code: path for path in reversed(notebooks) if readings[path].code}
    by_stem: dict[str, list[str]] = {}
    for path in notebooks:
        by_stem.setdefault(basename(path).removesuffix(".ipynb"), []).append(path)
    twins: dict[str, str] = {}
    for path, reading in readings.items():
        if not path.endswith(".py") or discovery.excluded(path, exclude):
            continue
        notebook = _twin(path, reading, by_stem.get(basename(path).removesuffix(".py"), []), lines_of)
        if notebook is None and reading.kind == "percent":
            notebook = by_code.get(reading.code)
        if notebook is not None and notebook not in twins.values():
            twins[path] = notebook
    return twins


def _twin(path: str, reading: Reading, same_stem: list[str], lines_of: Callable[[str], set[str]]) -> str | None:
    for notebook in same_stem:
        if dirname(notebook) == dirname(path) and reading.kind == "percent":
            return notebook
        own = lines_of(path)
        if own and len(own & lines_of(notebook)) >= TWIN_SHARE * len(own):
            return notebook
    return None
