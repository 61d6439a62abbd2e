"""Running: what is executed, reused, blocked, learned, recorded."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noteship import digests, store, workflow
from noteship import errors as base_errors
from noteship.workflow import errors
from noteship.workflow.functions import Desk


def states(result: workflow.RunResult) -> dict[str, str]:
    return {name: record.state for name, record in result.stages.items()}


def three(project) -> None:
    project.put("raw", "r")
    project.add("1", "raw", "a")
    project.add("2", "a", "b")
    project.add("3", "b", "c")


def test_first_and_second(project) -> None:
    """The first run executes every stage and delivers what they made; the second executes nothing."""
    three(project)
    first = project.run()
    assert first.state == "done"
    assert project.executed == ["1", "2", "3"]
    assert project.text("c") == "3(2(1(r)))"
    second = project.run()
    assert project.executed == []
    assert set(states(second).values()) == {"reused"}
    assert [type(event).__name__ for event in project.events] == ["StageReused"] * 3


def test_changed_input(project) -> None:
    """A changed input executes what depends on it, and the events and the plan say why."""
    three(project)
    project.add("other", "", "o")
    project.run()
    project.put("raw", "s")
    plan = workflow.plan(project.graph(), project.place)
    assert plan["1"].text == "input raw changed"
    assert plan["2"].text == "a will be made anew by 1; it runs if that comes out differently"
    project.run()
    assert project.executed == ["1", "2", "3"]
    started = [event.reason for event in project.events if isinstance(event, workflow.StageStarted)]
    assert started == ["input raw changed", "input a made anew by 1", "input b made anew by 2"]
    assert project.text("c") == "3(2(1(s)))"


def test_back_to_old_input(project) -> None:
    """An input that is as it once was brings the old results back, without executing anything."""
    three(project)
    project.run()
    project.put("raw", "s")
    project.run()
    project.put("raw", "r")
    project.run()
    assert project.executed == []
    assert project.text("c") == "3(2(1(r)))"


def test_equal_output_stops_early(project) -> None:
    """A stage that makes the same bytes again lets what depends on it be reused."""
    project.put("raw", "r")
    project.add("1", "raw", "a", lambda desk: (desk.read("raw"), desk.write("a", b"same"))[0])
    project.add("2", "a", "b")
    project.run()
    project.put("raw", "s")
    result = project.run()
    assert project.executed == ["1"]
    assert states(result) == {"1": "executed", "2": "reused"}


def test_code_parameter_environment(project) -> None:
    """Code, a parameter and the environment are each a reason to execute."""
    three(project)
    project.run()
    project.add("1", "raw", "a", code="new")
    assert workflow.plan(project.graph(), project.place)["1"].text == "its code changed"
    project.add("1", "raw", "a", params={"p": 1})
    assert workflow.plan(project.graph(), project.place)["1"].text == "parameter p: the notebook's own value -> 1"
    project.add("1", "raw", "a")
    project.environment = workflow.Environment("e2", {"pandas": "2.2"}, "3.11")
    assert workflow.plan(project.graph(), project.place)["1"].text == "environment: pandas 2.1 -> 2.2"
    project.run()
    assert project.executed == ["1", "2", "3"]


def test_failure_blocks_what_needs_it(project) -> None:
    """A failed stage blocks what depends on it; the rest finishes; mended, only the failed part runs."""
    three(project)
    project.add("2", "a", "b", lambda desk: 1 // 0)
    project.add("free", "a", "f")
    result = project.run()
    assert result.state == "failed"
    assert states(result) == {"1": "executed", "2": "failed", "3": "blocked", "free": "executed"}
    assert result.stages["2"].failure.message == "ZeroDivisionError: integer division or modulo by zero"
    assert result.stages["3"].blocked_by == "2"
    project.add("2", "a", "b")
    assert project.run().state == "done"
    assert project.executed == ["2", "3"]


def test_missing_output(project) -> None:
    """A stage that ends without a file that another reads fails, and the nearest of what it wrote is named."""
    project.add("1", "", "data/features.parquet", lambda desk: desk.write("data/feature.parquet", b""))
    project.add("2", "data/features.parquet", "b")
    result = project.run()
    message = result.stages["1"].failure.message
    assert result.stages["1"].failure.kind == "output"
    assert "ended without writing data/features.parquet, which 2 reads" in message
    assert result.stages["1"].failure.nearest == "data/feature.parquet, which it wrote"


def test_required_output(project) -> None:
    """A file that is declared by hand must be there though nobody reads it, also when a result is reused."""
    project.add("1", "", "a", lambda desk: desk.write("a", b""))
    project.run()
    project.add("1", "", "a", lambda desk: desk.write("a", b""), required="m")
    result = project.run()
    assert "ended without writing m" in result.stages["1"].failure.message


def test_learned_from_wanted(project) -> None:
    """A file that was wanted and that another stage makes is learned: the stage runs again after that one."""
    project.add("a-use", "", "out", lambda desk: desk.write("out", desk.read("model")))
    project.add("b-make", "", "model")
    result = project.run()
    assert result.state == "done"
    assert project.executed in (["a-use", "b-make", "a-use"], ["b-make", "a-use", "a-use"])
    learned = [event for event in project.events if isinstance(event, workflow.Learned)]
    assert [(each.stage, each.file, each.producer) for each in learned] == [("a-use", "model", "b-make")]
    assert project.text("out") == "b-make()"
    assert project.graph().order == ("b-make", "a-use")
    project.run()
    assert project.executed == []


def test_learned_one_after_the_other(project) -> None:
    """Several files that a stage fails for one by one are all learned in one run."""
    project.add("a", "", "out", lambda desk: desk.write("out", b"".join(desk.read(f"f{i}") for i in range(4))))
    for i in range(4):
        project.add(f"m{i}", "", f"f{i}")
    assert project.run().state == "done"
    assert project.executed.count("a") == 5


def test_learned_beyond_the_target(project) -> None:
    """What a target turns out to need is run although nobody asked for it."""
    project.add("a", "", "out", lambda desk: desk.write("out", desk.read("f")))
    project.add("m", "raw", "f")
    project.put("raw", "r")
    project.add("unneeded", "", "u")
    result = project.run(project.graph().upto(["a"]))
    assert states(result) == {"a": "executed", "m": "executed"}


def test_learned_of_failed(project) -> None:
    """A stage that turns out to need one that failed is blocked by it."""
    project.add("z", "", "out", lambda desk: desk.write("out", desk.read("f")))
    project.add("a", "", "f", lambda desk: 1 // 0)
    result = project.run()
    assert states(result) == {"a": "failed", "z": "blocked"}


def test_learned_cycle_is_left_out(project) -> None:
    """A file that is made out of the stage's own output is no input of it, and that is said."""

    def first(desk: Desk) -> None:
        try:
            desk.read("b")
        except FileNotFoundError:
            desk.write("a", b"cold")

    project.add("1", "", "a", first)
    project.add("2", "a", "b")
    result = project.run()
    assert result.state == "done"
    assert any("1 reads b" in notice for notice in result.notices)
    project.run()
    assert project.executed == []


