"""Which packages an image needs: those of the project's lock, and those that noteship needs beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata

from noteship import project
from noteship.project.interpreter import normal

__all__ = ["pins", "target_markers"]

OWN = "noteship"
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
    installed = _installed(environment.interpreter.folders)
    todo = [OWN, *found]
    while todo:
        for needed in _needs(installed.get(todo.pop()), markers):
            # What is not installed is for another machine; where it is needed all the same, its user says so.
            if needed not in found and needed != OWN and needed in installed:
                found[needed] = installed[needed].version
                todo.append(needed)
    return sorted(f"{name}=={version}" for name, version in found.items())


def _installed(folders: Iterable[str]) -> dict[str, metadata.Distribution]:
    """What is installed by name: in the project's interpreter, else in the one that noteship runs in."""
    here = {normal(each.metadata["Name"]): each for each in metadata.distributions()}
    there = {normal(each.metadata["Name"]): each for each in metadata.distributions(path=list(folders))}
    return {**here, **there}


def _needs(package: metadata.Distribution | None, markers: Mapping[str, str]) -> Iterator[str]:
    from packaging.requirements import Requirement

    for text in (package.requires if package else None) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(markers)):
            yield normal(requirement.name)
