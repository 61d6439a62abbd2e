"""`noteship build --containerfile`: how others build the image, where packages have to be made from their sources."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import digests, temporary
from noteship.operations import project_layer
from noteship.operations.build import Progress, cache_folder
from noteship.operations.ingredients import BUNDLE_FOLDER, BuildRequest, Ingredients, base_name
from noteship.operations.naming import Named
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.images.containerfile import Recipe
    from noteship.images.layers.entry import Entry

__all__ = ["Described", "describe"]


@dataclass(frozen=True)
class Described:
    """A Containerfile, and the folder that it is built from, where one was asked for.

    - packages: each as "name==version"; sources: those of them that have no wheel
    - files: how many the folder has
    """

    text: str
    base: str
    bundle: Named | None
    lock: str
    packages: tuple[str, ...]
    sources: tuple[str, ...]
    left_out: tuple[str, ...]
    folder: Path | None = None
    files: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "containerfile": self.text,
            "base": self.base,
            "bundle": self.bundle.digest if self.bundle else None,
            "environment": self.lock,
            "packages": list(self.packages),
            "sources": list(self.sources),
            "left_out": list(self.left_out),
            "folder": str(self.folder) if self.folder else None,
            "files": self.files,
        }


def describe(
    opened: OpenedProject, request: BuildRequest, tell: Callable[[Progress], None], stop: threading.Event
) -> Described:
    """The Containerfile of what `build` would make, and, in the request's folder, all that it copies.

    Nothing is built, and no code of a package runs. Raises: NoBase, OtherPython, NoBundle, UnknownBundle, BadSetting,
    ContextUnfit, what the rooms `images` and `project` raise, and images.registries.transport.Stopped.
    """
    from noteship.images import errors
    from noteship.images.registries.transport import Transport, Way

    base_name(opened, request)
    if request.folder and _is_seen(request.folder, opened.root):
        raise errors.ContextUnfit(str(request.folder), "it lies in the project, and would become a part of it")
    with Transport(Way(plain=frozenset(opened.settings.image.plain)), stop) as transport:
        return _Describing(Ingredients(opened, request, transport), tell, stop).described()


@dataclass(frozen=True)
class _Describing:
    """One description: of what, and who is told."""

    of: Ingredients
    tell: Callable[[Progress], None]
    stop: threading.Event

    def described(self) -> Described:
        bundle = self.of.bundle()
        recipe = self._recipe(bundle)
        chosen = self.of.project()
        folder = self.of.request.folder
        return Described(
            recipe.text,
            f"{recipe.base.name.partition('@')[0]}@{recipe.base.manifest.digest}",
            bundle,
            self.of.opened.environment.digest,
            tuple(map(str, recipe.packages)),
            tuple(str(each) for each in recipe.packages if each.is_source),
            tuple(map(str, chosen.left_out)),
            folder,
            self._written(folder, recipe, bundle, chosen.entries) if folder else 0,
        )

    def _recipe(self, bundle: Named | None) -> Recipe:
        from noteship.images.containerfile import Recipe
        from noteship.images.packages import Resolver

        self.tell(Progress("reading the base"))
        _, base = self.of.base()
        environment = self.of.environment(base)
        self.tell(Progress("finding packages"))
        packages = Resolver(self.of.opened.root, cache_folder() / "resolutions", self.stop).locked(
            self.of.pins, self.of.target
        )
        folders = (project_layer.FOLDER, *((BUNDLE_FOLDER,) if bundle else ()))
        return Recipe(base, environment, packages, self.of.about(bundle), folders)

    def _written(self, folder: Path, recipe: Recipe, bundle: Named | None, chosen: tuple[Entry, ...]) -> int:
        from noteship.images import containerfile, context
        from noteship.images.layers import folder_files, own_files

        self.tell(Progress("writing the folder"))
        entries = [*own_files.files(recipe.environment), *chosen]
        texts = {context.CONTAINERFILE: recipe.text, containerfile.PACKAGES: recipe.requirements}
        parts = (containerfile.PACKAGES, recipe.environment.folder.partition("/")[0], *recipe.folders)
        with temporary.folder() as fetched:
            if bundle is not None:
                self.of.opened.store.fetch_folder(digests.Digest(bundle.digest), fetched / BUNDLE_FOLDER)
                entries += folder_files.entries(fetched / BUNDLE_FOLDER, BUNDLE_FOLDER)
            return context.write(folder, parts, texts, entries)


def _is_seen(folder: Path, root: Path) -> bool:
    """Whether what lies there would be taken for the project's own; what is hidden is not."""
    here, there = root.resolve(), folder.resolve()
    if not there.is_relative_to(here):
        return here.is_relative_to(there)
    return not any(part.startswith(".") for part in there.relative_to(here).parts)