def test_seen_reads_count(project) -> None:
    """A file of the project that was read and not inferred is part of the key from then on."""
    project.put("extra.txt", "x")
    project.add("1", "", "a", lambda desk: desk.write("a", desk.read("extra.txt")))
    project.run()
    project.run()
    assert project.executed == []
    project.put("extra.txt", "y")
    project.run()
    assert project.executed == ["1"]
    assert "opened it in run" in project.ledger.seen()["1"].inside["extra.txt"]


def test_seen_absence_counts(project) -> None:
    """A file that was looked for in vain is part of the key: when it appears, the stage runs."""

    def function(desk: Desk) -> None:
        try:
            desk.write("a", desk.read("optional.json"))
        except FileNotFoundError:
            desk.write("a", b"default")

    project.add("1", "", "a", function)
    project.run()
    project.run()
    assert project.executed == []
    project.put("optional.json", "set")
    project.run()
    assert project.executed == ["1"]
    assert project.text("a") == "set"


def test_seen_outside_counts(project, tmp_path_factory) -> None:
    """A file outside of the project counts by its bytes."""
    outside = tmp_path_factory.mktemp("outside") / "x"
    outside.write_text("1")

    def function(desk: Desk) -> None:
        desk.reads.append(str(outside))
        desk.write("a", outside.read_bytes())

    project.add("1", "", "a", function)
    project.run()
    project.run()
    assert project.executed == []
    outside.write_text("2")
    project.run()
    assert project.executed == ["1"]


