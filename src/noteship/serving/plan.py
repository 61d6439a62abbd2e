"""What a service is to serve, as plain values: which bundles, and which part each of them plays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from noteship import digests
from noteship.errors import cut
from noteship.serving.refusals import Refused

__all__ = ["Entry", "Plan", "Role"]

# Of the versions of a name: who answers; who answers a share; who is scored and never answers; who answers when named.
Role = Literal["default", "canary", "shadow", "spare"]
NAME_LIMIT = 100


@dataclass(frozen=True)
class Entry:
    """One bundle of a service.

    - may_import: whether the source that it brings may be imported, as the operator's trust has it
    - percent: of the requests that name no version, how many a canary answers; 0 leaves it to those that ask for it
    """

    name: str
    digest: str
    may_import: bool = False
    role: Role = "default"
    percent: float = 0.0

    @property
    def version(self) -> str:
        """By which clients ask for it."""
        return digests.short(self.digest)

    def to_json(self) -> dict[str, Any]:
        """As operators are told of it."""
        share = {"canary_percent": self.percent} if self.role == "canary" else {}
        return {"name": self.name, "version": self.version, "bundle": self.digest, "role": self.role, **share}


@dataclass(frozen=True)
class Plan:
    """All that is served; the first entry's name is whom requests ask that name none.

    Each name has exactly one default, at most one canary and at most one shadow. A plan is never changed: what changes
    it makes the next one, of a revision that is greater by one.
    """

    entries: tuple[Entry, ...] = ()
    revision: int = 0

    def of(self, name: str) -> list[Entry]:
        """The versions of a name. Raises Refused when there are none."""
        found = [entry for entry in self.entries if entry.name == name]
        if not found:
            raise Refused(404, f"there is no model '{cut(name, NAME_LIMIT)}'; there is {_listed(self._names())}")
        return found

    def entry(self, name: str, version: str) -> Entry:
        """One of them. Raises Refused when there is none."""
        versions = self.of(name)
        found = next((entry for entry in versions if entry.version == version), None)
        if found is None:
            known = _listed(entry.version for entry in versions)
            raise Refused(404, f"model '{name}' has no version '{cut(version, NAME_LIMIT)}'; it has {known}")
        return found

    def with_entry(self, entry: Entry) -> Plan:
        """With one more, or with a new part for one that is there; whoever had that part before is kept as a spare.

        Raises Refused where a name would be left without a default.
        """
        others = [each for each in self.entries if each.name == entry.name and each.digest != entry.digest]
        if entry.role != "default" and not any(each.role == "default" for each in others):
            message = f"model '{entry.name}' would have no default version; make another one the default first"
            raise Refused(409, message)
        entries = []
        for each in self.entries:
            if each.digest == entry.digest:
                entries.append(entry)
            elif each.name == entry.name and each.role == entry.role:
                entries.append(replace(each, role="spare", percent=0.0))
            else:
                entries.append(each)
        if entry not in entries:
            entries.append(entry)
        return Plan(tuple(entries), self.revision + 1)

    def without(self, name: str, version: str | None) -> Plan:
        """Without a version, or a whole name. Raises Refused: 404 for what is not there, 409 for what is needed."""
        gone = self.of(name) if version is None else [self.entry(name, version)]
        left = [entry for entry in self.entries if entry not in gone]
        if not any(entry.name == self.entries[0].name for entry in left):
            raise Refused(409, f"requests that name no model ask '{name}'; load another bundle in its place first")
        if version is not None and gone[0].role == "default":
            message = f"version '{version}' is the default of model '{name}'; make another one the default first"
            raise Refused(409, message)
        return Plan(tuple(left), self.revision + 1)

    def _names(self) -> Iterator[str]:
        return iter(dict.fromkeys(entry.name for entry in self.entries))


def _listed(names: Iterator[str]) -> str:
    return ", ".join(sorted(names)) or "none"
