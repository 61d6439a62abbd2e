"""Runs through the operation itself: what is told while they go on, and what they report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli.projects import Project
from noteship import workflow
from noteship.operations import errors, runs
from noteship.operations.explain import explain
from noteship.operations.opened import OpenedProject
from noteship.operations.run import CellProgress, RunReport, RunRequest, run


class Ears:
    """Keeps all that a run tells."""

    def __init__(self) -> None:
        self.events: list[workflow.Event] = []
        self.cells: list[CellProgress] = []
        self.said: list[str] = []

    def event(self, event: workflow.Event) -> None:
        self.events.append(event)

    def cell(self, at: CellProgress) -> None:
        self.cells.append(at)

    def say(self, line: str) -> None:
        self.said.append(line)


def bring_up(project: Project, ears: Ears | None = None, **fields: object) -> RunReport:
    """A run of a project that is opened anew."""
    hears = ears or Ears()

    @contextmanager
    def listening(_graph: workflow.Graph) -> Iterator[Ears]:
        yield hears

    return run(OpenedProject.at(project.root), RunRequest(**fields), listening)  # type: ignore[arg-type]


def test_a_run_tells_what_it_does(project: Project) -> None:
    """Stages begin and end in order, and a notebook tells at which cell it is."""
    project.notebook("n", "x = 1", "open('n.txt', 'w').write(str(x))")
    ears = Ears()
    report = bring_up(project, ears)
    assert report.good
    assert [type(event) for event in ears.events] == [workflow.StageStarted, workflow.StageFinished]
    assert [(at.cell, at.cells) for at in ears.cells] == [(1, 2), (2, 2)]
    assert (report.made, report.proposal) == (None, None)
    assert report.to_json()["stages"][0]["outputs"]["n.txt"]["size_bytes"] == 1


def test_a_learned_read_is_told_with_its_producer(project: Project) -> None:
    """The event names the stage, the file, the one stage that makes it, and how it is known."""
    # What the arithmetic gives is known by running it only.
    name = "import random\nname = ''.join(chr(n) for n in (102, 48)) + '.' + 'txt'[: random.choice([3])]\n"
    project.write("a.py", f"{name}open('out.txt', 'w').write(open(name).read())\n")
    project.write("z.py", "open('f0.txt', 'w').write('made')\n")
    ears = Ears()
    report = bring_up(project, ears, jobs=1)
    assert report.good
    [learned] = [event for event in ears.events if isinstance(event, workflow.Learned)]
    assert (learned.stage, learned.file, learned.producer) == ("a", "f0.txt", "z")
    assert "in run" in learned.evidence
    assert report.result.graph.reads("a") == ("f0.txt",)


def test_force_names_stages_of_the_run(project: Project) -> None:
    """A stage that is forced has to be in the run; the others are reused."""
    project.chain("a", "b", "c")
    bring_up(project)
    report = bring_up(project, force=["s1"])
    assert [record.state for record in report.result.stages.values()] == ["reused", "executed", "reused"]
    with pytest.raises(errors.ForcedInVain):
        bring_up(project, stages=["s0"], force=["s1"])
    with pytest.raises(workflow.errors.UnknownStage):
        bring_up(project, force=["s7"])


def test_explain_gives_what_a_result_rests_on(project: Project) -> None:
    """The reads with who makes each, and the parts of the last result."""
    project.chain("a", "b")
    bring_up(project)
    found = explain(OpenedProject.at(project.root), "s1", parameters=["s1.text='x'"])
    assert (found.would, found.reason) == ("run", "parameter text: the notebook's own value -> 'x'")
    assert found.reads == (("f0.txt", "s0"),)
    assert found.last is not None
    assert found.last.parts.reads.keys() == {"f0.txt"}


def test_a_reused_stage_is_shown_with_the_outputs_of_its_result(project: Project) -> None:
    """What was reused was made in another run, which has its outputs and its record."""
    project.chain("a")
    bring_up(project)
    opened = OpenedProject.at(project.root)
    bring_up(project)
    record = runs.show(opened, "latest")
    shown = runs.stage_of(opened, record, "s0")
    assert (shown.state, list(shown.outputs)) == ("reused", ["f0.txt"])
    place = runs.fetch_record(opened, "latest", "s0", None)
    assert place.is_relative_to(project.root / ".noteship/shown")
    assert runs.page_of(place) == place
    with pytest.raises(errors.NoRecord, match="s0"):
        runs.stage_of(opened, record, "s00")


def test_nothing_runs_when_the_graph_cannot(project: Project) -> None:
    """What is wrong with the graph is raised before a run is in the ledger."""
    project.write("s.py", "open('out.txt', 'w').write(open('gone.txt').read())\n")
    with pytest.raises(workflow.errors.MissingInput):
        bring_up(project)
    assert OpenedProject.at(project.root).ledger.names() == []
