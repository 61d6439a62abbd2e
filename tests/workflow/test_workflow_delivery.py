"""What is put into the project's folder, and what is never lost there."""

from __future__ import annotations

from pathlib import Path

import pytest

from noteship import digests, workflow
from noteship.workflow import errors


def replaced(project) -> dict[str, str]:
    folder = project.root / ".noteship" / "replaced"
    return {
        path.relative_to(folder).as_posix().partition("/")[2]: path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_deleted_output_comes_back(project) -> None:
    """A reused output that is absent in the project is delivered from the store."""
    project.add("1", "", "a")
    project.run()
    (project.root / "a").unlink()
    project.run()
    assert project.executed == []
    assert project.text("a") == "1()"


def test_file_from_before(project) -> None:
    """A file from before noteship is set aside with a notice, when it differs."""
    project.put("a", "older")
    project.put("b", "2()")
    project.add("1", "", "a")
    project.add("2", "", "b")
    result = project.run()
    assert replaced(project) == {"a": "older"}
    assert [notice.partition(";")[0] for notice in result.notices] == ["a was there before"]


def test_changed_by_hand(project) -> None:
    """A delivered file that was changed stops the run before it begins, and nothing is touched."""
    project.add("1", "", "a")
    project.add("2", "a", "b")
    project.run()
    project.put("a", "mine")
    with pytest.raises(errors.ChangedByHand, match="a, which stage '1' makes, was changed by hand"):
        project.run()
    assert project.text("a") == "mine"
    assert len(project.ledger.runs(9)) == 1
    project.run(replace=True)
    assert project.text("a") == "1()"
    assert replaced(project) == {"a": "mine"}


def test_changed_by_hand_elsewhere(project) -> None:
    """A changed file of a stage that this run does not need is left alone."""
    project.add("1", "", "a")
    project.add("2", "", "b")
    project.run()
    project.put("a", "mine")
    assert project.run(project.graph().upto(["2"])).state == "done"
    assert project.text("a") == "mine"


def test_changed_while_running(project) -> None:
    """A delivered file that is changed while the run goes on fails its stage, and is not overwritten."""
    project.add("1", "", "a")
    project.run()

    def function(desk) -> None:
        project.put("a", "mine")
        desk.write("a", b"new")

    project.add("1", "", "a", function, code="new")
    result = project.run()
    assert "changed by hand" in result.stages["1"].failure.message
    assert project.text("a") == "mine"


def test_bytes_a_stage_once_made(project) -> None:
    """A file with bytes that the ledger knows as that stage's output is nobody's own, wherever it came from."""
    project.add("1", "", "a")
    project.run()
    project.add("1", "", "a", lambda desk: desk.write("a", b"new"), code="new")
    project.run()
    log = project.root / ".noteship" / "delivered.jsonl"
    log.write_text(log.read_text().splitlines()[-1] + "\n")
    project.put("a", "1()")
    assert project.run().state == "done"
    assert project.text("a") == "new"


def test_torn_log(project) -> None:
    """A line torn by a kill takes no other line with it."""
    project.add("1", "", "a")
    project.run()
    log = project.root / ".noteship" / "delivered.jsonl"
    log.write_bytes(log.read_bytes() + b'{"path": "b", "dig')
    project.add("2", "", "c")
    project.run()
    project.put("c", "mine")
    with pytest.raises(errors.ChangedByHand):
        project.run()


def test_alternating_choice(project) -> None:
    """Going back and forth between alternatives delivers the one chosen, and is no change by hand."""
    for name in ("2a", "2b"):
        project.add(name, "", "f")
    project.add("3", "f", "m")
    for name in ("2a", "2b", "2a"):
        project.run(project.graph(name))
        assert project.text("f") == f"{name}()"


def test_never_out_of_the_project(project) -> None:
    """An output whose path would leave the project is refused."""
    project.add("1", "", "a", lambda desk: desk.write("../evil", b""))
    result = project.run()
    assert result.stages["1"].state == "failed"
    assert not (project.root.parent / "evil").exists()


def test_folder_in_the_way(project) -> None:
    """A folder where a file has to go is set aside."""
    project.put("a/x", "kept")
    project.add("1", "", "a")
    project.run()
    assert project.text("a") == "1()"
    assert replaced(project) == {"a/x": "kept"}


def test_lost_original(project) -> None:
    """When the original of a file changed in place is lost, the stage says so instead of changing it twice."""
    project.put("t", "raw")
    project.add("1", "t", "t", in_place="t")
    result = project.run()
    project.lose(result.results["1"].parts.reads["t"])
    project.add("1", "t", "t", in_place="t", code="new")
    assert "original is lost" in project.run().stages["1"].failure.message
    project.put("t", "raw")
    assert project.run().state == "done"
    assert project.text("t") == "1(raw)"


def test_own_folder_is_ignored(project) -> None:
    """Version control is told to look away from noteship's folder."""
    project.add("1", "", "a")
    project.run()
    assert project.text(".noteship/.gitignore") == "*\n"


def test_gc_keeps_what_is_needed(project) -> None:
    """What the last runs and the originals need is named; older results are forgotten and made again."""
    project.put("t", "raw")
    project.add("1", "t", "t", in_place="t")
    first = project.run()
    project.add("1", "t", "t", lambda desk: desk.write("t", b"new"), in_place="t", code="new")
    second = project.run()
    needed = workflow.needed(project.ledger, 1)
    assert second.results["1"].outputs["t"].digest in needed
    assert first.results["1"].parts.reads["t"] in needed
    assert first.results["1"].outputs["t"].digest not in needed
    assert workflow.forget_results(project.ledger, 1) == 1
    project.store.sweep(project.store.reachable(needed), older_than_s=-1)
    project.run()
    assert project.executed == []


def test_two_runs_change_one_file_in_place(project) -> None:
    """A run that began before another delivered does not take what that one made for a new original."""
    project.put("x", "2")
    others: list[str] = []

    def other_first(desk) -> None:
        if not others:
            others.append("other")
            executed = project.executed
            project.run(project.graph().upto(["2"]))
            project.executed = executed
        desk.write("a", b"")

    project.add("1", "", "a", other_first)
    project.add("2", "x", "x", in_place="x")
    # The second stage has to be resolved after the other run has ended.
    project.add("2", "a x", "x", lambda desk: desk.write("x", desk.read("x") * 2), in_place="x")
    alone = project.stages["2"]
    project.add("2", "x", "x", project.functions["2"], in_place="x", code="other")
    other, project.stages["2"] = project.stages["2"], alone
    first = project.graph()
    project.stages["2"] = other
    result = project.run(first)
    assert result.state == "done"
    assert project.text("x") == "22"
    assert result.results["2"].parts.reads["x"] == digests.of_bytes(b"2")


def test_what_another_run_delivered_meanwhile_is_not_changed_by_hand(project) -> None:
    """Runs read each other's deliveries, and the ledger again."""
    project.add("1", "", "a")
    project.run()
    others: list[str] = []

    def other_first(desk) -> None:
        if not others:
            others.append("other")
            mine = project.stages["1"], project.functions["1"]
            project.add("1", "", "a", lambda desk: desk.write("a", b"of the other"), code="other")
            project.run()
            project.stages["1"], project.functions["1"] = mine
        desk.write("a", b"of this one")

    project.add("1", "", "a", other_first, code="this")
    assert project.run().state == "done"
    assert project.text("a") == "of this one"


@pytest.mark.parametrize(
    "path",
    [
        *("x/.git/hooks/pre-commit", ".Noteship/origins.jsonl", "./a", "x/./a", "x//a", "/tmp/a"),
        *("hooks/pre-commit", "out/.bashrc", "out/.ssh/a", "gone/a", "gone", "loop", "loop/a", "out"),
    ],
)
def test_closed_places(project, path: str) -> None:
    """Nothing is put into the folders of noteship and of version control, nor hidden files behind links."""
    (project.root / "out").symlink_to(project.root.parent)
    (project.root / ".git/hooks").mkdir(parents=True)
    (project.root / "hooks").symlink_to(".git/hooks")
    (project.root / "gone").symlink_to("not/mounted")
    (project.root / "loop").symlink_to("loop")
    project.add("1", "", "a", lambda desk: desk.write(path, b"x"))
    failure = project.run().stages["1"].failure
    assert (failure.kind, "cannot be put into" in failure.message) == ("output", True)
    assert not (project.root / path).is_file()
    assert all((project.root / name).is_symlink() for name in ("out", "gone", "loop"))


@pytest.mark.parametrize("path", ["lib/helper.py", "01.ipynb", "noteship.toml"])
def test_sources_stay(project, path: str) -> None:
    """A source of the project that no stage made does not give way to a result; one that a stage made does."""
    project.put(path, "mine")
    project.add("1", "", path)
    failure = project.run(replace=True).stages["1"].failure
    assert "source of the project" in failure.nearest
    assert project.text(path) == "mine"
    (project.root / path).unlink()
    assert project.run().state == "done"
    project.add("1", "", path, lambda desk: desk.write(path, b"new"), code="new")
    assert project.run().state == "done"
    assert project.text(path) == "new"


def test_gc_beside_a_run_under_way(project) -> None:
    """A run without an end is none of the latest, and what it has recorded is kept."""
    project.add("1", "", "a")
    ended = project.run()
    project.add("1", "", "a", lambda desk: desk.write("a", b"new"), code="new")
    going_on = project.run()
    project.store.delete_ref(f"runs/{going_on.run}/end")
    needed = workflow.needed(project.ledger, 1)
    assert {each.results["1"].outputs["a"].digest for each in (ended, going_on)} <= needed
    assert workflow.forget_results(project.ledger, 1) == 0


def test_a_pattern_does_not_mean_what_an_earlier_run_left(project) -> None:
    """What no stage writes any more counts as absent for readers of a pattern; the user's own files stay."""
    project.put("parts/own", "")
    project.add("1", "", "parts/old")
    project.add("2", "parts/*", "all", lambda desk: desk.write("all", b""))
    assert project.run().results["2"].parts.reads.keys() == {"parts/old", "parts/own"}
    project.add("1", "", "parts/new", code="new")
    assert project.run().results["2"].parts.reads.keys() == {"parts/new", "parts/own"}


@pytest.fixture
def disk(tmp_path_factory) -> Path:
    """Another disk."""
    return tmp_path_factory.mktemp("disk")


def test_a_linked_folder_is_written_through(project, disk: Path) -> None:
    """A folder that the user linked gets what stages write; the link stays, and a second run has nothing to do."""
    (project.root / "data").symlink_to(disk)
    project.add("1", "", "data/deep/a", lambda desk: desk.write("data/deep/a", b"1"))
    project.add("2", "data/deep/a", "b")
    assert project.run().state == "done"
    assert (disk / "deep/a").read_text() == "1"
    assert (project.root / "data").is_symlink()
    assert project.run().state == "done"
    assert project.executed == []


def test_what_lies_behind_a_link_is_not_lost(project, disk: Path) -> None:
    """Behind a link, too, what noteship did not deliver is set aside, or stops the run when it was changed by hand."""
    (disk / "a").write_text("older")
    (project.root / "data").symlink_to(disk)
    project.add("1", "", "data/a")
    assert project.run().state == "done"
    assert replaced(project) == {"data/a": "older"}
    (disk / "a").write_text("mine")
    with pytest.raises(errors.ChangedByHand):
        project.run()


def test_a_linked_file_is_written_through(project, disk: Path) -> None:
    """A file that the user linked is replaced where it lies, even when it is not there yet; the link stays."""
    (disk / "a").write_text("older")
    for name in ("a", "b"):
        (project.root / name).symlink_to(disk / name)
    project.add("1", "", "a b")
    assert project.run().state == "done"
    assert [(disk / name).read_text() for name in ("a", "b")] == ["1()", "1()"]
    assert all((project.root / name).is_symlink() for name in ("a", "b"))
    assert replaced(project) == {"a": "older"}
    project.add("1", "", "a b", code="new", function=lambda desk: [desk.write(name, b"new") for name in ("a", "b")])
    assert project.run().state == "done"
    assert [(disk / name).read_text() for name in ("a", "b")] == ["new", "new"]


def elsewhere(project, root: Path):
    """Another checkout over the same store."""
    root.mkdir()
    other = type(project)(root)
    other.store, other.ledger = project.store, project.ledger
    return other


@pytest.mark.parametrize("path", ["pandas.py", "lib/extension.so", ".venv/bin/python", ".bashrc"])
def test_code_from_elsewhere_is_not_put_into_the_project(project, tmp_path: Path, path: str) -> None:
    """A shared store's result adds no code or hidden file that its stage is not known to write; making it here does."""

    def makes(desk) -> None:
        desk.write("a", b"1")
        desk.write(path, b"orders")

    other = elsewhere(project, tmp_path / "elsewhere")
    for each in (project, other):
        each.add("1", "", "a", makes)
    assert project.run().stages["1"].state == "executed"
    record = other.run().stages["1"]
    assert record.state == "failed"
    assert "run --force 1" in record.failure.remedy
    assert not (other.root / path).exists()
    assert other.run(force=frozenset({"1"})).stages["1"].state == "executed"
    (other.root / path).unlink()
    assert other.run().stages["1"].state == "reused"
    assert other.text(path) == "orders"


def test_code_that_a_stage_is_known_to_write_comes_from_elsewhere(project, tmp_path: Path) -> None:
    """What was inferred or declared is delivered wherever the result comes from."""
    other = elsewhere(project, tmp_path / "elsewhere")
    for each in (project, other):
        each.add("1", "", "made.py")
        each.run()
    assert other.executed == []
    assert other.text("made.py") == "1()"


def test_what_a_kill_left_of_a_delivery_is_deleted(project) -> None:
    """A part of a file, under the name that it had until it was whole."""
    project.add("1", "", "a")
    project.run()
    (project.root / "a").rename(project.root / ".a.0123456789ab.new")
    project.run()
    assert project.text("a") == "1()"
    assert not (project.root / ".a.0123456789ab.new").exists()
