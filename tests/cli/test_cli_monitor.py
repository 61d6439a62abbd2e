"""`monitor`: how watched versions stand, alarms that are settled, files of rows that are judged."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cli.projects import COMMAND, Project
from cli.watched_projects import SECONDS, WatchedProject, bundled, drifting, rows
from noteship import monitor
from noteship.monitor.labels import Judgement


def test_nothing_watched(project: Project) -> None:
    """Before anything was served there is nothing to show, and the message says what to do."""
    answer = project.call("monitor", "--once")
    assert (answer.code, "do: serve it: noteship serve" in answer.err) == (2, True)
    assert project.call("monitor", "--json").document["error"]["kind"] == "NothingWatched"
    answer = project.call("monitor", "--once", "nosuch")
    assert (answer.code, "do: serve it: noteship serve" in answer.err) == (2, True)


def test_an_alarm_is_shown_and_settled(project: Project) -> None:
    """A column that moves is said in words, window by window, by the champion's name; settled, it says by whom."""
    watched = drifting(project, time.time())
    answer = project.call("monitor", "--once", "champion")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].startswith("shop  champion, bundle ")
    assert lines[1].startswith("◆ Alarm since ") and "single columns have moved, “c5”" in answer.out
    states = re.findall("^.*[●■▲◆] ([a-z]+) .*┃", answer.out, re.MULTILINE)
    assert (states[0], states[-1], len(states)) == ("alarm", "learning", 12)
    for part in ("column that moved     c5", "inputs jointly", "probability of 'spam'", "work  ", "expected accuracy"):
        assert part in answer.out
    settled = project.call("monitor", "--settle", "a new catalogue", "shop")
    assert settled.code == 0 and "settled: the alarm of shop" in settled.out
    assert "a new catalogue; the next decision begins anew" in project.call("monitor", "--once").out
    again = project.call("monitor", "--settle", "a new catalogue")
    assert (again.code, "no alarm rings" in again.err) == (2, True)
    ref = watched.windows.read_state()
    assert ref is not None and ref.value["settled"]["why"] == "a new catalogue"


def test_the_document(project: Project) -> None:
    """Programs get every version with its last windows as they were decided; windows that are due are closed."""
    now = time.time()
    watched = WatchedProject(project)
    watched.serve(now - 60, "unchanged", "unchanged", "unchanged")
    assert len(watched.windows.decided()) == 2
    document = project.json("monitor", "--last", "2")
    assert len(watched.windows.decided()) == 3
    [shop] = document["watched"]
    assert (shop["model"], shop["version"], shop["standing"]) == ("shop", watched.digest, "learning")
    assert (shop["workers"], shop["replicas"], shop["names"]) == (1, 1, [])
    assert [(each["rows"], each["late_rows"]) for each in shop["windows"]] == [(400, 0)] * 2
    assert document["bell"] == 25_920


def test_looking_loads_no_tables(project: Project) -> None:
    """Who looks, and closes a window, waits for neither pandas nor what fits, draws or reads tables."""
    watched = WatchedProject(project)
    watched.serve(time.time() - 60, "unchanged", "unchanged")
    heavy = {"pandas", "scipy", "sklearn", "pyarrow", "matplotlib", "rich", "obstore", "starlette"}
    code = "import sys; from noteship.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    call = [*COMMAND[:1], "-c", code, "monitor", "--once", "--project", str(project.root)]
    out = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    assert len(watched.windows.decided()) == 2 and "■ learning" in out
    assert heavy & set(out.splitlines()[-1].split()) == set()


def test_small_windows_and_gaps_are_no_health(project: Project) -> None:
    """Windows of a few rows say so, and so does the time in which nobody served."""
    now = time.time()
    watched = WatchedProject(project)
    watched.serve(now - 3 * SECONDS, "unchanged")
    watched.serve(now - 60, "unchanged", rows=20)
    out = project.call("monitor", "--once").out
    assert "× Not enough data since" in out
    assert "× not enough data" in out and "nothing heard for" in out


def test_versions_that_nobody_serves(project: Project) -> None:
    """Those come last, in a line each; a name that fits nothing has the nearest one."""
    now = time.time()
    WatchedProject(project, "shop", "old").serve(now - 86_400, "unchanged")
    served = WatchedProject(project, "shop", "new")
    served.serve(now - 60, "unchanged", "unchanged")
    out = project.call("monitor", "--once").out.splitlines()
    assert served.digest[:12] in out[0]
    assert out[-1].startswith("○ shop") and "last heard of" in out[-1]
    only = project.json("monitor", served.digest[:6])["watched"]
    assert [each["version"] for each in only] == [served.digest]
    answer = project.call("monitor", "--once", "shopp")
    assert (answer.code, "nearest: shop" in answer.err) == (2, True)


