"""`noteship validate`: from what a run made to a judgement in the store, and what can be done with it."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from cli.projects import Answer, Project
from noteship.operations import judgements
from noteship.operations.naming import named
from noteship.operations.opened import OpenedProject
from noteship.validation.judgement import Judgement

pytestmark = pytest.mark.slow

COLLECT = """
import numpy, pandas
random = numpy.random.default_rng(1)
kind = random.random(800) < 0.4
rows = pandas.DataFrame({
    "x": random.normal(size=800) + 2 * kind,
    "y": random.normal(size=800),
    "sender": random.integers(0, 30, 800),
    "date": pandas.date_range("2026-01-01", periods=800, freq="h"),
    "label": numpy.where(kind, "spam", "ham"),
})
rows.loc[5, "date"] = pandas.NaT
rows.to_parquet("rows.parquet")
"""
TRAIN = """
import joblib, pandas
from sklearn.linear_model import LogisticRegression
rows = pandas.read_parquet("rows.parquet")
model = LogisticRegression().fit(rows[["x", "y"]], rows["label"])
joblib.dump(model, "model.joblib")
"""
PREDICT = """
import joblib, pandas
rows = pandas.read_parquet("rows.parquet")
answers = joblib.load("model.joblib").predict(rows[["x", "y"]])
pandas.DataFrame({"label": answers}).to_csv("predicted.csv", index=False)
"""
SERVICE = """
[project]
name = "mail"

[service]
steps = ["model.joblib"]
data = "rows.parquet"
inputs = ["x", "y"]
target = "label"
"""
VALIDATE = """
[validate]
positive = "spam"
gates = ["f1 >= 0.7", "f1 >= champion.f1 - 0.05", "worst_slice.accuracy >= 0.3"]
resamples = 200
robustness = false
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a model, its predictions, and gates, that has run."""
    project = Project(tmp_path_factory.mktemp("ready"))
    project.write("collect.py", COLLECT)
    project.write("train.py", TRAIN)
    project.write("predict.py", PREDICT)
    project.write("noteship.toml", SERVICE + VALIDATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        ran(project)
    return project


@pytest.fixture
def mail(project: Project, ready: Project) -> Project:
    """A copy of it, with all that it knows."""
    shutil.copytree(ready.root, project.root, dirs_exist_ok=True)
    return project


def ran(project: Project) -> str:
    """The digest of the bundle that a run makes."""
    answer = project.call("run")
    assert answer.code == 0, answer.err
    return latest(project)


def latest(project: Project) -> str:
    return named(OpenedProject.at(project.root), "latest").digest


def validated(project: Project, *words: str, code: int = 0) -> Judgement:
    answer = project.call("validate", "--json", *words)
    assert answer.code == code, answer.err
    return Judgement.from_json(answer.document["judgement"])


def failed(project: Project, *words: str, code: int = 1) -> str:
    answer = project.call("validate", *words)
    assert answer.code == code
    return answer.err


def test_a_bundle_is_judged_and_promoted(mail: Project) -> None:
    """What passed its gates may be promoted; the next bundle is compared with it, on the same rows."""
    digest = latest(mail)
    page, card_file = mail.root / "out/r.html", mail.root / "out/c d.md"
    answer: Answer = mail.call("validate", "--report", str(page), "--card", str(card_file))
    assert answer.code == 0 and "F1*" in answer.out and answer.out.rstrip().endswith("c d.md")
    assert "there is no champion to compare with" in answer.out and re.search(r"passed +f1 >= 0.7", answer.out)
    report, card = mail.text("out/r.html"), mail.text("out/c d.md")
    assert report.lower().startswith("<!doctype html>")
    pictures = re.findall(r"\]\((\S+\.svg)\)", card)
    assert pictures and all((mail.root / "out" / each.replace("%20", " ")).exists() for each in pictures)
    opened = OpenedProject.at(mail.root)
    kept = judgements.latest(opened.store, digest)
    assert kept is not None and judgements.read(opened.store, kept).passed
    assert mail.call("promote", "latest").code == 0
    mail.write("train.py", TRAIN.replace("()", "(C=0.9)"))
    second = ran(mail)
    found = validated(mail)
    assert found.bundle == second != digest and found.champion is not None
    assert (found.champion.digest, found.champion.how) == (digest, "refitted")
    assert {gate.expression for gate in found.gates} > {"f1 >= 0.7"}


def test_equal_requests_are_answered_again(mail: Project) -> None:
    """At once, from the store; `--again` measures anew, and what changed is measured in any case."""
    first, second = mail.call("validate", "--json").document, mail.call("validate", "--json").document
    assert (first["again"], second["again"], first["id"]) == (False, True, second["id"])
    assert second["judgement"] == first["judgement"]
    third = mail.call("validate", "--json", "--again").document
    assert not third["again"] and third["judgement"]["metrics"] == first["judgement"]["metrics"]
    other = mail.call("validate", "--json", "--holdout", "0.4").document
    assert not other["again"] and other["judgement"]["split"]["held_rows"] == 320
    # The last one asked for is the one that counts, though it was known.
    last = mail.call("validate", "--json").document
    assert last["again"] and last["id"] > other["id"] and last["judgement"]["split"]["held_rows"] == 160


def test_other_gates_are_held_against_what_was_measured(mail: Project) -> None:
    """Nothing is measured anew for a gate, or for the card's text; a promotion goes by the gates of now."""
    first = mail.call("validate", "--json").document
    mail.write("noteship.toml", SERVICE + VALIDATE.replace("0.7", "0.999"))
    answer = mail.call("promote", "latest")
    assert answer.code == 1 and "gates" in answer.err
    second = mail.call("validate", "--json").document
    assert second["again"] and second["id"] > first["id"] and not second["judgement"]["passed"]
    assert {**second["judgement"], **{name: first["judgement"][name] for name in ("gates", "passed", "settings")}} == (
        first["judgement"]
    )
    assert second["judgement"]["settings"]["gates"][0] == "f1 >= 0.999"
    answer = mail.call("promote", "latest")
    assert answer.code == 1 and "f1 >= 0.999" in answer.err
    mail.write("noteship.toml", SERVICE.replace("[project]", '[project]\ncard = "use.md"') + VALIDATE)
    mail.write("use.md", "It sorts mail.")
    third = mail.call("validate", "--json").document
    assert third["again"] and third["judgement"] == first["judgement"]
    store = OpenedProject.at(mail.root).store
    kept = judgements.latest(store, third["bundle"])
    assert kept is not None and b"It sorts mail." in store.get_bytes(kept.pages["card.md"])
    assert mail.call("promote", "latest").code == 0
    mail.write("noteship.toml", SERVICE + VALIDATE + "seed = 3\n")
    assert not mail.call("validate", "--json").document["again"]


