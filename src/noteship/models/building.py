"""Making a bundle: from the files named under [service] to a folder, all in the project's own interpreter."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pandas

from noteship.errors import WorkFailed, cut
from noteship.models import (
    arranging,
    bundle,
    compiled,
    environment,
    errors,
    model_file,
    opening,
    pickles,
    sources,
    unseen,
)
from noteship.models.baseline import Profiler
from noteship.models.composing import compositions
from noteship.models.composition import ComposedScorer, Composition
from noteship.models.describing import describe
from noteship.models.failing import failed_step
from noteship.models.importing import source_modules
from noteship.models.loading import Step, load_steps
from noteship.models.refusing import Refused, refusal
from noteship.models.tables import read_table
from noteship.models.verification import (
    Differs,
    Finding,
    NotChecked,
    Stored,
    Verified,
    raise_difference,
    verify,
)

__all__ = ["BuildRequest", "BuildResult", "build"]

# Ways to fit the steps together that are compared with what is stored; more than two have not been met.
WAYS_LIMIT = 8
# Of a library's reason in a line of a summary.
REASON_LIMIT = 120
# Rows scored again from the finished bundle.
AGAIN_ROWS = 50


@dataclass(frozen=True)
class _Plain:
    """A dataclass of plain values and tuples of them, which JSON knows as lists."""

    def to_json(self) -> dict[str, Any]:
        """The fields as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**{name: tuple(item) if isinstance(item, list) else item for name, item in value.items()})


@dataclass(frozen=True)
class BuildRequest(_Plain):
    """What a bundle is made of; paths are relative to `root`, the project's folder, or absolute.

    - steps, data, inputs, target: as under [service]
    - output: an absent or empty folder for the bundle
    - roots: folders from which notebooks import modules; modules: the project's module files
    - stored: tables to reproduce, each {"path", "kind": "features" | "predictions" | None, "made_by", "named"}
    - made_at: for columns that notebooks assign, the place, such as "1_features.ipynb, cell 3, line 1"
    - reproduces: False where the user said that nothing is to be reproduced
    - left_out: files of steps that stages wrote and `steps` does not name, relative to `left_out_root`; where the
      steps do not fit together, one of them may be what is missing
    - read_beside: tables that the stages which made the steps read, in `left_out_root` as well; where a step does not
      take the rows of `data`, it may have been fitted on one of them
    - environment: {"python": "3.11", "packages": {name: version}} as locked; empty: as installed
    """

    root: str
    name: str
    steps: tuple[str, ...]
    data: str
    inputs: tuple[str, ...]
    output: str
    target: str | None = None
    roots: tuple[str, ...] = (".",)
    modules: tuple[str, ...] = ()
    stored: tuple[Mapping[str, Any], ...] = ()
    made_at: Mapping[str, str] = field(default_factory=dict)
    reproduces: bool = True
    lineage: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    left_out_root: str = ""
    read_beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildResult(_Plain):
    """What was made: the folder, and what a person should know of it.

    - state: "verified", "not checked" or "not wanted"; checks: a line for each table that was looked at
    - format: "skops", or "pickle" with the reason; types: what a loader must name as trusted beyond scikit-learn
    - unused: inputs that no step looks at
    - compiled: the compiled form that was chosen, or why none, and what the comparison with scikit-learn found
    - profile: what bundle.json says of the profile; empty where none was asked for
    """

    folder: str
    signature: Mapping[str, Any]
    state: str
    checks: tuple[str, ...]
    format: str
    why_not_skops: str
    types: tuple[str, ...]
    source: tuple[str, ...]
    unused: tuple[str, ...] = ()
    compiled: Mapping[str, Any] = field(default_factory=dict)
    profile: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stored:
    """A model as bytes."""

    data: bytes
    format: Any
    why_not_skops: str
    modules: frozenset[str]


