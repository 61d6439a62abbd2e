"""`noteship serve`: a bundle of the project behind HTTP, on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from noteship import digests
from noteship.operations import trusted
from noteship.operations.errors import NoBundle, NoteshipMissing, UnknownBundle
from noteship.operations.opened import OpenedProject

__all__ = ["NAMES", "Named", "ServeRequest", "named", "other_interpreter", "serve"]

# Set for the interpreter that is changed to: one that calls itself by another path is not changed to again.
CHANGED_TO = "NOTESHIP_SERVES_IN"
# As many as are printed: who gives them has seen this bundle's digest, and means no other.
TRUSTED_DIGITS = 12
NAMES = ("champion", "latest")


@dataclass(frozen=True)
class Named:
    """A bundle that was found; `by` is the name that found it: champion, latest or the start of its digest."""

    digest: str
    name: str
    by: str


@dataclass(frozen=True)
class ServeRequest:
    """Where to listen, and what the operator trusts beyond the project's own source."""

    host: str
    port: int
    types: tuple[str, ...] = ()
    allow_pickle: bool = False
    access_log: bool = False


def named(opened: OpenedProject, name: str | None) -> Named:
    """The bundle of a name; without one the champion, if there ever was one, else the latest.

    Raises: NoBundle, UnknownBundle.
    """
    if name is None or name in NAMES:
        for each in NAMES if name is None else (name,):
            ref = opened.store.read_ref(f"names/{each}")
            if ref is not None:
                return Named(ref.value["digest"], ref.value["name"], each)
    known = [ref.partition("/")[2] for ref in opened.store.refs("bundles/")]
    if not known:
        raise NoBundle(opened.name)
    fitting = tuple(digests.short(digest) for digest in known if name and digest.startswith(name))
    if len(fitting) == 1:
        digest = next(digest for digest in known if digest.startswith(name or ""))
        ref = opened.store.read_ref(f"bundles/{digest}")
        return Named(digest, ref.value["name"] if ref else opened.name, name or "")
    raise UnknownBundle(name or "champion", fitting, tuple(map(digests.short, known)))


def other_interpreter(opened: OpenedProject) -> str | None:
    """The project's interpreter where it is not this one: models are loaded where they were fitted.

    Raises: NoteshipMissing when noteship is not installed there.
    """
    environment = opened.environment
    python = environment.interpreter.path
    if environment.interpreter.is_this or os.environ.get(CHANGED_TO) == python:
        return None
    if "noteship" not in environment.installed:
        raise NoteshipMissing(python, "serving")
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

    Raises: what `serving.run`, `models.fetch` and `models.load` raise.
    """
    # They bring pandas and scikit-learn, which the change to another interpreter should not wait for.
    from noteship import models, serving

    by_digest = bundle.by not in NAMES and len(bundle.by) >= TRUSTED_DIGITS
    known = by_digest or trusted.holds(opened.root, bundle.digest)
    trust = models.Trust(frozenset({bundle.digest} if known else ()), frozenset(request.types), request.allow_pickle)

    def load() -> serving.Model:
        loading()
        with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
            fetched = models.fetch(opened.store, bundle.digest, Path(folder) / "bundle")
            return serving.Model(fetched.name, bundle.digest, models.load(fetched, trust))

    settings = serving.ServerSettings(request.host, request.port, access_log=request.access_log)
    serving.run(settings, load, lambda running: started(running.url))
