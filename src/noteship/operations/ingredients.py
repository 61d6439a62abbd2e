"""What an image of a project is made of, whoever makes it: base, packages, bundle, files, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.operations import packaged, project_layer
from noteship.operations.errors import NoBase, NoBundle, OtherPython
from noteship.operations.naming import Named, named
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.images.base import Base
    from noteship.images.destination import Destination
    from noteship.images.image import About
    from noteship.images.layers.environment import Environment
    from noteship.images.layers.project_files import ProjectFiles
    from noteship.images.packages import Target
    from noteship.images.registries.transport import Transport

__all__ = ["BUNDLE_FOLDER", "OCI", "BuildRequest", "Ingredients", "base_name"]

BUNDLE_FOLDER = "bundle"
# What begins so is an OCI folder: oci:FOLDER:TAG.
OCI = "oci:"


@dataclass(frozen=True)
class BuildRequest:
    """What is asked for beside the declaration.

    - bundle: its name, or None for the champion, else the latest, else none
    - target: an image's name, in place of `[kubernetes] registry`; folder: one of files, in place of a registry
    - base: in place of `[image] base`
    """

    bundle: str | None = None
    with_bundle: bool = True
    target: str | None = None
    folder: Path | None = None
    base: str | None = None


@dataclass(frozen=True)
class Ingredients:
    """Of one project, as it is asked for; the base is read over the connections that are given."""

    opened: OpenedProject
    request: BuildRequest
    transport: Transport

    def base(self) -> tuple[Destination, Base]:
        """The base, and where it lies. Raises NoBase, and what `images.base.read` raises."""
        from noteship.images import base, reference
        from noteship.images.layout import Layout
        from noteship.images.registries.registry import Registry

        name = base_name(self.opened, self.request)
        platform = base.Platform(self.opened.settings.image.architecture)
        if name.startswith(OCI):
            folder, _, tag = name.removeprefix(OCI).partition(":")
            kept = Layout(self.opened.root / folder)
            return kept, base.read(kept, name, tag, platform)
        parsed = reference.parsed(name)
        registry = Registry(parsed, self.transport)
        return registry, base.read(registry, str(parsed), parsed.reference, platform)

    def environment(self, base: Base) -> Environment:
        """The virtual environment over it. Raises OtherPython: what is compiled or pickled is of one minor version."""
        from noteship.images import base_python

        found = base_python.environment(base, self.opened.settings.image.python or "")
        wanted = self.opened.environment.interpreter.minor
        if found.minor != wanted:
            raise OtherPython(base.name, found.minor, wanted)
        return found

    @property
    def target(self) -> Target:
        """The machine that packages are for."""
        from noteship.images.packages import Target

        declared = self.opened.settings.image
        return Target(self.opened.environment.interpreter.minor, declared.architecture, declared.glibc)

    @property
    def markers(self) -> dict[str, str]:
        """The values of markers there."""
        return packaged.target_markers(self.target.python, self.target.machine)

    @property
    def pins(self) -> list[str]:
        """The packages, each as "name==version"."""
        return packaged.pins(self.opened.environment, self.markers)

    def bundle(self) -> Named | None:
        """The bundle that is asked for; without a name there may be none yet, and the image works on stages alone."""
        if not self.request.with_bundle:
            return None
        try:
            return named(self.opened, self.request.bundle)
        except NoBundle:
            if self.request.bundle is not None or self.opened.settings.service is not None:
                raise
            return None

    def project(self) -> ProjectFiles:
        """Its files without what stages make and sources fetch, and what was left out."""
        return project_layer.files_of(self.opened)

    def about(self, bundle: Named | None) -> About:
        """What is said of the image, and how it starts where nobody says otherwise: it serves, or tells what it can."""
        from noteship.images.image import About

        labels = {
            "org.opencontainers.image.title": self.opened.name,
            "dev.noteship.environment": self.opened.environment.digest,
        }
        if bundle is None:
            return About(labels, arguments=("--help",))
        serving = ("serve", f"/{BUNDLE_FOLDER}", "--host", "0.0.0.0")  # noqa: S104
        return About({**labels, "dev.noteship.bundle": bundle.digest}, arguments=serving)


def base_name(opened: OpenedProject, request: BuildRequest) -> str:
    """The base's name as it was given. Raises NoBase."""
    name = request.base or opened.settings.image.base
    if name is None:
        raise NoBase(opened.environment.interpreter.minor)
    return name
