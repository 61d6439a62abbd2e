"""Bundles: their bytes, and what it takes to load one."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from noteship import digests, models
from noteship.models import errors
from noteship.models.importing import source_modules
from noteship.store import open_store

from .conftest import text_logistic

HELPERS = """
    from sklearn.base import BaseEstimator, TransformerMixin
    import cleaning

    def prepare(frame):
        return frame.assign(text=frame["text"].map(cleaning.lower))

    class Lengths(BaseEstimator, TransformerMixin):
        def __init__(self, stops=frozenset()):
            self.stops = stops
        def fit(self, X, y=None):
            return self
        def transform(self, X):
            words = [text.split() for text in X["text"]]
            return [[len(row), sum(word in self.stops for word in row)] for row in words]
"""
# Trains, saves and builds; sets are ordered differently from process to process.
TRAIN = """
    import os, pickle
    from pathlib import Path
    import numpy, pandas
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import make_pipeline
    from noteship import models
    root = Path(os.environ["ROOT"])
    texts = ["dear madam", "tasty snack", "dear sister", "salty snack", "good madam"] * 8
    raw = pandas.DataFrame({"text": texts, "label": ["h", "s", "h", "s", "h"] * 8})
    raw.to_parquet(root / "raw.parquet")
    step = make_pipeline(CountVectorizer(), RandomForestClassifier(5, random_state=1)).fit(raw.text, raw.label)
    step.steps[0][1].seen = {"x", "y", "zebra", "owl", "fox"}
    (root / "m.pkl").write_bytes(pickle.dumps(step))
    models.build(models.BuildRequest(str(root), "p", ("m.pkl",), "raw.parquet", ("text",), str(root / "bundle")))
"""


def project(root: Path, made: Any) -> Path:
    """A project whose steps are a function and a class of its own modules."""
    root.mkdir(exist_ok=True)
    (root / "helpers.py").write_text(textwrap.dedent(HELPERS))
    (root / "cleaning.py").write_text("def lower(text):\n    return text.lower()\n")
    made.raw.to_parquet(root / "raw.parquet")
    script = """
        import pickle, pandas, helpers
        from sklearn.linear_model import LogisticRegression
        raw = pandas.read_parquet(root / "raw.parquet")
        lengths = helpers.Lengths(stops=frozenset({"dear", "madam"}))
        model = LogisticRegression().fit(lengths.fit_transform(helpers.prepare(raw)), raw.label)
        (root / "lengths.pkl").write_bytes(pickle.dumps(lengths))
        (root / "model.pkl").write_bytes(pickle.dumps(model))
    """
    with source_modules([root]):
        exec(textwrap.dedent(script), {"root": root})
    return root


def build(root: Path, *steps: str, **more: Any) -> models.Bundle:
    """The bundle of a project, with the digest that a store gives it."""
    fields = {"data": "raw.parquet", "inputs": ("text",), "output": str(root / "bundle"), "name": "p"}
    result = models.build(models.BuildRequest(**{"root": str(root), "steps": steps, **fields, **more}))
    digest = open_store("memory:", root).put_folder(Path(result.folder))
    return models.read(Path(result.folder), digest)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> models.Bundle:
    """A bundle with source, made once."""
    root = project(tmp_path_factory.mktemp("own"), text_logistic())
    return build(root, "helpers:prepare", "lengths.pkl", "model.pkl", modules=("helpers.py", "cleaning.py"))


@pytest.fixture
def own(built: models.Bundle, tmp_path: Path) -> models.Bundle:
    """A copy of it that a test may damage."""
    folder = Path(shutil.copytree(built.folder, tmp_path / "bundle"))
    return models.read(folder, built.digest)


@pytest.mark.slow
def test_equal_work_in_two_processes_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No address, order of a set, clock or padding of one process gets into the model's file."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    code = textwrap.dedent(TRAIN)
    environment = {**os.environ, "PYTHONHASHSEED": "12", "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["ROOT"] = str(tmp_path / "there")
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    monkeypatch.setenv("ROOT", str(tmp_path / "here"))
    exec(code, {})
    there, here = ((tmp_path / name / "bundle" / "model.skops").read_bytes() for name in ("there", "here"))
    assert there == here


def test_source_travels_and_works_away_from_the_project(own: models.Bundle, mail: Any) -> None:
    """Functions and classes come from the bundle's own source, which leaves no module behind."""
    assert own.source == ("cleaning.py", "helpers.py")
    scorer = models.load(own, models.Trust(frozenset({own.digest})))
    assert "helpers" not in sys.modules and "cleaning" not in sys.modules
    scores = scorer.score(scorer.signature.decode([{"text": "Dear Madam"}, {"text": "tasty"}]))
    assert scores.classes == ("ham", "spam")
    assert not list(own.folder.rglob("__pycache__"))


