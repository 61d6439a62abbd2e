"""Runs through the operation itself: what is told while they go on, and what they report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.projects import Project
from noteship import workflow
from noteship.operations import errors, runs
from noteship.operations.explain import Verdict, explain
from noteship.operations.opened import OpenedProject
from noteship.operations.run import CellProgress, RunReport, RunRequest, run
from noteship.operations.stages import graph_of, stages_of


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
    name = "import random\nname = ''.join(chr(n) for n in (102, 48)) + '.' + 'txt'[: random.randint(3, 3)]\n"
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
    assert found.verdict == Verdict("s1", "run", "parameter text: 'b' (the notebook's own) -> 'x'")
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


def test_a_module_that_is_saved_during_the_run_poisons_nothing(project: Project) -> None:
    """A stage whose code is another by then fails as an input, records no result, and succeeds when run again."""
    project.write("helper.py", "word = 'old'\n")
    project.notebook("a", "open('f0.txt', 'w').write('x')")
    project.write("b.py", "import helper\nopen('f1.txt', 'w').write(open('f0.txt').read() + helper.word)\n")

    class Editor(Ears):
        def cell(self, at: CellProgress) -> None:
            project.write("helper.py", "word = 'new'\n")

    failure = bring_up(project, Editor(), jobs=1).result.stages["b"].failure
    assert failure is not None
    assert (failure.kind, failure.message, failure.retryable) == (
        "input",
        "helper.py changed since this run began",
        True,
    )
    assert bring_up(project).good
    assert project.text("f1.txt") == "xnew"
    project.write("helper.py", "word = 'old'\n")
    assert bring_up(project).good
    assert project.text("f1.txt") == "xold"


def test_a_half_saved_script_fails_its_stage_alone(project: Project) -> None:
    """A source that has become something that cannot be read is the stage's failure, and not noteship's."""
    project.notebook("a", "open('f0.txt', 'w').write('x')")
    project.write("b.py", "open('f1.txt', 'w').write(open('f0.txt').read())\n")

    class Editor(Ears):
        def cell(self, at: CellProgress) -> None:
            (project.root / "b.py").write_bytes(b"x = '\xff")

    result = bring_up(project, Editor(), jobs=1).result
    assert [record.state for record in result.stages.values()] == ["executed", "failed"]


def test_a_script_that_is_saved_while_it_runs(project: Project) -> None:
    """What came of it is not kept under the key of what it was before."""
    save = f"for f in {project.root}/s.p?; do echo >> $f; done"  # unseen by who reads the script
    project.write("s.py", f"import os\nopen('out.txt', 'w').write('1')\nos.system({save!r})\n")
    failure = bring_up(project).result.stages["s"].failure
    assert failure is not None
    assert failure.message == "s.py changed since this run began"
    assert OpenedProject.at(project.root).ledger.last_result("s") is None


def test_a_workspace_that_cannot_be_made_is_the_failure_of_its_stage(project: Project) -> None:
    """The other stages go on."""
    project.chain("a")
    project.write("t.py", "open('out.txt', 'w').write('1')\n")
    project.write("noteship.toml", '[stage.t]\ncwd = "s0.py"\n')
    result = bring_up(project).result
    assert result.stages["s0"].state == "executed"
    failure = result.stages["t"].failure
    assert failure is not None
    assert failure.kind == "environment"


def test_what_an_earlier_run_left_is_nobodys_input(project: Project) -> None:
    """A file that its stage no longer writes counts as absent, and the message says who made it."""
    project.chain("a", "b")
    assert bring_up(project).good
    project.write("s0.py", "open('renamed.txt', 'w').write('new')\n")
    with pytest.raises(workflow.errors.MissingInput) as caught:
        bring_up(project)
    assert caught.value.parts().nearest == "f0.txt, made by s0 in an earlier run, which no longer writes it"
    project.write("f0.txt", "the user's own")
    assert bring_up(project).good
    assert project.text("f1.txt") == "the user's ownb"


def test_what_is_written_without_being_inferred_is_not_stale(project: Project) -> None:
    """A stage's last result shows that its code as it is makes the file."""
    project.write("a.py", "import random\nopen('parts_' + 'x' * random.randint(3, 3), 'w').write('1')\n")
    project.write("noteship.toml", '[stage.a]\nwrites = ["!parts_*"]\n')
    assert bring_up(project).good
    opened = OpenedProject.at(project.root)
    assert graph_of(opened).stale == {}
    project.write("a.py", "open('other.txt', 'w').write('1')\n")
    assert graph_of(OpenedProject.at(project.root)).stale == {"parts_xxx": "a"}


def test_what_a_faulty_notebook_made_is_not_stale(project: Project) -> None:
    """Its source does not say what it writes, so what it made stands."""
    project.notebook("n", "open('f0.txt', 'w').write('x')")
    assert bring_up(project).good
    project.notebook("n", "open('f0.txt', 'w'")
    assert graph_of(OpenedProject.at(project.root)).stale == {}


def test_what_is_on_this_machine_is_an_input(project: Project, tmp_path: Path) -> None:
    """A path that is taken for a file of the project, and then is there itself, is no reason to reuse what was made."""
    there = tmp_path / "there" / "data" / "x.txt"
    made = tmp_path / "there" / "made.txt"
    project.write("data/x.txt", "ours")
    project.notebook("n", f"open('{made}', 'w').write(open('{there}').read())")
    project.notebook("o", f"open('o.txt', 'w').write(open('{made}').read())")
    assert [stage.outside for stage in stages_of(OpenedProject.at(project.root))] == [(), ()]
    there.parent.mkdir(parents=True)
    for file in (there, made):
        file.write_text("theirs")
    # What a stage makes is the project's all the same.
    assert {stage.name: stage.outside for stage in stages_of(OpenedProject.at(project.root))} == {"n": (), "o": ()}
    project.notebook("n", f"open('n.txt', 'w').write(open('{there}').read())")
    [stage, _] = stages_of(OpenedProject.at(project.root))
    assert (stage.reads, stage.outside) == (("data/x.txt",), (str(there),))
