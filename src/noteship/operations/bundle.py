"""The bundle of a project: asked for by `[service]`, made in the project's interpreter, named in the ledger."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from noteship import digests, store, workflow
from noteship.operations import child
from noteship.operations.errors import BundleFailed, NoteshipMissing, StepNotMade
from noteship.operations.opened import OpenedProject
from noteship.project import ServiceSettings

__all__ = ["Made", "Proposed", "make", "propose"]

# What may be a table of features or predictions; everything else that stages write is not looked at.
TABLES = (".parquet", ".pq", ".csv", ".tsv", ".feather", ".jsonl", ".npy", ".npz")
FITTED = (".pkl", ".pickle", ".sav", ".joblib", ".skops", ".p")
# Raised whenever equal requests would now give another bundle.
REQUEST_VERSION = 1


@dataclass(frozen=True)
class Made:
    """A bundle in the store; `again` says that it was there already."""

    digest: str
    summary: Mapping[str, Any]
    again: bool

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"digest": self.digest, "again": self.again, **self.summary}


@dataclass(frozen=True)
class Proposed:
    """A `[service]` that the project could have, or why none is obvious."""

    toml: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"toml": self.toml, "reason": self.reason}


def make(opened: OpenedProject, result: workflow.RunResult, say: Callable[[str], None]) -> Made:
    """Make the bundle of what a run brought up to date, or find that it is there; `latest` names it then.

    Raises: StepNotMade, BundleFailed, NoteshipMissing.
    """
    service = opened.settings.service
    assert service is not None
    request = _request(opened, service, result)
    key = digests.of_value([REQUEST_VERSION, request, _inputs(opened, request)])
    known = opened.store.read_ref(f"bundle-keys/{key}")
    if known and _is_whole(opened.store, known.value["digest"]):
        _name(opened, result.run, known.value)
        return Made(known.value["digest"], known.value["summary"], again=True)
    say("making the bundle")
    with tempfile.TemporaryDirectory(prefix="noteship-") as folder:
        output = Path(folder) / "bundle"
        answer = child.ask(
            opened.environment.interpreter.path,
            "making the bundle",
            "noteship.models",
            {**request, "root": str(opened.root), "output": str(output)},
        )
        digest = opened.store.put_folder(output)
    summary = {name: answer[name] for name in ("signature", "state", "checks", "format", "why_not_skops", "types")}
    value = {"digest": digest, "name": opened.name, "key": key, "summary": summary}
    opened.store.write_ref(f"bundle-keys/{key}", value, expected=known)
    _name(opened, result.run, value)
    return Made(digest, summary, again=False)


def propose(opened: OpenedProject, result: workflow.RunResult) -> Proposed | None:
    """The `[service]` that the stages' fitted objects suggest; None where they left none.

    Cost: loads the objects in the project's interpreter, once for equal files; the answer is kept.
    """
    stages = [
        {"name": name, "reads": list(result.graph.reads(name)), "writes": sorted(result.results[name].outputs)}
        for name in result.graph.order
        if name in result.results
    ]
    fitted = {
        path: artifact.digest
        for each in result.results.values()
        for path, artifact in each.outputs.items()
        if path.lower().endswith(FITTED)
    }
    if not fitted:
        return None
    name = f"proposals/{digests.of_value([REQUEST_VERSION, stages, fitted, opened.environment.digest])}"
    known = opened.store.read_ref(name)
    if known:
        return Proposed(known.value["toml"], known.value["reason"])
    request = {"propose": stages, "root": str(opened.root), "roots": list(_roots(opened))}
    try:
        answer = child.ask(opened.environment.interpreter.path, "proposing a [service]", "noteship.models", request)
    except (BundleFailed, NoteshipMissing) as error:
        # Nobody asked for it: what has run is well.
        parts = error.parts()
        return Proposed(None, f"{parts.fact}; {parts.remedy}")
    opened.store.write_ref(name, {"toml": answer["toml"], "reason": answer["reason"]}, expected=None)
    return Proposed(answer["toml"], answer["reason"])


def _request(opened: OpenedProject, service: ServiceSettings, result: workflow.RunResult) -> dict[str, Any]:
    """What `models.BuildRequest` takes, but for the folders of this machine."""
    graph = result.graph
    files = [step for step in service.steps if ":" not in step]
    makers = {}
    for setting, path in [*(("steps", step) for step in files), ("data", service.data)]:
        makers[path] = _maker(opened, result, setting, path)
    needed = graph.upto({maker for maker in makers.values() if maker})
    environment = opened.workplace.environment
    return {
        "name": opened.name,
        "steps": list(service.steps),
        "data": service.data,
        "inputs": list(service.inputs),
        "target": service.target,
        "roots": list(_roots(opened)),
        "modules": sorted({module for source in opened.sources.stages for module in source.modules}),
        "stored": list(_stored(service, result, files)),
        "reproduces": service.reproduces != (),
        "lineage": {"stages": [_lineage(result.results[name]) for name in needed.order]},
        "environment": {"python": environment.python, "packages": dict(environment.packages)},
    }


def _maker(opened: OpenedProject, result: workflow.RunResult, setting: str, path: str) -> str:
    """The stage that made a file, or nothing where it is the project's own."""
    makers = [name for name in result.graph.order if path in result.results[name].outputs]
    if makers:
        return makers[-1]
    if (opened.root / path).exists():
        return ""
    known = [*opened.sources.files, *(each for found in result.results.values() for each in found.outputs)]
    near = difflib.get_close_matches(path, known, n=1)
    raise StepNotMade(setting, path, near[0] if near else "")


