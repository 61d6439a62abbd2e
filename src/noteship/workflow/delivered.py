"""What noteship ever put into the project's folder: ``.noteship/delivered.jsonl``.

It has a line for each file that was delivered, written before the file appears: its path, its digest and the stage.
Runs that go on at once read each other's lines.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from noteship import files
from noteship.workflow.lines import Lines

__all__ = ["OWN", "Delivered"]

OWN = ".noteship"


class Delivered:
    """The files that were delivered; `makers` has the last stage of each path."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = Lines(root / OWN / "delivered.jsonl")
        self._digests: dict[str, set[str]] = defaultdict(set)
        self.makers: dict[str, str] = {}
        self._refresh()

    def has(self, path: str, digest: str | None = None) -> bool:
        """Whether a file was delivered there, with these bytes if a digest is given; by any run, until now."""
        return self._knows(path, digest) or (self._refresh() and self._knows(path, digest))

    def add(self, path: str, digest: str, stage: str) -> None:
        """Note a file that is about to be put there."""
        files.own_folder(self._root)
        self._lines.add({"path": path, "digest": digest, "stage": stage})
        self._refresh()

    def _knows(self, path: str, digest: str | None) -> bool:
        return path in self.makers if digest is None else digest in self._digests.get(path, ())

    def _refresh(self) -> bool:
        """Take in what was added since; whether there was anything."""
        news = False
        for value in self._lines.more():
            try:
                path, digest, stage = value["path"], value["digest"], value["stage"]
            except (KeyError, TypeError):
                continue
            self._digests[path].add(digest)
            self.makers[path] = stage
            news = True
        return news