def test_source_needs_its_digest_to_be_named(own: models.Bundle) -> None:
    """Nothing of a bundle's source is imported for any other digest."""
    for trust in (models.Trust(), models.Trust(frozenset({"0" * 64}), allow_pickle=True)):
        with pytest.raises(errors.SourceRefused) as raised:
            models.load(own, trust)
        assert own.digest in str(raised.value)


def test_two_bundles_with_modules_of_one_name_do_not_mix(tmp_path: Path, mail: Any) -> None:
    """Each scorer keeps the code that it came with."""
    scorers = []
    project(tmp_path / "one", mail)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for name in ("one", "two"):
        root = tmp_path / name
        (root / "cleaning.py").write_text(f"def lower(text):\n    return {name!r} + ' ' + text.lower()\n")
        bundle = build(root, "helpers:prepare", "lengths.pkl", "model.pkl", modules=("helpers.py", "cleaning.py"))
        scorers.append(models.load(bundle, models.Trust(frozenset({bundle.digest}))))
    functions = [scorer.composition.steps[0].value for scorer in scorers]
    frame = mail.raw[["text"]].head(1)
    assert [function(frame)["text"].iloc[0].split()[0] for function in functions] == ["one", "two"]


def test_a_store_brings_a_bundle_and_refuses_a_changed_one(own: models.Bundle, tmp_path: Path) -> None:
    """The digest is checked before anything of the bundle is read."""
    store = open_store(str(tmp_path / "store"), tmp_path)
    digest = store.put_folder(own.folder)
    assert models.fetch(store, digest, tmp_path / "again").digest == own.digest
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"PK"):
            path.chmod(0o644)
            path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(Exception, match=r"damaged|does not match|digest"):
        models.fetch(store, digest, tmp_path / "third")
    assert not (tmp_path / "third" / "bundle.json").exists()


def test_what_skops_cannot_store_is_a_pickle_that_is_refused(tmp_path: Path, mail: Any) -> None:
    """A pickle is loaded only where whoever loads it allows pickles."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    script = """
        import cloudpickle, re
        class Rule:
            classes_ = ["ham", "spam"]
            def __init__(self): self.pattern = re.compile("salty")
            def predict(self, X): return ["spam" if self.pattern.search(t) else "ham" for t in X]
        (root / "rule.pkl").write_bytes(cloudpickle.dumps(Rule()))
    """
    exec(textwrap.dedent(script), {"root": tmp_path, "__name__": "__main__"})
    bundle = build(tmp_path, "rule.pkl")
    assert bundle.format == "pickle" and bundle.why_not_skops
    with pytest.raises(errors.PickleRefused, match="allow-pickle"):
        models.load(bundle, models.Trust(frozenset({bundle.digest})))
    scorer = models.load(bundle, models.Trust(allow_pickle=True))
    assert scorer.score(scorer.signature.decode([["salty"]])).predictions.tolist() == ["spam"]


def test_unknown_types_are_named(own: models.Bundle) -> None:
    """A type that is neither scikit-learn's nor the bundle's is refused by its name, and accepted by it."""
    path = own.folder / "bundle.json"
    value = json.loads(path.read_text())
    path.write_text(json.dumps({**value, "source": ["cleaning.py"], "steps": value["steps"][1:]}))
    with pytest.raises(errors.UntrustedTypes, match=r"helpers\.Lengths"):
        models.load(models.read(own.folder, "d"), models.Trust(frozenset({"d"})))


def test_no_function_outside_of_the_bundle_is_taken(own: models.Bundle) -> None:
    """A bundle cannot name a function of an installed module as a step."""
    path = own.folder / "bundle.json"
    value = json.loads(path.read_text())
    value["steps"][0]["source"] = "os:system"
    path.write_text(json.dumps(value))
    with pytest.raises(errors.UntrustedTypes, match=r"os\.system"):
        models.load(models.read(own.folder, "d"), models.Trust(frozenset({"d"})))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"bundle": 99}, errors.BundleTooNew),
        ({"bundle": "1"}, errors.DamagedBundle),
        ({"signature": {}}, errors.DamagedBundle),
        ({"source": ["../../x.py"]}, errors.DamagedBundle),
        ({"source": ["gone.py"]}, errors.DamagedBundle),
        ({"model": {"format": "exe", "why_not_skops": ""}}, errors.DamagedBundle),
        ({"steps": 3}, errors.DamagedBundle),
    ],
)
def test_a_bad_description_is_an_error(own: models.Bundle, change: dict[str, Any], error: type[Exception]) -> None:
    """A newer format and a damaged description are told apart and told."""
    path = own.folder / "bundle.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(error):
        models.read(own.folder)


@pytest.mark.parametrize("damage", [b"", b"PK", b"not a zip at all"])
def test_a_damaged_model_is_an_error(own: models.Bundle, damage: bytes) -> None:
    """A model's file that is no skops file is a damaged bundle."""
    (own.folder / "model.skops").write_bytes(damage)
    with pytest.raises(errors.DamagedBundle):
        models.load(own, models.Trust(frozenset({own.digest})))


