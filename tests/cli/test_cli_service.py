"""What a run does at its end: makes the bundle of a `[service]`, proposes one, or says why there is none."""

from __future__ import annotations

import pytest

from cli.projects import Project

ROWS = "x,y,label\n" + "".join(f"{n % 7},{n % 3},{'yes' if n % 7 > 3 else 'no'}\n" for n in range(60))
TRAIN = """
import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression

rows = pd.read_csv("rows.csv")
model = LogisticRegression()
{fit}
joblib.dump(model, "model.joblib")
"""
# A write that its source does not show.
UNSEEN = "getattr(joblib, chr(100) + 'ump')(model, 'unseen.joblib')\n"
SERVICE = '[service]\nsteps = ["{step}"]\ndata = "rows.csv"\ninputs = ["x", "y"]\ntarget = "label"\n'


@pytest.mark.slow
def test_a_model_from_proposal_to_bundle(project: Project) -> None:
    """Without a [service] one is proposed and the code is 0; with it there is a bundle, the same one the next time."""
    project.write("rows.csv", ROWS)
    project.write("train.py", TRAIN.format(fit='model.fit(rows[["x", "y"]], rows["label"])'))
    answer = project.call("run")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    section = [line.strip() for line in lines[lines.index("    [service]") :]]
    assert project.json("run")["proposal"]["toml"].split() == " ".join(section).split()
    project.write("noteship.toml", "\n".join(section))
    project.write("look.py", "open('rows.pkl', 'wb').write(open('model.joblib', 'rb').read())\n")
    made = project.json("run")["bundle"]
    assert made["again"] is False
    assert (made["state"], made["unopened"]) == ("not checked", ["rows.pkl"])
    assert [column["name"] for column in made["signature"]["inputs"]] == ["x", "y"]
    again = project.call("run")
    assert f"bundle {made['digest'][:12]} is up to date: x (integer), y (integer) -> label" in again.out
    assert "warning: the composed model was not compared with what the notebooks stored: no stage stores a" in again.out
    assert "`[service] reproduces = [...]` names" in again.out
    assert "pickles are compared only where [service] reproduces names them: rows.pkl" in again.out
    runs = project.json("runs")["runs"]
    assert [run["bundle"] for run in runs] == [made["digest"], made["digest"], None, None]
    assert f"; bundle {made['digest'][:12]}\n" in project.call("runs").out
    assert f"  bundle {made['digest'][:12]}\n" in project.call("show", "latest").out
    assert project.json("show", runs[2]["run"])["bundle"] is None
    assert project.json("run", "train")["bundle"] is None

    # An input that no step uses, and a target that is no column.
    project.write("rows.csv", ROWS.replace("\n", ",1\n").replace("label,1", "label,z"))
    project.write("noteship.toml", SERVICE.format(step="model.joblib").replace('"y"]', '"y", "z"]'))
    assert "note: no step uses z, and yet every row must have it" in project.call("run").out
    project.write("noteship.toml", SERVICE.format(step="model.joblib").replace('"label"', '"lable"'))
    error = project.call("run", "--json").document["error"]
    assert (error["fact"], error["nearest"].partition(";")[0]) == (
        "rows.csv, the [service] data, has no column lable",
        "label",
    )
    assert error["where"] == "rows.csv, the [service] data"

    # What some stage may write unseen is not refused, and told before the first one runs.
    runs = project.json("runs")["runs"]
    project.write("train.py", TRAIN.format(fit='model.fit(rows[["x", "y"]], rows["label"])') + UNSEEN)
    project.write("noteship.toml", SERVICE.format(step="unseen.joblib"))
    answer = project.call("run")
    said = "names unseen.joblib (noteship.toml, line 2), which is not there and which no stage is known to write"
    assert answer.code == 0 and answer.err.index(said) < answer.err.index("running"), answer.err
    assert said not in project.call("run").err

    # A slip in a name is refused before any stage runs, by the nearest that is there or will be made.
    project.write("train.py", TRAIN.format(fit='model.fit(rows[["x", "y"]] * 2, rows["label"])'))
    project.write("noteship.toml", SERVICE.format(step="modl.joblib"))
    answer = project.call("run", "--json")
    error = answer.document
    assert (error["exit_code"], error["error"]["kind"], error["error"]["nearest"]) == (2, "StepNotMade", "model.joblib")
    assert error["error"]["where"] == "noteship.toml, line 2"
    assert "running" not in answer.err and len(project.json("runs")["runs"]) == len(runs) + 2


@pytest.mark.slow
def test_a_model_of_one_class_is_warned_of(project: Project) -> None:
    """A tree is fitted on rows of one class without a word; a model of two is not warned of."""
    tree = TRAIN.replace("linear_model import LogisticRegression", "tree import DecisionTreeClassifier")
    fit = 'model.fit(rows[["x", "y"]], rows["label"])'
    project.write("train.py", tree.replace("LogisticRegression", "DecisionTreeClassifier").format(fit=fit))
    project.write("noteship.toml", SERVICE.format(step="model.joblib"))
    project.write("rows.csv", ROWS)
    assert "one class alone" not in project.call("run").out
    project.write("rows.csv", ROWS.replace("no", "yes"))
    answer = project.call("run")
    assert answer.code == 0 and "  warning: the model knows one class alone, yes, and answers that to" in answer.out


@pytest.mark.slow
def test_a_step_that_is_not_fitted(project: Project) -> None:
    """It is named, with what to do; no bundle is made, and what had run is not lost."""
    project.write("rows.csv", ROWS)
    project.write("train.py", TRAIN.format(fit=""))
    project.write("noteship.toml", SERVICE.format(step="model.joblib"))
    answer = project.call("run", "--json")
    document = answer.document
    assert answer.code == document["exit_code"] == 1
    assert "model.joblib" in answer.err
    assert "not fitted" in answer.err
    assert "\n  do: " in answer.err
    assert document["error"].keys() == {"kind", "fact", "where", "nearest", "remedy"}
    assert project.json("runs")["runs"][0]["state"] == "done"


@pytest.mark.parametrize(
    ("content", "says"), [("b'no pickle'", "model.pkl"), ("b'cgone_module\\nThing\\n.'", "gone_module")]
)
def test_a_step_that_does_not_unpickle(project: Project, content: str, says: str) -> None:
    """A step that cannot be loaded here is named, with the reason."""
    project.write("rows.csv", ROWS)
    project.write("train.py", f"open('model.pkl', 'wb').write({content})\n")
    project.write("noteship.toml", SERVICE.format(step="model.pkl"))
    answer = project.call("run", "--json")
    assert answer.code in (1, 3), answer.err
    error = answer.document["error"]
    assert "model.pkl" in error["fact"]
    assert says in " ".join(error.values())
    assert error["remedy"]
