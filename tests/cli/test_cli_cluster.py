"""Stages with a cluster: unmodified notebooks spread over processes, and what becomes of them when these die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.projects import Project
from cli.test_cli_interrupt import eventually, gone

pytestmark = pytest.mark.slow

CLUSTER = '{ engine = "dask", workers = 2, memory = "1Gi" }'
# What unmodified code does; each part says which processes did the work.
HELPERS = """
import os, time
from sklearn.base import BaseEstimator, TransformerMixin

class Scale(TransformerMixin, BaseEstimator):
    def __init__(self, by=1.0):
        self.by = by
    def fit(self, X, y=None):
        self.pids_ = [os.getpid()]
        time.sleep(0.05)
        return self
    def transform(self, X):
        return X * self.by

def place(_):
    time.sleep(0.1)
    return [os.getpid(), os.getcwd(), len(open("data.csv").read())]

def score(estimator, X, y):
    open(f"scored-{os.getpid()}.txt", "w").close()
    return estimator.score(X, y)
"""
SEARCH = """
from helpers import *
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
X, y = make_classification(400, random_state=0)
grid = {"scale__by": [0.1, 1.0, 10.0], "logisticregression__C": [0.1, 1.0]}
search = GridSearchCV(make_pipeline(Scale(), LogisticRegression()), grid, scoring=score, n_jobs=-1).fit(X, y)
"""
WAYS = """
import dask, dask.bag, json, threading
from dask.distributed import Client, get_client
from joblib import Parallel, delayed
said = {"own": os.getpid(), "folder": os.getcwd(), "best": search.best_params_}
said["joblib"] = Parallel(n_jobs=-1)(delayed(place)(i) for i in range(6))
said["joblib_of_one"] = Parallel(n_jobs=1)(delayed(place)(i) for i in range(2))
said["joblib_by_default"] = Parallel()(delayed(place)(i) for i in range(2))
said["client"] = get_client().gather(get_client().map(place, range(6)))
said["delayed"] = list(dask.compute(*[dask.delayed(place)(i) for i in range(4)]))
said["bag"] = dask.bag.from_sequence(range(4), npartitions=4).map(place).compute()
def elsewhere():
    said["thread"] = Parallel(n_jobs=-1)(delayed(place)(i) for i in range(4))
thread = threading.Thread(target=elsewhere)
thread.start()
thread.join()
try:
    Parallel(n_jobs=-1)(delayed(place)(threading.Lock()) for _ in range(2))
except Exception as error:
    said["unsent"] = str(error)
other = Client()
said["shut_down"] = other.shutdown()
said["after"] = get_client().gather(get_client().map(place, range(7, 11)))
said["scored"] = sorted(int(name.split("-")[1][:-4]) for name in os.listdir() if name.startswith("scored-"))
json.dump(said, open("said.json", "w"))
"""
SCRIPT = """
import json
from helpers import place
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from dask.distributed import get_client

if __name__ == "__main__":
    X, y = make_classification(400, random_state=0)
    model = RandomForestClassifier(n_estimators=20, n_jobs=-1, random_state=0).fit(X, y)
    done = get_client().gather(get_client().map(place, range(6)))
    json.dump({"score": model.score(X, y), "client": done}, open("script.json", "w"))
"""


def pids(places: list[Any]) -> set[int]:
    return {pid for pid, *_ in places}


def running(processes: Iterable[psutil.Process], word: str) -> list[psutil.Process]:
    """Those with a word among their arguments."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if word in " ".join(process.cmdline()):
                found.append(process)
    return found


def cluster_of(process: subprocess.Popen[str]) -> psutil.Process:
    (found,) = running(psutil.Process(process.pid).children(), "computing/dask_cluster.py")
    return found


def workers(top: psutil.Process) -> list[psutil.Process]:
    return running(top.children(recursive=True), "spawn_main")


def test_unmodified_code_is_spread_over_the_workers(project: Project) -> None:
    """A notebook and a script at once share a cluster: joblib, clients, collections use it, in the stage's folder."""
    project.write("noteship.toml", f"[run]\ncluster = {CLUSTER}\njobs = 2\n")
    project.write("helpers.py", HELPERS)
    project.write("data.csv", "a,b\n")
    project.notebook("search", SEARCH, WAYS)
    project.write("forest.py", SCRIPT)
    document = project.json("run")
    said, script = json.loads(project.text("said.json")), json.loads(project.text("script.json"))
    used = pids(said["client"])
    assert len(used) == 2
    assert said["own"] not in used
    assert set(said["scored"]) == used
    for way in ("joblib", "delayed", "bag", "thread", "after"):
        assert pids(said[way]) <= used, way
    assert pids(said["joblib"]) == used
    assert pids(said["joblib_of_one"]) | pids(said["joblib_by_default"]) == {said["own"]}
    for way in ("joblib", "client", "delayed", "bag", "after"):
        assert {folder for _, folder, _ in said[way]} == {said["folder"]}, way
    assert said["unsent"].startswith("a task cannot be sent to the cluster: ")
    assert pids(script["client"]) <= used
    assert script["score"] > 0.9
    notes = {note for stage in document["stages"] for note in stage["notes"]}
    told = "it had a Dask cluster made for the run: 2 workers with 1 thread and 1.0 GiB of memory each"
    assert notes == {told}
    assert told in project.call("show", "latest", "search").out
    assert running(psutil.Process().children(recursive=True), "computing/dask_cluster.py") == []
    project.write("noteship.toml", "[run]\njobs = 2\n")
    assert set(project.states().values()) == {"reused"}


