"""The bundle of a project: asked for by `[service]`, made in the project's interpreter, named in the ledger.

It is made in a folder of its own, of the files that its lineage names: what stages made comes from the store, what is
the project's own is copied. Whatever happens to the project's folder meanwhile, the bundle is the run's.
"""

from __future__ import annotations

import difflib
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from noteship import digests, files, notebooks, project, store, temporary, workflow
from noteship.operations import child, trusted
from noteship.operations.errors import BundleFailed, InputChanged, LeftOver, NoteshipMissing, StepNotMade
from noteship.operations.opened import OpenedProject
from noteship.project import ServiceSettings

__all__ = ["Made", "Proposed", "make", "propose"]

# What may be a table of features or predictions; everything else that stages write is not looked at.
TABLES = (".parquet", ".pq", ".csv", ".tsv", ".feather", ".jsonl", ".npy", ".npz")
PICKLES = (".pkl", ".pickle", ".sav", ".joblib", ".p")
FITTED = (*PICKLES, ".skops")
# Runs in the project's interpreter.
MAKER = "noteship.bundling"
# Raised whenever equal requests would now give another bundle.
REQUEST_VERSION = 7
# As the lineage says it of a file that was not there.
ABSENT = "absent"


@dataclass(frozen=True)
class Made:
    """A bundle in the store; `again` says that it was there already.

    `unopened` are pickles that may hold what the model should reproduce, where nothing else does.
    """

    digest: str
    summary: Mapping[str, Any]
    again: bool
    unopened: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"digest": self.digest, "again": self.again, "unopened": list(self.unopened), **self.summary}


@dataclass(frozen=True)
class Proposed:
    """A `[service]` that the project could have, or why none is obvious."""

    toml: str | None
    reason: str

    def to_json(self) -> dict[str, Any]:
        """As a plain value."""
        return {"toml": self.toml, "reason": self.reason}


def make(
    opened: OpenedProject,
    result: workflow.RunResult,
    say: Callable[[str], None],
    *,
    is_latest: bool = True,
    cancel: threading.Event | None = None,
) -> Made:
    """Make the bundle of what a run brought up to date, or find that it is there; with `is_latest`, `latest` names it.

    Raises: StepNotMade, LeftOver, InputChanged, BundleFailed, NoteshipMissing, and the store's errors; child.Stopped,
    once `cancel` is set.
    """
    service = opened.settings.service
    assert service is not None
    request = _request(opened, service, result)
    inputs = _inputs(opened, request, result)
    # Which rows the model was made of, for whoever judges it later.
    request["lineage"]["data"] = {"path": service.data, "digest": inputs[service.data].digest, "target": service.target}
    key = digests.of_value([REQUEST_VERSION, request, [[path, each.digest] for path, each in inputs.items()]])
    known = opened.store.read_ref(f"bundle-keys/{key}")
    if known and _is_ours(opened.store, known.value["digest"], inputs):
        _name(opened, result.run, known.value, is_latest=is_latest)
        return _made_of(known.value, request, result, again=True)
    say("making the bundle")
    with temporary.folder() as folder:
        # So deep that what is beside the project comes to lie beside it here too.
        above = ["above"] * max(PurePosixPath(path).parts.count("..") for path in inputs)
        root, output = folder.joinpath(*above, "project"), folder / "bundle"
        root.mkdir(parents=True)
        for path, each in inputs.items():
            _put(opened, path, each, root / path)
        # A module that no notebook is known to import is looked for in the project.
        roots = [*request["roots"], *(str(opened.root / each) for each in request["roots"])]
        answer = child.ask(
            opened.environment.interpreter.path,
            "making the bundle",
            MAKER,
            {
                **request,
                "profile": {**request["profile"], "seed": digests.of_value([each.digest for each in inputs.values()])},
                "roots": roots,
                "root": str(root),
                "left_out_root": str(opened.root),
                "output": str(output),
            },
            opened.variables,
            cancel,
        )
        digest = opened.store.put_folder(output)
    told = ("signature", "state", "checks", "format", "why_not_skops", "types", "unused", "compiled", "profile")
    summary = {name: answer[name] for name in told}
    value = {"digest": digest, "name": opened.name, "key": key, "summary": summary}
    kept = _kept(opened.store, f"bundle-keys/{key}", value, known, inputs)
    _name(opened, result.run, kept, is_latest=is_latest)
    return _made_of(kept, request, result, again=False)


