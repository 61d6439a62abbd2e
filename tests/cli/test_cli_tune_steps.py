"""`noteship tune` over the parameters of the composed model, and by measures that noteship takes itself."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from cli.projects import COMMAND, Project
from noteship.operations.opened import OpenedProject

pytestmark = pytest.mark.slow

DATA = """import pandas as pd
from sklearn.datasets import make_classification
X, y = make_classification(300, 4, n_informative=3, n_redundant=0, flip_y=0.15, random_state=0)
frame = pd.DataFrame(X, columns=list("abcd"))
frame["label"] = ["yes" if each else "no" for each in y]
frame.to_csv("rows.csv", index=False)
"""
TRAIN = """import pickle
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
strength = 1.0
frame = pd.read_csv("rows.csv")
scaler = StandardScaler().fit(frame[list("abcd")])
model = LogisticRegression(C=strength).fit(scaler.transform(frame[list("abcd")]), frame.label)
with open("scaler.sav", "wb") as out:
    pickle.dump(scaler, out)
with open("model.sav", "wb") as out:
    pickle.dump(model, out)
"""
DECLARED = """[service]
steps = ["scaler.sav", "model.sav"]
data = "rows.csv"
inputs = ["a", "b", "c", "d"]
target = "label"
reproduces = []
[validate]
positive = "yes"
[tune]
metric = "{metric}"
trials = 6
folds = 3
pruner = "median"
[tune.space]
{space}
"""
SPACE = '"model.sav:C" = { low = 1e-5, high = 10.0, log = true }\n"scaler.sav:with_mean" = [true, false]'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project whose bundle is made."""
    project = Project(tmp_path_factory.mktemp("made"))
    project.write("data.py", DATA)
    project.write("train.py", TRAIN)
    declare(project)
    assert project.call("run").code == 0
    return project.root


@pytest.fixture
def fitted(project: Project, made: Path) -> Project:
    """Data, and two fitted steps of a service; its bundle is made."""
    shutil.copytree(made, project.root, dirs_exist_ok=True)
    return project


def declare(project: Project, space: str = SPACE, metric: str = "log_loss") -> None:
    project.write("noteship.toml", DECLARED.format(space=space, metric=metric))


def test_steps_are_searched_without_any_notebook(fitted: Project) -> None:
    """Each trial fits the bundle's steps again on the training part, with a standard error over the folds."""
    answer = fitted.call("tune", "--jobs", "2", "--json")
    assert answer.code == 0, answer.err
    found = answer.document
    assert len(found["trials"]) == 6
    # With its own parameters, which lie in the space, the search begins.
    assert found["trials"][0]["parameters"] == {"model.sav:C": 1.0, "scaler.sav:with_mean": True}
    assert found["search"]["direction"] == "minimize"
    assert all(each["error"] > 0 for each in found["trials"] if each["state"] == "done")
    steps = [sorted(each["steps"]) for each in found["trials"][1:] if each["state"] == "done"]
    assert all(each == ["0", "1", "2"] for each in steps)
    again = fitted.call("tune", "--trials", "7")
    assert "going on" in again.err
    assert "±: its standard error" in again.out
    assert "data" not in again.err
    assert not [each for each in psutil.Process().children() if "trials" in " ".join(each.cmdline())]


@pytest.mark.parametrize(
    ("space", "metric", "told"),
    [
        ('"modl.sav:C" = [1, 2]', "f1", "nearest: model.sav"),
        ('"model.sav:c" = [1, 2]', "f1", "LogisticRegression has no such parameter"),
        ('"model.sav:C" = [1, 2]', "rmse", "not measured of this model"),
    ],
)
def test_what_the_steps_do_not_have_is_told(fitted: Project, space: str, metric: str, told: str) -> None:
    """A step, a parameter or a measure that there is not ends the search before its first trial."""
    declare(fitted, space, metric)
    answer = fitted.call("tune")
    assert answer.code == 2, answer.err
    assert told in answer.err
    assert "searching" not in answer.err