def _roots(opened: OpenedProject) -> tuple[str, ...]:
    """The folders that the notebooks import modules from: their own, and those that hold modules."""
    folders = {source.cwd or "." for source in opened.sources.stages}
    for source in opened.sources.stages:
        for module in source.modules:
            folder = PurePosixPath(module).parent
            while (opened.root / folder / "__init__.py").exists():
                folder = folder.parent
            folders.add(folder.as_posix())
    return (".", *sorted(folders - {"."}))


def _stored(service: ServiceSettings, result: workflow.RunResult, steps: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The tables that the composed model must reproduce: those named, else those that the graph shows.

    A stage that writes or reads a step before the last stores that step's features, one that reads the last stores
    predictions. What the stage that makes the last one stores may be either, or predictions across folds, which are
    another model's: it counts where it fits.
    """
    if service.reproduces is not None:
        for path in service.reproduces:
            yield {"path": path, "kind": None, "made_by": _made_by(result, path), "named": True}
        return
    for name in result.graph.order:
        outputs = result.results[name].outputs
        reads = result.graph.reads(name)
        kind = None
        if steps[-1] in reads:
            kind = "predictions"
        elif set(steps[:-1]) & {*outputs, *reads} and steps[-1] not in outputs:
            kind = "features"
        elif steps[-1] not in outputs:
            continue
        for path in sorted(outputs):
            if path.lower().endswith(TABLES) and path != service.data:
                yield {"path": path, "kind": kind, "made_by": _made_by(result, path), "named": False}


def _made_by(result: workflow.RunResult, path: str) -> str:
    for name in reversed(result.graph.order):
        if path in result.results[name].outputs:
            stage = result.graph.stages[name]
            return stage.places.get(path, stage.path)
    return ""


def _lineage(result: workflow.Result) -> dict[str, Any]:
    parts = result.parts
    return {
        "stage": result.stage,
        "key": result.key,
        "code": parts.code,
        "params": parts.to_json()["params"],
        "inputs": dict(parts.reads),
        "outside": sorted(parts.outside.values()),
        "outputs": {path: artifact.digest for path, artifact in sorted(result.outputs.items())},
    }


def _inputs(opened: OpenedProject, request: Mapping[str, Any]) -> list[list[str]]:
    """The bytes behind the request's paths."""
    files = [step for step in request["steps"] if ":" not in step]
    tables = [each["path"] for each in request["stored"]]
    paths = sorted({*files, request["data"], *tables, *request["modules"]})
    with workflow.FileDigests(opened.root, opened.workplace.digests_cache) as known:
        return [[path, known.of(path) or "absent"] for path in paths]


def _is_whole(objects: store.Store, digest: str) -> bool:
    return objects.holds(store.Artifact(digests.Digest(digest), "folder", 0))


def _name(opened: OpenedProject, run: str, value: Mapping[str, Any]) -> None:
    """Let the run, and `latest`, name the bundle."""
    kept = {"digest": value["digest"], "name": value["name"]}
    for name in (f"bundles/{value['digest']}", "names/latest", f"run-bundles/{run}"):
        while True:
            before = opened.store.read_ref(name)
            if before and before.value == kept:
                break
            try:
                opened.store.write_ref(name, kept, expected=before)
            except store.errors.RefMoved:
                continue
            break
