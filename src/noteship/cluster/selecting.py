"""Which objects a selection means, and which kind somebody meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from noteship.cluster.cluster import Object, Resource
from noteship.nearest import nearest

__all__ = ["fits_labels", "near", "of_kind", "place", "text"]

Labels = Mapping[str, str | tuple[str, ...] | None]


def text(labels: Labels) -> str:
    """As the API has it in an address.

    >>> text({"app": "mail", "run": ("1", "2"), "team": None})
    'app=mail,run in (1,2),team'
    """
    return ",".join(_term(name, wanted) for name, wanted in labels.items())


def fits_labels(thing: Object, labels: Labels) -> bool:
    """Whether an object has these labels."""
    metadata: Any = thing.get("metadata") or {}
    given = metadata.get("labels") or {}
    for name, wanted in labels.items():
        if name not in given:
            return False
        if wanted is not None and given[name] not in ((wanted,) if isinstance(wanted, str) else wanted):
            return False
    return True


def place(thing: Object) -> tuple[str, str]:
    """Namespace and name, for an order."""
    metadata: Any = thing.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


def of_kind(kind: str, served: Iterable[Resource]) -> Resource | None:
    """The one of this kind."""
    return next((each for each in served if each.kind == kind), None)


def near(api_version: str, kind: str, groups: Iterable[str], served: Iterable[Resource]) -> str:
    """What there is instead of a kind that there is not."""
    group = api_version.rpartition("/")[0]
    if group not in groups:
        return f"nothing of the group '{group}' is served"
    found = nearest(kind, sorted({each.kind for each in served}))
    return f"of {api_version} there is {found}" if found else f"the group '{group}' is served, in another version"


def _term(name: str, wanted: str | tuple[str, ...] | None) -> str:
    if wanted is None:
        return name
    return f"{name}={wanted}" if isinstance(wanted, str) else f"{name} in ({','.join(wanted)})"
