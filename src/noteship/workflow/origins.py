"""The originals of files that no stage writes and a stage changes in place.

The file on disk is the changed one after a run, so the next run starts from the original, which is in the store: for
as long as the file on disk is one that noteship delivered. When the user puts a new one there, that is the original
from then on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from noteship import files
from noteship.store import Artifact
from noteship.store import errors as store_errors
from noteship.workflow.delivered import OWN
from noteship.workflow.delivery import Delivery
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.lines import Lines
from noteship.workflow.workplace import Workplace

__all__ = ["Origins", "originals"]


class Origins:
    """Originals of one project, remembered in ``.noteship/origins.jsonl``; the last line of a path counts."""

    def __init__(self, place: Workplace, digests: FileDigests, delivery: Delivery) -> None:
        self._root = place.root
        self._store = place.store
        self._digests = digests
        self._delivery = delivery
        self._lines = _lines(place.root)
        self._known: dict[str, Artifact] = {}
        self._refresh()

    def of(self, path: str) -> Artifact | None:
        """The original of a file, put into the store if it is new; None where there is none."""
        return self._kept(path) or self._new(path)

    def _kept(self, path: str) -> Artifact | None:
        """The original that is in the store already, if the file on disk does not take its place."""
        there = self._there(path)
        delivered = there is None or self._delivery.delivered.has(path, there)
        # Read after the above: another run notes its original before what it delivers over it.
        self._refresh()
        known = self._known.get(path)
        return known if known and (delivered or (known.digest == there and self._store.holds(known))) else None

    def _new(self, path: str) -> Artifact | None:
        if self._there(path) is None:
            return None
        # Another run may deliver there at this moment: its bytes must not be taken for an original.
        with self._delivery.locked():
            kept = self._kept(path)
            there = self._there(path)
            if kept or there is None or self._delivery.delivered.has(path, there):
                return kept
            return self._keep(path)

    def _there(self, path: str) -> str | None:
        return None if (self._root / path).is_dir() else self._digests.of(path)

    def was_delivered(self, path: str) -> bool:
        """Whether noteship ever delivered a file there."""
        return path in self._delivery.delivered.makers

    def _keep(self, path: str) -> Artifact:
        artifact = self._store.put_artifact(self._root / path)
        with suppress(store_errors.RefMoved):  # kept already
            self._store.write_ref(f"origins/{artifact.digest}", artifact.to_json(), expected=None)
        files.own_folder(self._root)
        self._lines.add({"path": path, "artifact": artifact.to_json()})
        self._refresh()
        return artifact

    def _refresh(self) -> None:
        for path, artifact in _entries(self._lines):
            self._known[path] = artifact
            self._delivery.keep_original(path, artifact.digest)


def originals(root: Path) -> frozenset[str]:
    """The user's own files that a stage of the project ever changed in place."""
    return frozenset(path for path, _ in _entries(_lines(root)))


def _lines(root: Path) -> Lines:
    return Lines(root / OWN / "origins.jsonl")


def _entries(lines: Lines) -> Iterator[tuple[str, Artifact]]:
    for value in lines.more():
        try:
            yield value["path"], Artifact.from_json(value["artifact"])
        except (KeyError, TypeError, AttributeError):
            continue
