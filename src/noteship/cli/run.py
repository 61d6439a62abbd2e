"""Brings the pipeline up to date, and tells how it goes."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from noteship import workflow
from noteship.cli.output import INTERRUPTED, Output, duration, state_word
from noteship.cli.progress import progress
from noteship.operations import run as operation
from noteship.operations import telling
from noteship.operations.opened import OpenedProject
from noteship.operations.run import RunReport, RunRequest

__all__ = ["counted", "failed", "failures", "here", "run", "summary"]


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Run, and give 0, 1 when a stage failed, or 130 when it was interrupted."""
    if arguments.alternatives:
        from noteship.cli import alternatives

        return alternatives.run(arguments, output)
    request = RunRequest(
        stages=arguments.stages,
        chosen=arguments.chosen,
        parameters=arguments.parameters,
        jobs=arguments.jobs,
        replace=arguments.replace,
        keep=arguments.keep,
        force=arguments.force,
        offline=arguments.offline,
    )
    opened = OpenedProject.at(arguments.project)
    output.aside(*(f"note: {note}" for note in opened.notes))
    if arguments.on:
        from noteship.cli import remote

        return remote.run(arguments, output, opened, request)
    return here(opened, request, output)


def here(opened: OpenedProject, request: RunRequest, output: Output) -> int:
    """Run on this machine, and tell how it goes and what came of it."""
    report = operation.run(opened, request, partial(progress, output))
    output.document(report.to_json())
    output.aside(*failures(report))
    output.text(*summary(report))
    output.aside(*(f"note: {note}" for note in telling.ran(opened, report)))
    if report.result.state == "interrupted":
        return INTERRUPTED
    return 0 if report.good else 1


def summary(report: RunReport) -> Iterator[str]:
    """What came of it, in a few lines."""
    result = report.result
    yield counted([record.state for record in result.stages.values()], result.seconds, result.run)
    for source in report.faults:
        yield f"not run, as it cannot be read: {source.path}"
    if report.made:
        yield from _bundle(report)
    if report.proposal and report.proposal.toml:
        yield ""
        yield f"{report.proposal.reason}; to make a service of them, add to noteship.toml:"
        yield ""
        yield from ("    " + line for line in report.proposal.toml.splitlines())
    elif report.proposal:
        yield f"no [service] is proposed: {report.proposal.reason}"


def counted(states: Sequence[str], seconds: float, run: str) -> str:
    """What became of stages, in one line."""
    names = {"stopped": "not finished"}
    counts = [
        f"{states.count(state)} {names.get(state, state_word(state))}"
        for state in ("executed", "reused", "failed", "blocked", "stopped")
        if state in states
    ]
    if states and set(states) == {"reused"}:
        counts = ["all up to date"]
    stages = f"{len(states)} stage{'' if len(states) == 1 else 's'}"
    return f"{stages}: {', '.join(counts)}, in {duration(seconds)}; run {run}"


def _bundle(report: RunReport) -> Iterator[str]:
    assert report.made
    made = report.made
    signature = made.summary["signature"]
    inputs = ", ".join(f"{column['name']} ({column['type']})" for column in signature["inputs"])
    state = "is up to date" if made.again else "made"
    yield f"bundle {made.digest[:12]} {state}: {inputs} -> {signature['output']['name']}"
    for check in made.summary["checks"]:
        yield f"  {check}"
    if made.summary["state"] == "not checked":
        yield from _unchecked(made.summary["checks"])
    elif made.summary["state"] != "verified":
        yield f"  reproduction: {made.summary['state']}"
    if len(signature["output"].get("classes") or ()) == 1:
        only = signature["output"]["classes"][0]
        yield f"  warning: the model knows one class alone, {only}, and answers that to whatever it is given:"
        yield "    it was fitted on rows of no other; no judging can tell anything of it"
    for name in made.summary.get("unused", ()):
        yield f"  note: no step uses {name}, and yet every row must have it; [service] inputs need not name it"
    if made.unopened:
        names = ", ".join(made.unopened[:5])
        yield f"  pickles are compared only where [service] reproduces names them: {names}"
    if made.summary["format"] == "pickle":
        yield f"  the model is a pickle, which a server loads only when told to: {made.summary['why_not_skops']}"
    yield from _compiled(made.summary.get("compiled", {}))
    yield from _profiled(made.summary.get("profile", {}))
    yield "serve it: noteship serve"


def _unchecked(checks: Sequence[str]) -> Iterator[str]:
    none = f"none of {len(checks)} tables is a counterpart" if len(checks) > 1 else "that table is no counterpart"
    reason = none if checks else "no stage stores a table of its features or predictions"
    yield f"  warning: the composed model was not compared with what the notebooks stored: {reason};"
    yield "    `[service] reproduces = [...]` names what it must reproduce, and [] says that there is nothing"


def failures(report: RunReport) -> Iterator[str]:
    """What went wrong, in its parts."""
    yield from failed(report.result.stages.values(), report.result.run)
    for fault in (*(source.fault for source in report.faults), *report.breaches):
        yield ""
        yield f"error: {fault}"


def failed(records: Iterable[workflow.StageRecord], run: str) -> Iterator[str]:
    """The failures of a run's stages, in their parts."""
    for record in records:
        if record.failure:
            yield from _failure(record, run)


def _failure(record: workflow.StageRecord, run: str) -> Iterator[str]:
    failure = record.failure
    assert failure
    yield ""
    told = "" if f"'{record.stage}'" in failure.message else f"stage '{record.stage}' failed: "
    yield f"error: {told}" + failure.message.replace("\n", "\n  ")
    if failure.where:
        yield "  at: " + failure.where.replace("\n", "\n    ")
    if failure.nearest:
        yield "  nearest: " + failure.nearest.replace("\n", "\n    ")
    if failure.last_output:
        yield "  last output:"
        yield from ("    " + line for line in failure.last_output.rstrip().splitlines()[-12:])
    yield "  do: " + failure.remedy.replace("\n", "\n    ")
    if record.record:
        yield f"      noteship show {run} {record.stage} --open   shows it as it ran"
    yield from (f"  note: {note}" for note in record.notes)


def _compiled(found: Mapping[str, Any]) -> Iterator[str]:
    """How fast a row is scored, and what stands behind it."""
    if found.get("form"):
        speed = f"{found['compiled_us']:,.0f} µs a row instead of {found['plain_us']:,.0f}"
        yield f"  compiled ({found['form']}): {speed}; the same for {found['rows']:,} of {found['of_rows']:,} rows"
    elif found.get("why"):
        yield f"  scored by scikit-learn itself, not compiled: {found['why']}"


def _profiled(found: Mapping[str, Any]) -> Iterator[str]:
    """What the monitoring will compare with."""
    if not found.get("digest"):
        yield f"  no profile, so it cannot be monitored: {found.get('why', '')}"
        return
    predictions = f"predictions {found['predictions']}"
    if found["why"]:
        predictions += f", so that the first windows may look changed: {found['why']}"
    yield f"  profile of {found['rows']:,} rows, {predictions}"
    if found["uncounted"]:
        yield f"  work is not counted: {found['uncounted']}"
