"""The clusters of a run: each is opened when the first stage asks for it, and shared by those that ask for the same."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from noteship.computing.dask_engine import DaskEngine
from noteship.computing.engines import Cluster, Engine, OpeningStopped, Place, Purpose, Wanted
from noteship.stopping import Beneath

__all__ = ["ENGINES", "Clusters"]

ENGINES: Mapping[str, Engine] = {"dask": DaskEngine()}


# How often who waits for a cluster that another one opens looks whether it is to stop.
LOOK_S = 0.1
# One that is told to stop while it is opened ends within this time.
END_LIMIT_S = 10.0


@dataclass(eq=False)
class _Opened:
    """A cluster, and the modules of the stages that use it now.

    It is in the table from when it is asked for, so that nobody waits for a lock meanwhile; `ready` is set when it is
    there, or is not to be had; `stop` ends its opening.
    """

    wanted: Wanted
    stop: threading.Event
    users: list[Mapping[str, str]]
    cluster: Cluster | None = None
    fault: BaseException | None = None
    ready: threading.Event = field(default_factory=threading.Event)

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
        self._closed = False

    @contextlib.contextmanager
    def use(
        self,
        wanted: Wanted,
        modules: Mapping[str, str] | None = None,
        cancel: threading.Event | None = None,
        purpose: Purpose | None = None,  # noqa: ARG002 - it is shared, whatever for
    ) -> Iterator[Cluster]:
        """A cluster as wanted, for as long as the context lasts; it stays open for who asks later.

        `modules` are the user's own modules, by the names under which they are imported, with their digests. Who is at
        work at the same time shares the cluster, unless they have different modules of one name, or workers have
        several threads.

        Raises: EngineMissing, ClusterBroken, ClusterUnreachable; OpeningStopped, once `cancel` is set.
        """
        modules, cancel = modules or {}, cancel or threading.Event()
        while True:
            opened = self._taken(wanted, modules, cancel)
            try:
                cluster = opened.cluster
                # Who was to open it was stopped, which is no reason for others.
                was_stopped = cluster is None and isinstance(opened.fault, OpeningStopped)
                if was_stopped and not (cancel.is_set() or self._closed):
                    continue
                if cluster is None:
                    raise opened.fault or OpeningStopped
                yield cluster
                return
            finally:
                with self._lock:
                    opened.users.remove(modules)

    def close(self) -> None:
        """End those that were made here, and stop those that are being opened."""
        with self._lock:
            self._closed = True
            there, self._opened = self._opened, []
        for each in there:
            each.stop.set()
        for each in there:
            each.ready.wait(END_LIMIT_S)
            if each.cluster is not None:
                each.cluster.close()

    def _taken(self, wanted: Wanted, modules: Mapping[str, str], cancel: threading.Event) -> _Opened:
        """One that is ready, or not to be had, with these modules among its users."""
        self._let_go_of_dead(wanted)
        with self._lock:
            opened = next((each for each in self._opened if each.takes(wanted, modules)), None)
            is_new = opened is None
            if opened is None:
                opened = _Opened(wanted, Beneath(cancel), [])
                self._opened.append(opened)
            opened.users.append(modules)
        if is_new:
            self._open(opened)
        while not opened.ready.wait(LOOK_S) and not cancel.is_set():
            pass
        return opened

    def _open(self, opened: _Opened) -> None:
        cluster = None
        try:
            cluster = self._engines[opened.wanted.engine].open(opened.wanted, self._place, opened.stop)
        except BaseException as error:
            opened.fault = error
        with self._lock:
            is_wanted = opened in self._opened
            if is_wanted and cluster is None:
                self._opened.remove(opened)
            if is_wanted:
                opened.cluster = cluster
        if cluster is not None and not is_wanted:
            # All were ended while it came up.
            cluster.close()
            opened.fault = OpeningStopped()
        opened.ready.set()

    def _let_go_of_dead(self, wanted: Wanted) -> None:
        """Whether one is alive may take seconds to know, in which others go on."""
        with self._lock:
            there = [(each, each.cluster) for each in self._opened if each.wanted == wanted and each.cluster]
        for each, cluster in there:
            if not cluster.alive():
                with self._lock:
                    is_first = each in self._opened
                    if is_first:
                        self._opened.remove(each)
                if is_first:
                    cluster.close()