def test_missing_and_other_packages_are_named(own: models.Bundle) -> None:
    """The environment must be the bundle's; the error names what to install."""
    path = own.folder / "bundle.json"
    value = json.loads(path.read_text())
    assert set(value["environment"]["needs"]) == {"numpy", "pandas", "scikit-learn", "scipy"}
    value["environment"]["needs"].update({"numpy": "0.1", "nowhere-to-be-found": "2.0"})
    path.write_text(json.dumps(value))
    with pytest.raises(errors.EnvironmentDiffers) as raised:
        models.load(models.read(own.folder, "d"), models.Trust(frozenset({"d"})))
    assert raised.value.missing == ("nowhere-to-be-found==2.0",)
    assert raised.value.differing[0][:2] == ("numpy", "0.1")


def test_a_profile_is_a_part_of_the_bundle(tmp_path: Path, mail: Any) -> None:
    """It is checked against its digest when the bundle is read; a bundle without one has no path of it."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    for name, value in zip(("v.pkl", "m.pkl"), mail.steps, strict=True):
        (tmp_path / name).write_bytes(pickle.dumps(value))
    request = models.BuildRequest(str(tmp_path), "p", ("v.pkl", "m.pkl"), "raw.parquet", ("text",), str(tmp_path / "b"))
    part = {"digest": digests.of_bytes(b"what is usual"), "rows": 7}
    made = models.build(request, lambda scorer, raw: models.Baseline(b"what is usual", part))
    read = models.read(tmp_path / "b")
    assert made.profile == read.parts["profile"] == part
    assert read.profile_path is not None and read.profile_path.read_bytes() == b"what is usual"
    for damage in (lambda: read.profile_path.write_bytes(b"what was usual"), lambda: read.profile_path.unlink()):
        damage()
        with pytest.raises(errors.DamagedBundle, match=r"profile\.json"):
            models.read(tmp_path / "b")
    without = models.build(
        replace(request, output=str(tmp_path / "c")), lambda *given: models.Baseline(b"", {"why": "no"})
    )
    assert without.profile == {"why": "no"} and models.read(tmp_path / "c").profile_path is None
    models.build(replace(request, output=str(tmp_path / "d")))
    assert "profile" not in models.read(tmp_path / "d").parts and models.read(tmp_path / "d").profile_path is None


def test_a_step_that_needs_its_project_is_not_portable(tmp_path: Path, mail: Any) -> None:
    """What works only beside the project's other files makes no bundle."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    (tmp_path / "late.py").write_text("def prepare(frame):\n    import table\n    return frame\n")
    (tmp_path / "table.py").write_text("")
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(mail.steps[0]))
    (tmp_path / "n.pkl").write_bytes(pickle.dumps(mail.steps[1]))
    with pytest.raises(errors.NotPortable, match="table"):
        build(tmp_path, "late:prepare", "m.pkl", "n.pkl", modules=("late.py", "table.py"))


