"""Runs aside, runs side by side, and what looks at inputs before they are used."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace

import pytest

from noteship import store, workflow
from noteship.workflow.functions import Desk, FunctionExecutor


def three(project) -> None:
    project.put("raw", "r")
    project.add("1", "raw", "a")
    project.add("2", "a", "b")
    project.add("3", "b", "c")


def states(result: workflow.RunResult) -> dict[str, str]:
    return {name: record.state for name, record in result.stages.items()}


def test_aside_leaves_the_folder(project) -> None:
    """A run aside makes what it makes in the store alone; a run then reuses all of it, and delivers it."""
    three(project)
    aside = project.run(aside="a trial")
    assert aside.state == "done"
    assert project.files() == ["raw"]
    assert project.store.get_bytes(aside.results["3"].outputs["c"].digest) == b"3(2(1(r)))"
    run = project.run()
    assert set(states(run).values()) == {"reused"}
    assert project.text("c") == "3(2(1(r)))"


def test_aside_in_the_ledger(project) -> None:
    """The ledger has it apart from the project's own runs, with what it was for; its whole name finds it."""
    three(project)
    own = project.run()
    aside = project.run(aside="trial 1")
    assert [record.run for record in project.ledger.runs(5)] == [own.run]
    assert project.ledger.run("latest").run == own.run
    assert [record.purpose for record in workflow.Ledger(project.store, aside=True).runs(5)] == ["trial 1"]
    assert project.ledger.run(aside.run).purpose == "trial 1"
    with pytest.raises(workflow.errors.UnknownRun):
        project.ledger.run(aside.run[:-1])


def test_aside_beside_a_file_changed_by_hand(project) -> None:
    """What somebody changed by hand stops a run, and neither stops nor reaches a run aside."""
    three(project)
    project.run()
    project.put("b", "mine")
    with pytest.raises(workflow.errors.ChangedByHand):
        project.run()
    project.add("3", "b", "c", code="other")
    aside = project.run(aside="a trial")
    assert project.store.get_bytes(aside.results["3"].outputs["c"].digest) == b"3(2(1(r)))"
    assert project.text("b") == "mine"


def test_what_a_run_aside_made_is_kept(project) -> None:
    """What the last runs aside made is not freed."""
    three(project)
    aside = project.run(aside="a trial")
    needed = workflow.needed(project.ledger, 1)
    assert {artifact.digest for artifact in aside.results["3"].outputs.values()} <= needed


def test_killed_run_is_ended_by_a_run_aside(project) -> None:
    """A run that was killed gets its end in the ledger, whoever comes next."""
    three(project)
    name = project.ledger.start(targets=(), chosen=(), environment=project.environment)
    alive = project.root / ".noteship/alive"
    alive.mkdir(parents=True, exist_ok=True)
    (alive / name).write_text("")
    project.run(aside="a trial")
    assert project.ledger.run(name).state == "interrupted"


def side_by_side(project, count: int, slow: str) -> tuple[list[workflow.RunResult], list[str]]:
    """Runs at the same time, with the stages that were executed in all of them."""
    graph, place = project.graph(), project.place
    began = project.functions[slow]

    def slowly(desk: Desk) -> None:
        time.sleep(0.2)
        began(desk)

    functions = {**project.functions, slow: slowly}
    executor = FunctionExecutor(project.root, project.store, functions, lambda path: path != "raw")
    beside = workflow.Beside(flights=workflow.Flights())
    results: list[workflow.RunResult] = []

    def one() -> None:
        results.append(workflow.run(graph, executor, place, workflow.Options(aside="one of several"), beside=beside))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results, executor.executed


def test_side_by_side_nothing_is_done_twice(project) -> None:
    """Of runs side by side that need the same, one executes it, and the others take its result."""
    three(project)
    results, executed = side_by_side(project, 3, "1")
    assert [result.state for result in results] == ["done"] * 3
    assert sorted(executed) == ["1", "2", "3"]
    assert sorted(record.state for result in results for record in result.stages.values()).count("executed") == 3


def test_side_by_side_a_failure_is_not_waited_for(project) -> None:
    """Where the first one fails, the next one tries for itself, and nobody waits for ever."""
    three(project)

    def fails(desk: Desk) -> None:
        raise ValueError("no")

    project.functions["1"] = fails
    results, executed = side_by_side(project, 2, "1")
    assert [result.state for result in results] == ["failed"] * 2
    assert executed == ["1", "1"]


@dataclass
class Looking:
    """An inspector that finds in each file what it is told to find there."""

    found: dict[str, workflow.Inspection]
    looked: list[str] = field(default_factory=list)
    raises: Exception | None = None

    def concerns(self, reads) -> bool:
        return not self.found.keys().isdisjoint(reads)

    def __call__(self, stage, resolved, cancel) -> workflow.Inspection:
        self.looked.append(stage.name)
        if self.raises:
            raise self.raises
        return next(each for path, each in self.found.items() if path in resolved.parts.reads)


def run_looking(project, inspector: Looking) -> workflow.RunResult:
    executor = FunctionExecutor(project.root, project.store, project.functions, lambda path: path != "raw")
    project.executed, project.events = executor.executed, []
    return workflow.run(
        project.graph(),
        executor,
        project.place,
        beside=workflow.Beside(inspector),
        tell=project.events.append,
    )


def test_inputs_are_looked_at_before_they_are_read(project) -> None:
    """A stage whose input is not what it is to be does not begin, nor what needs it; also if its result is known."""
    three(project)
    project.run()
    failure = workflow.Failure("data", "a has 3 rows too many", remedy="look at it")
    looking = Looking({"a": workflow.Inspection(failure=failure)})
    result = run_looking(project, looking)
    assert states(result) == {"1": "reused", "2": "failed", "3": "blocked"}
    assert result.stages["2"].failure == failure
    assert looking.looked == ["2"]
    assert project.executed == []


def test_notices_of_a_look(project) -> None:
    """What was found and stops nothing is noted, and the stage goes on."""
    three(project)
    result = run_looking(project, Looking({"b": workflow.Inspection(("b is old",))}))
    assert result.state == "done"
    assert result.notices == ("b is old",)
    assert project.executed == ["1", "2", "3"]


def test_damage_found_by_a_look(project) -> None:
    """An object that turns out damaged while it is looked at fails the stage, as it does when a stage reads it."""
    three(project)
    damage = store.errors.MissingObject("memory:", "0" * 64)
    result = run_looking(project, replace(Looking({"b": workflow.Inspection()}), raises=damage))
    assert result.stages["3"].failure is not None
    assert result.stages["3"].failure.kind == "store"
