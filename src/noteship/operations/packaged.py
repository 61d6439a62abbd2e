"""Which packages an image needs: those of the project's lock, and those that noteship needs beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import metadata

from noteship import project
from noteship.project.interpreter import normal

__all__ = ["pins", "target_markers"]

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
    """Each as "name==version", sorted; what noteship needs and the lock lacks is in the version installed here."""
    from packaging.markers import Marker

    found: dict[str, str] = {}
    for line in environment.lines:
        pin, _, marker = line.partition(";")
        if not marker.strip() or Marker(marker).evaluate(dict(markers)):
            name, _, version = pin.strip().partition("==")
            found[normal(name)] = version
    _add_needs("noteship", found, markers)
    return sorted(f"{name}=={version}" for name, version in found.items())


def _add_needs(name: str, found: dict[str, str], markers: Mapping[str, str]) -> None:
    """Add what a package needs, and what that needs, as it is installed where noteship runs."""
    for needed in _needs(name, markers):
        if needed in found:
            continue
        try:
            found[needed] = metadata.version(needed)
        except metadata.PackageNotFoundError:
            # It is for another machine than this one; where it is needed, the service says so.
            continue
        _add_needs(needed, found, markers)


def _needs(name: str, markers: Mapping[str, str]) -> Iterable[str]:
    from packaging.requirements import Requirement

    try:
        given = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        given = ()
    for text in given:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(markers)):
            yield normal(requirement.name)
