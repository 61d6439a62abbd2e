"""Looking at watched versions again and again, and the page of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.projects import Project
from cli.watched_projects import SECONDS, WatchedProject, drifting
from noteship import store
from noteship.monitor.pieces import stamp
from noteship.operations.monitor import Watching, report
from noteship.operations.opened import OpenedProject
from noteship.reporting.verdict import verdict
from noteship.store.bucket import Entry
from noteship.store.folder import FolderBucket

NOW = 1_795_400_460.0


def watching(project: Project, last: int = 120) -> Watching:
    return Watching(OpenedProject.at(project.root), None, last)


def test_what_is_looked_at_again_goes_on(project: Project) -> None:
    """A window that ended since is closed and shown; a version that was begun is found within a minute."""
    watched = WatchedProject(project)
    watched.serve(NOW, "unchanged", "unchanged")
    looking = watching(project)
    [first] = looking.look(NOW)
    assert [each.decision.rows for each in first.history.windows] == [400, 400]
    watched.serve(NOW + SECONDS, "unchanged", rows=300)
    [second] = looking.look(NOW + SECONDS)
    assert [each.decision.rows for each in second.history.windows] == [400, 400, 300]
    other = WatchedProject(project, "mail")
    other.begin(NOW + SECONDS)
    assert len(looking.look(NOW + SECONDS + 5)) == 1
    mail, _ = looking.look(NOW + SECONDS + 65)
    assert (mail.place.model, mail.workers, mail.history.standing) == ("mail", 1, "none")


def test_rows_that_come_late_are_seen(project: Project) -> None:
    """The last windows are read again, since pieces may still be added to them."""
    watched = WatchedProject(project)
    watched.serve(NOW, "unchanged", "unchanged")
    looking = watching(project)
    looking.look(NOW)
    watched.boot = type(watched.boot)("pod-1", "late", NOW, SECONDS)
    watched.serve(NOW - SECONDS, "unchanged", rows=50)
    watched.serve(NOW + SECONDS, "unchanged")
    looking.look(NOW + SECONDS)
    [seen] = looking.look(NOW + SECONDS)
    assert [each.late_rows for each in seen.history.windows] == [50, 0, 0]


def test_no_more_windows_than_are_asked_for(project: Project) -> None:
    """Of many windows the last ones are read."""
    WatchedProject(project).serve(NOW, *["unchanged"] * 6)
    [seen] = watching(project, last=2).look(NOW)
    assert len(seen.history.windows) == 2
    assert seen.history.end == NOW - NOW % SECONDS


class Listing(FolderBucket):
    """A folder that counts what it lists."""

    listed = 0

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """As the folder does."""
        for entry in super().list(prefix, after=after):
            self.listed += 1
            yield entry


def test_windows_of_months_are_not_listed_again_and_again(project: Project) -> None:
    """Only the names of the last windows are; but for those that are further back where there are too few."""
    watched = WatchedProject(project)
    watched.serve(NOW, "unchanged", "unchanged")
    [start] = watched.windows.decided()
    ref = watched.windows.read_decision(start)
    assert ref is not None
    for place in range(1, 200):
        earlier = stamp(start - place * SECONDS)
        value = {**ref.value, "decision": {**ref.value["decision"], "start": earlier}}
        watched.windows.write_decision(start - place * SECONDS, value, None)
    opened, bucket = OpenedProject.at(project.root), Listing(project.root / ".noteship/store")
    vars(opened)["store"] = store.Store(bucket)
    looking = Watching(opened, None, 20)
    [first] = looking.look(NOW)
    assert len(first.history.windows) == 20
    assert bucket.listed < 100
    before = bucket.listed
    watched.serve(NOW + SECONDS, "unchanged", rows=300)
    [second] = looking.look(NOW + SECONDS)
    assert bucket.listed - before < 20
    assert len(second.history.windows) == 20
    assert [each.decision.rows for each in second.history.windows[-2:]] == [400, 300]
    [much_later] = Watching(opened, None, 20).look(NOW + 500 * SECONDS)
    assert [each.decision for each in much_later.history.windows] == second.history.decisions


def test_workers_that_were_killed_are_not_counted(project: Project) -> None:
    """A worker that tells nothing of the last window watches no more, though it never said that it ended."""
    watched = WatchedProject(project)
    watched.serve(NOW, "unchanged", "unchanged")
    killed = type(watched.boot)("pod-9", "killed", NOW - 5 * SECONDS, SECONDS)
    watched.windows.write_boot(killed)
    [seen] = watching(project).look(NOW)
    assert (seen.replicas, seen.workers, seen.is_served) == (1, 1, True)
    [later] = watching(project).look(NOW + 10 * SECONDS)
    assert (later.workers, later.is_served, later.history.standing) == (0, False, "silent")


@pytest.mark.parametrize(("ended", "later_s"), [(True, 0), (False, 4 * SECONDS)])
def test_who_has_ended_or_was_killed_keeps_no_window_open(project: Project, ended: bool, later_s: int) -> None:
    """Windows of another length are left to those who serve, for as long as these live."""
    watched = WatchedProject(project)
    watched.serve(NOW, "unchanged")
    project.write("noteship.toml", '[monitor]\nwindow = "1m"\n')
    [seen] = watching(project).look(NOW)
    assert ("they are closed by who serves it" in seen.note, seen.workers, watched.windows.decided()) == (True, 1, [])
    if ended:
        watched.windows.write_boot(dataclasses.replace(watched.boot, ended=NOW - 1))
    [seen] = watching(project).look(NOW + later_s)
    assert (seen.note, seen.workers, len(watched.windows.decided())) == ("", 0, 1)


def test_a_quiet_alarm_says_what_it_is_about(project: Project, tmp_path: Path) -> None:
    """However few windows are looked at, it is told by those with which it began where none since had rows."""
    watched = drifting(project, NOW)
    [loud] = watching(project).look(NOW)
    watched.serve(NOW + 16 * SECONDS, *["unchanged"] * 16, rows=0)
    [quiet] = watching(project, last=5).look(NOW + 16 * SECONDS)
    assert [each.decision.rows for each in quiet.history.windows] == [0] * 5
    assert loud.history.since == quiet.history.since
    assert "single columns have moved, “c5” most of all" in verdict(quiet.history)
    assert quiet.history.judged is not None and quiet.history.judged.log_r
    assert {each.decision.start >= quiet.history.since for each in quiet.history.compared} == {True}
    assert quiet.history.told_compared.startswith("the first ")
    [known] = watching(project).look(NOW + 16 * SECONDS)
    assert (known.history.rang, known.history.explained) == ((), loud.history.explained)
    assert known.history.compared == loud.history.compared
    assert known.history.told_compared == "the last window that had rows"
    target = tmp_path / "out.html"
    report(OpenedProject.at(project.root), None, 5, target, NOW + 16 * SECONDS)
    assert "of the alarm that had rows" in target.read_text(encoding="utf-8")


class ReadOnlyFolder(FolderBucket):
    """A folder that refuses what would change a reference."""

    def put_if(self, key: str, data: bytes, version: str | None) -> str | None:
        """Refuse."""
        raise store.errors.StoreReadOnly(self.url, key, "Read-only file system")

    def delete(self, key: str) -> None:
        """Refuse."""
        raise store.errors.StoreReadOnly(self.url, key, "Read-only file system")


def test_who_may_only_read_sees_what_was_decided(project: Project) -> None:
    """Nothing is closed, and it is said why."""
    WatchedProject(project).serve(NOW, "unchanged", "unchanged")
    opened = OpenedProject.at(project.root)
    vars(opened)["store"] = store.Store(ReadOnlyFolder(project.root / ".noteship/store"))
    [seen] = Watching(opened, None, 120).look(NOW)
    assert (len(seen.history.windows), "cannot be written from here" in seen.note) == (1, True)


def test_the_page_of_a_version(project: Project, tmp_path: Path) -> None:
    """It is written whole, and tells what the terminal tells."""
    drifting(project, NOW)
    target = tmp_path / "out.html"
    found = report(OpenedProject.at(project.root), "champion", 1_000, target, NOW)
    page = target.read_text(encoding="utf-8")
    assert found.history.standing == "alarm"
    assert page.startswith("<!DOCTYPE html>") and "Alarm since" in page and "c5" in page