def test_parameters_that_a_step_refuses_are_failed_trials(fitted: Project) -> None:
    """What cannot be fitted is recorded, and the others are tried."""
    declare(fitted, '"model.sav:solver" = ["lbfgs", "nonesuch", "liblinear"]', "f1")
    answer = fitted.call("tune")
    assert answer.code == 0, answer.err
    assert "3 trials: 2 done, 1 failed" in answer.out
    assert "model.sav: its parameter 'solver' must be a str among {" in answer.err
    assert "'lbfgs'" in answer.err


def test_none_is_searched_as_a_text(fitted: Project) -> None:
    """TOML has no None: its word in a list is one, and the step's own None is told by it."""
    declare(fitted, '"model.sav:class_weight" = ["balanced", "None"]', "f1")
    answer = fitted.call("tune", "--json")
    assert answer.code == 0, answer.err
    found = answer.document
    assert [each["state"] for each in found["trials"]] == ["done", "done"]
    # What the step has itself is a point of the space, and the first trial.
    assert found["trials"][0]["parameters"] == {"model.sav:class_weight": "None"}


KILLED = """import os, signal
from pathlib import Path
from sklearn.base import BaseEstimator, TransformerMixin
class Same(TransformerMixin, BaseEstimator):
    def __init__(self, kill=0, log=None):
        self.kill, self.log = kill, log
    def fit(self, X, y=None):
        if self.kill:
            with open(self.log, "a") as out:
                print(self.kill, file=out)
            if Path(self.log).read_text().split().count(str(self.kill)) <= self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
        self.n_features_in_ = X.shape[1]
        return self
    def transform(self, X):
        return X
"""


def test_a_trial_whose_process_is_killed_is_tried_once_more(project: Project, tmp_path: Path) -> None:
    """Who is killed once comes to its value; who is killed twice is a failed trial that says so."""
    project.write("same.py", KILLED)
    project.write("data.py", DATA)
    own = TRAIN.replace("StandardScaler()", f"Same(log={str(tmp_path / 'fits.txt')!r})")
    project.write("train.py", own.replace("import pickle", "import pickle\nfrom same import Same"))
    declare(project, '"scaler.sav:kill" = [0, 1, 2]')
    assert project.call("run").code == 0
    trials = project.call("tune", "--json").document["trials"]
    found = {each["parameters"]["scaler.sav:kill"]: each for each in trials}
    assert found[0]["value"] == found[1]["value"]
    assert found[2]["state"] == "failed"
    assert "its process ended twice; it was ended by SIGKILL" in found[2]["why"]


