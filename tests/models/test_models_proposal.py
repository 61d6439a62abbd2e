"""What is proposed to a project that says nothing of its service."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

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
    import pickle

    for name in errors.__all__:
        example = getattr(errors, name).example()
        again = pickle.loads(pickle.dumps(example))
        assert str(again) == str(example)
        assert example.parts().fact and example.parts().remedy and example.exit_code in (1, 2, 3)
