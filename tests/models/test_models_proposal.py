"""What is proposed to a project that says nothing of its service."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import numpy
import pandas
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from noteship import models
from noteship.models import errors

STAGES = (
    models.StageFiles("01-clean", (), ("raw.parquet",)),
    models.StageFiles("02-features", ("raw.parquet",), ("step0.pkl", "features.parquet")),
    models.StageFiles("03-train", ("features.parquet",), ("step1.pkl",)),
)


def test_one_chain_is_proposed(mail: Any, saved: Any) -> None:
    """Transformers in the order of the graph, the model, the table before them, its prose and its label."""
    found = models.propose(saved(mail), STAGES)
    assert found.toml is not None
    assert tomllib.loads(found.toml)["service"] == {
        "steps": ["step0.pkl", "step1.pkl"], "data": "raw.parquet", "inputs": ["text"], "target": "label",
    }  # fmt: skip


def test_named_columns_are_the_inputs(made: Any, saved: Any) -> None:
    """Where steps know their columns, these are the inputs, and the whole fits together."""
    root = saved(made)
    files = tuple(f"step{number}.pkl" for number in range(len(made.steps)))
    found = models.propose(root, [STAGES[0], models.StageFiles("02", ("raw.parquet",), files)])
    assert found.toml is not None, found.reason
    service = tomllib.loads(found.toml)["service"]
    assert set(service["inputs"]) == set(made.inputs) and service["steps"] == list(files)


def test_several_models_are_no_obvious_choice(mail: Any, saved: Any) -> None:
    """Two models are named, and none is proposed."""
    root: Path = saved(mail)
    (root / "other.pkl").write_bytes((root / "step1.pkl").read_bytes())
    found = models.propose(root, [*STAGES, models.StageFiles("04-other", (), ("other.pkl",))])
    assert found.toml is None and "step1.pkl, other.pkl" in found.reason


def test_no_model_is_said(mail: Any, saved: Any) -> None:
    """A project that saves no model is told so."""
    assert "no stage saved a fitted model" in models.propose(saved(mail), STAGES[:2]).reason


def test_no_raw_rows_are_said(mail: Any, saved: Any) -> None:
    """Where no table holds what the first step takes, the reason names it."""
    found = models.propose(saved(mail), [models.StageFiles("02", (), ("step0.pkl", "step1.pkl"))])
    assert found.toml is None and "step0.pkl" in found.reason


def test_every_error_has_an_example_in_four_parts() -> None:
    """Each error of the room builds its message and survives pickling."""
    for name in errors.__all__:
        example = getattr(errors, name).example()
        again = pickle.loads(pickle.dumps(example))
        assert str(again) == str(example)
        assert example.parts().fact and example.parts().remedy and example.exit_code in (1, 2, 3)


def test_what_a_column_transformer_drops_is_no_input(tmp_path: Path) -> None:
    """Fitted on the whole frame, it takes what it uses; ids are left out, and the target is told."""
    raw = pandas.DataFrame({"id": range(60), "size": [1.0, 5.0, 9.0] * 20, "kind": ["a", "b"] * 30})
    raw["label"] = numpy.where(raw["size"] > 4, "big", "small")
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["size"]), ("no", "drop", ["id"]), ("k", OneHotEncoder(), [2])]
    )
    features = columns.fit_transform(raw)
    (tmp_path / "c.pkl").write_bytes(pickle.dumps(columns))
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(LogisticRegression().fit(features, raw.label)))
    raw.to_pickle(tmp_path / "raw.pkl")
    (tmp_path / "names.pkl").write_bytes(pickle.dumps({"a": 1}))
    stages = [models.StageFiles("02", ("names.pkl", "raw.pkl"), ("c.pkl", "m.pkl"))]
    found = models.propose(tmp_path, stages)
    assert found.toml is not None, found.reason
    service = tomllib.loads(found.toml)["service"]
    assert (service["data"], service["inputs"], service["target"]) == ("raw.pkl", ["size", "kind"], "label")
    request = {"steps": ("c.pkl", "m.pkl"), "data": "raw.pkl", "inputs": ("size", "kind"), "target": "label"}
    models.build(models.BuildRequest(root=str(tmp_path), name="p", output=str(tmp_path / "bundle"), **request))
    (tmp_path / "raw.pkl").unlink()
    assert "names.pkl: it holds a dict" in models.propose(tmp_path, stages).reason
