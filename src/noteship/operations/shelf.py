"""The bundles of a project for a service: which it begins with, and where it finds more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from noteship import digests, store, temporary
from noteship.operations import trusted
from noteship.operations.errors import Contradiction, NoProfile
from noteship.operations.naming import Named, named_in
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import models, serving

__all__ = ["Chosen", "Role", "Shelf", "arranged"]

Role = Literal["default", "canary", "shadow", "spare"]


@dataclass(frozen=True)
class Chosen:
    """A bundle that a service begins with, and the part that it plays there; see `serving.Entry`.

    - folder: where it is, if it is no bundle of the store
    """

    bundle: Named
    role: Role = "default"
    percent: float = 0.0
    is_known: bool = False
    folder: Path | None = None


def arranged(root: Path, bundles: Sequence[Chosen], trust: Collection[str] = ()) -> tuple[Chosen, ...]:
    """The bundles with their parts: of several versions of one name the first is the default.

    The source that comes with a bundle is imported where the operator named the bundle by its whole digest or this
    project made it: names such as `latest` are references, which whoever writes to a shared store can move, and what
    fits the start of a digest they can make. `trust` has whole digests that the operator named beside.

    Raises: Contradiction for two canaries or shadows of one name, and for one without a default.
    """
    found: dict[str, Chosen] = {}
    taken = set()
    for each in sorted(bundles, key=lambda each: each.role != "default"):
        name, digest = each.bundle.name, each.bundle.digest
        if digest in found and each.role == "default":
            continue
        role = "spare" if each.role == "default" and (name, "default") in taken else each.role
        if digest in found or (role not in ("default", "spare") and (name, role) in taken):
            raise Contradiction(
                f"a version of {name} plays one part, and one version each part", f"name one bundle by --{role}"
            )
        if role != "default" and (name, "default") not in taken:
            raise Contradiction(f"{name} has no version but for its {role}", "name the bundle that is to answer, too")
        taken.add((name, role))
        is_known = each.bundle.is_exact or digest in trust or trusted.holds(root, digest)
        found[digest] = replace(each, role=role, is_known=is_known)
    return tuple(found.values())


@dataclass(frozen=True)
class Shelf:
    """A project's store, as a service asks it; a `serving.Source`.

    - types, allow_pickle: what the operator allows; nobody who asks the service can allow more
    - is_watched: whether models come with their profiles
    - folders: bundles that lie elsewhere than in the store, by their digests
    """

    opened: OpenedProject
    types: frozenset[str]
    allow_pickle: bool
    is_watched: bool = False
    folders: Mapping[str, Path] = field(default_factory=dict)

    def find(self, bundle: str | None) -> serving.Entry:
        """The bundle of a name, or of the start of a digest.

        Its source is trusted where this project made it, or where it is named by its whole digest.
        Raises NoBundle, UnknownBundle.
        """
        from noteship import serving

        found = named_in(self.opened.store, self.opened.name, bundle)
        return serving.Entry(found.name, found.digest, found.is_exact or trusted.holds(self.opened.root, found.digest))

    def load(self, entry: serving.Entry) -> serving.Model:
        """Fetch, verify and load it.

        Raises UnknownLeftOut, and what `models.fetch`, `models.load`, `monitor.Profile` and `monitor.Sampling` raise.
        """
        from noteship import models, monitor, serving
        from noteship.operations.collecting import settings_of as collecting_of
        from noteship.operations.profiles import settings_of, warn_unwatched

        trust = models.Trust(frozenset({entry.digest} if entry.may_import else ()), self.types, self.allow_pickle)
        with temporary.folder() as folder:
            fetched = self._brought(entry.digest, folder / "bundle")
            if fetched.name != entry.name:
                reason = f"it is of the model {fetched.name}, and the store has it as one of {entry.name}"
                raise models.errors.DamagedBundle(entry.version, reason)
            scorer = models.load(fetched, trust)
            if self.is_watched:
                columns = (column.name for column in scorer.signature.inputs)
                collecting_of(self.opened).check(fetched.name, columns)
            path = fetched.profile_path if self.is_watched else None
            profile = None if path is None else monitor.Profile.from_bytes(path.read_bytes())
            if profile is not None:
                # Before the first request, and not when it is watched: that keeps nobody from answering.
                monitor.Sampling.of(profile, settings_of(self.opened), fetched.name)
            elif self.is_watched:
                why = (fetched.parts.get("profile") or {}).get("why")
                warn_unwatched(NoProfile(fetched.name, digests.short(entry.digest)), str(why or ""))
            return serving.Model(fetched.name, entry.digest, scorer, profile)

    def _brought(self, digest: str, target: Path) -> models.Bundle:
        """The bundle, its digest checked before anything of it is read."""
        from noteship import models

        if digest not in self.folders:
            return models.fetch(self.opened.store, digest, target)
        folder = self.folders[digest]
        if store.folder_digest(folder) != digest:
            raise models.errors.DamagedBundle(str(folder), "its files have changed since the service began")
        return models.read(folder, digest)