def test_a_search_of_steps_that_is_stopped_leaves_no_process(fitted: Project) -> None:
    """Ctrl-C ends the children that fit; what had ended is kept, and the search goes on."""
    declare(fitted, '"model.sav:max_iter" = { low = 100000, high = 999999 }\n"model.sav:tol" = [1e-300]')
    words = [*COMMAND, "tune", "--trials", "400", "--jobs", "2", "--project", str(fitted.root)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    while "   1  " not in process.stderr.readline():
        assert process.poll() is None
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not psutil.wait_procs(children, 10)[1]
    assert json.loads(fitted.call("tune", "--show", "latest", "--json").out)["trials"]


def test_a_measure_judges_the_model_that_notebooks_make(fitted: Project) -> None:
    """A notebook's parameter is searched by cross-validation of the bundle that each trial makes; `latest` stays."""
    declare(fitted, '"train.strength" = [1.0, 0.00001]', "accuracy")
    before = OpenedProject.at(fitted.root).store.read_ref("names/latest")
    answer = fitted.call("tune", "--json")
    assert answer.code == 0, answer.err
    assert [each["state"] for each in answer.document["trials"]] == ["done", "done"]
    assert answer.document["best"]["parameters"] == {"train.strength": 1.0}
    after = OpenedProject.at(fitted.root).store.read_ref("names/latest")
    assert before and after and before.value == after.value


STEP = """import os
from sklearn.base import BaseEstimator, TransformerMixin
class Same(TransformerMixin, BaseEstimator):
    def __init__(self, log=None):
        self.log = log
    def fit(self, X, y=None):
        with open(self.log, "a") as out:
            print(os.getpid(), os.getppid(), file=out)
        self.n_features_in_ = X.shape[1]
        return self
    def transform(self, X):
        return X
"""
CLUSTER = 'cluster = { engine = "dask", workers = 2, memory = "1Gi" }\n[tune.space]'


def test_the_workers_of_a_cluster_fit_the_folds(project: Project, tmp_path: Path) -> None:
    """With `[tune] cluster` both workers fit folds, of the user's own class too, and come to the same values."""
    log = tmp_path / "fits.txt"
    project.write("same.py", STEP)
    project.write("data.py", DATA)
    own = TRAIN.replace("StandardScaler()", f"Same({str(log)!r})")
    project.write("train.py", own.replace("import pickle", "import pickle\nfrom same import Same"))
    declare(project, '"model.sav:C" = { low = 1e-5, high = 10.0, log = true }')
    assert project.call("run").code == 0
    here = project.call("tune", "--json")
    assert here.code == 0, here.err
    log.unlink()
    project.write("noteship.toml", project.text("noteship.toml").replace("[tune.space]", CLUSTER))
    there = project.call("tune", "--json", "--new", "--jobs", "1")
    assert there.code == 0, there.err
    told = [
        [(each["parameters"], each["steps"], each["value"]) for each in answer["trials"]]
        for answer in (here.document, there.document)
    ]
    assert told[0] == told[1]
    fits = log.read_text().split("\n")[:-1]
    # Two workers, neither of which is the trials' own process, a child of this one.
    assert len(set(fits)) == 2, fits
    assert str(psutil.Process().pid) not in {each.split()[1] for each in fits}
    left = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
    assert not [each for each in left if "trials" in each or "dask" in each]


def test_a_cluster_that_goes_away_ends_the_search(fitted: Project) -> None:
    """When the scheduler dies, the search says so instead of waiting; what had ended is kept."""
    declare(fitted)
    fitted.write("noteship.toml", fitted.text("noteship.toml").replace("[tune.space]", CLUSTER))
    words = [*COMMAND, "tune", "--trials", "400", "--project", str(fitted.root)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    while "   1  " not in process.stderr.readline():
        assert process.poll() is None
    family = psutil.Process(process.pid).children(recursive=True)
    (top,) = (each for each in family if any("dask_cluster.py" in word for word in each.cmdline()))
    top.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "2 workers with 1 thread and 1.0 GiB of memory each went away" in said
    assert not psutil.wait_procs(family, 10)[1]


def test_workers_at_an_address_are_not_for_steps(fitted: Project) -> None:
    """They may be on machines that do not have the bundle and its rows, which is told before anything runs."""
    declare(fitted)
    address = 'cluster = { engine = "dask", address = "tcp://127.0.0.1:9" }\n[tune.space]'
    fitted.write("noteship.toml", fitted.text("noteship.toml").replace("[tune.space]", address))
    answer = fitted.call("tune")
    assert answer.code == 2
    assert "leave the address out" in answer.err


SPREAD = """import json, os
from joblib import Parallel, delayed
x = 1.0
def who(number):
    import os, time
    time.sleep(0.2)
    return os.getpid()
pids = set(Parallel(n_jobs=-1)(delayed(who)(each) for each in range(8)))
json.dump({"others": len(pids - {os.getpid()}), "score": x}, open("metrics.json", "w"))
"""


def test_the_stages_of_trials_have_the_cluster(project: Project) -> None:
    """A notebook's parameter is searched with `[tune] cluster`: the two workers do what its stage has joblib do."""
    project.write("spread.py", SPREAD)
    declared = f'[tune]\nmetric = "metrics.json:KEY"\ndirection = "maximize"\n{CLUSTER}\n"spread.x" = [1.0, 2.0, 3.0]\n'
    project.write("noteship.toml", declared.replace("KEY", "others"))
    answer = project.call("tune", "--json", "--jobs", "2")
    assert answer.code == 0, answer.err
    assert [each["value"] for each in answer.document["trials"]] == [2, 2, 2]
    # What ran is found again, and so is what it wrote beside.
    project.write("noteship.toml", declared.replace("KEY", "score"))
    assert project.call("tune", "--json").document["best"]["parameters"] == {"spread.x": 3.0}
