"""`noteship data show`: a table surveyed, its problems found, and a page of both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noteship import contracts, tabular, temporary
from noteship.operations import runs
from noteship.operations.errors import NoSuchOutput, OutsideOfProject
from noteship.operations.inspecting import folder_of
from noteship.operations.opened import OpenedProject
from noteship.operations.tables import in_project, made_tables, readable
from noteship.operations.writing import write
from noteship.reporting import datasets
from noteship.tabular import problems, surveys
from noteship.tabular.problems import Problem
from noteship.tabular.surveys import Asked, Counted, Survey

__all__ = ["Asking", "Surveyed", "problems_of", "show"]

SHOWN = ".noteship/shown"


@dataclass(frozen=True)
class Asking:
    """What is to be surveyed, as it was named.

    - run: the run whose file is meant; None: the file as it lies there, else as a stage made it last
    - test: the part that judges, as a file of its own
    - target, key, leave_out: over what the project says of the file
    """

    file: str
    run: str | None = None
    test: str | None = None
    target: str | None = None
    split: str | None = None
    key: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Surveyed:
    """The survey, what was found, and where the page is."""

    survey: Survey
    problems: tuple[Problem, ...]
    page: Path

    @property
    def verdict(self) -> str:
        """In one sentence."""
        return datasets.verdict(self.survey, self.problems)

    def to_json(self) -> dict[str, Any]:
        """The document that `noteship data show --json` prints."""
        survey = self.survey
        return {
            "file": survey.name,
            "page": str(self.page),
            "rows": survey.rows,
            "looked_at": survey.looked_at,
            "target": survey.asked.target,
            "copies": survey.repeats.copies,
            "verdict": self.verdict,
            "problems": [each.to_json() for each in self.problems],
            "columns": [_column(each, shown=each.name not in survey.asked.leave_out) for each in survey.counted],
        }


def _column(counted: Counted, *, shown: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": counted.name,
        "kind": counted.role,
        "missing": counted.missing,
        "distinct": counted.distinct,
        "distinct_is_exact": counted.is_exact,
    }
    return {**told, "least": counted.low, "greatest": counted.high} if shown else told


def show(opened: OpenedProject, asking: Asking, target: Path | None, say: Callable[[str], None]) -> Surveyed:
    """Survey a table and write the page of it: to `target`, else below `.noteship/shown`.

    Raises NoSuchOutput, NotATable, TableUnreadable, TableNeedsMemory, NoSuchColumn, PlottingMissing, NotWritten,
    UnknownRun, NoContractFolder, and what a wrong contract raises.
    """
    made, found = _found(opened, asking, say)
    say("drawing the page")
    page = datasets.page(made, found)
    if target is None:
        target = opened.root / SHOWN / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', asking.file).strip('-.') or 'table'}.html"
        opened.make_own_folder()
        target.parent.mkdir(parents=True, exist_ok=True)
    write(target, page)
    return Surveyed(made, found, target)


def problems_of(opened: OpenedProject, file: str, say: Callable[[str], None]) -> tuple[Problem, ...]:
    """What `noteship data show` names as problems in a file of the project. Raises what `show` does."""
    _, found = _found(opened, Asking(file), say)
    return tuple(each for each in found if each.level == "problem")


def _found(opened: OpenedProject, asking: Asking, say: Callable[[str], None]) -> tuple[Survey, tuple[Problem, ...]]:
    asked = _asked(opened, asking)
    with _place(opened, asking.file, asking.run) as place, _test(opened, asking) as test:
        say(f"looking at {asking.file}")
        with tabular.opened(place, name=asking.file, beside=test) as table:
            for name in asking.leave_out:
                table.column(name, "--leave-out")
            looked = surveys.look(table, asked)
            say("looking for problems")
            return looked.survey, problems.find(looked)


def _asked(opened: OpenedProject, asking: Asking) -> Asked:
    """What was said, over what the declaration and the file's contract say."""
    target, key, leave_out = asking.target, asking.key, {*asking.leave_out, *opened.settings.monitor.leave_out}
    try:
        file = in_project(opened, asking.file)
    except OutsideOfProject:
        file = ""
    service = opened.settings.service
    if file and target is None and service is not None and in_project(opened, service.data) == file:
        target = service.target
    contract = contracts.load(opened.root, folder_of(opened)).of(file) if file else None
    if contract is not None:
        key = key or contract.key
        leave_out |= {*contract.leave_out}
    return Asked(target, asking.split, key, frozenset(leave_out), asking.test)


@contextmanager
def _test(opened: OpenedProject, asking: Asking) -> Iterator[Path | str | None]:
    if asking.test is None:
        yield None
        return
    with _place(opened, asking.test) as place:
        yield place


@contextmanager
def _place(opened: OpenedProject, file: str, run: str | None = None) -> Iterator[Path | str]:
    """Where it can be read: on the disk, from here or from the project's folder, else in the store."""
    if run is not None:
        yield from _of_run(opened, file, run)
        return
    if (opened.root / file).exists():
        yield opened.root / file
    elif Path(file).exists() or any(letter in file for letter in tabular.PATTERN_LETTERS):
        yield file
    else:
        try:
            path = in_project(opened, file)
        except OutsideOfProject:
            # Who reads it says that there is nothing, and what lies beside it.
            yield file
            return
        with readable(opened, path, made_tables(opened)) as place:
            yield place


def _of_run(opened: OpenedProject, file: str, run: str) -> Iterator[Path]:
    """As a stage of a run made it. Raises NoSuchOutput, UnknownRun, AmbiguousRun."""
    record = runs.show(opened, run)
    outputs = {
        path: artifact
        for name in record.stages
        for path, artifact in runs.stage_of(opened, record, name).outputs.items()
    }
    path = in_project(opened, file)
    if path not in outputs:
        raise NoSuchOutput(path, record.run, tuple(sorted(each for each in outputs if tabular.form_of(each))))
    with temporary.folder() as folder:
        copy = folder / Path(path).name
        opened.store.fetch_artifact(outputs[path], copy)
        yield copy
