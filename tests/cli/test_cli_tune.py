"""`noteship tune`: trials over the cache, what is kept of them, and what is said of what cannot be searched."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest

from cli.projects import COMMAND, Project

DATA = "open('data.txt', 'w').write('4')\n"
TRAIN = """import json
x = 1.0
kind = 'a'
if kind == 'bad':
    raise ValueError('no such kind')
goal = float(open('data.txt').read())
json.dump({'test': {'loss': (x - goal) ** 2 + (kind == 'b')}}, open('metrics.json', 'w'))
"""
DECLARED = """[tune]
metric = "metrics.json:test.loss"
trials = {trials}
{more}
[tune.space]
{space}
"""
SPACE = '"train.x" = { low = 0.0, high = 8.0 }'


@pytest.fixture
def searched(project: Project) -> Project:
    """Two scripts, of which the second has a parameter."""
    project.write("data.py", DATA)
    project.write("train.py", TRAIN)
    declare(project)
    return project


def declare(project: Project, trials: int = 4, space: str = SPACE, more: str = "") -> None:
    project.write("noteship.toml", DECLARED.format(trials=trials, space=space, more=more))


def test_a_search_leaves_the_folder_as_it_is_and_says_what_to_keep(searched: Project) -> None:
    """Trials deliver nothing; the best one's settings, put where it says, are reused by the next run."""
    answer = searched.call("tune")
    assert answer.code == 0, answer.err
    assert not (searched.root / "metrics.json").exists()
    # The value as it is lies in the space, and is the first trial.
    assert "4 trials: 4 done" in answer.out
    assert "the best of several trials is in part luck" in answer.out
    assert re.search(r"^   0  done +9  best", answer.err, re.MULTILINE)
    document = json.loads(searched.call("tune", "--json").out)
    best = document["best"]
    assert best["value"] == min(trial["value"] for trial in document["trials"])
    lines = answer.out.splitlines()
    pasted = "\n".join(line.strip() for line in lines[lines.index("    [stage.train]") :][:2])
    words = next(line for line in lines if "see it run" in line).partition("noteship ")[2].split()
    assert pasted == f"[stage.train]\nparams = {{ x = {best['parameters']['train.x']} }}"
    assert "train  reused" in searched.call(*words).err
    searched.write("noteship.toml", f"{searched.text('noteship.toml')}\n{pasted}\n")
    assert "all up to date" in searched.call("run").out


def test_a_search_goes_on_where_it_ended(searched: Project) -> None:
    """Called again with more trials it makes the missing ones, with as many none, and --new begins anew."""
    first = json.loads(searched.call("tune", "--json", "--trials", "3").out)
    more = json.loads(searched.call("tune", "--json", "--trials", "5").out)
    assert (more["search"]["id"], more["known"]) == (first["search"]["id"], 3)
    assert more["trials"][:3] == first["trials"]
    again = searched.call("tune", "--trials", "5")
    assert "all 5 trials were made before" in again.err
    anew = json.loads(searched.call("tune", "--json", "--trials", "5", "--new").out)
    assert anew["known"] == 0
    assert [each["parameters"] for each in anew["trials"]] == [each["parameters"] for each in more["trials"]]
    listed = searched.call("tune", "--list")
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == [anew["search"]["id"], first["search"]["id"]]
    assert "5 trials: 5 done" in searched.call("tune", "--show", first["search"]["id"]).out


def test_other_code_or_data_is_another_search(searched: Project) -> None:
    """What a trial's value depends on beside the space begins a search of its own; what was searched does not."""
    first = json.loads(searched.call("tune", "--json", "--trials", "2").out)
    searched.write("noteship.toml", f"{searched.text('noteship.toml')}\n[stage.train]\nparams = {{ x = 2.0 }}\n")
    assert json.loads(searched.call("tune", "--json", "--trials", "2").out)["search"]["id"] == first["search"]["id"]
    searched.write("data.py", DATA.replace("4", "5"))
    other = json.loads(searched.call("tune", "--json", "--trials", "2").out)
    assert (other["search"]["id"] == first["search"]["id"], other["known"]) == (False, 0)


def test_a_stage_that_fails_in_some_trials_is_told_and_the_others_go_on(searched: Project) -> None:
    """A failed trial is kept with its reason; the best is of the others."""
    declare(searched, 3, '"train.kind" = ["a", "b", "bad"]')
    answer = searched.call("tune")
    assert answer.code == 0
    assert "3 trials: 2 done, 1 failed" in answer.out
    assert "train: ValueError: no such kind" in answer.err
    assert "kind=a" in answer.out


