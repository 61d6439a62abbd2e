"""`noteship runs` and `noteship show`: the ledger."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from noteship import notebooks, workflow
from noteship.nearest import nearest
from noteship.operations.errors import NoRecord
from noteship.operations.opened import OpenedProject
from noteship.operations.remote.record import under_way
from noteship.operations.writing import write

__all__ = ["bundles_of", "fetch_record", "page_of", "run_json", "runs", "show", "stage_of", "started_with"]


def runs(opened: OpenedProject, last: int) -> Sequence[workflow.RunRecord]:
    """The latest runs, the latest first."""
    return _as_known_here(opened, opened.ledger.runs(last))


def show(opened: OpenedProject, run: str) -> workflow.RunRecord:
    """One run. Raises UnknownRun, AmbiguousRun."""
    return _as_known_here(opened, [opened.ledger.run(run)])[0]


def _as_known_here(opened: OpenedProject, records: Sequence[workflow.RunRecord]) -> list[workflow.RunRecord]:
    """Where the ledger has no end of a run of this folder, the folder knows whether it goes on."""
    known = {**workflow.open_runs(opened.root), **_elsewhere(opened, records)}
    found = []
    for record in records:
        state = known.get(record.run)
        if state and record.state == "no end recorded":
            stages = dict(record.stages)
            if state == "interrupted":
                begun = workflow.begun_in(opened.root, record.run)
                stages |= {each.stage: each for each in workflow.killed_stages(begun, stages)}
            record = replace(record, state=state, stages=stages)
        found.append(record)
    return found


def _elsewhere(opened: OpenedProject, records: Sequence[workflow.RunRecord]) -> dict[str, Literal["under way"]]:
    """The runs that go on elsewhere, as far as their drivers told their names; asked where one has no end."""
    if all(each.state != "no end recorded" for each in records):
        return {}
    names = (str((each.state or {}).get("run", "")) for each in under_way(opened.store))
    return {name: "under way" for name in names if name}


def bundles_of(opened: OpenedProject, records: Sequence[workflow.RunRecord]) -> dict[str, str]:
    """The digests of the bundles that runs made or found up to date, by run."""
    there = {name.partition("/")[2] for name in opened.store.refs("run-bundles/")}
    refs = {each.run: opened.store.read_ref(f"run-bundles/{each.run}") for each in records if each.run in there}
    return {run: ref.value["digest"] for run, ref in refs.items() if ref}


def started_with(opened: OpenedProject, record: workflow.RunRecord) -> dict[str, tuple[str, ...]]:
    """What stages of a run were given: NAME=VALUE for parameters, and the words of calls; of those that ended well."""
    results = opened.ledger.results({each.key for each in record.stages.values() if each.key})
    found = {}
    for each in record.stages.values():
        if each.key in results and each.stage not in opened.data_sources:
            parts = results[each.key].parts
            values = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in parts.params.items()]
            calls = [" ".join(map(shlex.quote, words[1:])) for words in parts.calls]
            if values or any(calls):
                found[each.stage] = (*values, *filter(None, calls))
    return found


def stage_of(opened: OpenedProject, record: workflow.RunRecord, stage: str) -> workflow.StageRecord:
    """What happened to a stage in a run; one that was reused has the outputs of the result.

    The last part of its name is enough where no other stage has it. Raises NoRecord.
    """
    fitting = [name for name in record.stages if stage in (name, name.rpartition("/")[2])]
    if stage not in fitting and len(fitting) != 1:
        raise NoRecord(stage, record.run, "", nearest(stage, fitting or record.stages))
    found = record.stages[stage if stage in fitting else fitting[0]]
    result = opened.ledger.result(found.key) if found.state == "reused" and found.key else None
    if result is None:
        return found
    return replace(found, outputs=result.outputs, record=found.record or result.record)


def fetch_record(opened: OpenedProject, run: str, stage: str, target: Path | None) -> Path:
    """Write the executed notebook of a stage, of this run or of the one whose result it reused, and say where.

    Without a target it goes to `.noteship/shown`; to a target that ends in .html goes its page. Raises UnknownRun,
    AmbiguousRun, NoRecord, NotWritten.
    """
    record = opened.ledger.run(run)
    at = stage_of(opened, record, stage)
    if at.record is None:
        raise NoRecord(at.stage, record.run, at.state, "")
    source = opened.sources_by_name.get(at.stage)
    suffix = ".txt" if source and source.kind == "script" else ".ipynb"
    suffix = ".json" if at.stage in opened.data_sources else suffix
    is_page = target is not None and target.suffix == ".html" and suffix == ".ipynb"
    shown = opened.root / ".noteship/shown" / record.run / f"{at.stage.replace('/', '-')}{suffix}"
    place = shown if target is None or is_page else target
    opened.store.fetch_artifact(at.record, place)
    return page_of(place, target) if is_page else place


def page_of(record: Path, target: Path | None = None) -> Path:
    """An executed notebook as a page that any browser shows, beside it without a target; else it is its own page.

    Raises NotWritten.
    """
    if record.suffix != ".ipynb":
        return record
    page = target or record.with_suffix(".html")
    write(page, notebooks.page(record.stem, record.read_text(encoding="utf-8")))
    return page


def run_json(record: workflow.RunRecord, *, stages: bool) -> dict[str, Any]:
    """A run as a plain value."""
    value: dict[str, Any] = {
        "run": record.run,
        "state": record.state,
        "started": record.started,
        "ended": record.ended,
        "seconds": record.seconds,
        "targets": list(record.targets),
        "chosen": list(record.chosen),
        "environment": record.environment,
    }
    if stages:
        value["stages"] = [each.to_json() for each in record.stages.values()]
        value["notices"] = list(record.notices)
    return value