def test_stages_with_other_modules_of_one_name_do_not_meet(project: Project) -> None:
    """Two stages at once, each with a `helpers` of its own beside it, each get their own."""
    cell = (
        "import json, os\nfrom helpers import name\nfrom dask.distributed import get_client\n"
        "json.dump(get_client().gather(get_client().map(name, range(4))), open('names.json', 'w'))"
    )
    project.write("noteship.toml", '[run]\ncluster = { engine = "dask", workers = 1, memory = "1Gi" }\njobs = 2\n')
    for each in ("a", "b"):
        project.write(f"{each}/helpers.py", f"import time\ndef name(_):\n    time.sleep(0.2)\n    return '{each}'\n")
        project.notebook(f"{each}/stage", cell)
    assert project.call("run").code == 0
    assert [json.loads(project.text(f"{each}/names.json")) for each in ("a", "b")] == [["a"] * 4, ["b"] * 4]


SLOW = """
import json, pathlib, time
from dask.distributed import get_client
def task(i):
    import os, time
    time.sleep(0.5)
    return [i, os.getpid()]
futures = get_client().map(task, range(12))
pathlib.Path({mark!r}).touch()
json.dump(sorted(get_client().gather(futures)), open("done.json", "w"))
"""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "begun"


@pytest.fixture
def slow(project: Project, mark: Path) -> Project:
    """A project with a stage that takes a while on its cluster, after one that does not."""
    project.write("noteship.toml", f"[stage.b]\ncluster = {CLUSTER}\n")
    project.write("a.py", "open('a.txt', 'w').write('a')\n")
    project.notebook("b", "open('a.txt').read()", SLOW.format(mark=str(mark)))
    return project


def test_a_worker_that_is_killed_is_replaced(slow: Project, mark: Path) -> None:
    """Its tasks are done again by others, another takes its place, and the stage says so."""
    process = slow.start("run", "--json")
    eventually(mark.exists, 60)
    top = cluster_of(process)
    victim = workers(top)[0]
    victim.kill()
    eventually(lambda: len(workers(top)) == 2 and victim not in workers(top))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert [number for number, _ in json.loads(slow.text("done.json"))] == list(range(12))
    notes = next(stage["notes"] for stage in json.loads(out)["stages"] if stage["stage"] == "b")
    assert "a worker of the cluster ended; another took its place and its tasks" in notes


def test_a_scheduler_that_is_killed_fails_the_stage_and_the_next_run_goes_on(slow: Project, mark: Path) -> None:
    """The failure is of the kind "cluster" and says to run again; what had finished is not run twice."""
    process = slow.start("run", "--json")
    eventually(mark.exists, 60)
    top = cluster_of(process)
    family = [top, *top.children(recursive=True)]
    began = time.monotonic()
    top.kill()
    out, _ = process.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert process.returncode == 1
    stages = {stage["stage"]: stage for stage in json.loads(out)["stages"]}
    failure = stages["b"]["failure"]
    assert (failure["kind"], failure["retryable"]) == ("cluster", True)
    assert failure["message"].startswith("the scheduler of its cluster went away")
    assert failure["where"].startswith("b.ipynb, cell 2")
    assert "run again" in failure["remedy"]
    assert gone(family)
    assert slow.states() == {"a": "reused", "b": "executed"}


def test_nothing_survives_noteship(slow: Project, mark: Path) -> None:
    """When noteship is killed, its cluster ends with it, and the keys are gone."""
    process = slow.start("run")
    eventually(mark.exists, 60)
    top = cluster_of(process)
    folder = Path(top.cwd())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    family = [top, *top.children(recursive=True)]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    eventually(lambda: gone(family))
    eventually(lambda: not folder.exists())
    assert slow.states()["b"] == "executed"


def test_workers_that_take_too_much_memory_are_said(project: Project) -> None:
    """A task that ends each worker that it is given fails the stage, with the limit in the message; joblib's, too."""
    project.write("noteship.toml", '[stage.b]\ncluster = { engine = "dask", workers = 2, memory = "300Mi" }\n')
    hog = (
        "import time\ndef hog(_):\n    kept = []\n    while True:\n"
        "        kept.append(b'x' * 10_000_000)\n        time.sleep(0.02)"
    )
    cell = "from joblib import Parallel, delayed\nParallel(n_jobs=-1)(delayed(hog)(i) for i in range(2))"
    project.notebook("b", hog, f"{cell}\nopen('never.txt', 'w')")
    answer = project.call("run", "--json")
    assert answer.code == 1
    failure = answer.document["stages"][0]["failure"]
    assert failure["kind"] == "cluster"
    assert "it took more than its memory of 300 MiB" in failure["message"]
    assert "more memory" in failure["remedy"]
