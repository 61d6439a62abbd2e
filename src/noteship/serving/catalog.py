"""The models of a service, by name and version."""

from __future__ import annotations

from collections.abc import Iterator

from noteship.errors import cut
from noteship.serving.refusals import Refused
from noteship.serving.served import Served

__all__ = ["Catalog"]

# How long whoever comes before the model is there should wait.
RETRY_AFTER_S = 1
NAME_LIMIT = 100


class Catalog:
    """What is served. Changes take effect between two requests; a request keeps the model it was given.

    Each name has a default version, and the service has a default name: the first that was added.
    """

    def __init__(self) -> None:
        self._models: dict[str, dict[str, Served]] = {}
        self._defaults: dict[str, str] = {}

    def __iter__(self) -> Iterator[Served]:
        return (served for versions in list(self._models.values()) for served in list(versions.values()))

    def __len__(self) -> int:
        return sum(map(len, self._models.values()))

    def add(self, served: Served, *, is_default: bool = True) -> None:
        """Serve it; requests that name no version get it from now on, unless another one is to stay the default."""
        self._models.setdefault(served.name, {})[served.version] = served
        if is_default or served.name not in self._defaults:
            self._defaults[served.name] = served.version

    def find(self, name: str | None = None, version: str | None = None) -> Served:
        """The model of a name and version, or the default. Raises Refused: 503 while there is none, 404 for another."""
        if not self._models:
            raise Refused(503, "the model is being loaded", headers={"Retry-After": str(RETRY_AFTER_S)})
        if name is None:
            name = next(iter(self._models))
        versions = self._models.get(name)
        if versions is None:
            known = ", ".join(sorted(self._models))
            raise Refused(404, f"there is no model '{cut(name, NAME_LIMIT)}'; there is {known}")
        found = versions.get(version or self._defaults[name])
        if found is None:
            known = ", ".join(sorted(versions))
            message = f"model '{name}' has no version '{cut(version or '', NAME_LIMIT)}'; it has {known}"
            raise Refused(404, message)
        return found
