"""`noteship serve`: a bundle of the project behind HTTP, on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from noteship import processors, supervising
from noteship.operations import trusted
from noteship.operations.errors import NoteshipMissing
from noteship.operations.naming import NAMES, TRUSTED_DIGITS, Named, named
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import serving

__all__ = ["NAMES", "Named", "ServeRequest", "named", "other_interpreter", "serve"]

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
    bundle: Named,
    request: ServeRequest,
    loading: Callable[[], None],
    started: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    `loading` is called when the port is taken, and `started`, with the URL, when the first answer is ready.

    The source that comes with a bundle is imported where the operator named the bundle by its digest or this project
    made it: names such as `latest` are references, which whoever writes to a shared store can move.

    Raises: what `serving.run`, `supervising.run`, `models.fetch` and `models.load` raise.
    """
    by_digest = bundle.by not in NAMES and len(bundle.by) >= TRUSTED_DIGITS
    is_known = by_digest or trusted.holds(opened.root, bundle.digest)
    work = _Work(opened.root, bundle.digest, request, is_known)
    if request.workers == 1:
        # Read by numeric libraries when they are loaded, which they are not yet.
        os.environ.update(processors.thread_variables(1, os.environ))
        work.alone(opened, loading, started)
        return
    fleet = supervising.Fleet(request.workers, request.stall_s, request.drain_s)
    with supervising.listen(request.host, request.port) as listener:
        loading()
        url = supervising.url_of(request.host, listener)
        supervising.run(fleet, listener, work, lambda _: started(url))


@dataclass(frozen=True)
class _Work:
    """What serves a bundle, here or in a worker's process, which fetches, verifies and loads it for itself."""

    root: Path
    digest: str
    request: ServeRequest
    is_known: bool

    def __call__(self, post: supervising.Post) -> None:
        from noteship import serving

        opened = OpenedProject.at(self.root)
        serving.work(self._settings(), lambda: self._load(opened), post)

    def alone(self, opened: OpenedProject, loading: Callable[[], None], started: Callable[[str], None]) -> None:
        # It brings pandas and scikit-learn, which the change to another interpreter should not wait for.
        from noteship import serving

        def load() -> serving.Model:
            loading()
            return self._load(opened)

        serving.run(self._settings(), load, lambda running: started(running.url))

    def _settings(self) -> serving.ServerSettings:
        from noteship import serving

        request, limits = self.request, serving.Limits(stall_s=self.request.stall_s)
        return serving.ServerSettings(
            request.host, request.port, limits, drain_s=request.drain_s, access_log=request.access_log
        )

    def _load(self, opened: OpenedProject) -> serving.Model:
        from noteship import models, serving

        trusted_source = frozenset({self.digest} if self.is_known else ())
        trust = models.Trust(trusted_source, frozenset(self.request.types), self.request.allow_pickle)
        with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
            fetched = models.fetch(opened.store, self.digest, Path(folder) / "bundle")
            return serving.Model(fetched.name, self.digest, models.load(fetched, trust))
