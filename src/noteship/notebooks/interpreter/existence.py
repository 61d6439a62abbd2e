"""Whether a path exists, as far as the project's listing can tell."""

from __future__ import annotations

import ast
import re
from posixpath import splitext

from noteship.notebooks.interpreter.core import Machine
from noteship.notebooks.interpreter.emission import absolute_texts
from noteship.notebooks.interpreter.holes import HOME, TEMPORARY, above_project, has_hole
from noteship.notebooks.values import Const, Unknown, Value

__all__ = ["absent", "asks", "is_folder", "made_folders", "path_exists", "present", "surely_elsewhere"]

# Files and folders by which code finds out where the project's root is.
_MARKERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".here",
        ".project-root",
        ".env",
        ".venv",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "requirements.txt",
        "environment.yml",
        "environment.yaml",
        "Pipfile",
        "poetry.lock",
        "uv.lock",
        "Makefile",
        "LICENSE",
        "README.md",
        "README.rst",
        "README",
        "dvc.yaml",
        "params.yaml",
        ".gitignore",
        "noteship.toml",
        "tox.ini",
        "MANIFEST.in",
        "conda.yml",
    ]
)
# Places of hosted notebooks, which are not there on the machine where a project is run: they tell hosts apart. What
# lies below them is a hosted notebook's input, or its own.
_HOSTS = "kaggle|content|gdrive|dbfs|databricks|mnt|opt|app|workspace|root|workdir|storage|datasets"
_HOSTED = re.compile(
    rf"^/(({_HOSTS})|kaggle/(input|working|temp)|(content/)?g?drive(/My ?Drive)?|dbfs/FileStore)/?$", re.IGNORECASE
)
_BELOW_HOST = re.compile(rf"^/({_HOSTS})(/|$)")
# Below these lies what the notebook itself, or one before it, has made.
_WORKING = re.compile(r"^/(kaggle/working|content(?!/(g?drive|mydrive)(/|$))/[^/]+)/.", re.IGNORECASE)


def path_exists(machine: Machine, text: str) -> Value:
    """Constant where the project decides it, else unknown with what is likely.

    A data file is never decided: an earlier stage may write it. A folder that is there, and files that mark a project's
    root, are; so is that hosted notebooks' places are absent, not what may be in them.
    """
    if has_hole(text):
        return Unknown("whether a file exists")
    places = absolute_texts(machine, text)
    if len(places) != 1:
        return Unknown("whether a file exists")
    path = machine.inside(places[0])
    if path is None:
        return _elsewhere(places[0] if not text.startswith(HOME) else text)
    name = path.rpartition("/")[2]
    if path == "" or machine.project.is_folder(path):
        return Const(True)
    if name in _MARKERS:
        return Const(path == ".git" or machine.project.exists(path))
    there = machine.project.exists(path)
    return Unknown(f"whether {path} exists", likely=there, exists=places[0])


def _elsewhere(place: str) -> Value:
    """What tells hosts apart is absent; what is in a host's folder may be there."""
    if place.startswith(TEMPORARY):
        return Const(False)
    host = place.startswith(HOME) or above_project(place) or _HOSTED.match(place)
    if host and not splitext(place)[1]:
        return Const(False)
    return Unknown(f"whether {place} exists", likely=False, exists=place)


def surely_elsewhere(machine: Machine, test: ast.expr) -> bool | None:
    """The outcome of a test that asks whether a folder of another host is there, on a machine that is no such host."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        known = surely_elsewhere(machine, test.operand)
        return None if known is None else not known
    if isinstance(test, ast.BoolOp):
        found = [surely_elsewhere(machine, part) for part in test.values]
        decisive = isinstance(test.op, ast.Or)
        return decisive if decisive in found else None if None in found else not decisive
    if not isinstance(test, ast.Name | ast.Call):
        return None
    value = machine.value(test)
    return False if isinstance(value, Unknown) and _of_host(machine, value.exists) else None


def _of_host(machine: Machine, place: str) -> bool:
    if not place or machine.inside(place) is not None or _WORKING.match(place) or splitext(place)[1]:
        return False
    return place.startswith(HOME) or above_project(place) or _BELOW_HOST.match(place) is not None


def absent(machine: Machine, test: ast.expr, passed: bool) -> frozenset[str]:
    """The paths that are not there, as absolute ones, after a test had this outcome."""
    return _told(machine, test, passed, False)


def present(machine: Machine, test: ast.expr, passed: bool) -> frozenset[str]:
    """The paths that are there, as absolute ones, after a test had this outcome."""
    return _told(machine, test, passed, True)


def _told(machine: Machine, test: ast.expr, passed: bool, there: bool) -> frozenset[str]:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _told(machine, test.operand, not passed, there)
    if isinstance(test, ast.BoolOp):
        found = [_told(machine, part, passed, there) for part in test.values]
        together = isinstance(test.op, ast.And) == passed
        return frozenset().union(*found) if together else found[0].intersection(*found)
    if passed is not there or not (isinstance(test, ast.Name) or (isinstance(test, ast.Call) and asks(test.func))):
        return frozenset()
    value = machine.value(test)
    return frozenset({value.exists}) if isinstance(value, Unknown) and value.exists else frozenset()


def asks(function: ast.expr) -> bool:
    """Whether a call only asks whether a file is there."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in {"exists", "lexists", "isfile", "isdir", "is_file", "is_dir"}


def made_folders(machine: Machine) -> set[str]:
    """The folders that the document made so far, as absolute paths."""
    found: set[str] = machine.state.setdefault("folders", set())
    return found


def is_folder(machine: Machine, text: str) -> bool:
    """Whether a path is a folder of the project, or is written like one."""
    if text.endswith(("/", "\\")) or text in {".", "..", ""}:
        return True
    absolute = absolute_texts(machine, text)
    if not made_folders(machine).isdisjoint(absolute):
        return True
    places = [machine.inside(place) for place in absolute]
    return any(place is not None and (place == "" or machine.project.is_folder(place)) for place in places)