def test_a_gate_on_slices_has_them_measured(mail: Project) -> None:
    """Of the twelfth input, which is not cut by itself: it is cut for the gate, and so measured anew."""
    inputs = ["x", "y", *(f"c{number}" for number in range(10))]
    more = "for number in range(10):\n    rows[f'c{number}'] = random.normal(size=800)\nrows.loc[5"
    mail.write("collect.py", COLLECT.replace("rows.loc[5", more))
    for name, text in (("train.py", TRAIN), ("predict.py", PREDICT), ("noteship.toml", SERVICE + VALIDATE)):
        mail.write(name, text.replace('["x", "y"]', json.dumps(inputs)))
    ran(mail)
    assert {each.column for each in validated(mail).slices} == set(inputs[:10])
    mail.write("noteship.toml", mail.text("noteship.toml").replace("worst_slice.accuracy", "slice.c9.accuracy"))
    second = mail.call("validate", "--json").document
    assert not second["again"] and second["judgement"]["gates"][2]["left"] > 0.3


def test_another_holdout_is_no_ground_for_a_promotion(mail: Project) -> None:
    """What was judged otherwise than it is declared does not promote."""
    assert validated(mail, "--holdout", "0.4").split.held_rows == 320
    answer = mail.call("promote", "latest")
    assert answer.code == 1 and "holdout" in answer.err


def test_gates_that_fail(mail: Project) -> None:
    """The exit code is 1, each gate tells its numbers, and nothing is promoted."""
    mail.write("noteship.toml", SERVICE + VALIDATE.replace("0.7", "0.999"))
    answer = mail.call("validate")
    assert answer.code == 1 and re.search(r"FAILED +f1 >= 0.999 +f1 0\.\d+ < 0.999", answer.out)
    assert mail.call("promote", "latest").code == 1


def test_names_that_no_gate_can_have(mail: Project) -> None:
    """They are said before anything is measured, with the nearest one; a wrong grammar when the file is read."""
    for gate, told in (("acuracy >= 0.9", "nearest: accuracy"), ("rmse <= 3", "rmse"), ("slice.sendr.f1 > 0", "sendr")):
        mail.write("noteship.toml", SERVICE + VALIDATE.replace("f1 >= 0.7", gate))
        assert told in failed(mail, code=2)
    mail.write("noteship.toml", SERVICE + VALIDATE.replace("f1 >= 0.7", "f1 => 0.7"))
    assert "cannot be read" in failed(mail, code=2)


