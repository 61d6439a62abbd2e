"""A bundle: the folder in which a model travels, and its description `bundle.json`.

Format 1:

    bundle.json     canonical JSON: the description, see `Bundle`
    model.skops     the steps' objects as a list, null for functions, in canonical bytes (model_file.py);
    model.pkl       or, where skops cannot store them, a pickle of the same list
    source/...      the project modules that steps come from, at their paths below the folder they are imported from
    profile.json    what windows of requests are compared with, where "parts" names it under "profile"

No part holds a time, an address of this machine or anything else that differs between two builds from equal inputs.
Later formats may add files and keys under "parts"; a reader of format 1 passes over parts that it does not know.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from noteship import digests, files, store
from noteship.models import errors
from noteship.models.signature import Signature

__all__ = ["FORMAT", "Bundle", "fetch", "read", "write"]

FORMAT = 1
DESCRIPTION = "bundle.json"
SOURCE = "source"
PROFILE = "profile.json"
MODEL_FILES = {"skops": "model.skops", "pickle": "model.pkl"}


@dataclass(frozen=True)
class Bundle:
    """What bundle.json says.

    - steps: for each, "source" as it was named, "part", "kind", "module", "digest" of the file, and "handing", the form
    - format: of the model's file; why_not_skops: the reason where it is a pickle
    - source: paths of the project modules below source/
    - lineage: whatever the caller gave, plain values
    - environment: "python" (the minor), "packages" (all that were locked), "needs" (those that scoring needs)
    - reproduces: "state", one of "verified", "not checked", "not wanted"; "checks", a text for each table compared
    - parts: optional parts. "compiled" names the compiled form that was compared with scikit-learn, or why there is
      none (compiled/choosing.py); nothing compiled is stored. "profile" has the "digest" of profile.json and tells how
      it was made (bundling/profiling.py), or without a digest "why" there is none
    """

    name: str
    signature: Signature
    steps: tuple[Mapping[str, Any], ...]
    format: Literal["skops", "pickle"]
    why_not_skops: str = ""
    source: tuple[str, ...] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    reproduces: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()
    digest: str = ""

    @property
    def model_path(self) -> Path:
        """The model's file."""
        return self.folder / MODEL_FILES[self.format]

    @property
    def source_path(self) -> Path:
        """The folder of the project modules."""
        return self.folder / SOURCE

    @property
    def profile_path(self) -> Path | None:
        """The profile's file; None in bundles that have none: they are not monitored."""
        return self.folder / PROFILE if (self.parts.get("profile") or {}).get("digest") else None

    def to_json(self) -> dict[str, Any]:
        """The written form."""
        return {
            "bundle": FORMAT,
            "name": self.name,
            "signature": self.signature.to_json(),
            "steps": [dict(step) for step in self.steps],
            "model": {"format": self.format, "why_not_skops": self.why_not_skops},
            "source": list(self.source),
            "lineage": dict(self.lineage),
            "environment": dict(self.environment),
            "reproduces": dict(self.reproduces),
            "parts": dict(self.parts),
        }


def write(folder: Path, bundle: Bundle, model: bytes, source: Mapping[str, bytes], profile: bytes = b"") -> None:
    """Write a bundle into an empty or absent folder; the description last, so that what has one is whole."""
    for name, data in source.items():
        files.write(folder / SOURCE / name, data)
    files.write(folder / MODEL_FILES[bundle.format], model)
    if profile:
        files.write(folder / PROFILE, profile)
    files.write(folder / DESCRIPTION, digests.canonical_json(bundle.to_json()))


def read(folder: Path, digest: str = "") -> Bundle:
    """The description of a bundle; `digest` is that of the folder, where the caller knows it to be right.

    Raises DamagedBundle, BundleTooNew. Nothing of the model is loaded.
    """
    path = folder / DESCRIPTION
    try:
        value = json.loads(path.read_bytes())
        version = value["bundle"]
        if isinstance(version, int) and version > FORMAT:
            raise errors.BundleTooNew(str(path), version, FORMAT)
        bundle = _bundle(value, folder, digest)
        _check_profile(bundle)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.DamagedBundle(str(folder), f"{DESCRIPTION}: {type(error).__name__}: {error}") from error
    for needed in (bundle.model_path, *(bundle.source_path / name for name in bundle.source)):
        if not needed.is_file():
            raise errors.DamagedBundle(str(folder), f"{needed.relative_to(folder)} is missing")
    return bundle


def fetch(bundles: store.Store, digest: str, folder: Path) -> Bundle:
    """Bring a bundle from a store into an absent folder; its digest is checked before anything of it is read."""
    bundles.fetch_folder(digests.Digest(digest), folder)
    return read(folder, digest)


def _check_profile(bundle: Bundle) -> None:
    path = bundle.profile_path
    if path and digests.of_file(path) != bundle.parts["profile"]["digest"]:
        raise errors.DamagedBundle(str(bundle.folder), f"{PROFILE} is another than the one that {DESCRIPTION} names")


def _bundle(value: Mapping[str, Any], folder: Path, digest: str) -> Bundle:
    if value["bundle"] != FORMAT:
        raise ValueError(f"it names the format {value['bundle']!r}")
    if value["model"]["format"] not in MODEL_FILES:
        raise ValueError("it names no known form of the model")
    source = tuple(value["source"])
    for name in source:
        if name.startswith(("/", "..")) or posixpath.normpath(name) != name:
            raise ValueError("a module's path leads out of the bundle")
    return Bundle(
        name=value["name"],
        signature=Signature.from_json(value["signature"]),
        steps=tuple(value["steps"]),
        format=value["model"]["format"],
        why_not_skops=value["model"]["why_not_skops"],
        source=source,
        lineage=value["lineage"],
        environment=value["environment"],
        reproduces=value["reproduces"],
        parts=value["parts"],
        folder=folder,
        digest=digest,
    )
