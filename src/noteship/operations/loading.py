"""A bundle for work in this process: found by name, digest or folder, and loaded as far as it is trusted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import digests, store, temporary
from noteship.operations import trusted
from noteship.operations.errors import NoBundle
from noteship.operations.naming import DIGEST_DIGITS, Named, named, named_in

if TYPE_CHECKING:
    from noteship import models
    from noteship.operations.opened import OpenedProject

__all__ = ["Chosen", "Trusting", "choose", "in_folder", "load"]

DESCRIPTION = "bundle.json"


@dataclass(frozen=True)
class Chosen:
    """A bundle in a store, or in a folder: then `named.by` is empty."""

    named: Named
    objects: store.Store | None
    folder: Path | None = None


@dataclass(frozen=True)
class Trusting:
    """What the operator trusts: whole digests, types, and pickles."""

    digests: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    allow_pickle: bool = False


def choose(text: str | None, opened: OpenedProject | None, objects: store.Store | None = None) -> Chosen:
    """The bundle of a folder, or of a project or a store by `champion`, `latest` or the start of a digest.

    Raises: NoBundle, UnknownBundle.
    """
    found = in_folder(text)
    if found is not None:
        return found
    if objects is not None:
        return Chosen(named_in(objects, objects.url, text), objects)
    if opened is None:
        raise NoBundle(text or "latest")
    return Chosen(named(opened, text), opened.store)


def in_folder(text: str | None) -> Chosen | None:
    """The bundle that a folder is, if it is one."""
    folder = Path(text or "")
    if not text or not (folder / DESCRIPTION).is_file():
        return None
    return Chosen(Named(store.folder_digest(folder), _name(folder), ""), None, folder)


def _name(folder: Path) -> str:
    """What the bundle calls itself; whether the rest of it can be read is found out when it is loaded."""
    try:
        return str(json.loads((folder / DESCRIPTION).read_bytes())["name"])
    except (ValueError, KeyError, TypeError):
        return folder.resolve().name


def load(chosen: Chosen, trusting: Trusting, root: Path | None = None) -> models.LoadedModel:
    """The model of a bundle whose digest fits.

    The source that it brings is imported where the operator named its whole digest, or the project in `root` made it.

    Raises: what `models.fetch` and `models.load` raise.
    """
    from noteship import models

    digest = chosen.named.digest
    known = chosen.named.is_exact or (len(digest) == DIGEST_DIGITS and digest in trusting.digests)
    known = known or (root is not None and trusted.holds(root, digest))
    trust = models.Trust(frozenset({digest} if known else ()), frozenset(trusting.types), trusting.allow_pickle)
    with temporary.folder() as folder:
        if chosen.objects is not None:
            bundle = models.fetch(chosen.objects, digest, folder / "bundle")
        else:
            bundle = models.read(chosen.folder or Path(), digests.Digest(digest))
        return models.LoadedModel(bundle.name, digest, models.load(bundle, trust))
