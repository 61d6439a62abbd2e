"""What a stage wrote becomes artifacts in the store; what differs from the expectation becomes notes."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from noteship import digests, patterns, store
from noteship.notebooks.execution.jobs import Job
from noteship.notebooks.execution.looks import Difference
from noteship.notebooks.execution.observation import Observed
from noteship.notebooks.execution.workspace import Workspace

__all__ = ["Harvest", "harvest", "surprises"]

# What programs leave beside the files they write, and take away again when they end well.
LEFTOVERS = ("~", ".lock", ".tmp", ".swp", "-journal", "-wal", "-shm", ".pyc", ".crc")
SHOWN = 5


@dataclass(frozen=True)
class Harvest:
    """The artifacts by project path; `written` are all files behind them."""

    outputs: dict[str, store.Artifact]
    written: tuple[str, ...]


def harvest(workspace: Workspace, job: Job, happened: Difference, past: Sequence[str], objects: store.Store) -> Harvest:
    """Put what is new and what is changed into the store: expected folders whole, all else file by file.

    `past` are files that were written in the project's own folder, by their absolute paths. Raises the store's errors.
    """
    expected = patterns.PathSet(job.expected_writes)
    touched = [*happened.new, *(name for name in happened.changed if not _same(workspace, job, name, expected))]
    others = patterns.PathSet(job.redone)
    touched = [name for name in touched if name in expected or name not in others]
    written = [name for name in touched if name != job.document.path and _matters(name, expected)]
    folders = _folders(workspace, job, written)
    below = patterns.PathSet(folders)
    outputs = {folder: objects.put_artifact(workspace.place(folder)) for folder in folders}
    for name in written:
        if name not in below:
            outputs[name] = objects.put_artifact(workspace.place(name))
    for name in past:
        original = workspace.root / name
        if name not in outputs and original.is_file():
            outputs[name] = objects.put_artifact(original)
    return Harvest(dict(sorted(outputs.items())), tuple(sorted({*written, *past})))


def surprises(job: Job, happened: Difference, harvested: Harvest, observed: Observed, ran_well: bool) -> list[str]:
    """Where the stage did something else than was expected of it."""
    expected, known = patterns.PathSet(job.expected_writes), patterns.PathSet((*job.known_reads, *job.inputs))
    notes = _listed("wrote {}, which was not inferred", (name for name in harvested.written if name not in expected))
    reads = (name for name in observed.reads if name not in known)
    notes += _listed("read {}, which was not inferred", reads)
    if ran_well:
        named = (name for name in job.expected_writes if not patterns.is_pattern(name))
        missing = (name for name in named if not _wrote(name, harvested))
        notes += _listed("did not write {}, which was inferred", missing)
    sources = (name for name in happened.changed if name.endswith(".py") and name in harvested.written)
    notes += _listed("changed {}, which is source of the project", sources)
    notes += _listed("deleted {} in its workspace; the project's own stays", happened.deleted)
    return notes + _listed("wrote {} in the project's own folder, by an absolute path", observed.past)


def _same(workspace: Workspace, job: Job, name: str, expected: patterns.PathSet) -> bool:
    """Whether a file was touched only: its bytes are what was put there, and nobody expects it to be written."""
    if name in expected:
        return False
    path = workspace.place(name)
    artifact = job.inputs.get(name)
    if artifact is not None:
        return digests.of_file(path) == artifact.digest
    original = workspace.root / name
    return original.is_file() and filecmp.cmp(path, original, shallow=False) and name not in workspace.links


def _matters(name: str, expected: patterns.PathSet) -> bool:
    if name in expected or name.startswith("%store/"):
        return True
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and not name.endswith(LEFTOVERS)


def _folders(workspace: Workspace, job: Job, written: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in sorted({name.rstrip("/") for name in job.expected_writes if not patterns.is_pattern(name)}):
        covered = any(name.startswith(f"{above}/") for above in found)
        if not covered and (workspace.path / name).is_dir() and any(one.startswith(f"{name}/") for one in written):
            found.append(name)
    return found


def _wrote(name: str, harvested: Harvest) -> bool:
    name = name.rstrip("/")
    return name in harvested.outputs or any(one == name or one.startswith(f"{name}/") for one in harvested.written)


def _listed(sentence: str, names: Iterable[str]) -> list[str]:
    found = sorted(names)
    if not found:
        return []
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [sentence.format(", ".join(found[:SHOWN]) + more)]