def build(request: BuildRequest, profiler: Profiler | None = None) -> BuildResult:
    """Compose, verify, write the bundle, and score from it once more with nothing of the project around.

    `profiler` makes the profile that goes into the bundle; without one the model is not monitored.

    Guarantee: equal inputs give equal bytes. The path and the imported modules are afterwards as before.
    Raises whatever loading, composing and verifying raise, and NotPortable.
    """
    root = Path(request.root)
    raw = read_table(root / request.data, request.data)
    if request.target is not None and request.target not in raw.columns:
        raise errors.MissingColumns(f"{request.data}, the [service] data,", (request.target,), _names(raw))
    with source_modules([root / folder for folder in request.roots]):
        steps = [step for source in request.steps for step in load_steps(source, root)]
        stored, unread = _stored(request, root)
        composition, findings = _chosen(request, steps, raw, stored)
        findings += unread
        model = _model(composition)
        sample = composition.score(raw.head(AGAIN_ROWS))
    used = set(model.modules) | {step.source.partition(":")[0] for step in steps if step.is_function}
    roots = [root / folder for folder in request.roots]
    # A module that only a step names is imported by no notebook.
    files = sources.located([root / name for name in request.modules], roots) | sources.found(used, roots)
    source = sources.needed_source(used, files)
    made = _described(request, composition, raw, findings, model, source)
    with source_modules(roots):
        made = replace(made, signature=unseen.judged(made.signature, composition.score))
        scorer = ComposedScorer(made.signature, composition)
        choice = compiled.choose(scorer, raw)
        baseline = profiler(scorer, raw) if profiler else None
    parts = {"compiled": choice.part, **({"profile": baseline.part} if baseline else {})}
    made = replace(made, parts={**made.parts, **parts})
    bundle.write(Path(request.output), made, model.data, source, baseline.profile if baseline else b"")
    types = _score_again(request.output, raw, sample)
    return BuildResult(
        folder=request.output,
        signature=made.signature.to_json(),
        state=made.reproduces["state"],
        checks=tuple(made.reproduces["checks"]),
        format=made.format,
        why_not_skops=made.why_not_skops,
        types=types,
        source=made.source,
        unused=composition.unused,
        compiled=choice.report,
        profile=baseline.part if baseline else {},
    )


def _names(raw: pandas.DataFrame) -> tuple[str, ...]:
    return tuple(map(str, raw.columns))


def _stored(request: BuildRequest, root: Path) -> tuple[list[Stored], list[Finding]]:
    """The tables to reproduce, and why others that were found are not compared."""
    tables, unread = [], []
    for told in request.stored:
        path, named = str(told["path"]), bool(told.get("named"))
        try:
            table = read_table(root / path, path)
        except errors.UnreadableTable as error:
            if named:
                raise
            unread.append(NotChecked(path, f"it cannot be read as a table: {cut(error.reason, REASON_LIMIT)}"))
            continue
        tables.append(Stored(path, table, told.get("kind"), told.get("made_by") or "", named))
    return tables, [*unread]


def _chosen(
    request: BuildRequest, steps: Sequence[Step], raw: pandas.DataFrame, stored: Sequence[Stored]
) -> tuple[Composition, list[Finding]]:
    """The first way of fitting the steps together that reproduces something and contradicts nothing."""
    unopposed: tuple[Composition, list[Finding]] | None = None
    first: list[Finding] = []
    refused: Refused | None = None
    try:
        for composition in itertools.islice(compositions(request.inputs, steps, raw), WAYS_LIMIT):
            try:
                findings = [_verified(composition, raw, table, request.target) for table in stored]
            except Refused as error:
                refused = refused or error
                continue
            first = first or findings
            if any(isinstance(finding, Differs) for finding in findings):
                continue
            if any(isinstance(finding, Verified) for finding in findings):
                unopposed = composition, findings
                break
            unopposed = unopposed or (composition, findings)
    except errors.StepOutOfPlace as error:
        raise replace(error, works=arranging.in_order(request.inputs, steps, raw)) from error
    except errors.MissingFeatures as error:
        told = _with_maker(error, stored, request.made_at)
        raise replace(told, works=_completed(request, steps, raw)) from error
    except errors.StepsDoNotFit as error:
        raise _not_fitting(error, request, steps, raw) from error
    if unopposed is None:
        raise_difference(first, request.made_at)
        if refused is not None:
            raise _refusal(refused, request, steps, raw) from refused.cause
        raise AssertionError("a composition was neither opposed nor unopposed")
    for table, finding in zip(stored, unopposed[1], strict=True):
        if table.named and isinstance(finding, NotChecked):
            raise errors.NotComparable(finding.path, finding.reason)
    return unopposed


def _verified(composition: Composition, raw: pandas.DataFrame, table: Stored, target: str | None) -> Finding:
    """Raises Refused where a step does not take some of the rows: those that it was tried on may be of another kind."""
    try:
        return verify(composition, raw, table, target)
    except Exception as error:
        step = failed_step(error)
        if not step:
            raise
        raise Refused(step, error) from error


def _not_fitting(
    error: errors.StepsDoNotFit, request: BuildRequest, steps: Sequence[Step], raw: pandas.DataFrame
) -> WorkFailed:
    """The error, with the rows or the steps that would do."""
    told = _refusal(Refused(error.path, error), request, steps, raw)
    if told.fitted_on:
        return replace(told, reason=error.reason)
    return replace(error, works=_completed(request, steps, raw))