def test_label_encoders_at_the_end_give_labels(tmp_path: Path, mail: Any) -> None:
    """A model fitted on encoded labels, and its encoder as the last step, predict labels."""
    from sklearn.preprocessing import LabelEncoder

    encoder = LabelEncoder().fit(mail.raw.label)
    model = LogisticRegression().fit(mail.steps[0].transform(mail.raw.text), encoder.transform(mail.raw.label))
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    (tmp_path / "all.pkl").write_bytes(
        pickle.dumps({"vectors": mail.steps[0], "model": model, "labels": encoder, "n": 3})
    )
    bundle = build(tmp_path, "all.pkl")
    scorer = models.load(bundle, models.Trust())
    assert scorer.score(mail.raw).predictions.tolist() == mail.predictions.tolist()
    assert scorer.signature.output.classes == ("ham", "spam")


def test_modules_that_only_a_step_names_travel(tmp_path: Path, mail: Any) -> None:
    """The function's module and what it imports in turn are found below the roots, and nothing beside them."""
    root = project(tmp_path / "own", mail)
    package = root / "code" / "parts"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "steps.py").write_text("from . import low\n\ndef prepare(frame):\n    return low.prepare(frame)\n")
    (package / "low.py").write_text("from helpers import prepare\n")
    (package / "other.py").write_text("import matplotlib\n")
    bundle = build(root, "parts.steps:prepare", "lengths.pkl", "model.pkl", roots=(".", "code"))
    assert bundle.source == ("cleaning.py", "helpers.py", "parts/__init__.py", "parts/low.py", "parts/steps.py")
    scorer = models.load(bundle, models.Trust(frozenset({bundle.digest})))
    assert scorer.score(scorer.signature.decode([{"text": "Dear Madam"}])).predictions.tolist()


def test_what_is_missing_is_told_with_the_cell_that_made_it(tmp_path: Path, mail: Any) -> None:
    """Columns of plain pandas are named with their place; only what the data has is offered as an input."""
    raw = mail.raw.assign(size=mail.raw.text.str.len(), twice=2)
    raw.drop(columns="twice").to_parquet(tmp_path / "raw.parquet")
    model = LogisticRegression().fit(raw[["size", "twice"]], raw.label)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
    place = "1.ipynb, cell 3, line 1"
    with pytest.raises(errors.MissingFeatures) as raised:
        build(tmp_path, "m.pkl", made_at={"twice": place})
    parts = raised.value.parts()
    assert f"twice made at {place}" in parts.where
    assert "add size, which the data has, to [service] inputs" in parts.remedy and "make twice into" in parts.remedy


def test_steps_in_another_order_are_offered_in_theirs(tmp_path: Path, mail: Any) -> None:
    """A model before what prepares its rows is told so, with the order that fits."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    for name, value in zip(("v.pkl", "m.pkl"), mail.steps, strict=True):
        (tmp_path / name).write_bytes(pickle.dumps(value))
    with pytest.raises(errors.StepOutOfPlace, match="LogisticRegression, predicts and stands before v") as told:
        build(tmp_path, "m.pkl", "v.pkl")
    assert told.value.parts().nearest == 'these fit together: steps = ["v.pkl", "m.pkl"]'


@pytest.mark.parametrize("named", [True, False])
def test_a_saved_step_that_was_left_out_is_offered(named: bool, tmp_path: Path, mail: Any) -> None:
    """Where one of the other files that stages wrote makes the steps fit, it is what is missing."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    features = pandas.DataFrame(mail.features).add_prefix("h") if named else mail.features
    model = LogisticRegression().fit(features, mail.raw.label)
    for name, value in (("other.pkl", model), ("odd.pkl", 1), ("v.pkl", mail.steps[0]), ("m.pkl", model)):
        (tmp_path / name).write_bytes(pickle.dumps(value))
    left_out = {"left_out": ("odd.pkl", "other.pkl", "v.pkl"), "left_out_root": str(tmp_path)}
    with pytest.raises(errors.MissingFeatures if named else errors.StepsDoNotFit) as told:
        build(tmp_path, "m.pkl", **left_out)
    assert 'steps = ["v.pkl", "m.pkl"]' in told.value.parts().remedy


