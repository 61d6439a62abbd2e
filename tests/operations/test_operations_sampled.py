"""Rows of requests that are kept, as far as they concern how a version stands."""

from __future__ import annotations

import contextlib

import pytest

from cli.projects import Project
from cli.watched_projects import SECONDS, WatchedProject
from monitor.streams_of_rows import PROFILE
from noteship import monitor, store
from noteship.operations import sampled
from noteship.operations.errors import NothingKept
from noteship.operations.monitor import Watching, sample
from noteship.operations.opened import OpenedProject
from noteship.store.folder import FolderBucket

NOW = 1_795_400_460.0
DAY_S = 86_400


def watched_with_rows(project: Project, *kinds: str, rows: int = 400) -> WatchedProject:
    """A model of whose windows rows are kept."""
    watched = WatchedProject(project)
    watched.sampling = monitor.Sampling(PROFILE, 20, ())
    watched.serve(NOW, *kinds, rows=rows)
    return watched


@pytest.mark.parametrize("last", [1, 120])
def test_usual_windows_before_an_alarm(project: Project, last: int) -> None:
    """Windows that were changing are on neither side; usual ones are found though the history shows none of them."""
    watched_with_rows(project, *["unchanged"] * 13, *["column"] * 7, rows=250)
    found = sample(OpenedProject.at(project.root), None, last, NOW)
    assert found.rows is not None
    states = {
        each.start: each for each in Watching(OpenedProject.at(project.root), None, 120).look(NOW)[0].history.decisions
    }
    before, after = found.rows.before.windows, found.rows.after.windows
    assert {states[start].state for start in after} == {"alarm"}
    assert {states[start].state for start in before} <= {"learning", "unchanged"}
    assert len(before) == sampled.TOGETHER
    usual = [start for start in states if states[start].state in ("learning", "unchanged")]
    assert list(before) == usual[-sampled.TOGETHER :]
    assert any(each.state == "changing" for each in states.values())


def test_rows_are_read_once_a_window(project: Project) -> None:
    """While no window is closed, what was read stays; with the next one it is read again."""
    watched = watched_with_rows(project, "unchanged", "unchanged")
    looking = Watching(OpenedProject.at(project.root), None, 120)
    [first] = looking.look(NOW)
    [second] = looking.look(NOW + 5)
    assert first.rows is not None
    assert second.rows is first.rows
    watched.serve(NOW + SECONDS, "unchanged")
    [third] = looking.look(NOW + SECONDS)
    assert third.rows is not None
    assert (len(first.rows.before.windows), len(third.rows.before.windows)) == (2, 3)


def test_who_looks_deletes_what_was_kept_long_enough(project: Project) -> None:
    """Also where nobody serves any more: then nothing is left to be shown."""
    watched = watched_with_rows(project, "unchanged", "unchanged")
    with pytest.raises(NothingKept):
        sample(OpenedProject.at(project.root), None, 120, NOW + 8 * DAY_S)
    assert list(watched.objects.refs("samples/")) == []


@pytest.mark.parametrize("why", ["unknown", "length", "damaged"])
def test_rows_are_deleted_where_no_window_is_closed(project: Project, why: str) -> None:
    """A version whose bundle is gone, or whose windows are of another length or cannot be read, is no exception."""
    watched = WatchedProject(project, is_known=why != "unknown")
    watched.sampling = monitor.Sampling(PROFILE, 20, ())
    watched.serve(NOW, "unchanged", "unchanged")
    later = NOW + 8 * DAY_S
    if why == "length":
        watched.windows.write_boot(monitor.Boot("pod-9", "other", later - 60, 2 * SECONDS))
    if why == "damaged":
        ref = watched.windows.read_state()
        assert ref is not None
        watched.windows.write_state({**ref.value, "state": 99}, ref)
    looking = Watching(OpenedProject.at(project.root), None, 120)
    with pytest.raises(monitor.errors.DamagedDecisions) if why == "damaged" else contextlib.nullcontext():
        looking.look(later)
    assert list(watched.objects.refs("samples/")) == []
    assert list(watched.objects.refs(f"{watched.windows.prefix}windows/")) != []


class KeptFolder(FolderBucket):
    """A folder of which nothing may be deleted."""

    def delete(self, key: str) -> None:
        """Refuse."""
        raise store.errors.StoreReadOnly(self.url, key, "Read-only file system")


def test_who_may_not_delete_rows_looks_all_the_same(project: Project) -> None:
    """Rows that were kept for long enough are left to those who may."""
    watched_with_rows(project, "unchanged", "unchanged")
    opened = OpenedProject.at(project.root)
    vars(opened)["store"] = store.Store(KeptFolder(project.root / ".noteship/store"))
    [seen] = Watching(opened, None, 120).look(NOW + 8 * DAY_S)
    assert [each.decision.rows for each in seen.history.windows] == [400, 400]