def test_the_metric_may_be_written_by_a_stage_that_does_not_show_it(searched: Project) -> None:
    """Where no source shows who writes the file, all stages run, and what they wrote is looked at."""
    searched.write("train.py", TRAIN.replace("'metrics.json'", "''.join(['metrics', '.', chr(106), 'son'])"))
    assert searched.call("tune", "--trials", "2").code == 0


@pytest.mark.parametrize(
    ("space", "more", "fact", "nearest"),
    [
        ('"trian.x" = [1, 2]', "", "there is no stage 'trian'", "nearest: train"),
        ('"train.y" = [1, 2]', "", "assigns no literal to 'y'", "it assigns"),
        ('"other.z" = [1, 2]', "", "changes nothing in metrics.json", "it needs data, train"),
        ('"train.x" = { low = 2, high = 1 }', "", "cannot be", "noteship.toml, line 6"),
        ('"train.x" = [1]\n"model.sav:C" = [1]', "", "cannot be", "not of both"),
        ("train.x = [1, 2]", "", "cannot be", 'quotes around a name that has a dot: "train.x"'),
        ("train.x = { low = 1, high = 2 }", "", "cannot be", 'quotes around a name that has a dot: "train.x"'),
        ('"model.sav:C" = [1, 2]', "", "cannot be the metric", "or search parameters of stages"),
        (SPACE, 'sampler = "grid"', "a grid has no end", "train.x"),
        (SPACE, 'pruner = "median"', "a metric in a file comes at the end", "cross-validation"),
    ],
)
def test_a_space_that_makes_no_sense_is_told_before_anything_runs(
    searched: Project, space: str, more: str, fact: str, nearest: str
) -> None:
    """What the space names has to be there, and to matter; the message says where, and what is near."""
    searched.write("other.py", "z = 1\nopen('other.txt', 'w').write(str(z))\n")
    declare(searched, 4, space, more)
    answer = searched.call("tune")
    assert answer.code == 2
    assert fact in answer.err
    assert nearest in answer.err
    assert "running" not in answer.err


@pytest.mark.parametrize(
    ("metric", "code", "told"),
    [
        ("metrics.json:tset.loss", 1, "nearest: test.loss"),
        ("metric.json:test.loss", 2, "nearest: metrics.json"),
        ("metrics.json:test.share", 2, 'direction = "maximize"'),
        ("f_1", 2, "nearest: f1"),
        ("f1", 2, "there is no [service]"),
    ],
)
def test_a_metric_that_is_not_there_names_the_nearest(searched: Project, metric: str, code: int, told: str) -> None:
    """A key that the file lacks, a file that nobody writes, and a name of no measure are told before the search."""
    searched.write("noteship.toml", searched.text("noteship.toml").replace("metrics.json:test.loss", metric))
    answer = searched.call("tune")
    assert answer.code == code, answer.err
    assert told in answer.err
    assert "searching" not in answer.err
    # A slip in a file's name is found before any stage runs.
    assert ("running" in answer.err) == metric.startswith("metrics.json:tset")


def test_what_fails_as_it_is_is_told_before_the_search(searched: Project) -> None:
    """With the parameters as they are the notebooks have to run, and the metric has to be a number."""
    searched.write("train.py", TRAIN.replace("kind = 'a'", "kind = 'bad'"))
    answer = searched.call("tune")
    assert answer.code == 1
    assert "stage 'train' fails with the parameters as they are: ValueError" in answer.err
    searched.write("train.py", TRAIN.replace("(x - goal) ** 2", "float('nan')"))
    answer = searched.call("tune")
    assert answer.code == 1
    assert "is no number to compare" in answer.err


def test_nothing_to_search_says_what_to_write(project: Project) -> None:
    """Without [tune] the message has an example, and --list says that nothing was searched."""
    project.write("data.py", DATA)
    answer = project.call("tune")
    assert answer.code == 2
    assert "[tune.space]" in answer.err
    assert "nothing was searched yet" in project.call("tune", "--list").out
    assert "there is no search 'latest'" in project.call("tune", "--show", "latest").err
    assert project.call("tune", "--show", "latest", "--new").code == 2


