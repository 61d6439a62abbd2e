"""A project taken to a pod: what its image has not goes through the store, and its stages have the same keys there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from noteship import files, notebooks, store, workflow
from noteship.digests import Digest
from noteship.operations import carried_files, carried_project, left_out, project_layer
from noteship.operations.carried_project import Carried, StageParts
from noteship.operations.errors import OtherInPod
from noteship.operations.opened import OpenedProject
from noteship.store import Artifact

__all__ = ["check", "put", "unpacked"]

# Who has more folders than that makes them in a stage.
MOST_FOLDERS = 10_000
NO_PLACES = frozenset({"node_modules", "__pycache__", "site-packages"})
AT_ONCE = 8


def put(opened: OpenedProject, graph: workflow.Graph) -> Digest:
    """Put what the graph's stages and the bundle need beside the image into the store, and name it there.

    Guarantee: `unpacked` makes a folder of it and the image in which the stages have the keys that they have here.
    What is in the store already is not sent again. Gives the digest of the document that names all of it.

    Raises: SecretRead, OutsideRead, FileUnfit, UnreadableInput, and the store's errors.
    """
    parts = workflow.own_parts(graph, opened.workplace)
    carried_files.check_within(opened, parts)
    layer = project_layer.files_of(opened)
    beside = carried_files.stored(opened, graph, layer, parts)
    carried = Carried(
        folder=opened.root.name,
        names=tuple(sorted(notebooks.own_names(opened.root))),
        environment=opened.environment.digest,
        files=beside,
        folders=tuple(sorted(islice(_folders(opened.root), MOST_FOLDERS))),
        without=tuple(sorted(graph.stale)),
        left_out={each.path: each.reason for each in layer.left_out if each.path not in beside},
        stages={
            name: StageParts(
                each.parts.code, each.parts.calls, each.parts.elsewhere, carried_files.there(each.parts.reads)
            )
            for name, each in parts.items()
            if not graph.stages[name].source
        },
    )
    return carried_project.written(opened.store, carried)


def unpacked(
    objects: store.Store,
    digest: Digest,
    image_project: Path,
    target: Path,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Path:
    """Make the project's folder below `target`, of the image's files and of those in the store; gives its root.

    What was there is replaced. Of the store's files only those come that are `wanted`, by their paths.

    Raises: CarriedUnusable, and the store's errors.
    """
    carried = carried_project.read(objects, digest)
    carried_project.keep(objects, digest)
    root = target / carried.folder
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _copy(image_project, root, carried.without)
    for folder in carried.folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
    _fetch(objects, {path: each for path, each in carried.files.items() if wanted(path)}, root)
    _name(root, carried.names)
    left_out.note(root, carried.left_out)
    return root


def check(opened: OpenedProject, graph: workflow.Graph, digest: Digest) -> None:
    """Raise OtherInPod where a stage of the graph is not what it was where the project was handed over.

    What stages were seen to read since then is no difference.
    """
    carried = carried_project.read(opened.store, digest)
    if opened.environment.digest != carried.environment:
        raise OtherInPod("", ("the environment",))
    parts = workflow.own_parts(graph, opened.workplace)
    for name, there in carried.stages.items():
        if name in parts:
            differing = tuple(_differing(there, parts[name].parts))
            if differing:
                raise OtherInPod(name, differing)


def _differing(there: StageParts, here: workflow.KeyParts) -> Iterator[str]:
    if there.code != here.code:
        yield "its code"
    if there.calls != here.calls:
        yield "how it is called"
    if there.elsewhere != dict(here.elsewhere):
        yield "what its paths are taken for"
    yield from (path for path, digest in there.reads.items() if here.reads.get(path) != digest)


def _folders(root: Path) -> Iterator[str]:
    """The project's folders, empty ones too: stages write into them, and do not make them."""
    for folder, names, _ in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".") and name not in NO_PLACES]
        names[:] = [name for name in names if not Path(folder, name, "pyvenv.cfg").exists()]
        yield from (Path(folder, name).relative_to(root).as_posix() for name in names)


def _copy(image_project: Path, root: Path, without: tuple[str, ...]) -> None:
    for folder, names, found in os.walk(image_project):
        below = Path(folder).relative_to(image_project)
        for name in names:
            (root / below / name).mkdir()
        for name in found:
            if (below / name).as_posix() not in without:
                files.copy(Path(folder, name), root / below / name)


def _fetch(objects: store.Store, artifacts: Mapping[str, Artifact], root: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="noteship-carried") as pool:
        for _ in pool.map(lambda item: objects.fetch_artifact(item[1], root / item[0]), artifacts.items()):
            pass


def _name(root: Path, names: tuple[str, ...]) -> None:
    """Let the copy go by the names of the project's repository, which has remotes where it was handed over."""
    text = "".join(f'[remote "{name}"]\n\turl = {name}\n' for name in names)
    files.write(root / ".git" / "config", text.encode())
