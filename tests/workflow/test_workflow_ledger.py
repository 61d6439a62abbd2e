"""The ledger: runs, their names, what stages were seen to read; and the digests of files."""

from __future__ import annotations

import os
import sqlite3
import threading

import pytest

from noteship import digests, store, workflow
from noteship.workflow import errors, file_digests
from noteship.workflow.file_digests import FileDigests


def test_runs(project) -> None:
    """Runs are listed from the latest, and found by any unambiguous start or as the latest."""
    project.add("1", "", "a")
    names = [project.run().run, project.run().run]
    ledger = project.ledger
    assert sorted(record.run for record in ledger.runs(9)) == sorted(names)
    assert ledger.run(names[0]).stages["1"].state == "executed"
    assert ledger.run(names[1]).stages["1"].state == "reused"
    assert ledger.run("latest").run == max(names)
    with pytest.raises(errors.AmbiguousRun):
        ledger.run("2")
    with pytest.raises(errors.UnknownRun, match="the latest is"):
        ledger.run("nonsense")


def test_no_runs(project) -> None:
    """An empty ledger says that there is no run yet."""
    with pytest.raises(errors.UnknownRun, match="no run yet"):
        project.ledger.run("latest")


def test_run_without_end(project) -> None:
    """A run whose process died has no end, and shows the stages that ended before."""
    project.add("1", "", "a")
    run = project.run().run
    project.store.delete_ref(f"runs/{run}/end")
    record = project.ledger.run("latest")
    assert record.state == "no end recorded"
    assert record.stages["1"].state == "executed"
    project.run()
    assert project.executed == []