def test_input_changed_while_running(project) -> None:
    """A result is not kept under a key when an input changed while the stage ran."""
    project.put("raw", "r")

    def function(desk: Desk) -> None:
        data = desk.read("raw")
        if data == b"r":
            project.put("raw", "later")
        desk.write("a", data)

    project.add("1", "raw", "a", function)
    result = project.run()
    assert any("raw changed while 1 ran" in notice for notice in result.notices)
    project.run()
    assert project.executed == ["1"]
    assert project.text("a") == "later"


def test_lost_output(project) -> None:
    """An output that the store lost is made again by its stage, and what depends on it is reused."""
    three(project)
    result = project.run()
    project.lose(result.results["1"].outputs["a"].digest)
    assert workflow.plan(project.graph(), project.place)["1"].text == "its output a is lost or damaged in the store"
    project.run()
    assert project.executed == ["1"]


def test_folder_output(project) -> None:
    """A folder is one output: delivered file by file, and given to who reads a file in it."""

    def make(desk: Desk) -> None:
        folder = project.root / ".noteship" / "scratch" / "out"
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "x").write_text("1")
        desk.outputs["out"] = project.store.put_artifact(folder)

    def use(desk: Desk) -> None:
        desk.write("b", str(sorted(desk._inputs)).encode())

    project.add("1", "", "out", make)
    project.add("2", "out/deep/x", "b", use)
    assert project.run().state == "done"
    assert project.text("out/deep/x") == "1"
    assert project.text("b") == "['out']"
    project.run()
    assert project.executed == []


def test_pattern_outputs(project) -> None:
    """What a stage writes under a pattern reaches the one who reads a folder, and own files beside them count too."""

    def make(desk: Desk) -> None:
        for i in range(3):
            desk.write(f"data/part-{i}.csv", b"%d" % i)

    project.put("data/raw.csv", "r")
    project.add("1", "", "data/part-*.csv", make)
    project.add("2", "data", "b", lambda desk: desk.write("b", " ".join(sorted(desk._inputs)).encode()))
    project.run()
    assert project.text("b") == "data/part-0.csv data/part-1.csv data/part-2.csv"
    project.run()
    assert project.executed == []
    project.put("data/raw.csv", "s")
    project.run()
    assert project.executed == ["2"]


def test_in_place_chain(project) -> None:
    """Versions of a file are made in order, and the folder has the last one; a second run does nothing."""
    project.add("1", "", "t")
    project.add("2", "t", "t", in_place="t")
    project.add("3", "t", "out")
    project.run()
    assert project.text("out") == "3(2(1()))"
    assert project.text("t") == "2(1())"
    project.run()
    assert project.executed == []


def test_in_place_raw(project) -> None:
    """A raw file that is changed in place is changed once: the next run starts from the original, or from a new one."""
    project.put("t", "raw")
    project.add("1", "t", "t", in_place="t")
    project.add("2", "t", "out")
    project.run()
    assert project.text("t") == "1(raw)"
    project.run()
    assert project.executed == []
    project.add("1", "t", "t", in_place="t", code="new")
    project.run()
    assert project.executed == ["1"]
    assert project.text("t") == "1(raw)"
    project.put("t", "fresh")
    project.run()
    assert project.text("out") == "2(1(fresh))"


def test_parallel(project) -> None:
    """Stages that do not need each other run at once, as many as asked for."""
    meet = threading.Barrier(3, timeout=20)
    for name in "abc":
        project.add(name, "", f"f{name}", lambda desk: meet.wait() and None)
    assert project.run(jobs=3).state == "done"


def test_stop(project) -> None:
    """When told to stop, nothing more begins, what runs is told, and the ledger says interrupted."""
    stop = threading.Event()
    project.add("1", "", "a")

    def wait(desk: Desk) -> None:
        stop.set()
        assert desk.cancel.wait(20)

    project.add("2", "a", "b", wait)
    project.add("3", "b", "c")
    result = project.run(stop=stop)
    assert result.state == "interrupted"
    assert states(result) == {"1": "executed", "2": "stopped", "3": "stopped"}
    assert project.ledger.run("latest").state == "interrupted"
    project.add("2", "a", "b")
    project.run()
    assert project.executed == ["2", "3"]


