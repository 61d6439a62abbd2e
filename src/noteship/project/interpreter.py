"""The interpreter that runs a project's notebooks: which one, of which version, with which packages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import digests, files
from noteship.project.errors import InterpreterUnusable
from noteship.project.image_environment import is_image

__all__ = ["Interpreter", "chosen", "find", "installed", "normal", "not_found"]

# A cold start from a slow disk takes a few seconds; what takes longer is hung.
START_LIMIT_S = 30.0

FACTS = """
import json, os, platform, site, sys, sysconfig
folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *getattr(site, "getsitepackages", list)()]
if site.ENABLE_USER_SITE:
    folders.append(site.getusersitepackages())
print(json.dumps({
    "version": platform.python_version(),
    "folders": [f for f in dict.fromkeys(map(os.path.realpath, folders))],
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": platform.python_version(),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One Python: the path to start it by, its version, its package folders and the values of its markers."""

    path: str
    version: str
    folders: tuple[str, ...]
    markers: Mapping[str, str]

    @property
    def minor(self) -> str:
        """Such as "3.11"."""
        return ".".join(self.version.split(".")[:2])

    @property
    def is_this(self) -> bool:
        """Whether noteship itself runs in it."""
        return Path(self.path).absolute() == Path(sys.executable).absolute()


def chosen(root: Path, named: str | None) -> Path:
    """The path of the interpreter that `find` would ask; it may not be there."""
    return _absolute(_chosen(root, named)[0])


def find(root: Path, named: str | None) -> Interpreter:
    """The interpreter that the project names, else that of its `.venv`, else the one that runs noteship.

    What it says of itself is kept in `.noteship/cache` until the interpreter or its environment changes.
    Cost: one start of that interpreter the first time, then two calls of stat.

    Raises: InterpreterUnusable.
    """
    path, by = _chosen(root, named)
    absolute = _absolute(path)
    try:
        stamp = _stamp(absolute)
    except OSError as error:
        raise InterpreterUnusable(str(path), by, error.strerror or str(error)) from error
    kept = root / ".noteship/cache/interpreter.json"
    facts = _kept(kept, stamp)
    if facts is None:
        facts = _asked(absolute, by)
        _keep(kept, stamp, facts)
    return Interpreter(str(absolute), facts["version"], tuple(facts["folders"]), facts["markers"])


def _chosen(root: Path, named: str | None) -> tuple[Path, str]:
    """The interpreter's path, and who names it; in an image it is the image's, whatever the project names elsewhere."""
    if is_image():
        return Path(sys.executable), "the image"
    own = root / ".venv/bin/python"
    if named:
        return root / Path(named).expanduser(), "[environment] python in noteship.toml"
    if own.exists():
        return own, "the project's .venv"
    return Path(sys.executable), "noteship's own Python"


def _absolute(path: Path) -> Path:
    # Not resolved: the link in an environment is what makes it that environment.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _stamp(path: Path) -> str:
    looked = [path.stat()]
    configuration = path.parent.parent / "pyvenv.cfg"
    if configuration.exists():
        looked.append(configuration.stat())
    return digests.of_value([str(path), *[[s.st_size, s.st_mtime_ns, s.st_ino] for s in looked]])


def _kept(path: Path, stamp: str) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
        facts: dict[str, Any] = document["facts"]
        return facts if document["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, stamp: str, facts: object) -> None:
    try:
        files.write(path, digests.canonical_json({"stamp": stamp, "facts": facts}))
    except OSError:
        # A cache that cannot be written costs time, nothing else.
        return


def _asked(path: Path, named_by: str) -> dict[str, Any]:
    try:
        answer = subprocess.run(
            [str(path), "-c", FACTS], capture_output=True, text=True, timeout=START_LIMIT_S, check=True
        )
        facts: dict[str, Any] = json.loads(answer.stdout)
    except subprocess.CalledProcessError as error:
        raise InterpreterUnusable(
            str(path), named_by, error.stderr.strip()[-300:] or f"exit {error.returncode}"
        ) from error
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise InterpreterUnusable(str(path), named_by, str(error)) from error
    return facts


FINDING = """
import importlib.util, json, sys
print(json.dumps([name for name in sys.argv[1:] if importlib.util.find_spec(name) is None]))
"""


def not_found(interpreter: Interpreter, modules: Iterable[str], root: Path) -> tuple[str, ...]:
    """Those of these top-level modules that an import in the project's root would not find.

    None where the interpreter cannot say. Cost: a listing of its package folders, and one start of it where something
    is not in them.
    """
    there = {entry.partition(".")[0] for folder in interpreter.folders for entry in _listing(folder)}
    doubtful = sorted(set(modules) - there - sys.stdlib_module_names)
    if not doubtful:
        return ()
    try:
        answer = subprocess.run(
            [interpreter.path, "-c", FINDING, *doubtful],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
            check=True,
        )
        return tuple(json.loads(answer.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return ()


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return []


def normal(name: str) -> str:
    """A distribution's name in its one normal form (PEP 503).

    >>> normal("Scikit_Learn")
    'scikit-learn'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(interpreter: Interpreter) -> dict[str, str]:
    """Versions of the installed distributions, by normal name.

    Read from the names of the `.dist-info` folders, which PEP 427 fixes as name-version: no start of the interpreter.
    The first folder on its path wins, as in an import.
    """
    found: dict[str, str] = {}
    for folder in interpreter.folders:
        try:
            entries = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".dist-info"))
        except OSError:
            continue
        for entry in entries:
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            if version:
                found.setdefault(normal(name), version)
    return found
