"""The tables of a project: what stages made of them, and where each can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from noteship import digests, tabular, temporary
from noteship.operations.checking import Piece
from noteship.operations.errors import OutsideOfProject
from noteship.operations.opened import OpenedProject
from noteship.operations.stages import graph_of
from noteship.store import Artifact

__all__ = ["MadeTable", "in_project", "lying", "made_tables", "readable"]


@dataclass(frozen=True)
class MadeTable:
    """A table that a stage made when it last ended well."""

    path: str
    artifact: Artifact
    maker: str


def made_tables(opened: OpenedProject) -> Mapping[str, MadeTable]:
    """The tables that stages made, by path: of each stage its last result, later stages over earlier ones."""
    order = graph_of(opened).order
    results = opened.ledger.last_results(order)
    return {
        path: MadeTable(path, artifact, name)
        for name in order
        if name in results
        for path, artifact in sorted(results[name].outputs.items())
        if tabular.form_of(path)
    }


def in_project(opened: OpenedProject, file: str) -> str:
    """A file as the project calls it: named from the project's folder or, where it is not there, from this one.

    Raises OutsideOfProject.
    """
    place = Path(file)
    if not place.is_absolute() and ((opened.root / place).exists() or not place.exists()):
        place = opened.root / place
    place = Path(os.path.normpath(place.absolute()))
    for root in (opened.root, Path(os.path.normpath(opened.root.absolute()))):
        try:
            return place.relative_to(root).as_posix()
        except ValueError:
            continue
    resolved = place.resolve()
    if resolved.is_relative_to(opened.root.resolve()):
        return resolved.relative_to(opened.root.resolve()).as_posix()
    raise OutsideOfProject(file, str(opened.root))


def lying(opened: OpenedProject, file: str, made: Mapping[str, MadeTable]) -> tuple[Piece, ...]:
    """A file or folder of the project as pieces: as it lies there, else as a stage made it; none, where it is not."""
    place = opened.root / file
    if place.is_dir():
        paths = [path for path in tabular.found(place).paths if path.is_file()]
        return tuple(Piece(path.relative_to(opened.root).as_posix(), digests.of_file(path)) for path in paths)
    if place.is_file():
        return (Piece(file, digests.of_file(place)),)
    stored = [made[file]] if file in made else [each for path, each in made.items() if path.startswith(f"{file}/")]
    return tuple(Piece(each.path, each.artifact.digest, each.artifact) for each in stored)


@contextmanager
def readable(opened: OpenedProject, file: str, made: Mapping[str, MadeTable]) -> Iterator[Path]:
    """Where a file of the project can be read: in its place, else as a copy from the store."""
    place = opened.root / file
    if place.exists() or file not in made:
        yield place
        return
    with temporary.folder() as folder:
        copy = folder / place.name
        opened.store.fetch_artifact(made[file].artifact, copy)
        yield copy
