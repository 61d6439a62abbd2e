"""`noteship.load`: a model inside of an application."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import store as stores
from noteship.operations import loading

if TYPE_CHECKING:
    from noteship import models

__all__ = ["load"]


def load(
    bundle: str | os.PathLike[str] | None = None,
    *,
    project: str | os.PathLike[str] | None = None,
    store: str | None = None,
    trust: Iterable[str] = (),
    types: Iterable[str] = (),
    allow_pickle: bool = False,
) -> models.LoadedModel:
    """A bundle's model, with `predict(frame)`, `score(frame)` and `signature`.

    - bundle: a folder, `champion`, `latest`, or the start of a digest; by default the champion, else the latest
    - project, store: where a name is looked up: a project's folder (by default the current one), or the address of a
      store, such as "s3://team-a/mail"
    - trust: whole digests of bundles whose own source may be imported; a bundle that is named by its whole digest, or
      that the project made, needs no more
    - types: types of other libraries that the model may hold; allow_pickle: whether a pickle may be loaded

    Raises NoBundle, UnknownBundle, DamagedBundle, EnvironmentDiffers, PickleRefused, SourceRefused, UntrustedTypes.

        model = noteship.load("latest", store="s3://team-a/mail")
        labels = model.predict(frame)
    """
    root = Path(project or ".").resolve()
    text = None if bundle is None else os.fspath(bundle)
    if store is not None:
        chosen = loading.choose(text, None, stores.open_store(store, root))
    else:
        chosen = loading.in_folder(text) or _of_project(text, root)
    return loading.load(chosen, loading.Trusting(tuple(trust), tuple(types), allow_pickle), root)


def _of_project(text: str | None, root: Path) -> loading.Chosen:
    # A bundle in a folder needs nothing of what reads a project.
    from noteship.operations.opened import OpenedProject

    return loading.choose(text, OpenedProject.at(root))
