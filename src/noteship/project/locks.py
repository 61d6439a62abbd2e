"""Lock files of the common tools, read into one form: which version of which package, and where."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship.project.errors import BadLock
from noteship.project.interpreter import normal

__all__ = ["Pin", "find", "missing", "read"]

# In the order in which they win where a project has several: made by a resolver first, then lists by hand.
NAMES = ("pylock.toml", "uv.lock", "poetry.lock", "requirements.lock", "requirements-lock.txt", "requirements.txt")


@dataclass(frozen=True, order=True)
class Pin:
    """One locked package; `needed` is false where another tool's extra, group or platform asks for it."""

    name: str
    version: str
    marker: str = ""
    needed: bool = True

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" + (f"; {self.marker}" if self.marker else "")

    @classmethod
    def of_line(cls, line: str) -> Pin:
        """From its text.

        >>> Pin.of_line("tomli==2.0.1; python_version < '3.11'").marker
        "python_version < '3.11'"
        """
        name, _, rest = line.partition("==")
        version, _, marker = rest.partition("; ")
        return cls(name, version, marker)


def find(root: Path, named: str | None) -> Path | None:
    """The project's lock, or None where it has none; a requirements.txt counts when every line pins a version.

    Raises: BadLock where the named one is not there.
    """
    if named:
        path = root / named
        if not path.is_file():
            raise BadLock(named, "there is no such file")
        return path
    for name in NAMES:
        path = root / name
        if path.is_file() and (name != "requirements.txt" or _pins_all(path)):
            return path
    return None


def read(path: Path) -> tuple[Pin, ...]:
    """The pins of a lock, sorted by name; noteship itself left aside.

    Raises: BadLock.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.name.endswith(".toml") or path.name in ("uv.lock", "poetry.lock"):
            pins = _of_tables(path.name, tomllib.loads(text))
        else:
            pins = _of_requirements(path.name, text)
        return tuple(sorted(pin for pin in pins if pin.name != "noteship"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadLock(path.name, f"{type(error).__name__}: {error}") from error


def missing(pins: Iterable[Pin], installed: Mapping[str, str], markers: Mapping[str, str]) -> tuple[str, ...]:
    """What is locked for this interpreter and not installed in it in that version, in words."""
    problems = []
    for pin in pins:
        version = installed.get(pin.name)
        if version == pin.version or not _applies(pin.marker, markers):
            continue
        if version is not None and _same(version, pin.version):
            continue
        if version is not None:
            problems.append(f"{pin.name} is {version}, locked {pin.version}")
        elif pin.needed:
            problems.append(f"{pin.name} {pin.version} is missing")
    return tuple(problems)


def _same(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        # A local part ("2.4.0+cpu") says which build of that version, not which version.
        return Version(one).public == Version(other).public
    except InvalidVersion:
        return False


def _applies(marker: str, markers: Mapping[str, str]) -> bool:
    if not marker:
        return True
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    try:
        return Marker(marker).evaluate({**markers, "extra": ""})
    except (InvalidMarker, UndefinedEnvironmentName):
        return False


def _pins_all(path: Path) -> bool:
    try:
        return bool(_of_requirements(path.name, path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, BadLock):
        return False


def _of_requirements(name: str, text: str) -> list[Pin]:
    from packaging.requirements import InvalidRequirement, Requirement

    pins = []
    for number, line in enumerate(re.sub(r"\\\n", " ", text).splitlines(), 1):
        plain = re.sub(r"(^|\s)#.*", "", line).split(" --hash")[0].strip()
        if not plain or plain.startswith("-"):
            continue
        try:
            requirement = Requirement(plain)
        except InvalidRequirement as error:
            raise BadLock(name, f"entry {number} is no requirement: {plain!r}") from error
        exact = [s.version for s in requirement.specifier if s.operator in ("==", "===") and "*" not in s.version]
        if not exact:
            raise BadLock(name, f"entry {number} pins no version: {plain!r}")
        pins.append(Pin(normal(requirement.name), exact[0], str(requirement.marker or "")))
    return pins


def _of_tables(name: str, document: Mapping[str, Any]) -> list[Pin]:
    packages: list[dict[str, Any]] = document.get("packages") or document.get("package") or []
    if name == "uv.lock":
        return _of_uv(packages)
    return [
        Pin(
            normal(package["name"]),
            package["version"],
            _marker(package),
            not package.get("optional") and "main" in package.get("groups", ["main"]),
        )
        for package in packages
        if "version" in package
    ]


def _marker(package: Mapping[str, Any]) -> str:
    # Poetry writes a text, or a table by group; pylock.toml a text.
    marker = package.get("marker") or package.get("markers") or ""
    return marker.get("main", "") if isinstance(marker, dict) else str(marker)


def _of_uv(packages: list[dict[str, Any]]) -> list[Pin]:
    """uv's lock is a graph: what is needed is what the project's own packages reach, under the markers of the way."""
    own = [p for p in packages if {"virtual", "editable", "directory"} & set(p.get("source", {}))]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for package in packages:
        by_name.setdefault(package["name"], []).append(package)
    plain: set[str] = set()
    todo = [d for package in own for d in package.get("dependencies", []) if not d.get("marker")]
    while todo:
        dependency = todo.pop()
        if dependency["name"] in plain:
            continue
        plain.add(dependency["name"])
        todo += [
            d for p in by_name.get(dependency["name"], []) for d in p.get("dependencies", []) if not d.get("marker")
        ]
    return [
        Pin(
            normal(package["name"]),
            package["version"],
            " or ".join(f"({marker})" for marker in package.get("resolution-markers", [])),
            package["name"] in plain,
        )
        for package in packages
        if package not in own and "version" in package
    ]