def test_what_was_compared_with_nothing_fails(mail: Project) -> None:
    """Unless it is said that this is meant; the remedy names the setting."""
    (mail.root / "predict.py").unlink()
    ran(mail)
    found = validated(mail, code=1)
    assert all(gate.passed for gate in found.gates) and "reproduces" in found.failures[0] and not found.passed
    mail.write("noteship.toml", SERVICE + "reproduces = []\n" + VALIDATE)
    ran(mail)
    assert validated(mail).passed


SPOILT = """
import joblib, numpy, pandas
from sklearn.tree import DecisionTreeClassifier
rows = pandas.read_parquet("rows.parquet")
wrong = numpy.random.default_rng(5).random(len(rows)) < 0.35
answers = numpy.where(wrong, numpy.where(rows["label"] == "spam", "ham", "spam"), rows["label"])
model = DecisionTreeClassifier(random_state=0).fit(rows[["x", "y"]], answers)
joblib.dump(model, "model.joblib")
"""


def test_a_bundle_that_is_worse_than_its_clone_fails(mail: Project) -> None:
    """Fitted on answers of which a third is wrong, it is worse than its steps can be, which all gates say are well."""
    mail.write("collect.py", COLLECT.replace("2 * kind", "6 * kind"))
    mail.write("train.py", SPOILT)
    mail.write("noteship.toml", SERVICE + VALIDATE.replace("0.7", "0.6"))
    ran(mail)
    found = validated(mail, code=1)
    assert all(gate.passed for gate in found.gates) and not found.passed
    assert found.agreement is not None and found.agreement.is_worse and found.agreement.p < 0.01
    assert found.bundle_metrics["accuracy"].value < found.metrics["accuracy"].value
    assert "worse than its clone" in found.failures[0]


def test_the_rows_are_those_that_the_bundle_was_made_with(mail: Project) -> None:
    """What a stage made comes from the store, whatever lies in the folder now; that the project moved on is told."""
    first = validated(mail)
    mail.write("rows.parquet", "another's")
    assert validated(mail, "--again").metrics == first.metrics
    mail.write(
        "own.csv", "x,y,label\n" + "".join(f"{n % 9},{n % 4},{'yes' if n % 9 > 4 else 'no'}\n" for n in range(200))
    )
    mail.write("train.py", TRAIN.replace('read_parquet("rows.parquet")', 'read_csv("own.csv")'))
    (mail.root / "collect.py").unlink()
    (mail.root / "predict.py").unlink()
    service = SERVICE.replace("rows.parquet", "own.csv") + "reproduces = []\n"
    mail.write("noteship.toml", service + "[validate]\nresamples = 200\n")
    ran(mail)
    assert validated(mail).split.held_rows == 40
    mail.write("own.csv", mail.text("own.csv") + "1,1,no\n")
    assert "own.csv has changed since" in failed(mail, "--again")
    (mail.root / "own.csv").unlink()
    assert "is not there any more" in failed(mail)


def test_a_bundle_that_is_not_the_latest(mail: Project) -> None:
    """It is judged as it was made, and what has changed since is told."""
    digest = latest(mail)
    mail.write("train.py", TRAIN.replace("()", "(C=0.5)"))
    ran(mail)
    answer = mail.call("validate", digest[:12], "--json")
    assert answer.document["judgement"]["bundle"] == digest
    assert any("not the latest bundle" in each for each in answer.document["since"])


@pytest.mark.parametrize(
    ("holdout", "told"),
    [
        ("time:date", "of 800 rows 1 have none in 'date'"),
        ("time:dte", "nearest: date"),
        ("group:label", "more than are to be held out"),
        ("none.parquet", "none.parquet, which is not there"),
        ("0.9", "a share from 0.01 to 0.5"),
    ],
)
def test_rows_that_cannot_be_held_out(mail: Project, holdout: str, told: str) -> None:
    """Each says what is wrong, and what to do."""
    answer = mail.call("validate", "--holdout", holdout)
    assert answer.code in (1, 2) and told in answer.err and "do: " in answer.err
    assert "--holdout" in answer.err and "[validate]" not in answer.err


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('positive = "spam"', 'positive = "spma"', "[validate] positive in noteship.toml, line 12"),
        ('positive = "spam"', 'slices = ["sendr"]', "[validate] slices in noteship.toml, line 12"),
        ('positive = "spam"', 'metric = "rmse"', "[validate] metric in noteship.toml, line 12"),
        (
            "robustness = false",
            'holdout = { by = "time", column = "dte" }',
            "[validate] holdout in noteship.toml, line 15",
        ),
    ],
)
def test_what_validate_names_wrongly_has_its_line(mail: Project, before: str, after: str, where: str) -> None:
    """Also where the judging finds it out, which knows nothing of the file."""
    mail.write("noteship.toml", (SERVICE + VALIDATE).replace(before, after))
    assert mail.call("validate", "--json").document["error"]["where"] == where


