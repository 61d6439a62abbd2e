"""The store: content, folders, artifacts and references over one bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from noteship.digests import Digest
from noteship.store import errors, keys, sweeping
from noteship.store.abreast import each
from noteship.store.artifacts import Artifact
from noteship.store.folders import Folders
from noteship.store.named_files import NamedFiles
from noteship.store.references import References
from noteship.store.trees import Leaf

__all__ = ["Store"]


class Store(Folders, References, NamedFiles):
    """Everything that is kept, over any bucket; safe among threads and processes, whichever of them are killed."""

    def put_artifact(self, path: Path) -> Artifact:
        """Store a file or a folder, whichever it is. Raises as `put_file` and `put_folder` do."""
        if path.is_dir():
            digest, tree = self._put_folder(path)
            return Artifact(digest, "folder", tree.size_bytes)
        digest, size_bytes, executable = self._put_file(path)
        return Artifact(digest, "file", size_bytes, executable)

    def fetch_artifact(self, artifact: Artifact, target: Path) -> None:
        """Put a file or a folder in place. Raises as `fetch_file` and `fetch_folder` do; a file replaces no folder."""
        if artifact.kind == "folder":
            self.fetch_folder(artifact.digest, target)
        else:
            self._fetch_file(artifact.digest, target, executable=artifact.executable)

    def holds(self, artifact: Artifact) -> bool:
        """Whether an artifact could be fetched: it, and all files of a folder, are there in their sizes."""
        if artifact.kind == "file":
            return self.has(artifact.digest, size_bytes=artifact.size_bytes)
        try:
            leaves = list(self.read_tree(artifact.digest).files.values())
        except (errors.MissingObject, errors.DamagedObject):
            return False
        return all(each(self._bucket, leaves, self._has_leaf))

    def refresh(self, digest: Digest) -> bool:
        """Let an object, or a folder with all its files, count as just stored; False where any of it is not there.

        A sweep leaves it from then on for as long as what was just stored; see there for S3.
        """
        if self._bucket.refresh(keys.tree_key(digest)) is None:
            return self._bucket.refresh(keys.object_key(digest)) is not None
        try:
            leaves = list(self.read_tree(digest).files.values())
        except (errors.MissingObject, errors.DamagedObject):
            return False
        return all(each(self._bucket, leaves, self._refresh_leaf))

    def objects(self) -> Iterator[sweeping.Stored]:
        """Every object and description of a folder, with its size and age."""
        return sweeping.stored(self._bucket)

    def reachable(self, digests: Iterable[Digest]) -> set[Digest]:
        """The digests, and of those that stand for folders the digests of all their files."""
        kept = set(digests)
        trees = list(sweeping.trees(self._bucket) & kept)
        for files in each(self._bucket, trees, self._files_of):
            kept |= files
        return kept

    def sweep(self, keep: Collection[Digest], *, older_than_s: float = sweeping.GRACE_S) -> sweeping.Swept:
        """Remove what is not in `keep` and was neither stored nor stored again for so long; and what writers left.

        Beside running writers: storing content that is there already makes it young again, so what a run stored
        within the time stays, whether or not a reference names it yet. In a folder no interleaving loses an object; on
        S3 one that is stored again within the milliseconds between the last look at its age and its removal can
        be lost, and is then missing, not damaged: the stage that makes it runs again.
        """
        return sweeping.sweep(self._bucket, keep, older_than_s)

    def _has_leaf(self, leaf: Leaf) -> bool:
        return self.has(leaf.digest, size_bytes=leaf.size_bytes)

    def _refresh_leaf(self, leaf: Leaf) -> bool:
        return self._bucket.refresh(keys.object_key(leaf.digest)) == leaf.size_bytes

    def _files_of(self, tree: Digest) -> set[Digest]:
        return {leaf.digest for leaf in self.read_tree(tree).files.values()}