def test_executor_breaks(project) -> None:
    """What the executor cannot do at all ends the run with that error, and the ledger has its end."""

    def breaks(task, cancel):
        raise store.errors.StoreUnreachable("s3://b", "http://s", "because")

    project.add("1", "", "a")
    with pytest.raises(store.errors.StoreUnreachable):
        workflow.run(project.graph(), breaks, project.place)
    assert project.ledger.run("latest").state == "failed"


def test_other_run_was_first(project) -> None:
    """What another run recorded meanwhile is taken over: one key has one result."""
    other: list[workflow.RunResult] = []

    def function(desk: Desk) -> None:
        if not other:
            other.append(None)
            executed = project.executed
            other[0] = project.run()
            project.executed = executed
        desk.write("a", str(time.monotonic_ns()).encode())

    project.add("1", "", "a", function)
    result = project.run()
    assert result.results["1"].outputs == other[0].results["1"].outputs


def test_damaged_input(project) -> None:
    """An input that turns out damaged fails its stage, and the next run makes it again."""
    three(project)
    result = project.run()
    digest = result.results["2"].outputs["b"].digest
    files = [path for path in (project.root / ".noteship" / "store").rglob("*") if digest[4:] in path.name]
    files[0].chmod(0o644)
    files[0].write_bytes(b"x" * files[0].stat().st_size)
    project.add("3", "b", "c", code="new")
    assert project.run().stages["3"].failure.kind == "store"
    project.run()
    assert project.executed == ["2", "3"]


def test_unreadable_input(project) -> None:
    """An input that cannot be read fails its stage, and the rest finishes."""
    three(project)
    project.add("free", "", "f")
    graph = project.graph()
    (project.root / "raw").unlink()
    (project.root / "raw").symlink_to("raw")
    result = project.run(graph)
    assert states(result) == {"1": "failed", "2": "blocked", "3": "blocked", "free": "executed"}


def test_looking_into_folders(project, tmp_path_factory) -> None:
    """Folders looked into count by the user's files in them, and make nobody wait for what others put there."""
    outside = tmp_path_factory.mktemp("outside")

    def function(desk: Desk) -> None:
        desk.reads += ["data", "plots", ".", str(outside)]
        desk.write("plots/1.png", b"")

    project.put("data/raw", "r")
    project.add("1", "", "plots/1.png", function)
    project.add("2", "", "data/2 plots/2.png")
    project.run()
    assert project.graph().edges == ()
    project.run()
    assert project.executed == []
    project.put("data/raw2", "r")
    project.run()
    assert project.executed == ["1"]
    (outside / "x").touch()
    project.run()
    assert project.executed == ["1"]


def test_two_writers_of_a_plot(project) -> None:
    """Of a file that two write and nobody reads, the later stage's stays, and a second run leaves it alone."""
    project.add("1", "", "p")
    project.add("2", "", "p")
    for _ in range(2):
        project.run()
        assert project.text("p") == "2()"


def test_cache_file(project) -> None:
    """A cache that a stage writes for itself does not make it run again."""

    def function(desk: Desk) -> None:
        try:
            desk.read("cache")
        except FileNotFoundError:
            desk.write("cache", b"1")

    project.add("1", "cache", "cache", function, in_place="cache")
    project.add("2", "", "cache2", lambda desk: desk.write("cache2", b"2"))
    project.run()
    project.run()
    assert project.executed == []


def test_alternatives_stop_everything(project) -> None:
    """Without a choice nothing runs; with one, only the chosen does."""
    project.add("2a", "", "f")
    project.add("2b", "", "f")
    project.add("3", "f", "m")
    with pytest.raises(errors.UnchosenAlternatives):
        project.run()
    assert project.ledger.runs(9) == []
    project.run(project.graph("2b"))
    assert project.text("m") == "3(2b())"
    project.run(project.graph("2a"))
    assert project.text("m") == "3(2a())"
    assert project.ledger.run("latest").chosen == ("2a",)


def test_learning_an_alternative(project) -> None:
    """A stage that turns out to read what several make fails with the choice to be made."""
    project.add("2a", "", "f")
    project.add("2b", "", "f")
    project.add("3", "", "m", lambda desk: desk.write("m", desk.read("f")))
    result = project.run()
    assert "--with 2a" in result.stages["3"].failure.remedy


