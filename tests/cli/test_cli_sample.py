"""`monitor --sample`: rows since a change, beside rows of before."""

from __future__ import annotations

import re
import time

from cli.projects import Project
from cli.watched_projects import WatchedProject
from monitor.streams_of_rows import PROFILE
from noteship import monitor


def sampled(project: Project, *kinds: str) -> WatchedProject:
    """A champion of whose windows rows are kept."""
    watched = WatchedProject(project)
    watched.call_it("champion")
    watched.sampling = monitor.Sampling(PROFILE, 20, ("c3",))
    watched.serve(time.time() - 60, *kinds)
    project.write("noteship.toml", '[monitor]\nsample = 20\nleave_out = ["c3"]\n')
    return watched


def test_rows_of_an_alarm_beside_rows_of_before(project: Project) -> None:
    """The column that moved comes first, and rows that fall where there are more do; the page has them, too."""
    sampled(project, *["unchanged"] * 13, *["column"] * 4)
    assert re.search(r"rows kept +20 since the change, 20 of before: noteship monitor --sample shop", _shown(project))
    answer = project.call("monitor", "--sample")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    heads = [line.split() for line in lines if "prediction" in line]
    assert heads == [["prediction", "prob.", "c5", "c0", "c1", "c2", "c4"]] * 2
    assert lines[0].startswith("shop  champion, bundle ") and lines[1].startswith("◆ Alarm since ")
    assert "▸ " in answer.out.partition("before")[0]
    assert "Left out: c3. Rows of 20 requests a window are kept, for 7 days." in " ".join(lines[-2:])
    document = project.json("monitor", "--sample", "champion")
    assert (document["standing"], document["columns"][0], document["moved"]) == ("alarm", "c5", 1)
    assert (document["left_out"], document["before"]["requests"], document["after"]["requests"]) == (["c3"], 20, 20)
    after, before = (document[name]["rows"] for name in ("after", "before"))
    gained = [bool(row["why"]) for row in after]
    assert gained == sorted(gained, reverse=True) and any(gained) and not all(gained)
    assert all(row["inputs"]["c5"] > 0.8 for row in after if row["why"])
    assert not any("c3" in row["inputs"] for row in [*after, *before])
    target = project.root / "out.html"
    assert project.call("monitor", "--report", str(target)).code == 0
    page = target.read_text(encoding="utf-8")
    assert "Rows that were kept" in page and "Never kept: c3." in page


def _shown(project: Project) -> str:
    return project.call("monitor", "--once").out


def test_rows_without_a_change(project: Project) -> None:
    """Where nothing has moved, those of the last windows are shown."""
    sampled(project, *["unchanged"] * 3)
    answer = project.call("monitor", "--sample")
    assert (answer.code, answer.out.count("prediction")) == (0, 1)
    assert re.search("^lately +20 rows of 20 requests, of 3 windows", answer.out, re.MULTILINE)
    assert project.json("monitor")["watched"][0]["kept"]["before"] == {"windows": 3, "requests": 20, "rows": 20}


def test_no_rows_are_kept(project: Project) -> None:
    """Where nobody has asked for any, it is said how to; where somebody has, when there will be some."""
    WatchedProject(project).serve(time.time() - 60, "unchanged", "unchanged")
    answer = project.call("monitor", "--sample")
    assert (answer.code, "[monitor] sample is 0" in answer.err) == (2, True)
    assert project.json("monitor")["watched"][0]["kept"] is None
    project.write("noteship.toml", "[monitor]\nsample = 20\n")
    assert "look again after the next window" in project.call("monitor", "--sample").err
