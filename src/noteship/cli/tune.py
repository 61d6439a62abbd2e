"""Searches parameters, and tells which were the best and how sure that is."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from noteship import tuning
from noteship.cli.errors import WrongUsage
from noteship.cli.output import INTERRUPTED, Output, duration, table
from noteship.cli.progress import progress
from noteship.cli.searching import figure, line, point, searching, short_names
from noteship.operations import telling
from noteship.operations import tune as operation
from noteship.operations.opened import OpenedProject
from noteship.operations.tune import TuneReport, TuneRequest
from noteship.reporting.words import percent

__all__ = ["run", "summary"]

# So many trials say whether a search still gets better.
LAST = 10
# How searches end that have not made all their trials.
ENDED = {
    "exhausted": "every point of the space was tried",
    "timeout": "the time was over",
    "interrupted": "it was interrupted; the same command goes on",
}


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Search, or show what was searched before; 0, 1 where no trial is done, or 130 when it was interrupted."""
    opened = OpenedProject.at(arguments.project)
    if arguments.list:
        return _list(opened, output)
    if arguments.show is not None:
        return _show(opened, arguments, output)
    request = TuneRequest(
        trials=arguments.trials,
        jobs=arguments.jobs,
        timeout_s=arguments.timeout,
        new=arguments.new,
        chosen=arguments.chosen,
    )
    report = operation.tune(opened, request, partial(searching, output), partial(progress, output))
    output.document(report.to_json())
    output.text(*summary(report))
    _write(opened, report, arguments, output)
    output.aside(*(f"note: {note}" for note in telling.searched(opened, report)))
    if report.state == "interrupted":
        return INTERRUPTED
    return 0 if report.best else 1


def _list(opened: OpenedProject, output: Output) -> int:
    reports = operation.listed(opened)
    output.document({"searches": [_listed(each) for each in reports]})
    rows = [
        (
            each.search.id,
            each.search.started[:16].replace("T", " "),
            f"{len(each.trials)}",
            figure(each.best.value) if each.best else "none",
            f"{each.search.direction} {each.search.metric}",
        )
        for each in reports
    ]
    header = ("search", "began (UTC)", "trials", "best", "for")
    output.text(*(table(rows, header=header) if rows else ["nothing was searched yet: noteship tune"]))
    return 0


def _listed(report: TuneReport) -> dict[str, object]:
    search = report.search
    return {
        "id": search.id,
        "started": search.started,
        "metric": search.metric,
        "direction": search.direction,
        "trials": len(report.trials),
        "best": report.best.to_json() if report.best else None,
    }


def _show(opened: OpenedProject, arguments: argparse.Namespace, output: Output) -> int:
    if arguments.new or arguments.chosen or arguments.trials or arguments.timeout or arguments.jobs:
        raise WrongUsage("--show searches nothing", "leave out what is about a search, or leave out --show")
    report = operation.shown(opened, arguments.show)
    output.document(report.to_json())
    names = short_names(report.search.space.dimensions)
    output.text(*(line(each, names, is_best=each is report.best) for each in report.trials))
    output.text(*summary(report))
    _write(opened, report, arguments, output)
    return 0


def _write(opened: OpenedProject, report: TuneReport, arguments: argparse.Namespace, output: Output) -> None:
    if arguments.report:
        operation.write_report(opened, report, Path(arguments.report))
        output.aside(f"written: {arguments.report}")


def summary(report: TuneReport) -> Iterator[str]:
    """What came of it, in a few lines."""
    search, best = report.search, report.best
    yield f"{_counted(report.trials)}{f', in {duration(report.seconds)}' if report.seconds else ''}; search {search.id}"
    if report.state in ENDED:
        yield f"  {ENDED[report.state]}"
    if best is None:
        yield "  no trial has a value: noteship tune --show latest says why"
        return
    names = short_names(search.space.dimensions)
    error = "" if best.error is None else f" ± {figure(best.error)}"
    before = "" if search.before is None else f", as it is {figure(search.before)}"
    yield f"best {search.metric}: {figure(best.value)}{error} of trial {best.number}{before}"
    yield f"  {point(best.parameters, names)}"
    yield from _ends(search, best, names)
    yield from _certainty(report, best)
    found = report.importances
    if found:
        yield "  importance: " + ", ".join(f"{names[name]} {percent(share)}" for name, share in found.items())
    elif len([each for each in report.trials if each.is_done]) >= LAST:
        yield "  importance: no parameter is shown to matter more than by chance"
    yield from _to_keep(report)


def _counted(trials: Sequence[tuning.Trial]) -> str:
    states = [each.state for each in trials]
    parts = [f"{states.count(state)} {state}" for state in ("done", "pruned", "failed") if state in states]
    return f"{len(states)} trial{'' if len(states) == 1 else 's'}: {', '.join(parts) or 'none'}"


def _certainty(report: TuneReport, best: tuning.Trial) -> Iterator[str]:
    """How far the others are from the best, and whether it still gets better."""
    done = [each for each in report.trials if each.is_done]
    near, compared = tuning.near(best, done)
    if compared:
        yield f"  ±: its standard error; fold by fold {len(near)} of {compared} other trials are not told apart from it"
    if best.error is None and report.is_better:
        yield "  no ± is known, and the best of several trials is in part luck: what it is worth is said by rows that"
        yield "    no trial has seen, such as those of [validate] holdout = { file = ... }"
    last = [each.value for each in done[-LAST:] if each.value is not None]
    if len(done) > LAST:
        yield f"  the last {LAST} lie from {figure(min(last))} to {figure(max(last))}"


def _ends(search: tuning.Begun, best: tuning.Trial, names: Mapping[str, str]) -> Iterator[str]:
    ends = [names[name] for name in search.space.ends(best.parameters)]
    if ends:
        where = "an end of its range" if len(ends) == 1 else "ends of their ranges"
        yield f"  {', '.join(ends)} at {where}: beyond it there may be better"


def _to_keep(report: TuneReport) -> Iterator[str]:
    if report.best and not report.is_better:
        yield "nothing that was tried is better than the parameters as they are"
    elif report.settings:
        yield "to keep it, put into noteship.toml:"
        yield ""
        yield from (f"    {each}".rstrip() for each in report.settings.splitlines())
        yield ""
        yield f"or see it run: noteship run {' '.join(report.words)}"
