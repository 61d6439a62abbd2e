"""Stages on more processes than their own: each runs with the cluster that it asks for in `noteship.toml`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from types import TracebackType
from typing import Protocol, Self

from noteship import computing, digests
from noteship.notebooks import execution
from noteship.notebooks.execution import forms

__all__ = ["Lending", "Runs", "StageRunner", "module_names"]

# Who waits for a scheduler that is gone waits for ever: what its client has to say it says within this time.
LAST_WORDS_S = 10.0


class Runs(Protocol):
    """What runs documents, here or elsewhere."""

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        """Run one document."""
        ...

    def release(self, run: str) -> None:
        """Let go of a run that is over."""

    def close(self) -> None:
        """End all that still runs."""


class Lending(Protocol):
    """Where clusters come from."""

    def use(
        self,
        wanted: computing.Wanted,
        modules: Mapping[str, str],
        cancel: threading.Event,
        purpose: computing.Purpose,
    ) -> AbstractContextManager[computing.Cluster]:
        """A cluster as wanted, for as long as the context lasts.

        Raises EngineMissing, ClusterBroken, ClusterNotUp, ClusterUnreachable; OpeningStopped, once `cancel` is set.
        """
        ...

    def close(self) -> None:
        """End those that were made here."""


@dataclass(frozen=True)
class StageRunner:
    """Runs jobs as the runner does that it wraps, those of some stages with a cluster; thread-safe, to be closed.

    `wanted` gives what a stage asks for, and `digests` are those of the project's sources.
    """

    runner: Runs
    clusters: Lending
    wanted: Callable[[str], computing.Wanted | None]
    digests: Callable[[], Mapping[str, str]]

    def run(
        self, job: execution.Job, cancel: threading.Event, progress: Callable[[execution.Progress], None]
    ) -> execution.Execution:
        """Run one document. Raises what the runner raises, EngineMissing, ClusterBroken."""
        wanted = self.wanted(job.stage)
        if wanted is None:
            return self.runner.run(job, cancel, progress)
        modules = module_names(job, self.digests())
        work = digests.of_value(forms.job_to_json(job))

        def tell(text: str) -> None:
            progress(execution.Progress(job.stage, waits=text))

        try:
            with self.clusters.use(wanted, modules, cancel, computing.Purpose(job.stage, work, tell)) as cluster:
                return self._run(job, cluster, modules, (cancel, progress))
        except computing.OpeningStopped:
            stopped = execution.Failure("interrupted", "the run was stopped", job.document.path)
            return execution.Execution(failure=stopped)
        except (computing.errors.ClusterUnreachable, computing.errors.ClusterNotUp) as error:
            return execution.Execution(failure=_not_there(error, job.document.path))

    def release(self, run: str) -> None:
        """Let go of a run that is over."""
        self.runner.release(run)

    def close(self) -> None:
        """End all that still runs."""
        self.runner.close()
        self.clusters.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(
        self,
        job: execution.Job,
        cluster: computing.Cluster,
        modules: Mapping[str, str],
        told: tuple[threading.Event, Callable[[execution.Progress], None]],
    ) -> execution.Execution:
        cancel, progress = told
        before = len(cluster.news())
        access = cluster.access(job.stage, modules)
        job = replace(job, environment={**job.environment, **access.environment}, prelude=access.prelude)
        done = self.runner.run(job, _Stop(cancel, cluster.alive), progress)
        news = cluster.news()[before:]
        notes = (f"it had {cluster.describe()}", *_counted(news))
        failure = done.failure
        if failure is not None and not cancel.is_set():
            failure = _failure(failure, None if cluster.alive(now=True) else cluster.gone(), news)
        return replace(done, notes=(*done.notes, *notes), failure=failure)


class _Stop(threading.Event):
    """Set when the run is to stop, and when a cluster is gone whose user has not said so itself."""

    def __init__(self, cancel: threading.Event, alive: Callable[[], bool]) -> None:
        super().__init__()
        self._cancel = cancel
        self._alive = alive
        self._gone_since: float | None = None

    def is_set(self) -> bool:
        if self._cancel.is_set():
            return True
        if self._gone_since is None:
            self._gone_since = None if self._alive() else time.monotonic()
            return False
        return time.monotonic() - self._gone_since > LAST_WORDS_S


def _not_there(
    error: computing.errors.ClusterUnreachable | computing.errors.ClusterNotUp, path: str
) -> execution.Failure:
    parts = error.parts()
    can_pass = not isinstance(error, computing.errors.ClusterNotUp) or error.can_pass
    cause = "computing-gone" if can_pass else "computing"
    return execution.Failure("cluster", parts.fact, path, remedy=parts.remedy, retryable=can_pass, cause=cause)


def _counted(news: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text if times == 1 else f"{text} ({times} times)" for text, times in Counter(news).items())


def _failure(
    failure: execution.Failure, gone: computing.errors.ClusterGone | None, news: tuple[str, ...]
) -> execution.Failure:
    """The failure with its cause, where that is the cluster."""
    if gone is not None:
        own = "" if failure.kind == "interrupted" else f" ({failure.message})"
        message = f"the scheduler of its cluster went away{own}"
        remedy = gone.parts().remedy
        return replace(failure, kind="cluster", message=message, remedy=remedy, retryable=True, cause="computing-gone")
    if failure.exception == "KilledWorker":
        message = "a task was given up, as one worker after the other ended at it"
        message += f": {Counter(news).most_common(1)[0][0]}" if news else ""
        remedy = "give each worker more memory, by `cluster` in noteship.toml, or the tasks less data at a time"
        return replace(failure, kind="cluster", message=message, remedy=remedy)
    return failure


def module_names(job: execution.Job, digests: Mapping[str, str]) -> dict[str, str]:
    """The names under which a stage imports the project's modules, with their digests.

    A module in the stage's folder or below has its path from there for a name, another one that from above the packages
    that it is in.
    """
    first = PurePosixPath(job.document.path).parent
    paths = [PurePosixPath(path) for path in job.sources if path.endswith(".py")]
    packages = {path.parent for path in paths if path.name == "__init__.py"}
    found = {}
    for path in paths:
        top = path.parent
        while top in packages:
            top = top.parent
        inside = path.relative_to(first if path.is_relative_to(first) else top).with_suffix("")
        name = ".".join(part for part in inside.parts if part != "__init__")
        if str(path) in digests:
            found[name] = digests[str(path)]
    return found
