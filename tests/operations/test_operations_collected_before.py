"""What is collected, named as data of a project before anything was collected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import dedent

import pandas
import pytest

from cli.projects import Project
from noteship.operations import occasions
from noteship.operations.opened import OpenedProject
from operations.test_operations_collected import SIGNATURE, collect

DECLARED = '[project]\nname = "mail"\n[data.seen]\nfrom = "collected:{}"\nto = "data/seen.parquet"\n'
OWN = ["request", "row", "time", "version", "prediction", "probability", "label", "label_time"]
READER = 'import pandas\npandas.read_parquet("data/seen.parquet").to_csv("copy.csv")\n'
CONTRACT = """
file = "data/seen.parquet"
rows = {{ min = 1 }}
freshness = {{ column = "time", most = "30d" }}
[columns.time]
type = "time"
[columns.text]
type = "text"
missing = {}
"""
TRAIN = """
import joblib
import pandas
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

training = pandas.read_csv("rows.csv")
{}
print(len(rows), rows.dtypes.astype(str).to_dict())
model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(rows["text"], rows["spam"])
joblib.dump(model, "model.joblib")
rows.to_csv("learned.csv", index=False)
"""
SERVICE = '[service]\nsteps = ["model.joblib"]\ndata = "rows.csv"\ninputs = ["text"]\ntarget = "spam"\n'
DOCS = Path(__file__).parents[2] / "docs/data.md"


def declare(project: Project, name: str, *lines: str) -> None:
    project.write("noteship.toml", "\n".join([DECLARED.format(name), *lines]))
    project.write("use.py", READER)


def bundle(project: Project, name: str) -> None:
    """A bundle with the signature of what is collected in these tests, under a name."""
    opened = OpenedProject.at(project.root)
    folder = project.root / ".noteship/made"
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_text(json.dumps({"signature": SIGNATURE.to_json()}))
    value = {"digest": opened.store.put_folder(folder), "name": "mail"}
    opened.store.write_ref(f"names/{name}", value, expected=None)


def seen(project: Project) -> pandas.DataFrame:
    return pandas.read_parquet(project.root / "data/seen.parquet")


def notes(project: Project) -> str:
    return project.call("show", "latest", "data.seen").out


@pytest.mark.slow
def test_before_the_first_row_there_are_columns(project: Project) -> None:
    """Without a bundle the own ones, with one its inputs, too; then rows come, which are other data each time."""
    declare(project, "mail")
    assert project.states() == {"data.seen": "executed", "use": "executed"}
    assert (list(seen(project).columns), len(seen(project))) == (OWN, 0)
    assert "nothing was collected yet: the file has no rows, and no inputs" in notes(project)
    assert project.states()["data.seen"] == "reused"
    bundle(project, "latest")
    assert project.states()["data.seen"] == "executed"
    assert (list(seen(project).columns), len(seen(project))) == ([*OWN, "text"], 0)
    assert "and the inputs of the model as it is now" in notes(project)
    assert project.states()["data.seen"] == "reused"
    collect(project, ["r1"], labels=["r1"])
    assert project.states()["data.seen"] == "executed"
    assert (list(seen(project).columns), len(seen(project))) == ([*OWN, "text"], 1)
    [found] = project.json("data", "sources")["sources"]
    assert (found["last"]["rows"], found["last"]["labels"]) == (1, 1)


def test_what_is_left_out_is_not_expected(project: Project) -> None:
    """Of the champion, where there is one."""
    declare(project, "mail", '[collect]\nleave_out = ["text"]')
    bundle(project, "champion")
    project.states()
    assert list(seen(project).columns) == OWN


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mail", ""),
        ("mail/mail", ""),
        ("mail-prod", '[kubernetes]\nname = "mail-prod"'),
        ("night", '[monitor]\nrelease = "night"'),
        ("local", ""),
    ],
)
def test_own_names_may_be_without_rows(project: Project, name: str, line: str) -> None:
    """What `deploy` calls it, and what is watched as: by default the project's name, and local."""
    declare(project, name, line)
    assert project.states()["data.seen"] == "executed"


@pytest.mark.parametrize("name", ["mial", "mail/other"])
def test_any_other_name_without_rows_is_written_wrongly(project: Project, name: str) -> None:
    """The message says where rows are, and what the project's own names are."""
    declare(project, name)
    collect(project, ["r1"])
    answer = project.call("run")
    assert answer.code == 1
    assert "nothing was collected under that name; rows are under collected:mail/mail" in answer.err
    assert "write collected:mail or collected:local" in answer.err


