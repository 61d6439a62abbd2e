"""Laws that hold for every way of composing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from noteship import models
from noteship.store import open_store


def request(made: Any, root: Path, **more: Any) -> models.BuildRequest:
    """The request for a saved project."""
    steps = tuple(f"step{number}.pkl" for number in range(len(made.steps)))
    fields = {"root": str(root), "name": "p", "steps": steps, "data": "raw.parquet", "inputs": made.inputs}
    return models.BuildRequest(**{**fields, "output": str(root / "bundle"), **more})


@pytest.fixture
def scorer(made: Any, saved: Any) -> Any:
    """The scorer, loaded from the bundle."""
    built = models.build(request(made, saved(made)))
    return models.load(models.read(Path(built.folder)), models.Trust())


def test_a_scorer_gives_what_the_notebook_gave_step_by_step(made: Any, scorer: Any) -> None:
    """Predictions and probabilities of all raw rows are the notebook's, without a warning."""
    scores = scorer.score(scorer.signature.conform(made.raw))
    assert scores.predictions.tolist() == made.predictions.tolist()
    numpy.testing.assert_allclose(scores.probabilities, made.probabilities, rtol=1e-12, atol=1e-12)
    assert list(scores.classes) == numpy.unique(made.predictions).tolist()
    assert len(scores) == len(made.raw)


def test_rows_from_json_score_like_rows_of_the_table(made: Any, scorer: Any) -> None:
    """Decoding what a client sends gives the frame that the steps were fitted with."""
    rows = json.loads(made.raw[list(made.inputs)].to_json(orient="records", double_precision=15))
    decoded = scorer.signature.decode(rows)
    assert decoded.dtypes.astype(str).tolist() == made.raw[list(made.inputs)].dtypes.astype(str).tolist()
    numpy.testing.assert_allclose(scorer.score(decoded).probabilities, made.probabilities, rtol=1e-9, atol=1e-12)
    lists = scorer.signature.decode([list(row.values()) for row in rows])
    pandas.testing.assert_frame_equal(decoded, lists)


def test_a_row_scores_alike_alone_and_among_others(made: Any, scorer: Any) -> None:
    """Batches are along rows only."""
    frame = scorer.signature.conform(made.raw)
    whole = scorer.score(frame).probabilities
    alone = numpy.concatenate([scorer.score(frame.iloc[[row]]).probabilities for row in range(0, len(frame), 20)])
    numpy.testing.assert_allclose(alone, whole[::20], rtol=1e-12, atol=1e-12)


def test_the_example_scores(made: Any, scorer: Any) -> None:
    """The signature's example is a row that works."""
    assert len(scorer.score(scorer.signature.decode([dict(scorer.signature.example)]))) == 1


def test_two_builds_from_equal_inputs_are_equal_bytes(made: Any, saved: Any) -> None:
    """The bundle's digest depends on its inputs alone."""
    root = saved(made)
    store = open_store("memory:", root)
    found = set()
    for name in ("one", "two"):
        models.build(request(made, root, output=str(root / name)))
        found.add(store.put_folder(root / name))
    assert len(found) == 1


def test_what_the_notebook_stored_is_verified(made: Any, saved: Any) -> None:
    """Features and predictions that the same steps made are found to be reproduced."""
    root = saved(made)
    pandas.DataFrame({"prediction": made.predictions, "proba": made.probabilities[:, 1]}).to_csv(
        root / "p.csv", index=False
    )
    stored = [{"path": "p.csv", "kind": "predictions", "named": True}]
    if made.features is not None:
        features = made.features.toarray() if hasattr(made.features, "toarray") else made.features
        numpy.save(root / "f.npy", features)
        stored.append({"path": "f.npy", "kind": "features"})
    built = models.build(request(made, root, stored=tuple(stored)))
    assert built.state == "verified"
    assert "predictions reproduced" in built.checks[0]
    if len(made.steps) > 1:
        assert "features reproduced" in built.checks[1]