def test_failed_record_is_kept(project) -> None:
    """What a failed stage left, and why it failed, is in the ledger."""
    project.add("models/1", "", "a", lambda desk: 1 // 0)
    project.run()
    record = project.ledger.run("latest").stages["models/1"]
    assert record.failure.kind == "code"
    assert project.ledger.last_result("models/1") is None


def test_last_result_survives_failures(project) -> None:
    """The last result of a stage is found behind failed runs."""
    project.add("1", "", "a")
    result = project.run()
    project.add("1", "", "a", lambda desk: 1 // 0, code="bad")
    project.run()
    assert project.ledger.last_result("1") == result.results["1"]


def test_damaged_result(project) -> None:
    """A result that cannot be read any more is made again."""
    project.add("1", "", "a")
    key = project.run().results["1"].key
    files = [path for path in (project.root / ".noteship" / "store").rglob("*") if path.is_file() and key in path.name]
    assert files
    for path in files:
        path.chmod(0o644)
        path.write_bytes(b"{")
    assert project.run().state == "done"
    assert project.executed == ["1"]


def test_seen_grows(project) -> None:
    """Adding what was seen from several threads at once loses nothing, and the first evidence stays."""
    ledger = project.ledger
    threads = [
        threading.Thread(target=ledger.add_seen, args=("a/b c", workflow.Seen({f"f{i}": "x"}, {f"/o{i}": "y"})))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.add_seen("a/b c", workflow.Seen({"f0": "later"}))
    seen = ledger.seen()["a/b c"]
    assert sorted(seen.inside) == [f"f{i}" for i in range(8)]
    assert seen.inside["f0"] == "x"
    assert len(seen.outside) == 8


def test_one_result_for_one_key(project) -> None:
    """Of two results under one key the first counts, unless the store lost it."""
    ledger = project.ledger

    def result(text: bytes) -> workflow.Result:
        artifact = store.Artifact(project.store.put_bytes(text), "file", len(text))
        return workflow.Result("s", "run", workflow.KeyParts("c"), {"a": artifact})

    first, second = result(b"1"), result(b"2")
    assert ledger.put_result(first, lambda other: True) == first
    assert ledger.put_result(second, lambda other: True) == first
    project.lose(first.outputs["a"].digest)
    assert ledger.put_result(second, lambda other: True) == second
    assert ledger.result(first.key) == second


def test_json_round_trips() -> None:
    """Every value of the seam survives being written down."""
    artifact = store.Artifact(digests.of_bytes(b""), "folder", 3)
    failure = workflow.Failure("memory", "m", "w", "o", True)
    outcome = workflow.Outcome({"a": artifact}, artifact, ("r",), ("w",), ("n",), failure, 1.5)
    assert workflow.Outcome.from_json(outcome.to_json()) == outcome
    stage = workflow.Stage(
        "s", "s.py", digests.of_bytes(b""), ("r",), ("w",), ("r",), {"p": [1]}, ("/o",), ("w",), {"r": "x"}
    )
    assert workflow.Stage.from_json(stage.to_json()) == stage
    record = workflow.StageRecord("s", "failed", "k", "why", 1.0, artifact, ("n",), failure, "b", {"a": artifact})
    assert workflow.StageRecord.from_json(record.to_json()) == record


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as old: a time of change cannot be set."""
    monkeypatch.setattr(file_digests, "RACY_NS", -1)


@pytest.mark.usefixtures("aged")
def test_file_digests_are_remembered(tmp_path) -> None:
    """A file whose size, times and inode are as they were is not read again; any of them different, it is."""
    file, cache = tmp_path / "x", tmp_path / "c" / "digests.sqlite"
    file.write_text("1")
    with FileDigests(tmp_path, cache) as known:
        assert known.of("x") == digests.of_bytes(b"1")
    with sqlite3.connect(cache) as connection:
        connection.execute("update files set digest = 'as remembered'")
    connection.close()
    with FileDigests(tmp_path, cache) as known:
        assert known.of("x") == "as remembered"
    status = file.stat()
    file.write_text("2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    with FileDigests(tmp_path, cache) as known:
        assert known.of("x") == digests.of_bytes(b"2")


def test_young_files_are_read_again(tmp_path) -> None:
    """A file that changed a moment ago is not trusted: its time may not tell the next change."""
    file, cache = tmp_path / "x", tmp_path / "digests.sqlite"
    file.write_text("1")
    status = file.stat()
    with FileDigests(tmp_path, cache) as known:
        known.of("x")
        file.write_text("2")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert known.of("x") == digests.of_bytes(b"2")


@pytest.mark.usefixtures("aged")
def test_damaged_cache(tmp_path) -> None:
    """A damaged cache is as good as none, and is replaced."""
    file, cache = tmp_path / "x", tmp_path / "digests.sqlite"
    file.write_text("1")
    cache.write_bytes(b"no database" * 100)
    for _ in range(2):
        with FileDigests(tmp_path, cache) as known:
            assert known.of("x") == digests.of_bytes(b"1")
    with FileDigests(tmp_path, cache) as known:
        known.of("x")
    assert cache.read_bytes().startswith(b"SQLite")


def test_folder_and_absence(tmp_path) -> None:
    """A folder's digest is that of its names and bytes; nothing has none."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("1")
    with FileDigests(tmp_path) as known:
        before = known.of("d")
        (tmp_path / "d" / "y").write_text("1")
        assert known.of("d") != before
        assert known.of("gone") is None
        assert known.of("d/x/below") is None


def test_unreadable(tmp_path) -> None:
    """A file that cannot be read is an error that names it."""
    (tmp_path / "loop").symlink_to("loop")
    with FileDigests(tmp_path) as known, pytest.raises(errors.UnreadableInput, match="loop"):
        known.of("loop")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: [],
        lambda value: {},
        lambda value: value | {"outputs": None},
        lambda value: value | {"outputs": {"a": {"digest": "../x", "kind": "file", "size_bytes": 1}}},
        lambda value: value | {"outputs": {"a": value["outputs"]["a"] | {"size_bytes": "1"}}},
        lambda value: value | {"notes": [1]},
        lambda value: value | {"seconds": "long"},
        lambda value: value | {"parts": value["parts"] | {"code": "another"}},
    ],
)
def test_a_malformed_result_is_none(project, spoil) -> None:
    """What is no result, or another key's, counts as nothing there, and is replaced by the next run."""
    project.add("1", "", "a")
    key = project.run().results["1"].key
    ref = project.store.read_ref(f"results/{key}")
    project.store.write_ref(ref.name, spoil(ref.value), expected=ref)
    assert project.ledger.result(key) is None
    assert project.ledger.ever_made() == set()
    assert project.run().state == "done"
    assert project.executed == ["1"]
    assert project.ledger.result(key) is not None
