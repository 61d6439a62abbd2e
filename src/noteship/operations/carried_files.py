"""Which files of a project go to a cluster beside its image: those that count there and that the image has not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import patterns, workflow
from noteship.operations import project_layer
from noteship.operations.errors import OutsideRead, SecretRead
from noteship.operations.opened import OpenedProject
from noteship.store import Artifact

if TYPE_CHECKING:
    from noteship.images.layers.project_files import ProjectFiles

__all__ = ["check_within", "stored", "there"]

# As workflow writes the digest of a file that is not there.
ABSENT = "absent"


@dataclass(frozen=True)
class _Wanted:
    """A file that counts: who reads it, which is nobody for what only says what the stages are.

    - original: what it was before a stage of the project changed it in place
    """

    reader: str = ""
    original: Artifact | None = None


def there(reads: Mapping[str, str]) -> dict[str, str]:
    """Those of a key's reads that are there."""
    return {path: digest for path, digest in reads.items() if digest != ABSENT}


def check_within(opened: OpenedProject, parts: Mapping[str, workflow.Resolved]) -> None:
    """Raise OutsideRead for the first stage that reads what is not in the project's folder, nor shown to pods."""
    shown = (*opened.settings.kubernetes.run.volumes, *opened.settings.kubernetes.run.secrets)
    for name, resolved in parts.items():
        for path in there(resolved.parts.outside):
            if not any(path.startswith(f"{folder.rstrip('/')}/") for folder in shown):
                raise OutsideRead(name, path)
        origin = _local_origin(opened, name)
        if origin is not None and not origin.is_relative_to(opened.root):
            raise OutsideRead(name, str(origin))


def stored(
    opened: OpenedProject, graph: workflow.Graph, layer: ProjectFiles, parts: Mapping[str, workflow.Resolved]
) -> dict[str, Artifact]:
    """The files that count and that the image has not with the same bytes, put into the store.

    Raises: SecretRead, and the store's errors.
    """
    within = {entry.path.removeprefix(f"{project_layer.FOLDER}/"): entry.content.digest for entry in layer.entries}
    found: dict[str, Artifact] = {}
    for path, wanted in sorted(_wanted(opened, graph, parts).items()):
        if wanted.original is None and not (opened.root / path).is_file():
            continue
        if not wanted.reader and path in within:
            continue  # of a notebook in the image only its outputs are missing
        reason = _confidential(opened.root, path)
        if reason and wanted.reader:
            raise SecretRead(wanted.reader, path, reason)
        if not reason:
            artifact = wanted.original or opened.store.put_artifact(opened.root / path)
            if within.get(path) != artifact.digest:
                found[path] = artifact
    return found


def _wanted(opened: OpenedProject, graph: workflow.Graph, parts: Mapping[str, workflow.Resolved]) -> dict[str, _Wanted]:
    found = {path: _Wanted() for path in opened.sources.consulted if not graph.produced.matches(path)}
    service = opened.settings.service
    for read in (service.data, *service.steps) if service else ():
        found |= {path: _Wanted("[service]") for path in _files(opened, read) if not graph.produced.matches(path)}
    for name, resolved in parts.items():
        origin = _local_origin(opened, name)
        if origin is not None:
            found |= {path: _Wanted(name) for path in _files(opened, origin.relative_to(opened.root).as_posix())}
        for read in there(resolved.parts.reads):
            found |= {path: _Wanted(name, resolved.inputs.get(read)) for path in _files(opened, read)}
    return found


def _local_origin(opened: OpenedProject, name: str) -> Path | None:
    """Where a source finds its data on this machine, if it does."""
    source = opened.data_sources.get(name)
    if source is None or source.address.kind != "file":
        return None
    return (opened.root / Path(source.address.path).expanduser()).resolve()


def _files(opened: OpenedProject, path: str) -> Iterator[str]:
    """The files that a path means: itself, those in a folder, those that fit a pattern."""
    place = opened.root / path
    if patterns.is_pattern(path) and not place.exists():
        fitting = patterns.PathSet((path,))
        yield from (each for each in opened.sources.files if each in fitting)
    elif not place.is_dir():
        yield path
    else:
        for folder, _, names in os.walk(place):
            yield from (Path(folder, name).relative_to(opened.root).as_posix() for name in names)


def _confidential(root: Path, path: str) -> str:
    """Why a file must not leave this machine, by its name and by that of the file that it leads to."""
    from noteship.images.layers import withheld

    place = root / path
    beginning = b""
    if place.is_file():
        with place.open("rb") as stream:
            beginning = stream.read(withheld.KEY_PIECE_BYTES)
    real = place.resolve().as_posix().removeprefix(f"{root.as_posix()}/")
    return withheld.confidential(path, beginning) or withheld.confidential(real, beginning)