def _refusal(
    refused: Refused, request: BuildRequest, steps: Sequence[Step], raw: pandas.DataFrame
) -> errors.RowsNotTaken:
    root = Path(request.left_out_root)
    return refusal(refused, (request.data, raw), request.inputs, steps, request.read_beside, root)


def _completed(request: BuildRequest, steps: Sequence[Step], raw: pandas.DataFrame) -> tuple[str, ...]:
    return arranging.completed(request.inputs, steps, raw, request.left_out, Path(request.left_out_root))


def _with_maker(
    error: errors.MissingFeatures, stored: Sequence[Stored], made_at: Mapping[str, str]
) -> errors.MissingFeatures:
    """The error with the cells that made or stored the columns which nothing gives."""
    error = replace(error, made_at={name: made_at[name] for name in error.missing if name in made_at})
    for table in stored:
        if set(error.missing) & set(table.table.columns) and table.made_by:
            return replace(error, made_by=table.made_by)
    return error


def _model(composition: Composition) -> _Stored:
    values = [None if step.is_function else step.value for step in composition.steps]
    try:
        data = model_file.dumps(values)
    except model_file.NotStorable as error:
        data = pickles.dumps(values)
        return _Stored(data, "pickle", cut(str(error)), pickles.modules(data))
    return _Stored(data, "skops", "", model_file.modules(data))


def _described(
    request: BuildRequest,
    composition: Composition,
    raw: pandas.DataFrame,
    findings: Sequence[Finding],
    model: _Stored,
    source: Mapping[str, bytes],
) -> bundle.Bundle:
    locked = request.environment.get("packages", {})
    texts = [data.decode(errors="replace") for data in source.values()]
    needs = environment.needed(model.modules, texts, locked)
    checks = [
        f"{finding.path}: not compared, {finding.reason}" if isinstance(finding, NotChecked) else str(finding)
        for finding in findings
    ]
    verified = any(isinstance(finding, Verified) for finding in findings)
    state = "verified" if verified else "not checked" if request.reproduces else "not wanted"
    return bundle.Bundle(
        name=request.name,
        signature=describe(raw, request.inputs, composition.output(request.target or "prediction")),
        steps=tuple(
            _told(step, handing) for step, handing in zip(composition.steps, _handings(composition), strict=True)
        ),
        format=model.format,
        why_not_skops=model.why_not_skops,
        source=tuple(source),
        lineage=request.lineage,
        environment={
            "python": request.environment.get("python") or environment.python_minor(),
            "packages": dict(locked),
            "needs": needs,
        },
        reproduces={"state": state, "checks": checks},
    )


def _handings(composition: Composition) -> list[dict[str, str]]:
    """The forms; a label encoder at the end is handed predictions, for which there is one form only."""
    forms = [handing.to_json() for handing in composition.handings]
    return forms + [{"form": "output"}] * (len(composition.steps) - len(forms))


def _told(step: Step, handing: Mapping[str, str]) -> dict[str, Any]:
    module = step.source.partition(":")[0] if step.is_function else type(step.value).__module__
    return {
        "source": step.source,
        "part": step.part,
        "kind": step.kind,
        "module": module,
        "digest": step.digest,
        "handing": dict(handing),
    }


def _score_again(folder: str, raw: pandas.DataFrame, sample: Any) -> tuple[str, ...]:
    """Load the bundle as a server would and compare; the types that a server must be told to trust."""
    made = bundle.read(Path(folder), digest="just made")
    own = {name.partition("/")[0].removesuffix(".py") for name in made.source}
    types: tuple[str, ...] = ()
    if made.format == "skops":
        found = model_file.untrusted_types(made.model_path)
        types = tuple(name for name in found if name.partition(".")[0] not in own)
    functions = {told["source"].replace(":", ".") for told in made.steps}
    trust = opening.Trust(frozenset({"just made"}), frozenset(types) | functions, allow_pickle=True)
    loaded = opening.load(made, trust)
    # Whether the steps travel is asked here; the compiled form was compared with them before, up to rounding.
    scorer = loaded.plain if isinstance(loaded, compiled.CompiledScorer) else loaded
    try:
        again = scorer.score(scorer.signature.conform(raw.head(AGAIN_ROWS)))
    except Exception as error:
        # Steps are the project's code: away from the project they fail in any way.
        raise errors.NotPortable(folder, f"{type(error).__name__}: {error}") from error
    if again.predictions.tolist() != sample.predictions.tolist():
        raise errors.NotPortable(folder, "the predictions of the first rows differ")
    return types
