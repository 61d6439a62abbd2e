"""What is put into the project's folder, and what is never lost there."""

from __future__ import annotations

import pytest

from noteship import workflow
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
    project.store.delete_object(result.results["1"].parts.reads["t"])
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
