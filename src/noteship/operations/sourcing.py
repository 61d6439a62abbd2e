"""Sources as stages of the graph, and which version of its data each has or is to have."""

from __future__ import annotations

import errno
import math
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noteship import digests, patterns, store, workflow
from noteship.operations.errors import NeverFetched, SourceNameTaken, SourceOfProduced, SourceTargetTaken
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship import ingestion

__all__ = ["VERSION", "Settled", "is_due", "last_fetched", "origin_of", "settled", "source_stages", "version_now"]

# The parameter of a source's stage: which version of its data is to be brought.
VERSION = "version"
# Origins wait for their networks, not for this machine.
AT_ONCE = 8


def source_stages(opened: OpenedProject, produced: Collection[str]) -> list[workflow.Stage]:
    """The stages of the declared sources, in the version that was fetched last.

    `produced` is what the project's own stages write. Raises SourceNameTaken, SourceTargetTaken, SourceOfProduced.
    """
    sources = opened.data_sources
    if not sources:
        return []
    for one, other in combinations(sources.values(), 2):
        # Of equal ones, one is chosen for a run.
        if one.target != other.target and patterns.overlap(one.target, other.target):
            raise SourceTargetTaken(one.name, one.target, other.name, other.target)
    made = [*produced, *(source.target for source in sources.values())]
    for name, source in sources.items():
        if name in opened.sources_by_name:
            raise SourceNameTaken(name, opened.sources_by_name[name].path)
        _check_foreign(opened.root, source, made)
    last = last_fetched(opened, sources)
    return [
        _stage(source, last[name].parts.params.get(VERSION) if name in last else None)
        for name, source in sources.items()
    ]


def _check_foreign(root: Path, source: ingestion.Source, made: Sequence[str]) -> None:
    """Raise SourceOfProduced for files that stages and sources make, also among others: each run would move them."""
    if source.address.kind != "file":
        return
    path = (root / Path(source.address.path).expanduser()).resolve()
    for each in made:
        place = (root / each).resolve()
        within = place.relative_to(path).parts if place.is_relative_to(path) else ()
        # Of a folder, what is hidden does not come.
        if patterns.overlap(str(path), str(place)) and not any(name.startswith(".") for name in within):
            raise SourceOfProduced(source.name, each)


def _stage(source: ingestion.Source, version: str | None) -> workflow.Stage:
    return workflow.Stage(
        name=source.name,
        path="noteship.toml",
        code=source.digest,
        writes=(source.target,),
        required=(source.target,),
        params={VERSION: version},
        places={source.target: f"noteship.toml, [{source.name}]"},
        source=True,
    )


def last_fetched(opened: OpenedProject, names: Iterable[str]) -> dict[str, workflow.Result]:
    """What was fetched last of each source as it is declared now."""
    results = opened.ledger.last_results(list(names))
    return {name: each for name, each in results.items() if each.parts.code == opened.data_sources[name].digest}


@dataclass(frozen=True)
class Settled:
    """A graph whose sources have the versions that a run is to bring; the `untold` do not say theirs."""

    graph: workflow.Graph
    untold: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def settled(opened: OpenedProject, graph: workflow.Graph, *, offline: bool = False, anew: bool = False) -> Settled:
    """Ask the origins of a graph's sources whether their data moved, each as its `refresh` says; with `anew`, all.

    `offline` asks none, and goes on with what was fetched last. Raises NeverFetched, SourceTargetTaken, and what the
    origins raise: nothing old is taken for new because nobody answers.
    """
    sources = {name: opened.data_sources[name] for name in graph.stages if name in opened.data_sources}
    if not sources:
        return Settled(graph)
    by_target = {source.target: source for source in sources.values()}
    for source in sources.values():
        other = by_target[source.target]
        if other is not source:
            raise SourceTargetTaken(source.name, source.target, other.name, other.target)
    last = last_fetched(opened, sources)
    if offline:
        missing = tuple(name for name in sources if name not in last)
        if missing:
            raise NeverFetched(missing)
        return Settled(
            graph, notes=tuple(f"{name} is as it was fetched in run {last[name].run}: offline" for name in sources)
        )
    due = [source for name, source in sources.items() if anew or name not in last or is_due(opened, source)]
    versions = _asked(opened, due)
    stages = [replace(graph.stages[name], params={VERSION: version}) for name, version in versions.items()]
    return Settled(graph.having(stages), frozenset(name for name, version in versions.items() if version is None))


def is_due(opened: OpenedProject, source: ingestion.Source) -> bool:
    """Whether an origin that has been asked before is to be asked again."""
    refresh_s = opened.settings.data[source.name.partition(".")[2]].refresh_s
    if not refresh_s or math.isinf(refresh_s):
        return not refresh_s
    ref = opened.store.read_ref(_asked_name(source))
    try:
        return (
            ref is None or (datetime.now(UTC) - datetime.fromisoformat(ref.value["asked"])).total_seconds() > refresh_s
        )
    except (KeyError, TypeError, ValueError):
        return True


def _asked(opened: OpenedProject, sources: list[ingestion.Source]) -> dict[str, str | None]:
    """What the origins have now; the first that does not answer ends it."""
    if not sources:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    cancel = threading.Event()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="noteship-origin") as pool:
        asked = {source.name: pool.submit(version_now, opened, source, cancel) for source in sources}
        try:
            versions = {name: each.result() for name, each in asked.items()}
        except BaseException:
            cancel.set()
            raise
    for source in sources:
        _note_asked(opened, source)
    return versions


def version_now(opened: OpenedProject, source: ingestion.Source, cancel: threading.Event | None = None) -> str | None:
    """What the origin has, if it says. Raises the errors of `ingestion`."""
    from noteship import ingestion

    with origin_of(opened, source) as origin:
        return origin.version(ingestion.Watch(origin.shown, cancel, ingestion.Limits(source.limits.timeout_s)))


@contextmanager
def origin_of(opened: OpenedProject, source: ingestion.Source) -> Iterator[ingestion.Origin]:
    """The origin; digests of this machine's files are remembered. Raises CredentialsMissing."""
    from noteship import ingestion

    if source.address.kind == "collected":
        from noteship.operations.collected import CollectedOrigin
        from noteship.operations.collecting import own_of

        own = CollectedOrigin(opened.store, source, own_of(opened))
        yield ingestion.open_origin(source, opened.root, digests.of_file, own)
        return
    if source.address.kind != "file":
        yield ingestion.open_origin(source, opened.root, digests.of_file)
        return
    with workflow.FileDigests(opened.root, workflow.digests_cache(opened.root)) as known:
        yield ingestion.open_origin(source, opened.root, partial(_digest, known))


def _digest(known: workflow.FileDigests, path: Path) -> str:
    try:
        found = known.of(str(path))
    except workflow.errors.UnreadableInput as error:
        raise PermissionError(errno.EACCES, "it cannot be read", str(path)) from error
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
    return found


def _asked_name(source: ingestion.Source) -> str:
    return f"data-asked/{source.digest}"


def _note_asked(opened: OpenedProject, source: ingestion.Source) -> None:
    """Note when the origin was asked, where that counts; whoever notes it at the same time is as right."""
    refresh_s = opened.settings.data[source.name.partition(".")[2]].refresh_s
    if not refresh_s or math.isinf(refresh_s):
        return
    value: Mapping[str, Any] = {"asked": datetime.now(UTC).isoformat(timespec="seconds")}
    before = opened.store.read_ref(_asked_name(source))
    try:
        opened.store.write_ref(_asked_name(source), value, expected=before)
    except store.errors.RefMoved:
        return
