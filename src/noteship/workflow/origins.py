"""The originals of files that no stage writes and a stage changes in place.

The file on disk is the changed one after a run, so the next run starts from the original, which is in the store: for
as long as the file on disk is one that noteship delivered. When the user puts a new one there, that is the original
from then on.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from noteship.store import Artifact
from noteship.store import errors as store_errors
from noteship.workflow.delivery import OWN, Delivery, prepare
from noteship.workflow.file_digests import FileDigests
from noteship.workflow.workplace import Workplace

__all__ = ["Origins"]


class Origins:
    """Originals of one project, remembered in ``.noteship/origins.jsonl``; the last line of a path counts."""

    def __init__(self, place: Workplace, digests: FileDigests, delivery: Delivery) -> None:
        self._root = place.root
        self._store = place.store
        self._digests = digests
        self._delivery = delivery
        self._log = self._root / OWN / "origins.jsonl"
        self._known = _read(self._log)
        for path, artifact in self._known.items():
            delivery.keep_original(path, artifact.digest)

    def of(self, path: str) -> Artifact | None:
        """The original of a file, put into the store if it is new; None where there is none."""
        there = None if (self._root / path).is_dir() else self._digests.of(path)
        if there is None or there in self._delivery.delivered.get(path, ()):
            return self._known.get(path)
        known = self._known.get(path)
        if known is None or known.digest != there or not self._store.holds(known):
            known = self._keep(path)
        return known

    def was_delivered(self, path: str) -> bool:
        """Whether noteship ever delivered a file there."""
        return path in self._delivery.delivered

    def _keep(self, path: str) -> Artifact:
        artifact = self._store.put_artifact(self._root / path)
        with suppress(store_errors.RefMoved):  # kept already
            self._store.write_ref(f"origins/{artifact.digest}", artifact.to_json(), expected=None)
        prepare(self._root)
        line = json.dumps({"path": path, "artifact": artifact.to_json()}, ensure_ascii=False)
        with self._log.open("ab") as stream:
            stream.write(b"\n" + line.encode() + b"\n")
        self._known[path] = artifact
        self._delivery.keep_original(path, artifact.digest)
        return artifact


def _read(log: Path) -> dict[str, Artifact]:
    found: dict[str, Artifact] = {}
    for line in log.read_bytes().splitlines() if log.exists() else ():
        try:
            value = json.loads(line)
            found[value["path"]] = Artifact.from_json(value["artifact"])
        except (ValueError, KeyError, TypeError):
            continue  # an empty line, or one torn by a kill
    return found
