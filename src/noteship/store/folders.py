"""Whole folders as content: every file an object, and one description that names them."""

from __future__ import annotations

import shutil
from pathlib import Path

from noteship import digests, files
from noteship.digests import Digest
from noteship.store import errors, keys
from noteship.store.abreast import each
from noteship.store.contents import Contents
from noteship.store.trees import Leaf, Tree, scan

__all__ = ["Folders", "folder_digest"]


class Folders(Contents):
    """Objects and folders over any bucket."""

    def put_folder(self, path: Path) -> Digest:
        """Store a folder: each file, then the description that names them. Links within it are followed.

        Raises SourceUnreadable, SourceChanged, LinkLeavesFolder.
        """
        return self._put_folder(path)[0]

    def fetch_folder(self, digest: Digest, target: Path) -> None:
        """Make a folder, which takes its name only when all of it is there; what was there before is replaced.

        Raises MissingObject, DamagedObject, BadTree, TargetUnwritable.
        """
        tree = self.read_tree(digest)
        fresh = files.aside(target, "new")
        try:
            self._fill(tree, fresh)
            _take_place(fresh, target)
        except OSError as error:
            raise errors.TargetUnwritable(str(target), error.strerror or type(error).__name__) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def read_tree(self, digest: Digest) -> Tree:
        """A folder's description. Raises MissingObject, DamagedObject, BadTree."""
        try:
            return Tree.from_bytes(self._get_small(keys.tree_key(digest), digest))
        except ValueError as error:
            raise errors.BadTree(self.url, digest, str(error)) from error

    def _put_folder(self, path: Path) -> tuple[Digest, Tree]:
        sources, empty = scan(path)
        leaves = each(self._bucket, list(sources.values()), self._put_leaf, weight=4)
        tree = Tree(dict(zip(sources, leaves, strict=True)), empty)
        data = tree.to_bytes()
        return self._put_small(keys.tree_key, data), tree

    def _put_leaf(self, path: Path) -> Leaf:
        digest, size_bytes, executable = self._put_file(path)
        return Leaf(digest, size_bytes, executable)

    def _fill(self, tree: Tree, folder: Path) -> None:
        folder.mkdir(parents=True)
        for name in tree.empty:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for _ in each(self._bucket, list(tree.files.items()), lambda item: self._fetch_leaf(item, folder), weight=4):
            pass

    def _fetch_leaf(self, item: tuple[str, Leaf], folder: Path) -> None:
        name, leaf = item
        self._fetch_file(leaf.digest, folder / name, executable=leaf.executable)


def folder_digest(path: Path) -> Digest:
    """What `put_folder` would give for a folder; nothing is stored. Raises SourceUnreadable, LinkLeavesFolder."""
    sources, empty = scan(path)
    try:
        return digests.of_bytes(Tree({name: _leaf(file) for name, file in sources.items()}, empty).to_bytes())
    except OSError as error:
        raise errors.SourceUnreadable(str(path), error.strerror or type(error).__name__) from error


def _leaf(path: Path) -> Leaf:
    status = path.stat()
    return Leaf(digests.of_file(path), status.st_size, bool(status.st_mode & 0o100))


def _take_place(fresh: Path, target: Path) -> None:
    """Rename a folder over what is there; between two names there is a moment without either, never a mixture."""
    old = fresh.with_suffix(".old")
    try:
        target.rename(old)
    except FileNotFoundError:
        fresh.rename(target)
        return
    fresh.rename(target)
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.unlink()