@pytest.mark.slow
def test_what_the_parameters_are_now_is_what_the_best_is_compared_with(searched: Project) -> None:
    """Parameters that were changed after a search are measured, told and not replaced by worse ones."""
    declare(searched, 3, '"train.x" = [2.0, 5.0, 8.0]')
    assert "x = 5.0" in searched.call("tune").out
    text = searched.text("noteship.toml")
    searched.write("noteship.toml", f"{text}\n[stage.train]\nparams = {{ x = 4.5 }}\n")
    answer = searched.call("tune")
    assert "as it is 0.25" in answer.out
    assert "nothing that was tried is better" in answer.out
    assert "as it is 0.25" in searched.call("tune", "--show", "latest").out
    searched.write("noteship.toml", f"{text}\n[stage.train]\nparams = {{ x = 5.0 }}\n")
    assert "nothing that was tried is better" in searched.call("tune").out
    # Where they lie in the space, they are a trial.
    declare(searched, 3)
    assert searched.call("tune").code == 0
    searched.write("noteship.toml", f"{searched.text('noteship.toml')}\n[stage.train]\nparams = {{ x = 4.0 }}\n")
    again = json.loads(searched.call("tune", "--json").out)
    assert again["best"]["parameters"] == again["search"]["own"] == {"train.x": 4.0}
    assert len(again["trials"]) == 4


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_stopped_goes_on(searched: Project, how: signal.Signals) -> None:
    """What had ended is kept, what was under way is not; the next call goes on to the same trials as one in one go."""
    searched.write("train.py", TRAIN.replace("import json\n", "import json, time\n") + "time.sleep(0.4)\n")
    declare(searched, 6)
    words = [*COMMAND, "tune", "--project", str(searched.root)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    while "   2  done" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(how)
    told = process.communicate(timeout=30)[1]
    assert process.returncode == (-9 if how is signal.SIGKILL else 130), told
    kept = json.loads(searched.call("tune", "--show", "latest", "--json").out)
    assert 3 <= len(kept["trials"]) < 6
    went_on = json.loads(searched.call("tune", "--json").out)
    assert went_on["known"] == len(kept["trials"])
    assert went_on["trials"][: len(kept["trials"])] == kept["trials"]
    anew = json.loads(searched.call("tune", "--json", "--new").out)
    assert [each["parameters"] for each in anew["trials"]] == [each["parameters"] for each in went_on["trials"]]


@pytest.mark.slow
def test_a_search_becomes_a_page(searched: Project) -> None:
    """`--report` writes the page, of a search or of one of before; where it cannot be written that is told."""
    page = searched.root / "search.html"
    assert "written" in searched.call("tune", "--trials", "12", "--report", str(page)).err
    first = page.read_text(encoding="utf-8")
    assert "<svg" in first
    searched.call("tune", "--show", "latest", "--report", str(page))
    assert page.read_text(encoding="utf-8") == first
    assert searched.call("tune", "--show", "latest", "--report", str(searched.root)).code == 3


@pytest.mark.slow
def test_two_at_once_and_two_processes_lose_nothing(searched: Project) -> None:
    """Trials side by side, in one process and in two over the same search, are all kept under numbers of their own."""
    searched.write("train.py", TRAIN.replace("import json\n", "import json, time\n") + "time.sleep(0.3)\n")
    declare(searched, 8)
    searched.call("tune", "--trials", "1")
    words = [*COMMAND, "tune", "--jobs", "2", "--project", str(searched.root)]
    both = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(120) for each in both] == [0, 0]
    kept = json.loads(searched.call("tune", "--show", "latest", "--json").out)["trials"]
    assert [each["number"] for each in kept] == list(range(8))
    assert len({each["parameters"]["train.x"] for each in kept}) == 8


@pytest.mark.slow
def test_notebooks_are_searched_and_nothing_stays_behind(project: Project) -> None:
    """Trials of a notebook reuse what does not depend on the parameter, and leave no workspace and no process."""
    project.notebook("data", DATA)
    project.notebook("train", TRAIN)
    declare(project, 5)
    began = time.monotonic()
    answer = project.call("tune", "--json", "--jobs", "2")
    trials = answer.document["trials"]
    assert all(0 < each["own_seconds"] <= each["seconds"] for each in trials[1:]), time.monotonic() - began
    assert answer.err.count("data   done") == 1
    assert not list((project.root / ".noteship/work").iterdir())
