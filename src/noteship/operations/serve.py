"""`noteship serve`: a bundle of the project behind HTTP, on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import logs, processors, supervising
from noteship.operations import loading as finding
from noteship.operations.access import Access
from noteship.operations.errors import NoteshipMissing
from noteship.operations.naming import NAMES, Named
from noteship.operations.opened import OpenedProject
from noteship.operations.shelf import Chosen, Role, Shelf, arranged

if TYPE_CHECKING:
    from noteship import serving

__all__ = ["NAMES", "Chosen", "Named", "ServeRequest", "chosen", "other_interpreter", "serve"]

# Set for the interpreter that is changed to: one that calls itself by another path is not changed to again.
CHANGED_TO = "NOTESHIP_SERVES_IN"


@dataclass(frozen=True)
class ServeRequest:
    """Where to listen, in how many processes, and what the operator trusts beyond the project's own source."""

    host: str
    port: int
    types: tuple[str, ...] = ()
    allow_pickle: bool = False
    access_log: bool = False
    workers: int = 1
    stall_s: float = 30.0
    drain_s: float = 0.0
    access: Access = field(default_factory=Access)
    is_open_to_admin: bool = False
    is_watched: bool = True
    log: logs.Kind = "text"
    trust: tuple[str, ...] = ()


def chosen(opened: OpenedProject, name: str | None, role: Role = "default", percent: float = 0.0) -> Chosen:
    """A bundle of the project's store by its name, or the one in a folder, and the part that it plays.

    Raises: NoBundle, UnknownBundle.
    """
    found = finding.choose(name, opened)
    return Chosen(found.named, role, percent, folder=found.folder)


def other_interpreter(opened: OpenedProject, doing: str = "serving") -> str | None:
    """The project's interpreter where it is not this one: models are loaded where they were fitted.

    Raises: NoteshipMissing when noteship is not installed there.
    """
    environment = opened.environment
    python = environment.interpreter.path
    if environment.interpreter.is_this or os.environ.get(CHANGED_TO) == python:
        return None
    if "noteship" not in environment.installed:
        raise NoteshipMissing(python, doing)
    os.environ[CHANGED_TO] = python
    return python


def serve(
    opened: OpenedProject,
    bundles: Sequence[Chosen],
    request: ServeRequest,
    loading: Callable[[], None],
    started: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    `loading` is called when the port is taken, and `started`, with the URL, when the first answer is ready.

    Of several bundles the first is whom requests ask that name none.

    Raises: OpenToAll, Contradiction, and what `serving.run`, `supervising.run`, `models.fetch` and `models.load` raise.
    """
    request.access.check(request.host)
    request.access.check_admin(request.host, is_open=request.is_open_to_admin)
    work = _Work(opened.root, arranged(opened.root, bundles, request.trust), request)
    if request.workers == 1:
        # Read by numeric libraries when they are loaded, which they are not yet.
        os.environ.update(processors.thread_variables(1, os.environ))
        work.alone(opened, loading, started)
        return
    fleet = supervising.Fleet(request.workers, request.stall_s, request.drain_s)
    with supervising.listen(request.host, request.port) as listener:
        loading()
        url = supervising.url_of(request.host, listener, is_tls=request.access.certificate is not None)
        supervising.run(fleet, listener, work, lambda _: started(url))


@dataclass(frozen=True)
class _Work:
    """What serves a bundle, here or in a worker's process, which fetches, verifies and loads it for itself."""

    root: Path
    chosen: tuple[Chosen, ...]
    request: ServeRequest

    def __call__(self, post: supervising.Post) -> None:
        from noteship import serving

        opened = OpenedProject.at(self.root)
        with logs.speaking(self.request.log):
            serving.work(self._settings(), self._versions(opened), post, self._observers(opened))

    def alone(self, opened: OpenedProject, loading: Callable[[], None], started: Callable[[str], None]) -> None:
        # It brings pandas and scikit-learn, which the change to another interpreter should not wait for.
        from noteship import serving

        versions = self._versions(opened)
        observers = self._observers(opened)
        serving.run(self._settings(), versions, lambda running: started(running.url), observers, loading)

    def _versions(self, opened: OpenedProject) -> serving.Versions:
        from noteship import serving

        entries = (
            serving.Entry(each.bundle.name, each.bundle.digest, each.is_known, each.role, each.percent)
            for each in self.chosen
        )
        request = self.request
        folders = {each.bundle.digest: each.folder for each in self.chosen if each.folder is not None}
        shelf = Shelf(opened, frozenset(request.types), request.allow_pickle, request.is_watched, folders)
        return serving.Versions(shelf, serving.Plan(tuple(entries)))

    def _observers(self, opened: OpenedProject) -> list[serving.Observer]:
        """Who watches what is served, if anybody."""
        if not self.request.is_watched:
            return []
        from noteship.operations.collecting import collect_of
        from noteship.operations.profiles import watch_of

        return [watch_of(opened), *collect_of(opened)]

    def _settings(self) -> serving.ServerSettings:
        from noteship import serving

        request, limits = self.request, serving.Limits(stall_s=self.request.stall_s)
        return serving.ServerSettings(
            request.host,
            request.port,
            limits,
            drain_s=request.drain_s,
            access_log=request.access_log,
            callers=request.access.callers(),
            certificate=request.access.tls(),
            is_local=not request.access.is_open,
            is_open_to_admin=request.is_open_to_admin,
        )