@settings(max_examples=25, deadline=None)
@given(
    reads=st.lists(st.sets(st.integers(0, 6), max_size=3), min_size=1, max_size=7),
    failing=st.sets(st.integers(0, 6), max_size=2),
    jobs=st.integers(1, 3),
)
def test_random_graphs(tmp_path_factory, reads: list[set[int]], failing: set[int], jobs: int) -> None:
    """Over any graph, each stage runs once, a second run none, and a failing one blocks exactly what depends on it."""
    from noteship import store
    from noteship.workflow.functions import FunctionExecutor

    root: Path = tmp_path_factory.mktemp("random")
    kept = store.open_store("memory:", root)
    place = workflow.Workplace(root, kept, workflow.Environment("e"))
    stages, functions = [], {}
    for i, some in enumerate(reads):
        known = [f"f{j}" for j in sorted(some) if j < i]
        stages.append(workflow.Stage(f"s{i}", f"s{i}.py", digests.of_bytes(b"%d" % i), tuple(known), (f"f{i}",)))

        def function(desk: Desk, known: list[str] = known, i: int = i) -> None:
            if i in failing:
                raise ValueError
            desk.write(f"f{i}", b"".join(desk.read(path) for path in known) + b"%d" % i)

        functions[f"s{i}"] = function
    graph = workflow.Graph.of(stages, [])
    executor = FunctionExecutor(root, kept, functions)
    result = workflow.run(graph, executor, place, workflow.Options(jobs=jobs))
    bad = {f"s{i}" for i in failing if i < len(reads)}
    blocked: set[str] = set()
    for name in graph.order:
        if {edge.producer for edge in graph.inputs.get(name, ())} & (bad | blocked):
            blocked.add(name)
    assert {name for name, record in result.stages.items() if record.state == "blocked"} == blocked
    assert sorted(executor.executed) == sorted(set(graph.order) - blocked)
    executor.executed.clear()
    workflow.run(graph, executor, place)
    assert set(executor.executed) == bad - blocked


def test_errors_have_examples() -> None:
    """Every error of this room shows its four parts by an example."""
    for name in errors.__all__:
        error = getattr(errors, name).example()
        assert isinstance(error, base_errors.NoteshipError)
        assert error.parts().fact and error.parts().remedy


def test_force(project) -> None:
    """A forced stage executes though its result is known, the new result is the one reused, and readers follow it."""
    moments = iter(["old", "new"])
    project.add("1", "", "a", lambda desk: desk.write("a", next(moments).encode()))
    project.add("2", "a", "b")
    project.run()
    result = project.run(force=frozenset({"1"}))
    assert states(result) == {"1": "executed", "2": "executed"}
    assert "force" in result.stages["1"].reason
    assert project.text("b") == "2(new)"
    assert states(project.run()) == {"1": "reused", "2": "reused"}
    assert project.text("a") == "new"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (store.errors.LinkLeavesFolder.example(), "output"),
        (store.errors.SourceChanged("out"), "output"),
        (store.errors.TargetUnwritable("in", "No space left on device"), "environment"),
    ],
)
def test_a_stages_own_files_fail_that_stage(project, error: base_errors.NoteshipError, kind: str) -> None:
    """What is wrong with the files of one stage is its failure, and the others go on."""

    def executor(task: workflow.Task, cancel: threading.Event) -> workflow.Outcome:
        if task.stage.name == "1":
            raise error
        return workflow.Outcome()

    project.add("1")
    project.add("2")
    result = workflow.run(project.graph(), executor, project.place)
    assert states(result) == {"1": "failed", "2": "executed"}
    assert result.stages["1"].failure.kind == kind


def test_an_input_that_becomes_unreadable_fails_its_stage(project) -> None:
    """Also when that is found after the stage has run."""
    project.put("raw", "r")

    def function(desk: Desk) -> None:
        (project.root / "raw").unlink()
        (project.root / "raw").symlink_to("raw")

    project.add("1", "raw", "", function)
    project.add("2")
    result = project.run()
    assert states(result) == {"1": "failed", "2": "executed"}
    assert result.stages["1"].failure.kind == "input"
