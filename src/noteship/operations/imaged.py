"""The image of a release: the one that is named, else one that is built now; and the bundle that is in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from noteship.operations import build
from noteship.operations.errors import ImageWithoutBundle
from noteship.operations.naming import Named, named
from noteship.operations.opened import OpenedProject

__all__ = ["Imaged", "by_digest", "imaged"]

BUNDLE_LABEL = "dev.noteship.bundle"


@dataclass(frozen=True)
class Imaged:
    """An image by its digest, and the bundle that is served: in it, or from the store.

    - built: what was built; None where the image was there already
    """

    image: str
    bundle: Named
    built: build.Built | None = None


def imaged(
    opened: OpenedProject,
    bundle: str | None,
    image: str | None,
    tell: Callable[[build.Progress], None],
    stop: threading.Event,
) -> Imaged:
    """The image and the bundle. Raises what `build` raises; ImageWithoutBundle."""
    is_within = opened.settings.kubernetes.bundle == "image"
    if image is None:
        chosen = named(opened, bundle)
        built = build.build(opened, build.BuildRequest(bundle, with_bundle=is_within), tell, stop)
        return Imaged(by_digest(built.name), built.bundle or chosen, built)
    if not is_within:
        return Imaged(image, named(opened, bundle))
    tell(build.Progress("reading the image"))
    digest = _within(opened, image, stop)
    if digest is None:
        raise ImageWithoutBundle(image)
    return Imaged(image, Named(digest, opened.name, "image"))


def by_digest(name: str) -> str:
    """Without the tag, which is for people: REPOSITORY@DIGEST.

    >>> by_digest("localhost:5000/team-a/mail:9b78@sha256:9b78")
    'localhost:5000/team-a/mail@sha256:9b78'
    """
    tagged, _, digest = name.partition("@")
    head, slash, last = tagged.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def _within(opened: OpenedProject, image: str, stop: threading.Event) -> str | None:
    """The digest of the bundle that an image says that it has."""
    from noteship.images import base, reference
    from noteship.images.registries.registry import Registry
    from noteship.images.registries.transport import Transport, Way

    declared = opened.settings.image
    parsed = reference.parsed(image)
    with Transport(Way(plain=frozenset(declared.plain)), stop) as transport:
        read = base.read(
            Registry(parsed, transport), str(parsed), parsed.reference, base.Platform(declared.architecture)
        )
    labels = (read.config.get("config") or {}).get("Labels") or {}
    found = labels.get(BUNDLE_LABEL)
    return str(found) if found else None
