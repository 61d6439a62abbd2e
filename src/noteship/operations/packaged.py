"""Which packages an image needs: those of the project's lock, and those that noteship needs beside them.

And which of them a service imports when it starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata

from noteship import project
from noteship.project.interpreter import normal

__all__ = ["pins", "served", "target_markers"]

OWN = "noteship"
# What a service needs: the names of requirements-serve.in.
SERVED = (
    *(
        "httptools",
        "msgspec",
        "nats-py",
        "numpy",
        "obstore",
        "packaging",
        "pandas",
        "prometheus-client",
        "scikit-learn",
    ),
    *("skops", "starlette", "uvicorn", "uvloop"),
)
# What pandas, joblib and scikit-learn import where it is there, though they do not need it.
LOOKED_FOR = ("psutil", "pyarrow", "rich")
# What markers are asked on the machine of an image (PEP 508, "Environment Markers").
LINUX = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "extra": ""}


def target_markers(python: str, machine: str) -> dict[str, str]:
    """The values of markers where images run.

    - python: the minor version, "3.11"; machine: "x86_64"
    """
    return {
        **LINUX,
        "implementation_name": "cpython",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
    }


def pins(environment: project.Environment, markers: Mapping[str, str]) -> list[str]:
    """Each as "name==version", sorted: what the lock has for these markers, and what that and noteship need beside it.

    Lists by hand often name no needs of needs: these come in the version that is installed.
    """
    from packaging.markers import Marker

    found: dict[str, str] = {}
    for line in environment.lines:
        pin, _, marker = line.partition(";")
        if not marker.strip() or Marker(marker).evaluate(dict(markers)):
            name, _, version = pin.strip().partition("==")
            found[normal(name)] = version
    installed = _installed(tuple(environment.interpreter.folders))
    for needed in _closure([OWN, *found], installed, markers):
        if needed != OWN and needed not in found:
            found[needed] = installed[needed].version
    return sorted(f"{name}=={version}" for name, version in found.items())


def served(environment: project.Environment, needs: Iterable[str], markers: Mapping[str, str]) -> frozenset[str]:
    """Names of what a service imports: its own needs and a bundle's, and what these need.

    - needs: names of the packages that the bundle's steps need
    """
    installed = _installed(tuple(environment.interpreter.folders))
    return frozenset([*_closure([*SERVED, *map(normal, needs)], installed, markers), *LOOKED_FOR])


def _closure(
    names: Iterable[str], installed: Mapping[str, metadata.Distribution], markers: Mapping[str, str]
) -> set[str]:
    """Names, and those of what they need that is installed; what is not is for another machine."""
    found = set(names)
    todo = list(found)
    while todo:
        for needed in _needs(installed.get(todo.pop()), markers):
            # Where it is needed all the same, its user says so.
            if needed not in found and needed in installed:
                found.add(needed)
                todo.append(needed)
    return found


@cache
def _installed(folders: tuple[str, ...]) -> Mapping[str, metadata.Distribution]:
    """What is installed by name: in the project's interpreter, else in the one that noteship runs in.

    Cost: each package's metadata is read once.
    """
    others = [each for each in sys.path if os.path.realpath(each) not in folders]
    here = {normal(each.metadata["Name"]): each for each in metadata.distributions(path=others)}
    there = {normal(each.metadata["Name"]): each for each in metadata.distributions(path=list(folders))}
    return {**here, **there}


def _needs(package: metadata.Distribution | None, markers: Mapping[str, str]) -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in (package.requires if package else None) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(markers)):
            yield normal(requirement.name)
