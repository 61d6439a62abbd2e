"""`noteship runs` and `noteship show`: the ledger."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from noteship import notebooks, store, workflow
from noteship.operations.errors import NoRecord
from noteship.operations.opened import OpenedProject

__all__ = ["fetch_record", "page_of", "run_json", "runs", "show", "stage_of"]


def runs(opened: OpenedProject, last: int) -> Sequence[workflow.RunRecord]:
    """The latest runs, the latest first."""
    return opened.ledger.runs(last)


def show(opened: OpenedProject, run: str) -> workflow.RunRecord:
    """One run. Raises UnknownRun, AmbiguousRun."""
    return opened.ledger.run(run)


def stage_of(record: workflow.RunRecord, stage: str) -> workflow.StageRecord:
    """What happened to a stage in a run. Raises NoRecord."""
    if stage not in record.stages:
        near = difflib.get_close_matches(stage, record.stages, n=1)
        raise NoRecord(stage, record.run, "", near[0] if near else "")
    return record.stages[stage]


def fetch_record(opened: OpenedProject, run: str, stage: str, target: Path | None) -> Path:
    """Write the executed notebook of a stage, of this run or of the one whose result it reused, and say where.

    Without a target it goes to `.noteship/shown`. Raises UnknownRun, AmbiguousRun, NoRecord.
    """
    record = opened.ledger.run(run)
    at = stage_of(record, stage)
    artifact = _artifact(opened, at)
    if artifact is None:
        raise NoRecord(stage, record.run, at.state, "")
    source = opened.sources_by_name.get(stage)
    suffix = ".txt" if source and source.kind == "script" else ".ipynb"
    place = target or opened.root / ".noteship/shown" / record.run / f"{stage.replace('/', '-')}{suffix}"
    place.parent.mkdir(parents=True, exist_ok=True)
    opened.store.fetch_artifact(artifact, place)
    return place


def page_of(record: Path) -> Path:
    """An executed notebook as a page beside it that any browser shows; what is no notebook is its own page."""
    if record.suffix != ".ipynb":
        return record
    page = record.with_suffix(".html")
    page.write_text(notebooks.page(record.stem, record.read_text(encoding="utf-8")), encoding="utf-8")
    return page


def _artifact(opened: OpenedProject, at: workflow.StageRecord) -> store.Artifact | None:
    if at.record:
        return at.record
    result = opened.ledger.result(at.key) if at.key else None
    return result.record if result else None


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