@pytest.mark.parametrize("row", [3, 70])
def test_rows_that_a_step_does_not_take_are_told_with_those_it_was_fitted_on(row: int, tmp_path: Path) -> None:
    """Whether one of the first rows is refused or a later one; the table is named whose rows are all taken."""
    clean = pandas.DataFrame({"size": [float(n % 7) for n in range(90)], "label": [n % 7 > 3 for n in range(90)]})
    raw = clean.astype({"size": str})
    raw.loc[row, "size"] = "n/a?"
    model = LogisticRegression().fit(clean[["size"]].to_numpy(), clean.label)
    clean.to_parquet(tmp_path / "clean.parquet")
    raw.to_csv(tmp_path / "raw.csv", index=False)
    clean.rename(columns={"size": "other"}).to_parquet(tmp_path / "other.parquet")
    pandas.DataFrame({"prediction": model.predict(clean[["size"]].to_numpy())}).to_csv(tmp_path / "p.csv", index=False)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    more = {"left_out_root": str(tmp_path), "read_beside": ("gone.csv", "other.parquet", "clean.parquet")}
    stored = ({"path": "p.csv", "kind": "predictions"},)

    def refused(**more: Any) -> errors.WorkFailed:
        with pytest.raises((errors.RowsNotTaken, errors.StepsDoNotFit)) as told:
            build(tmp_path, "model.pkl", data="raw.csv", inputs=("size",), target="label", stored=stored, **more)
        return told.value

    told = refused(**more).parts()
    assert told.fact == (
        "step model.pkl does not take the rows of raw.csv: size is text there, and numbers in clean.parquet"
    )
    assert "could not convert string to float: 'n/a?'" in told.nearest
    assert told.remedy == 'name the rows that it was fitted on: data = "clean.parquet"'
    assert isinstance(refused(), errors.RowsNotTaken if row > 50 else errors.StepsDoNotFit)


def test_a_target_that_is_no_column_is_told(tmp_path: Path, mail: Any) -> None:
    """It is refused with the nearest of the data's columns."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    with pytest.raises(errors.MissingColumns) as told:
        build(tmp_path, "m.pkl", target="labels")
    assert told.value.parts().nearest.startswith("label; it has id, text, label")


def test_a_table_that_cannot_be_compared_says_why(tmp_path: Path, mail: Any) -> None:
    """What was found to be a counterpart and cannot be read is told among the checks."""
    mail.raw.to_parquet(tmp_path / "raw.parquet")
    for name, value in zip(("v.pkl", "m.pkl"), mail.steps, strict=True):
        (tmp_path / name).write_bytes(pickle.dumps(value))
    (tmp_path / "p.parquet").write_bytes(b"no table")
    stored = {"path": "p.parquet", "kind": "predictions", "made_by": "", "named": False}
    bundle = build(tmp_path, "v.pkl", "m.pkl", stored=(stored,))
    (check,) = bundle.reproduces["checks"]
    assert check.startswith("p.parquet: not compared, it cannot be read as a table: ")
    assert bundle.reproduces["state"] == "not checked"


def test_what_differs_is_told_with_the_cells_that_made_and_stored_it(tmp_path: Path, mail: Any) -> None:
    """The place of the assignment where it is known, else that where the table was stored."""
    raw = mail.raw.assign(size=mail.raw.text.str.len(), words=3.0)
    raw.to_parquet(tmp_path / "raw.parquet")
    model = LogisticRegression().fit(raw[["size", "words"]], raw.label)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model))
    raw.assign(size=raw["size"] + 1.0, words=4.0)[["id", "size", "words"]].to_parquet(tmp_path / "f.parquet")
    stored = {"path": "f.parquet", "kind": "features", "made_by": "2.ipynb, cell 5", "named": False}
    scaler = StandardScaler().fit(raw[["size", "words"]])
    scaled = pandas.DataFrame(scaler.transform(raw[["size", "words"]]), columns=["size", "words"])
    (tmp_path / "s.pkl").write_bytes(pickle.dumps(scaler))
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(LogisticRegression().fit(scaled, raw.label)))
    with pytest.raises(errors.DoesNotReproduce) as raised:
        build(
            tmp_path, "s.pkl", "m.pkl", inputs=("size", "words"), stored=(stored,), made_at={"size": "1.ipynb, cell 3"}
        )
    assert raised.value.parts().where.startswith(
        "size made at 1.ipynb, cell 3; words stored at 2.ipynb, cell 5; first at row"
    )