def test_a_bundle_without_answers(mail: Project) -> None:
    """Without a target nobody knows what is right."""
    mail.write("noteship.toml", SERVICE.replace('target = "label"\n', "") + VALIDATE)
    ran(mail)
    assert 'target = "label"' in failed(mail, code=2)


FROZEN = TRAIN.replace("import joblib", "from sklearn.frozen import FrozenEstimator\nimport joblib").replace(
    "joblib.dump(model,", "joblib.dump(FrozenEstimator(model),"
)


def test_steps_that_cannot_be_fitted_again(mail: Project) -> None:
    """They are judged on a file that no stage has read, and on nothing else."""
    mail.write("train.py", FROZEN)
    mail.write("noteship.toml", SERVICE + VALIDATE.replace("positive", 'holdout = { file = "new.csv" }\npositive'))
    ran(mail)
    rows = "".join(f"{n % 5 - 1},{n % 3},{'spam' if n % 5 > 2 else 'ham'}\n" for n in range(100))
    mail.write("new.csv", "x,y,label\n" + rows)
    found = validated(mail)
    assert found.judged == "bundle" and found.agreement is None and "no stage has read" in found.why
    # All rows of the data are in that file, so nothing is left to fit a clone on.
    assert "training part has 0 rows" in failed(mail, "--holdout", "rows.parquet")
    assert "holdout = {" in failed(mail, "--holdout", "0.2")


ENCODES = """
from sklearn.preprocessing import TargetEncoder
rows["c0"] = (rows["c0"] * 60).round()
step = TargetEncoder(smooth=1e-3, target_type="binary")
"""
LEAKS: dict[str, tuple[str, str]] = {
    "selects by all answers": (
        "from sklearn.feature_selection import SelectKBest\nstep = SelectKBest(k=40)",
        "LogisticRegression()",
    ),
    "encodes by all answers": (
        ENCODES,
        "LogisticRegression()",
    ),
    "trains on the test rows": (
        "from sklearn.preprocessing import StandardScaler\nstep = StandardScaler()",
        "RandomForestClassifier(30, random_state=0)",
    ),
}


@pytest.mark.parametrize("leak", list(LEAKS))
def test_no_leak_flatters(project: Project, leak: str) -> None:
    """A notebook splits its rows after it has leaked, and writes an accuracy that is no chance; it is judged a coin."""
    step, model = LEAKS[leak]
    wide = 1 if "encodes" in leak else 600
    project.notebook(
        "leaky",
        "import joblib, json, numpy, pandas\n"
        f"random = numpy.random.default_rng(3)\nrows = pandas.DataFrame(random.normal(size=(300, {wide})))\n"
        "rows.columns = [f'c{n}' for n in rows.columns]\n"
        "rows['label'] = random.choice(['no', 'yes'], 300)\n"
        "from sklearn.linear_model import LogisticRegression\nfrom sklearn.ensemble import RandomForestClassifier",
        f"{step}\nrows.to_parquet('rows.parquet')\nraw, answers = rows.drop(columns='label'), rows['label']\n"
        "step.fit(raw, answers)\nfeatures = step.transform(raw)\n"
        "train, test = numpy.arange(225), numpy.arange(225, 300)",
        f"model = {model}\n"
        + ("model.fit(features, answers)" if "trains" in leak else "model.fit(features[train], answers[train])")
        + "\njson.dump({'accuracy': float((model.predict(features[test]) == answers[test]).mean())},"
        " open('shown.json', 'w'))\n"
        "joblib.dump(step, 'step.joblib')\njoblib.dump(model, 'model.joblib')",
    )
    inputs = [f"c{number}" for number in range(wide)]
    project.write(
        "noteship.toml",
        f"[service]\nsteps = ['step.joblib', 'model.joblib']\ndata = 'rows.parquet'\ninputs = {inputs}\n"
        "target = 'label'\nreproduces = []\n[validate]\nresamples = 200\nrobustness = false\n",
    )
    ran(project)
    shown = float(json.loads(project.text("shown.json"))["accuracy"])
    found = validated(project)
    assert shown > 0.62 and found.metrics["accuracy"].low < 0.5 < found.metrics["accuracy"].high
    assert found.metrics["accuracy"].value < shown - 0.05
