"""Puts what stages made into the project's folder, and never loses what somebody else put there.

A file with a digest that was never delivered there is somebody's own. Links in the folder are the user's word, since
nothing is delivered as a link: what belongs behind one is written there, and the link stays.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from noteship import files
from noteship.errors import stage_section
from noteship.patterns import PathSet
from noteship.store import Artifact
from noteship.store.errors import TargetUnwritable
from noteship.workflow import errors
from noteship.workflow.delivered import OWN, Delivered
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.ledger import Ledger
from noteship.workflow.workplace import Workplace

__all__ = ["Delivery"]

Pairs = set[tuple[str, str]]
# Nothing of the project is delivered in there, however a file system writes these names.
CLOSED = (OWN, ".git")
SOURCES = (".py", ".ipynb")
NOWHERE = "there is a link that leads nowhere"
# Programs do what these say, some of them unasked: Python imports what lies beside a script before its own library.
ORDERS = (*SOURCES, ".pyc", ".pyd", ".pth", ".so", ".sh", ".toml", "Makefile")


class Delivery:
    """Delivers to one project in one run, beside others that may be under way.

    With `replace`, what was changed by hand is set aside in ``.noteship/replaced/RUN``, where everything else goes
    that was there before noteship; without, it raises ChangedByHand.
    """

    def __init__(self, place: Workplace, digests: FileDigests, *, replace: bool = False) -> None:
        self._root = place.root
        self._ledger = Ledger(place.store)
        self._digests = digests
        self._replace = replace
        self.delivered = Delivered(place.root)
        self._originals: dict[str, set[str]] = defaultdict(set)
        self._ever_made: Pairs | None = None

    def locked(self) -> AbstractContextManager[None]:
        """Keep other runs from delivering while this one looks at a file and then acts on what it saw."""
        return files.locked(self._root / OWN / "delivery.lock")

    def is_ours(self, path: str, digest: str) -> bool:
        """Whether these bytes may give way: noteship delivered them there, or has them as an original or a result."""
        return not self._foreign({(path, digest)})

    def _foreign(self, pairs: Pairs) -> Pairs:
        """Those that are nobody's but the user's. Cost: for what was delivered and is other now, reads all results."""
        left = {
            (path, digest)
            for path, digest in pairs
            if digest not in self._originals.get(path, ()) and not self.delivered.has(path, digest)
        }
        if left and self._ever_made is not None:
            left -= self._ever_made
        if left and (self._ever_made is None or any(self.delivered.has(path) for path, _ in left)):
            # Another machine may have made it since this was last asked.
            self._ever_made = self._ledger.ever_made()
            left -= self._ever_made
        return left

    def keep_original(self, path: str, digest: str) -> None:
        """Know that these bytes are in the store as the original, so that they may give way."""
        self._originals[path].add(digest)

    def changed(self, paths: Collection[str]) -> Iterator[tuple[str, str]]:
        """Those delivered files that have somebody's own bytes now: path and stage."""
        there = ((path, self._digests.of(path)) for path in paths)
        for path, _ in sorted(self._foreign({(path, digest) for path, digest in there if digest is not None})):
            yield path, self.delivered.makers[path]

    def deliver(self, run: str, stage: str, outputs: Mapping[str, Artifact], expected: PathSet) -> list[str]:
        """Put outputs in place, file by file, each in one step, and say what was set aside.

        Code and hidden files are put where there are none only as far as they are expected of the stage: others may
        write to the store that a result comes from.

        Raises ChangedByHand, Undeliverable, and the store's errors.
        """
        notices: list[str] = []
        for path, artifact in sorted(self._files(outputs)):
            target = self._place(stage, path)
            with self.locked():
                if path not in expected:
                    self._check_harmless(stage, path, target)
                notice = self._deliver(run, stage, path, artifact, target)
            if notice:
                notices.append(notice)
        return notices

    def _files(self, outputs: Mapping[str, Artifact]) -> Iterator[tuple[str, Artifact]]:
        for path, artifact in outputs.items():
            if artifact.kind == "file":
                yield path, artifact
                continue
            tree = self._ledger.store.read_tree(artifact.digest)
            for name, leaf in tree.files.items():
                yield f"{path}/{name}", Artifact(leaf.digest, "file", leaf.size_bytes, leaf.executable)

    def _place(self, stage: str, path: str) -> Path:
        """Where a file goes, with the links on its way followed. Raises Undeliverable."""
        # A result may come from a store that others write to: only what the user linked leads out of the project.
        names = path.split("/")
        if not files.is_inside(path) or _closed(names):
            raise errors.Undeliverable(stage, path, "it is not a place for files of the project")
        at = self._root
        for name in names[:-1]:
            at /= name
            if at.is_symlink() and not at.exists():
                raise errors.Undeliverable(stage, path, f"{at.relative_to(self._root)} is a link that leads nowhere")
        try:
            target, root = (self._root / path).resolve(), self._root.resolve()
        except (OSError, RuntimeError) as error:  # up to Python 3.12 the latter for a loop of links
            raise errors.Undeliverable(stage, path, NOWHERE) from error
        if target.is_symlink():  # from 3.13 on a loop of links stays one
            raise errors.Undeliverable(stage, path, NOWHERE)
        if target.is_relative_to(root):
            if _closed(target.relative_to(root).parts):
                raise errors.Undeliverable(stage, path, "it is not a place for files of the project")
        elif any(name.startswith(".") for name in names):
            # Programs take orders from hidden files, and a linked folder may be anybody's home.
            raise errors.Undeliverable(stage, path, "it is hidden, and a link leads there out of the project")
        if (self._root / path).is_symlink() and (target.is_dir() or not target.parent.is_dir()):
            where = "to a folder" if target.is_dir() else "nowhere"
            raise errors.Undeliverable(stage, path, f"there is a link that leads {where}")
        return target

    def _check_harmless(self, stage: str, path: str, target: Path) -> None:
        is_hidden = any(name.startswith(".") for name in path.split("/"))
        if (is_hidden or path.endswith(ORDERS)) and not target.exists() and not self.delivered.has(path):
            reason = "it is code or hidden, and came from the store as the output of a stage not known to write it"
            remedy = f"let the stage make it here (run --force {stage}), or name it in {stage_section(stage)} writes"
            raise errors.Undeliverable(stage, path, reason, remedy)

    def _deliver(self, run: str, stage: str, path: str, artifact: Artifact, target: Path) -> str:
        there = self._digests.of(path)
        if there == artifact.digest:
            if not self.delivered.has(path, there):
                self.delivered.add(path, there, stage)
            return ""
        notice = self._make_room(run, stage, path, there, target) if target.exists() else ""
        if self.delivered.has(path, artifact.digest):
            # It was to be put there before: a kill in between may have left a part of it.
            files.sweep(target)
        self.delivered.add(path, artifact.digest, stage)
        try:
            self._ledger.store.fetch_artifact(artifact, target)
        except TargetUnwritable as error:
            raise errors.Undeliverable(stage, path, error.reason) from error
        return notice

    def _make_room(self, run: str, stage: str, path: str, there: str | None, target: Path) -> str:
        if there is not None and self.is_ours(path, there):
            return ""
        if self.delivered.has(path):
            if not self._replace:
                raise errors.ChangedByHand(((path, stage),))
        elif path.endswith(SOURCES) or path == "noteship.toml":
            raise errors.Undeliverable(stage, path, "there is a source of the project that no stage made")
        aside = self._root / OWN / "replaced" / run / path
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(target, aside)
        except OSError as error:
            raise errors.Undeliverable(stage, path, error.strerror or type(error).__name__) from error
        return f"{path} was there before; it is now {aside.relative_to(self._root).as_posix()}"


def _closed(names: Collection[str]) -> bool:
    return bool({*CLOSED} & {name.casefold() for name in names})
