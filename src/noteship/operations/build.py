"""`noteship build`: an image of the project, its packages and a bundle, at a registry or in a folder."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import digests, temporary
from noteship.operations import packaged, project_layer
from noteship.operations.errors import NoDestination
from noteship.operations.ingredients import BUNDLE_FOLDER, OCI, BuildRequest, Ingredients, base_name
from noteship.operations.naming import Named
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.images import pushing
    from noteship.images.destination import Destination
    from noteship.images.image import Image
    from noteship.images.layers.environment import Environment
    from noteship.images.layers.layer import Layer
    from noteship.images.layers.project_files import ProjectFiles
    from noteship.images.packages import Wheel

__all__ = ["BuildRequest", "Built", "Progress", "build", "cache_folder"]

# As models/bundle.py writes it; that room brings scikit-learn, for which no build should wait.
BUNDLE_FILE = "bundle.json"


@dataclass(frozen=True)
class Progress:
    """What is being done; bytes where they are known."""

    what: str
    done_bytes: int = 0
    of_bytes: int = 0


@dataclass(frozen=True)
class Built:
    """An image that is where it should be.

    - name: with its digest, as a pod names it; of a folder, its tag and digest
    - layers: title and size in bytes of each that was added to the base, in order
    - left_out: what of the project is no part of it, and why
    """

    name: str
    digest: str
    base: str
    bundle: Named | None
    lock: str
    layers: tuple[tuple[str, int], ...]
    left_out: tuple[str, ...]
    pushed: pushing.Pushed
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "image": self.name,
            "digest": self.digest,
            "base": self.base,
            "bundle": self.bundle.digest if self.bundle else None,
            "environment": self.lock,
            "layers": [{"title": title, "size_bytes": size} for title, size in self.layers],
            "left_out": list(self.left_out),
            "sent": {"layers": self.pushed.sent, "size_bytes": self.pushed.sent_bytes},
            "mounted": self.pushed.mounted,
            "there": self.pushed.there,
            "seconds": round(self.seconds, 3),
        }


def build(
    opened: OpenedProject, request: BuildRequest, tell: Callable[[Progress], None], stop: threading.Event
) -> Built:
    """Build an image, and bring it where it should be; `tell` is told what is done, for people.

    Raises: NoBase, NoDestination, OtherPython, NoBundle, UnknownBundle, what the rooms `images` and `project` raise,
    and images.registries.transport.Stopped.
    """
    from noteship.images import pruning
    from noteship.images.registries.transport import Transport, Way

    base_name(opened, request)
    if not (request.folder or request.target or opened.settings.kubernetes.registry):
        raise NoDestination
    with Transport(Way(plain=frozenset(opened.settings.image.plain)), stop) as transport:
        built = _Build(Ingredients(opened, request, transport), tell, stop).made()
    pruning.prune(cache_folder(), opened.settings.image.cache)
    return built


@dataclass(frozen=True)
class _Build:
    """One build: what goes into it, and who is told."""

    of: Ingredients
    tell: Callable[[Progress], None]
    stop: threading.Event

    def made(self) -> Built:
        from noteship.images import image, pushing

        began = time.monotonic()
        self.tell(Progress("reading the base"))
        source, base = self.of.base()
        environment = self.of.environment(base)
        bundle = self.of.bundle()
        wheels = self._wheels()
        chosen = self.of.project()
        destination, sending = self._destination(), _Sending(self.tell)
        with temporary.folder() as folder, pushing.Pushing(destination, sending.told, self.stop) as push:
            for piece in base.pieces(source, _mounted(source, destination)):
                push.bring(piece)
            # What is made goes there while the rest is being made.
            layers = self._layers(
                environment, wheels, chosen, bundle, folder, lambda layer: push.bring(pushing.Piece(layer.blob))
            )
            composed = image.composed(base, layers, environment, self.of.about(bundle))
            self.tell(Progress("bringing layers"))
            sending.speak()
            for piece in composed.pieces:
                push.bring(piece)
            pushed = push.ended()
            name = self._name(composed)
            tag = name.rpartition(":")[2]
            destination.put_manifest(composed.manifest, composed.descriptor.media_type, tag)
            self._list(destination, composed, wheels)
        return Built(
            f"{name}@{composed.descriptor.digest}",
            composed.descriptor.digest,
            f"{base.name.partition('@')[0]}@{base.manifest.digest}",
            bundle,
            self.of.opened.environment.digest,
            tuple((layer.title, layer.blob.descriptor.size) for layer in layers),
            tuple(map(str, chosen.left_out)),
            pushed,
            time.monotonic() - began,
        )

    def _wheels(self) -> tuple[Wheel, ...]:
        from noteship.images.packages import Resolver

        self.tell(Progress("finding packages"))
        resolver = Resolver(self.of.opened.root, cache_folder() / "resolutions", self.stop)
        return resolver.resolve(self.of.pins, self.of.target)

    def _layers(
        self,
        environment: Environment,
        wheels: Sequence[Wheel],
        chosen: ProjectFiles,
        bundle: Named | None,
        folder: Path,
        made: Callable[[Layer], None],
    ) -> tuple[Layer, ...]:
        """Packages, noteship, the project, the bundle: what changes most often comes last.

        - made: is told of each as soon as it is there
        """
        from noteship.images.layers import byte_code, folder_files, own_files, wheel_layers
        from noteship.images.layers.cache import LayerCache
        from noteship.images.layers.compiler import Compiler
        from noteship.images.layers.layer import Plan
        from noteship.images.layers.wheel import WheelFile
        from noteship.images.packages import Wheelhouse

        cache = LayerCache(cache_folder() / "layers", self.stop)
        house = Wheelhouse(cache_folder() / "wheels", self.of.transport, self._coming(wheels))
        found = [
            WheelFile(path, wheel.sha256, partial(house.fetch, wheel))
            for wheel, path in house.paths(tuple(wheels)).items()
        ]
        self.tell(Progress("making layers"))
        interpreter = self.of.opened.environment.interpreter
        compiler = Compiler(interpreter.path, interpreter.version)
        if bundle is not None:
            self.of.opened.store.fetch_folder(digests.Digest(bundle.digest), folder / BUNDLE_FOLDER)
        served = self._served(folder / BUNDLE_FOLDER)
        own = own_files.entries(environment)
        plans = [
            *wheel_layers.plans(found, environment),
            *byte_code.of_wheels((each for each in found if each.name in served), environment, compiler),
            Plan.of("noteship", own),
            byte_code.of_files("noteship", own, environment, compiler),
            Plan.of(
                f"the project {self.of.opened.name}",
                [*chosen.entries, project_layer.environment_file(self.of.opened, environment)],
            ),
        ]
        if bundle is not None:
            files = folder_files.entries(folder / BUNDLE_FOLDER, BUNDLE_FOLDER)
            plans.append(Plan.of(f"the bundle {digests.short(bundle.digest)}", files))
        with compiler:
            return cache.layers(plans, made, lambda: wheel_layers.check_apart(found, environment, cache))

    def _served(self, bundle: Path) -> frozenset[str]:
        """Names of the packages that are compiled: those that a service imports, of this bundle if there is one."""
        try:
            needs = json.loads((bundle / BUNDLE_FILE).read_bytes())["environment"].get("needs", {})
        except (FileNotFoundError, KeyError):
            needs = {}
        return packaged.served(self.of.opened.environment, needs, self.of.markers)

    @property
    def _asked(self) -> str:
        """The name in a registry that is asked for, perhaps without a tag."""
        return self.of.request.target or self.of.opened.settings.kubernetes.registry or ""

    def _destination(self) -> Destination:
        from noteship.images import reference
        from noteship.images.layout import Layout
        from noteship.images.registries.registry import Registry

        if self.of.request.folder is not None:
            return Layout(self.of.request.folder)
        return Registry(reference.parsed(self._asked), self.of.transport)

    def _name(self, composed: Image) -> str:
        """Where it is then, with a tag: the one that is asked for, else one of its own."""
        from noteship.images import reference

        own = composed.descriptor.digest.removeprefix("sha256:")[:12]
        if self.of.request.folder is not None:
            return f"{OCI}{self.of.request.folder}:{own}"
        return str(reference.parsed(self._asked if ":" in self._asked.rpartition("/")[2] else f"{self._asked}:{own}"))

    def _list(self, destination: Destination, composed: Image, wheels: Sequence[Wheel]) -> None:
        """Put the list of what is in it beside the image."""
        from noteship.images import media_types, sbom

        listed = sbom.document(composed.descriptor, self.of.opened.name, wheels)
        manifest, blobs = sbom.artifact(composed.descriptor, listed)
        for blob in blobs:
            if not destination.has(blob.descriptor.digest):
                destination.put(blob)
        destination.put_manifest(manifest, media_types.MANIFEST)

    def _coming(self, wheels: Sequence[Wheel]) -> Callable[[int], None]:
        """Tell how many bytes of packages came; those that are there already are told as come by the first call."""
        told, lock, of = 0, threading.Lock(), sum(wheel.size for wheel in wheels)

        def came(count: int) -> None:
            nonlocal told
            with lock:
                told += count
                self.tell(Progress("fetching packages", told, of))

        return came


class _Sending:
    """Tells how many bytes of layers went, once nothing else is told."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell, self._speaks = tell, False
        self._done: dict[str, tuple[int, int]] = {}

    def speak(self) -> None:
        """From now on."""
        self._speaks = True

    def told(self, at: pushing.Progress) -> None:
        """One blob came so far."""
        if at.how in ("sending", "sent"):
            self._done[at.blob.digest] = at.done_bytes, at.blob.size
            if self._speaks:
                went, of = (sum(each) for each in zip(*self._done.values(), strict=True))
                self._tell(Progress("sending layers", went, of))


def cache_folder() -> Path:
    """Where packages and layers are kept for all projects of this person.

    `$XDG_CACHE_HOME/noteship`, else `~/.cache/noteship`; all in it can be deleted at any time.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "noteship"


def _mounted(source: Destination, destination: Destination) -> str:
    """The repository that the destination can have layers from without their bytes, or ""."""
    from noteship.images.registries.registry import Registry

    if isinstance(source, Registry) and isinstance(destination, Registry):
        return destination.mountable_from(source)
    return ""