def test_a_worker_that_begins(project: Project) -> None:
    """Before its first window is closed, it is said when that will be."""
    watched = WatchedProject(project)
    watched.begin(time.time() - 10)
    out = project.call("monitor", "--once").out
    assert "No window was closed yet" in out and "1 worker; the next window is closed in" in out


def test_windows_of_another_length_or_bundle_are_left_alone(project: Project) -> None:
    """Who looks with other settings, or without the bundle, closes nothing, and says so."""
    now = time.time()
    watched = WatchedProject(project)
    watched.serve(now - 60, "unchanged")
    project.write("noteship.toml", '[monitor]\nwindow = "1m"\n')
    assert "they are closed by who serves it" in project.call("monitor", "--once").out
    assert watched.windows.decided() == []
    project.write("noteship.toml", "")
    gone = monitor.Windows(watched.objects, monitor.Place("local", "mail", "ab" * 32))
    gone.write_boot(monitor.Boot("pod-0", "gone", now - 10, SECONDS))
    assert "its bundle is not in the store" in project.call("monitor", "--once", "mail").out
    bare = WatchedProject(project, "bare", is_known=False)
    judged = {monitor.key_of("a request", 0): Judgement("spam", "spam", is_right=True)}
    monitor.keep_labels(bare.windows, int(now) // SECONDS * SECONDS, "classification", judged)
    out = project.call("monitor", "--once", "bare").out
    assert "its bundle has no profile, so it is not watched" in out and "nobody watches it now" in out


def test_what_labels_say_is_shown_beside_what_was_expected(project: Project) -> None:
    """In a line, by window in the document, and on the page; what was decided stays as it is."""
    now = time.time()
    watched = WatchedProject(project)
    watched.serve(now - 60, "unchanged", "unchanged", "unchanged")
    before = project.json("monitor")["watched"][0]
    assert before["realised"] is None
    judged = {monitor.key_of("a request", row): Judgement("spam", "spam", row > 3) for row in range(40)}
    start = watched.windows.decided()[1]
    monitor.keep_labels(watched.windows, start, "classification", judged)
    out = " ".join(project.call("monitor", "--once").out.split())
    assert re.search("realised accuracy 90 % .* of 40 labels for windows since .*; expected [0-9.]+ %", out)
    after = project.json("monitor")["watched"][0]
    told = after.pop("realised")
    assert (told["labels"], told["right"], told["windows"], len(told["by_window"])) == (40, 36, 1, 1)
    assert told["by_window"][0]["start"] == after["windows"][1]["start"]
    assert after == {name: value for name, value in before.items() if name != "realised"}
    page = project.root / "out.html"
    assert project.call("monitor", "--report", str(page)).code == 0
    assert "Realised: 90 %" in page.read_text(encoding="utf-8")
    answer = project.call("monitor", "--report", str(project.root))
    assert (answer.code, "cannot be written" in answer.err, "it is a folder" in answer.err) == (3, True, True)


def test_several_alarms(project: Project) -> None:
    """Of several that ring one has to be named."""
    now = time.time()
    for model in ("shop", "mail"):
        WatchedProject(project, model).serve(now - 60, "work", "work", "work", rows=3_000)
    assert [each["standing"] for each in project.json("monitor")["watched"]] == ["alarm", "alarm"]
    answer = project.call("monitor", "--settle", "known")
    assert (answer.code, "alarms of several versions ring: " in answer.err) == (2, True)
    assert project.call("monitor", "--settle", "known", "mail").code == 0


def test_an_alarm_that_was_usual(project: Project) -> None:
    """With --usual the windows of the alarm count for their hours of the week."""
    now = time.time()
    watched = WatchedProject(project)
    watched.serve(now - 60, "work", "work", rows=3_000)
    assert project.json("monitor")["watched"][0]["standing"] == "alarm"
    before = set(watched.objects.refs(watched.place.prefix))
    assert project.json("monitor", "--settle", "sale", "--usual")["settled"] == "sale"
    assert any("usual" in name or "hour" in name for name in set(watched.objects.refs(watched.place.prefix)) - before)


@pytest.mark.parametrize("words", [["--usual"], ["--rows", "a.csv", "--settle", "b"], ["--last", "0"]])
def test_words_that_make_no_sense(project: Project, words: list[str]) -> None:
    """Options that do not go together end with 2 before anything is done."""
    assert project.call("monitor", *words).code == 2


def test_rows_are_judged_in_one_go(project: Project, tmp_path: Path) -> None:
    """0 for rows within the tolerance, 10 for others with what moved, 11 for too few; what does not fit is told."""
    digest = bundled(project)
    same, other = tmp_path / "same.parquet", tmp_path / "other.csv"
    rows(2_000, 2).drop(columns="answer").to_parquet(same)
    rows(2_000, 3, shift=0.6).to_csv(other, index=False)
    answer = project.call("monitor", "--rows", str(same))
    assert (answer.code, answer.out.startswith("● unchanged: 2,000 rows")) == (0, True), answer.err
    answer = project.call("monitor", "--rows", str(other), digest[:12], "--json")
    assert (answer.code, answer.document["verdict"]) == (10, "changed")
    assert [each["feature"] for each in answer.document["culprits"]] == ["c3"]
    assert "column that moved     c3" in project.call("monitor", "--rows", str(other)).out
    few = tmp_path / "few.jsonl"
    lines = [json.dumps(each) for each in rows(50, 4).to_dict("records")]
    few.write_text("\n".join([*lines, '{"c0": "x"}', "no json"]))
    answer = project.call("monitor", "--rows", str(few))
    assert (answer.code, "50 rows" in answer.out, "2 rows did not fit" in answer.out) == (11, True, True)
    few.write_text('{"c0": "x", "c1": 1, "c2": 1, "c3": 1}\n')
    answer = project.call("monitor", "--rows", str(few))
    assert (answer.code, "no row of" in answer.err) == (1, True)


def test_files_that_are_none(project: Project, tmp_path: Path) -> None:
    """What is wrong with a file ends with a code of errors, and says what is there instead."""
    bundled(project)
    file, bare, other = (tmp_path / f"{name}.csv" for name in ("rows", "bare", "other"))
    rows(20, 2).to_csv(file, index=False)
    bare.write_text("c0,c1,c2,c3\n")
    rows(300, 2).drop(columns="c1").to_csv(other, index=False)
    for path, code, told in (
        (tmp_path / "rowz.csv", 2, "nearest: rows.csv"),
        (tmp_path, 2, "is a folder, and the rows of one file are asked for"),
        (bare, 2, f"{bare} has no row"),
        (other, 1, "do: name the columns as the model's signature does"),
    ):
        answer = project.call("monitor", "--rows", str(path))
        assert (answer.code, told in answer.err) == (code, True), answer.err


def test_a_budget_of_less_than_ten_windows(project: Project) -> None:
    """Is refused wherever models are watched or judged, in words and with what would do."""
    project.write("noteship.toml", '[monitor]\nfalse_alarms = "1 per 1s"\n')
    for words in (["--once"], ["--rules", "rules.yml"]):
        answer = project.call("monitor", *words)
        assert (answer.code, "at: noteship.toml, [monitor]" in answer.err) == (2, True), answer.err
        assert "windows of 5 minutes are too long for one false alarm in 1 second" in answer.err
        assert 'false_alarms = "1 per 50m"' in answer.err


def test_rows_need_a_profile(project: Project, tmp_path: Path) -> None:
    """A bundle that has none says so before its model is loaded."""
    watched = WatchedProject(project, is_known=False)
    watched.call_it("latest")
    answer = project.call("monitor", "--rows", str(tmp_path / "a.csv"), "latest")
    assert (answer.code, "has no profile to compare with" in answer.err) == (2, True)


@pytest.mark.slow
def test_on_a_terminal_it_is_live(project: Project) -> None:
    """It fills the terminal until Ctrl-C, and leaves what was seen last; in a small one it says where the rest is."""
    drifting(project, time.time())
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "70", "LINES": "20"}
    process = subprocess.Popen([*COMMAND, "monitor"], cwd=project.root, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = _until(ours, b"Ctrl-C leaves", b"more lines: --once has all")
    assert b"Alarm since" in shown
    process.send_signal(signal.SIGINT)
    left = _until(ours, b"expected accuracy", b"?1049l")
    assert process.wait(30) == 0
    assert b"Alarm since" in left.partition(b"?1049l")[2] + _rest(ours)
    os.close(ours)


def _until(terminal: int, *wanted: bytes) -> bytes:
    found, until = b"", time.monotonic() + 60
    while not all(each in found for each in wanted):
        ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
        assert ready, found
        found += os.read(terminal, 65_536)
    return found


def _rest(terminal: int) -> bytes:
    found = b""
    while select.select([terminal], [], [], 0.2)[0]:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            break
        if not part:
            break
        found += part
    return found
