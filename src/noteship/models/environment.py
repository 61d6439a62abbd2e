"""Which packages a model needs, and whether they are here."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

from noteship.models import errors

__all__ = ["check", "imported", "needed", "python_minor"]

# What the scorer itself works with, whatever the steps are made of.
ALWAYS = ("numpy", "pandas", "scikit-learn", "scipy")


def check(packages: Mapping[str, str], interpreter: str = sys.executable) -> None:
    """Raise EnvironmentDiffers unless each package is installed here in just that version."""
    missing = []
    differing = []
    for name, version in sorted(packages.items()):
        here = _installed(name)
        if here is None:
            missing.append(f"{name}=={version}" if version else name)
        elif version and here != version:
            differing.append((name, version, here))
    if missing or differing:
        raise errors.EnvironmentDiffers(tuple(missing), tuple(differing), interpreter)


def needed(modules: Iterable[str], source: Iterable[str], locked: Mapping[str, str]) -> dict[str, str]:
    """The packages, with versions, that own `modules` and what the texts of `source` import.

    Versions are the locked ones, else the installed ones. The project's own modules and the standard library own none.
    """
    names = {module.partition(".")[0] for module in modules}
    for text in source:
        names |= imported(text)
    owners = metadata.packages_distributions()
    packages = {_normal(package) for name in names for package in owners.get(name, ())} | set(ALWAYS)
    versions = {_normal(name): version for name, version in locked.items()}
    found = {name: versions.get(name) or _installed(name) for name in sorted(packages - {"noteship"})}
    return {name: version for name, version in found.items() if version}


def python_minor() -> str:
    """The interpreter's version up to the minor, such as "3.11"."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(text: str) -> set[str]:
    """Top-level names of what a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
