"""What `gc` keeps of bundles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.projects import Project
from noteship import contracts, digests, store, timed, workflow
from noteship.digests import Digest
from noteship.operations import checking, judgements, promotions
from noteship.operations.gc import gc
from noteship.operations.opened import OpenedProject
from noteship.operations.promote import promote
from operations.judged_bundles import bundle_of, judge


def test_runs_under_way_are_none_of_the_last(project: Project) -> None:
    """The bundles of the last runs that have ended are kept, however many began since."""
    project.chain("a")
    opened = OpenedProject.at(project.root)
    names = [project.json("run")["run"] for _ in range(2)]
    for name in names:
        digest = opened.store.put_folder(project.write(f"{name}/bundle.json", name).parent)
        opened.store.write_ref(f"run-bundles/{name}", {"digest": digest}, expected=None)
    for _ in range(3):
        opened.ledger.start(targets=(), chosen=(), environment=opened.workplace.environment)
    gc(opened, 1, dry_run=False)
    assert list(opened.store.refs("run-bundles/")) == [f"run-bundles/{names[1]}"]


def aged(root: Path) -> None:
    for path in (root / ".noteship/store").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def meanwhile(monkeypatch: pytest.MonkeyPatch, then: object) -> None:
    """Let something happen after `gc` has looked at what is needed."""
    real = workflow.forget_results

    def forget(ledger: workflow.Ledger, runs: int) -> int:
        then()  # type: ignore[operator]
        return real(ledger, runs)

    monkeypatch.setattr(workflow, "forget_results", forget)


def test_what_is_promoted_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that became the champion while `gc` was looking is whole, judged, and found by its digest."""
    opened = OpenedProject.at(tmp_path)
    bundle = bundle_of(opened, "one")
    kept = judge(opened, bundle)
    opened.store.delete_ref("names/latest")
    aged(tmp_path)
    meanwhile(monkeypatch, lambda: promote(opened, bundle[:12]))
    gc(opened, 1, dry_run=False)
    assert promotions.champion(opened.store).digest == bundle  # type: ignore[union-attr]
    assert opened.store.holds(store.Artifact(Digest(bundle), "folder", 0))
    assert judgements.read(opened.store, kept).passed
    assert list(opened.store.refs("bundles/")) == [f"bundles/{bundle}"]


def test_what_is_promoted_at_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promoting makes a bundle young again, which no sweep that began before removes."""
    opened = OpenedProject.at(tmp_path)
    bundle = bundle_of(opened, "one")
    judge(opened, bundle)
    opened.store.delete_ref("names/latest")
    aged(tmp_path)
    assert opened.store.refresh(Digest(bundle))
    assert opened.store.sweep(set()).objects == 2
    assert opened.store.holds(store.Artifact(Digest(bundle), "folder", 0))
    assert not opened.store.refresh(Digest("ab" * 32))


def test_what_is_judged_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of a bundle that came while `gc` was looking are not its business."""
    opened = OpenedProject.at(tmp_path)

    def comes() -> None:
        bundle = bundle_of(opened, "one")
        opened.store.delete_ref("names/latest")
        judge(opened, bundle)

    meanwhile(monkeypatch, comes)
    gc(opened, 1, dry_run=False)
    bundle = next(opened.store.refs("bundles/")).partition("/")[2]
    assert judgements.latest(opened.store, bundle)
    monkeypatch.undo()
    gc(opened, 1, dry_run=False)
    assert not any(opened.store.refs("judgements/")) and not any(opened.store.refs("bundles/"))


def test_old_runs_aside_are_forgotten(project: Project) -> None:
    """A month after it, a run aside that is none of the last is gone from the ledger; the project's own runs stay."""
    opened = OpenedProject.at(project.root)
    old, young, own = (f"{year}0101T000000000Z-abcdef" for year in (2020, 2099, 2019))
    for folder, runs in (("asides", [old, old.replace("0Z", "1Z"), young]), ("runs", [own])):
        for run in runs:
            end = {"state": "done", "ended": "", "seconds": 1.0, "stages": [], "notices": []}
            opened.store.write_ref(f"{folder}/{run}/start", {"started": ""}, expected=None)
            opened.store.write_ref(f"{folder}/{run}/end", end, expected=None)
    opened.store.write_ref(f"stages/{old}/a", {}, expected=None)
    gc(opened, 2, dry_run=False)
    assert [each[:4] for each in workflow.Ledger(opened.store, aside=True).names()] == ["2099", "2020"]
    assert workflow.Ledger(opened.store).names() == [own]
    assert not any(opened.store.refs("stages/"))


def test_clocks_that_differ_do_not_reorder_judgements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last judgement is the one that was kept last, also after one of a machine whose clock is ahead."""
    opened = OpenedProject.at(tmp_path)
    bundle = bundle_of(opened, "one")
    with monkeypatch.context() as ahead:
        ahead.setattr(timed, "new", lambda: "20990101T000000000000Z-ffffff")
        judge(opened, bundle)
    failed = judge(opened, bundle, passed=False)
    assert judgements.latest(opened.store, bundle) == failed
    assert failed.id.startswith("20990101T000000000001Z-")


def test_verdicts_go_with_the_data(tmp_path: Path) -> None:
    """What is remembered of a table stays for the data that lie there or are kept, and for declared contracts alone."""
    opened = OpenedProject.at(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_text("a\n1\n")
    contract = contracts.Contract("in/a.csv")
    here, kept = digests.of_file(tmp_path / "in/a.csv"), "cd" * 32
    names = [f"{contract.digest}-{data}" for data in (here, kept, "ab" * 32)] + [f"{'ef' * 32}-{here}"]
    for name in names:
        opened.store.write_ref(f"{checking.FOLDER}/{name}", {}, expected=None)
    checking.forget_others(opened, [contract], {kept})
    assert {each.rpartition("/")[2] for each in opened.store.refs(f"{checking.FOLDER}/")} == set(names[:2])