def _kept(
    objects: store.Store, name: str, value: dict[str, Any], known: store.Ref | None, inputs: Mapping[str, _Input]
) -> Mapping[str, Any]:
    """Write what was made under its key, unless another run did so meanwhile: the first one's bundle is both's."""
    while True:
        try:
            objects.write_ref(name, value, expected=known)
        except store.errors.RefMoved:
            known = objects.read_ref(name)
            if known and _is_ours(objects, known.value["digest"], inputs):
                there: Mapping[str, Any] = known.value
                return there
            continue
        return value


def _made_of(value: Mapping[str, Any], request: Mapping[str, Any], result: workflow.RunResult, *, again: bool) -> Made:
    summary = value["summary"]
    # A pickle can be anything, and is opened only where it is named.
    pickles = {path for each in result.results.values() for path in each.outputs if path.lower().endswith(PICKLES)}
    unopened = sorted(pickles - {*request["steps"], request["data"]}) if summary["state"] == "not checked" else ()
    return Made(value["digest"], summary, again, tuple(unopened))


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
        python = opened.environment.interpreter.path
        answer = child.ask(python, "proposing a [service]", MAKER, request, opened.variables)
    except (BundleFailed, NoteshipMissing) as error:
        # Nobody asked for it: what has run is well.
        parts = error.parts()
        return Proposed(None, f"{parts.fact}; {parts.remedy}")
    with suppress(store.errors.RefMoved):  # another run has asked the same
        opened.store.write_ref(name, {"toml": answer["toml"], "reason": answer["reason"]}, expected=None)
    return Proposed(answer["toml"], answer["reason"])


def _request(opened: OpenedProject, service: ServiceSettings, result: workflow.RunResult) -> dict[str, Any]:
    """What `models.BuildRequest` takes, but for the folders of this machine, and how the profile is to be made."""
    graph = result.graph
    files = [step for step in service.steps if ":" not in step]
    makers = {}
    for setting, path in [*(("steps", step) for step in files), ("data", service.data)]:
        makers[path] = _maker(opened, result, setting, path)
    for path in service.reproduces or ():
        _maker(opened, result, "reproduces", path)
    needed = graph.upto({maker for maker in makers.values() if maker})
    environment = opened.workplace.environment
    monitor = opened.settings.monitor
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
        "made_at": _made_at(opened, needed.order),
        "left_out": sorted(
            path
            for name in needed.order
            for path in result.results[name].outputs
            if path.lower().endswith(FITTED) and path not in files
        ),
        "read_beside": _read_beside(service, result, [makers[step] for step in files]),
        "lineage": {"stages": [_lineage(result.results[name], needed.stages[name]) for name in needed.order]},
        "environment": {"python": environment.python, "packages": dict(environment.packages)},
        "profile": {"folds": monitor.folds, "tolerance": monitor.tolerance},
    }


def _maker(opened: OpenedProject, result: workflow.RunResult, setting: str, path: str) -> str:
    """The stage that made a file, or nothing where it is the project's own."""
    made = _made(opened, result, path)
    if made:
        return made[0]
    left_by = result.graph.stale.get(path)
    if left_by:
        last = result.results.get(left_by)
        raise LeftOver(setting, path, left_by, left_by in result.graph.stages, tuple(last.outputs if last else ()))
    if (opened.root / path).exists():
        return ""
    known = [*opened.sources.files, *(each for found in result.results.values() for each in found.outputs)]
    near = difflib.get_close_matches(path, known, n=1)
    raise StepNotMade(setting, path, near[0] if near else "", project.place(opened.root, f"service.{setting}"))


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
    if not steps:
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


def _read_beside(service: ServiceSettings, result: workflow.RunResult, makers: Sequence[str]) -> list[str]:
    """The tables that the makers of the steps read, those of the first step first: one of them it was fitted on."""
    read = dict.fromkeys(path for maker in makers if maker for path in result.graph.reads(maker))
    return [path for path in read if path.lower().endswith(TABLES) and path != service.data]


def _made_by(result: workflow.RunResult, path: str) -> str:
    for name in reversed(result.graph.order):
        if path in result.results[name].outputs:
            stage = result.graph.stages[name]
            return stage.places.get(path, stage.path)
    return ""


