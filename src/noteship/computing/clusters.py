"""The clusters of a run: each is opened when the first stage asks for it, and shared by those that ask for the same."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from noteship.computing.dask_engine import DaskEngine
from noteship.computing.engines import Cluster, Engine, Place, Wanted

__all__ = ["ENGINES", "Clusters"]

ENGINES: Mapping[str, Engine] = {"dask": DaskEngine()}


@dataclass(eq=False)
class _Opened:
    """A cluster, and the modules of the stages that use it now."""

    wanted: Wanted
    cluster: Cluster
    users: list[Mapping[str, str]] = field(default_factory=list)

    def takes(self, wanted: Wanted, modules: Mapping[str, str]) -> bool:
        """Whether a stage can use it beside those that do."""
        if wanted != self.wanted:
            return False
        # A worker has one working folder, which its one thread changes from task to task.
        if self.users and wanted.threads > 1 and wanted.address is None:
            return False
        if wanted.address is not None:
            return True
        return all(modules[each] == user.get(each, modules[each]) for user in self.users for each in modules)


class Clusters:
    """Gives stages the clusters that they ask for; thread-safe. To be closed."""

    def __init__(self, place: Place, engines: Mapping[str, Engine] = ENGINES) -> None:
        """Opens nothing yet."""
        self._place = place
        self._engines = engines
        self._opened: list[_Opened] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def use(self, wanted: Wanted, modules: Mapping[str, str] | None = None) -> Iterator[Cluster]:
        """A cluster as wanted, for as long as the context lasts; it stays open for who asks later.

        `modules` are the user's own modules, by the names under which they are imported, with their digests. Who is at
        work at the same time shares the cluster, unless they have different modules of one name, or workers have
        several threads.

        Raises: EngineMissing, ClusterBroken, ClusterUnreachable.
        """
        modules = modules or {}
        with self._lock:
            opened = self._fitting(wanted, modules)
            opened.users.append(modules)
        try:
            yield opened.cluster
        finally:
            with self._lock:
                opened.users.remove(modules)

    def close(self) -> None:
        """End those that were made here."""
        with self._lock:
            for each in self._opened:
                each.cluster.close()
            self._opened.clear()

    def _fitting(self, wanted: Wanted, modules: Mapping[str, str]) -> _Opened:
        for each in [each for each in self._opened if not each.cluster.alive()]:
            each.cluster.close()
            self._opened.remove(each)
        for each in self._opened:
            if each.takes(wanted, modules):
                return each
        found = _Opened(wanted, self._engines[wanted.engine].open(wanted, self._place))
        self._opened.append(found)
        return found
