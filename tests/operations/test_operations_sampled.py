"""Rows of requests that are kept, as far as they concern how a version stands."""

from __future__ import annotations

import pytest

from cli.projects import Project
from cli.watched_projects import SECONDS, WatchedProject
from monitor.streams_of_rows import PROFILE
from noteship import monitor
from noteship.operations import sampled
from noteship.operations.errors import NothingKept
from noteship.operations.monitor import Watching, sample
from noteship.operations.opened import OpenedProject

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