def _made_at(opened: OpenedProject, stages: Sequence[str]) -> dict[str, str]:
    """Where the notebooks behind the model assign a column, by its name: the place to look when it differs."""
    places = {}
    for name in stages:
        if name not in opened.sources_by_name:
            continue  # a source of data
        path = opened.sources_by_name[name].path
        document = notebooks.read_document(path, (opened.root / path).read_text(encoding="utf-8"))
        for column, (cell, line) in notebooks.assigned_columns(document).items():
            places[column] = f"{path}, cell {cell}, line {line}"
    return places


def _lineage(result: workflow.Result, stage: workflow.Stage) -> dict[str, Any]:
    parts = result.parts
    outputs = {path: artifact.digest for path, artifact in sorted(result.outputs.items())}
    if stage.source:
        # What its origin calls the version may change though the bytes do not: equal inputs give equal bundles.
        return {"stage": result.stage, "key": "", "code": parts.code, "params": {}, "inputs": {}, "outputs": outputs}
    return {
        "stage": result.stage,
        "key": result.key,
        "code": parts.code,
        "params": parts.to_json()["params"],
        "inputs": dict(parts.reads),
        "outside": sorted(parts.outside.values()),
        "outputs": outputs,
    }


@dataclass(frozen=True)
class _Input:
    """The bytes of one of the request's paths; an artifact where a stage of the run made them."""

    digest: str
    artifact: store.Artifact | None = None


def _made(opened: OpenedProject, result: workflow.RunResult, path: str) -> tuple[str, store.Artifact] | None:
    """The last stage that made a file, or the folder that it is in, and the file."""
    for name in reversed(result.graph.order):
        for made, artifact in result.results[name].outputs.items():
            if path == made:
                return name, artifact
            if artifact.kind == "folder" and path.startswith(f"{made}/"):
                leaf = opened.store.read_tree(artifact.digest).files.get(path.removeprefix(f"{made}/"))
                if leaf:
                    return name, store.Artifact(leaf.digest, "file", leaf.size_bytes, leaf.executable)
    return None


def _inputs(opened: OpenedProject, request: Mapping[str, Any], result: workflow.RunResult) -> dict[str, _Input]:
    """What is behind the request's paths: what the run made, what its stages read, else what is there."""
    steps = [step for step in request["steps"] if ":" not in step]
    tables = [each["path"] for each in request["stored"]]
    read = {path: digest for each in result.results.values() for path, digest in each.parts.reads.items()}
    inputs = {}
    with workflow.FileDigests(opened.root, opened.workplace.digests_cache) as known:
        for path in sorted({*steps, request["data"], *tables, *request["modules"]}):
            made = _made(opened, result, path)
            digest = made[1].digest if made else read.get(path) or known.of(path) or ABSENT
            inputs[path] = _Input(digest, made[1] if made else None)
    return inputs


def _put(opened: OpenedProject, path: str, each: _Input, target: Path) -> None:
    """Put one input where the bundle is made. Raises InputChanged, and the store's errors."""
    if each.artifact:
        opened.store.fetch_artifact(each.artifact, target)
        return
    source = opened.root / path
    if source == target:  # an absolute path, which is left where it is
        return
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        files.copy(source, target)
    with workflow.FileDigests(target.parent) as there:
        if (there.of(target.name) or ABSENT) != each.digest:
            raise InputChanged(path)


def _is_ours(objects: store.Store, digest: str, inputs: Mapping[str, _Input]) -> bool:
    """Whether a bundle can be fetched and brings no source but the project's own; others may write to the store."""
    tree = digests.Digest(digest)
    # It is about to be named: until then, nobody is to free it.
    if not objects.refresh(tree):
        return False
    source = {leaf.digest for path, leaf in objects.read_tree(tree).files.items() if path.startswith("source/")}
    return source <= {each.digest for each in inputs.values()}


def _name(opened: OpenedProject, run: str, value: Mapping[str, Any], *, is_latest: bool) -> None:
    """Let the run, and `latest` if so asked, name the bundle, which is trusted here from now on."""
    trusted.add(opened.root, value["digest"])
    kept = {"digest": value["digest"], "name": value["name"]}
    names = (f"bundles/{value['digest']}", *(["names/latest"] if is_latest else ()), f"run-bundles/{run}")
    for name in names:
        while True:
            before = opened.store.read_ref(name)
            if before and before.value == kept:
                break
            try:
                opened.store.write_ref(name, kept, expected=before)
            except store.errors.RefMoved:
                continue
            break
