"""The project as an image has it: which of its files, and the environment that it was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from noteship import patterns
from noteship.operations.opened import OpenedProject
from noteship.project import image_environment

if TYPE_CHECKING:
    from noteship.images.layers.entry import Entry
    from noteship.images.layers.environment import Environment
    from noteship.images.layers.project_files import ProjectFiles

__all__ = ["FOLDER", "environment_file", "files_of"]

# In the image's root.
FOLDER = "project"


def files_of(opened: OpenedProject) -> ProjectFiles:
    """The project's files that are a part of its image: not what stages make or sources bring. Raises FileUnfit."""
    from noteship.images.layers import project_files

    declared, sources = opened.settings.image, opened.sources
    made = {path for source in sources.stages for path in source.writes}
    fetched = {source.target for source in opened.data_sources.values()}
    selection = project_files.Selection(
        patterns.PathSet(declared.include), patterns.PathSet((*declared.exclude, *made, *fetched))
    )
    return project_files.select(opened.root, selection, FOLDER)


def environment_file(opened: OpenedProject, environment: Environment) -> Entry:
    """What makes the digest of the environment in the image equal to the one here."""
    from noteship.images.layers.entry import Entry, Held

    found = opened.environment
    return Entry(
        f"{environment.folder}/{image_environment.NAME}", Held(image_environment.written(found.lines, found.lock))
    )
