"""The models of a service, by name and version, and who answers which request."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from noteship.errors import cut
from noteship.serving.model import Model
from noteship.serving.plan import Entry, Plan
from noteship.serving.refusals import Refused
from noteship.serving.served import Served

__all__ = ["Catalog"]

# How long whoever comes before the model is there should wait.
RETRY_AFTER_S = 1
NAME_LIMIT = 100
# Names a version, or `canary` or `default`; the same client gets the same version of the two.
VERSION, CLIENT = b"x-noteship-version", b"x-noteship-client"


@dataclass(frozen=True, eq=False, slots=True)
class _Versions:
    """The versions of one name; a shadow is not among those that may be asked."""

    default: Served
    canary: Served | None
    percent: float
    shadow: Served | None
    by_version: Mapping[str, Served]


class Catalog:
    """What is served. Changes take effect between two requests; a request keeps the model it was given."""

    def __init__(self) -> None:
        self._models: Mapping[str, _Versions] = {}
        self.plan = Plan()

    def __iter__(self) -> Iterator[Served]:
        """Whom requests can ask; of each name the default first."""
        return (served for versions in self._models.values() for served in versions.by_version.values())

    def all(self) -> Iterator[Served]:
        """All of them, shadows too."""
        shadows = (versions.shadow for versions in self._models.values())
        return itertools.chain(self, (shadow for shadow in shadows if shadow is not None))

    def __len__(self) -> int:
        return sum(len(versions.by_version) for versions in self._models.values())

    def put(self, plan: Plan, served: Mapping[str, Served]) -> None:
        """Serve this from now on, and nothing else; the models by their digests."""
        names = dict.fromkeys(entry.name for entry in plan.entries)
        models = {name: _versions(plan.of(name), served) for name in names}
        self._models, self.plan = models, plan

    def find(self, name: str | None = None, version: str | None = None) -> Served:
        """The model of a name and version, or the default. Raises Refused: 503 while there is none, 404 for another."""
        versions = self._named(name)
        return versions.default if version is None else _one(versions, version)

    def choose(self, name: str | None, headers: Sequence[tuple[bytes, bytes]], request_id: str) -> Served:
        """Who answers a request whose path names no version: whom its headers name, the canary, or the default.

        A canary's share is spread evenly over clients where they tell who they are, else over requests.
        """
        versions = self._named(name)
        for given, value in headers:
            if given == VERSION:
                return _one(versions, value.decode("latin-1").strip())
        if versions.canary is None:
            return versions.default
        client = next((value for given, value in headers if given == CLIENT), request_id.encode())
        is_canarys = _place(versions.canary.version, client) * 100 < versions.percent
        return versions.canary if is_canarys else versions.default

    def shadow_of(self, model: Model) -> Served | None:
        """Who is to score again what a model answered: the shadow, of what the default answered."""
        versions = self._models.get(model.name)
        return versions.shadow if versions is not None and versions.default.model is model else None

    def _named(self, name: str | None) -> _Versions:
        models = self._models
        if not models:
            raise Refused(503, "the model is being loaded", headers={"Retry-After": str(RETRY_AFTER_S)})
        if name is None:
            name = next(iter(models))
        versions = models.get(name)
        if versions is None:
            known = ", ".join(sorted(models))
            raise Refused(404, f"there is no model '{cut(name, NAME_LIMIT)}'; there is {known}")
        return versions


def _versions(entries: Sequence[Entry], served: Mapping[str, Served]) -> _Versions:
    parts = {entry.role: entry for entry in entries}
    default, canary, shadow = (parts.get(role) for role in ("default", "canary", "shadow"))
    assert default is not None
    ordered = [default, *(entry for entry in entries if entry is not default and entry is not shadow)]
    return _Versions(
        served[default.digest],
        served[canary.digest] if canary else None,
        canary.percent if canary else 0.0,
        served[shadow.digest] if shadow else None,
        {entry.version: served[entry.digest] for entry in ordered},
    )


def _one(versions: _Versions, version: str) -> Served:
    found = versions.by_version.get(version)
    if found is not None:
        return found
    if version == "default" or (version == "canary" and versions.canary is None):
        return versions.default
    if version == "canary" and versions.canary is not None:
        return versions.canary
    name, shadow = versions.default.name, versions.shadow
    if shadow is not None and version == shadow.version:
        raise Refused(404, f"version '{version}' of model '{name}' is a shadow: it is scored, and never answered from")
    known = ", ".join(sorted(versions.by_version))
    raise Refused(404, f"model '{name}' has no version '{cut(version, NAME_LIMIT)}'; it has {known}")


def _place(version: str, client: bytes) -> float:
    """A client's place among all, evenly spread from 0 to 1; another one for every version."""
    digest = hashlib.blake2b(client, digest_size=8, key=version.encode()).digest()
    return int.from_bytes(digest, "big") / 2**64
