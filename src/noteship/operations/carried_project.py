"""What of a project goes to a cluster beside its image, written down in the store, so that pods have the same project.

The document is the canonical JSON of `Carried.to_json`, an object of the store. ``carried/DIGEST`` names it for as long
as pods ask for it: the reference's value is ``{"asked": day}``, and what nobody asked for in `KEPT` is freed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from noteship import digests, files, store
from noteship.digests import Digest
from noteship.operations.errors import CarriedUnusable
from noteship.store import Artifact
from noteship.store import errors as store_errors

__all__ = ["Carried", "StageParts", "forget_old", "keep", "needed", "read", "written"]

VERSION = 1
REFS = "carried"
# Longer than from one quarterly run to the next.
KEPT = timedelta(days=100)


@dataclass(frozen=True)
class StageParts:
    """What a stage had of its own where the project was handed over: its code, how it is run, the files of the user."""

    code: str
    calls: tuple[tuple[str, ...], ...]
    elsewhere: Mapping[str, str]
    reads: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {
            "code": self.code,
            "calls": [list(call) for call in self.calls],
            "elsewhere": dict(self.elsewhere),
            "reads": dict(self.reads),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> StageParts:
        """From its plain value."""
        return cls(value["code"], tuple(map(tuple, value["calls"])), value["elsewhere"], value["reads"])


@dataclass(frozen=True)
class Carried:
    """The project beside its image.

    - folder: the name of the project's folder; names: those by which its repository goes beside this one
    - environment: the digest that counts in keys
    - files: what is put beside the image's files, or in their place; folders: what has to be there, even if empty
    - without: files of the image that earlier runs left behind and that count as absent
    - left_out: what is in neither, and why, by path
    - stages: what their keys had of their own
    """

    folder: str
    names: tuple[str, ...]
    environment: str
    files: Mapping[str, Artifact]
    folders: tuple[str, ...]
    without: tuple[str, ...]
    left_out: Mapping[str, str]
    stages: Mapping[str, StageParts]

    @property
    def size_bytes(self) -> int:
        """Of the files together."""
        return sum(artifact.size_bytes for artifact in self.files.values())

    def to_json(self) -> dict[str, Any]:
        """The document."""
        return {
            "version": VERSION,
            "folder": self.folder,
            "names": list(self.names),
            "environment": self.environment,
            "files": {path: artifact.to_json() for path, artifact in self.files.items()},
            "folders": list(self.folders),
            "without": list(self.without),
            "left_out": dict(self.left_out),
            "stages": {name: each.to_json() for name, each in self.stages.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Carried:
        """From the document. Raises ValueError for a path that leaves the project."""
        found = cls(
            value["folder"],
            tuple(value["names"]),
            value["environment"],
            {path: Artifact.from_json(each) for path, each in value["files"].items()},
            tuple(value["folders"]),
            tuple(value["without"]),
            value["left_out"],
            {name: StageParts.from_json(each) for name, each in value["stages"].items()},
        )
        paths = (found.folder, *found.files, *found.folders, *found.without)
        for path in paths:
            if not files.is_inside(path):
                raise ValueError(f"{path[:200]!r} is no path in a project")
        return found


def written(objects: store.Store, carried: Carried) -> Digest:
    """Put the document into the store, and name it."""
    digest = objects.put_bytes(digests.canonical_json(carried.to_json()))
    keep(objects, digest)
    return digest


def read(objects: store.Store, digest: Digest) -> Carried:
    """The document. Raises CarriedUnusable, and the store's errors."""
    try:
        value = json.loads(objects.get_bytes(digest))
        if value["version"] != VERSION:
            raise CarriedUnusable(digest, f"its form is of version {value['version']!r}; this noteship knows {VERSION}")
        return Carried.from_json(value)
    except store_errors.MissingObject as error:
        raise CarriedUnusable(digest, f"it is not in {objects.url} any more") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CarriedUnusable(digest, "it is not of the form that noteship writes") from error


def keep(objects: store.Store, digest: Digest) -> None:
    """Note that it was asked for, at most once a day; whoever notes it at the same time is as right."""
    name, today = f"{REFS}/{digest}", datetime.now(UTC).date().isoformat()
    before = objects.read_ref(name)
    if before is not None and before.value.get("asked") == today:
        return
    try:
        objects.write_ref(name, {"asked": today}, expected=before)
    except store_errors.RefMoved:
        return


def needed(objects: store.Store, awaited: Collection[str] = ()) -> Iterator[Digest]:
    """The documents that are kept, and the files that they name; `awaited` are kept however old they are."""
    for ref in objects.read_refs(f"{REFS}/"):
        digest = Digest(ref.name.rpartition("/")[2])
        if digest in awaited or not _is_old(ref):
            yield digest
            try:
                yield from (artifact.digest for artifact in read(objects, digest).files.values())
            except CarriedUnusable:
                continue


def forget_old(objects: store.Store, awaited: Collection[str] = ()) -> None:
    """Remove the names of what nobody asked for in a long time, and that is not awaited."""
    for ref in objects.read_refs(f"{REFS}/"):
        if _is_old(ref) and ref.name.rpartition("/")[2] not in awaited:
            objects.delete_ref(ref.name)


def _is_old(ref: store.Ref) -> bool:
    try:
        asked = date.fromisoformat(ref.value["asked"])
    except (KeyError, TypeError, ValueError):
        return False
    return datetime.now(UTC).date() - asked > KEPT