def test_another_name_of_which_rows_are_older_has_none_in_that_time(project: Project) -> None:
    """It is a name, and the rows are as many as were asked for: none."""
    project.write("noteship.toml", '[project]\nname = "other"\n')
    collect(project, ["r1"], age_s=100_000)
    declare(project, "mail", 'last = "1h"')
    project.write("noteship.toml", project.text("noteship.toml").replace('name = "mail"', 'name = "other"'))
    assert project.states()["data.seen"] == "executed"
    assert len(seen(project)) == 0 and "nothing was collected in that time" in notes(project)


def test_rows_without_labels_are_none_that_are_labelled(project: Project) -> None:
    """And the run says so."""
    declare(project, "mail", "labelled = true")
    collect(project, ["r1"])
    project.states()
    assert len(seen(project)) == 0 and "no row that was collected has a label yet" in notes(project)


def test_a_contract_waits_for_rows(project: Project) -> None:
    """No rule is looked at while there are none; then all are. From none, no contract is learned."""
    declare(project, "mail")
    project.write("contracts/seen.toml", CONTRACT.format("0.5"))
    assert project.states() == {"data.seen": "executed", "use": "executed"}
    [found] = project.json("data", "check")["files"]
    assert (found["state"], {each["state"] for each in found["rules"]}) == ("kept", {"unchecked"})
    before = project.text("contracts/seen.toml")
    for words in (["--again"], ["--replace"], ["data/seen.parquet", "--again"]):
        found = {each["file"]: each for each in project.json("data", "infer", *words)["contracts"]}
        of_seen = found["data/seen.parquet"]
        assert (of_seen["state"], of_seen["why"], of_seen["path"]) == ("passed over", "it has no rows", of_seen["path"])
    assert project.text("contracts/seen.toml") == before
    project.write("contracts/seen.toml", CONTRACT.format("0") + '[columns.gone]\ntype = "text"\n')
    assert set(project.states().values()) == {"reused"}
    collect(project, ["r1"])
    answer = project.call("run")
    assert answer.code == 1 and "there is no column gone" in answer.err


def test_a_page_of_it_says_that_there_are_no_rows(project: Project) -> None:
    """Whatever the types of its columns are."""
    declare(project, "mail")
    project.states()
    shown = project.json("data", "show", "data/seen.parquet")
    assert (shown["rows"], shown["problems"]) == (0, [])
    assert shown["verdict"] == "The table has no rows, so nothing can be said of it."


def test_nothing_collected_starts_no_retraining(project: Project) -> None:
    """Also where its columns are others than before, as they are after the first bundle; rows do."""
    declare(project, "mail")
    opened = OpenedProject.at(project.root)
    assert occasions.found(opened, ("data",)) == ()
    project.states()
    bundle(project, "latest")
    assert occasions.found(OpenedProject.at(project.root), ("data",)) == ()
    collect(project, ["r1"])
    (moved,) = occasions.found(OpenedProject.at(project.root), ("data",))
    assert moved.told == "data.seen has moved"


@pytest.mark.slow
def test_the_example_of_the_docs_learns_from_the_first_day_on(project: Project) -> None:
    """Before the first bundle, after it, and when rows and labels have come, with the types of its own rows."""
    (lines,) = re.findall(r"(?:^    .*\n)*^    rows = pandas\.concat\(.*\n", DOCS.read_text(), re.MULTILINE)
    declare(project, "mail", SERVICE)
    project.write("train.py", TRAIN.format(dedent(lines)))
    rows = "".join(
        f"{word} {number},{kind}\n" for number in range(8) for word, kind in (("hello", "ham"), ("offer", "spam"))
    )
    project.write("rows.csv", f"text,spam\n{rows}")
    for _ in range(2):
        assert project.states() == {"data.seen": "executed", "train": "executed", "use": "executed"}
        assert len(pandas.read_csv(project.root / "learned.csv")) == 16
    assert "text" in seen(project)
    assert set(project.states().values()) == {"reused"}
    collect(project, ["r1", "r2"], labels=["r2"])
    assert project.states()["train"] == "executed"
    learned = pandas.read_csv(project.root / "learned.csv")
    assert learned.to_numpy().tolist()[16:] == [["text of r2", "ham"]]
