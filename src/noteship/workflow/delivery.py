"""Puts what stages made into the project's folder, and never loses what somebody else put there.

``.noteship/delivered.jsonl`` has a line for each file that was delivered, written before the file appears: its path,
its digest and the stage. A file with a digest that was never delivered there is somebody's own.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from noteship import files
from noteship.store import Artifact
from noteship.store.errors import TargetUnwritable
from noteship.workflow import errors
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.ledger import Ledger
from noteship.workflow.workplace import Workplace

__all__ = ["OWN", "Delivery", "prepare"]

OWN = ".noteship"


class Delivery:
    """Delivers to one project in one run.

    With `replace`, what was changed by hand is set aside in ``.noteship/replaced/RUN``, where everything else goes
    that was there before noteship; without, it raises ChangedByHand.
    """

    def __init__(self, place: Workplace, digests: FileDigests, *, replace: bool = False) -> None:
        self._root = place.root
        self._store = place.store
        self._digests = digests
        self._replace = replace
        self._log = self._root / OWN / "delivered.jsonl"
        self.delivered: dict[str, set[str]] = defaultdict(set)
        self.makers: dict[str, str] = {}
        self._originals: dict[str, set[str]] = defaultdict(set)
        self._ever_made: set[tuple[str, str]] | None = None
        for path, digest, stage in _read(self._log):
            self.delivered[path].add(digest)
            self.makers[path] = stage

    def is_ours(self, path: str, digest: str) -> bool:
        """Whether these bytes may give way: noteship delivered them there, or has them as an original or a result."""
        if digest in self.delivered.get(path, ()) or digest in self._originals.get(path, ()):
            return True
        if self._ever_made is None:
            self._ever_made = Ledger(self._store).ever_made()
        return (path, digest) in self._ever_made

    def keep_original(self, path: str, digest: str) -> None:
        """Know that these bytes are in the store as the original, so that they may give way."""
        self._originals[path].add(digest)

    def changed(self) -> Iterator[tuple[str, str]]:
        """The delivered files that have somebody's own bytes now: path and stage."""
        for path, stage in self.makers.items():
            digest = self._digests.of(path)
            if digest is not None and not self.is_ours(path, digest):
                yield path, stage

    def deliver(self, run: str, stage: str, outputs: Mapping[str, Artifact]) -> list[str]:
        """Put outputs in place, file by file, each in one step, and say what was set aside.

        Raises ChangedByHand, Undeliverable, and the store's errors.
        """
        notices: list[str] = []
        for path, artifact in sorted(self._files(outputs)):
            notice = self._deliver(run, stage, path, artifact)
            if notice:
                notices.append(notice)
        return notices

    def _files(self, outputs: Mapping[str, Artifact]) -> Iterator[tuple[str, Artifact]]:
        for path, artifact in outputs.items():
            if artifact.kind == "file":
                yield path, artifact
                continue
            tree = self._store.read_tree(artifact.digest)
            for name, leaf in tree.files.items():
                yield f"{path}/{name}", Artifact(leaf.digest, "file", leaf.size_bytes, leaf.executable)

    def _deliver(self, run: str, stage: str, path: str, artifact: Artifact) -> str:
        target = self._target(path)
        there = self._digests.of(path)
        if there == artifact.digest:
            if there not in self.delivered.get(path, ()):
                self._note(path, artifact.digest, stage)
            return ""
        notice = self._make_room(run, stage, path, there) if target.is_symlink() or target.exists() else ""
        self._note(path, artifact.digest, stage)
        try:
            self._store.fetch_artifact(artifact, target)
        except TargetUnwritable as error:
            raise errors.Undeliverable(stage, path, error.reason) from error
        return notice

    def _target(self, path: str) -> Path:
        # A result may come from a store that others write to: it must not reach out of the project.
        names = path.split("/")
        if path.startswith("/") or ".." in names or "" in names or "\0" in path or names[0] in (OWN, ".git"):
            raise errors.Undeliverable("", path, "it is not a place for files of the project")
        return self._root / path

    def _make_room(self, run: str, stage: str, path: str, there: str | None) -> str:
        if there is not None and self.is_ours(path, there):
            return ""
        if path in self.delivered and not self._replace:
            raise errors.ChangedByHand(((path, stage),))
        aside = self._root / OWN / "replaced" / run / path
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(self._root / path, aside)
        except OSError as error:
            raise errors.Undeliverable(stage, path, error.strerror or type(error).__name__) from error
        return f"{path} was there before; it is now {aside.relative_to(self._root).as_posix()}"

    def _note(self, path: str, digest: str, stage: str) -> None:
        prepare(self._root)
        line = json.dumps({"path": path, "digest": digest, "stage": stage}, ensure_ascii=False) + "\n"
        with self._log.open("ab+") as stream:
            # A kill can leave the last line without its end, which must not take the next one with it.
            stream.seek(max(0, stream.seek(0, 2) - 1))
            torn = stream.read(1) not in (b"", b"\n")
            stream.write((b"\n" if torn else b"") + line.encode())
        self.delivered[path].add(digest)
        self.makers[path] = stage


def prepare(root: Path) -> None:
    """Make noteship's own folder, which tells version control to look away."""
    ignore = root / OWN / ".gitignore"
    if not ignore.exists():
        files.write(ignore, b"*\n")


def _read(log: Path) -> Iterator[tuple[str, str, str]]:
    if not log.exists():
        return
    for line in log.read_bytes().splitlines():
        try:
            value = json.loads(line)
            yield value["path"], value["digest"], value["stage"]
        except (ValueError, KeyError, TypeError):
            continue  # torn by a kill; its file did not appear
