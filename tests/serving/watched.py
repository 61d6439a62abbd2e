"""Models with profiles, and bundles that have them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy

from noteship import digests, models, monitor, serving
from noteship.models import work

__all__ = ["SEED", "fields_of", "observed", "profiled", "with_profile"]

SEED = "5eed" * 16


def fields_of(signature: models.Signature) -> list[monitor.Field]:
    """The inputs as a profile names them."""
    return [
        monitor.Field(column.name, column.type, column.is_plain_number, column.nulls == "allowed")
        for column in signature.inputs
    ]


def rows_of(model: serving.Model, given: Sequence[Sequence[Any]]) -> models.Rows:
    return models.Rows.of_columns(model.signature, list(zip(*given, strict=True)))


def observed(model: serving.Model, given: Sequence[Sequence[Any]]) -> monitor.Observed:
    """Rows with what the model says of them, all their work counted."""
    rows = rows_of(model, given)
    scores = model.scorer.score(rows.frame)
    counter = work.counter(model.scorer)
    counts = None if isinstance(counter, work.Unknown) else counter.count(rows.frame).astype(numpy.float64)
    predictions = monitor.Predictions(scores.predictions, scores.probabilities, scores.classes)
    return monitor.Observed(rows.numbers, rows.others, predictions, counts)


def profiled(model: serving.Model, given: Sequence[Sequence[Any]]) -> serving.Model:
    """The model with a profile of these rows."""
    profile = monitor.Profile.build(observed(model, given), fields_of(model.signature), SEED)
    return replace(model, profile=profile)


def with_profile(folder: Path, given: Sequence[Sequence[Any]]) -> Path:
    """A bundle's folder, to which a profile of these rows is added."""
    bundle = models.read(folder)
    model = serving.Model(bundle.name, "", models.load(bundle, models.Trust()))
    profile = profiled(model, given).profile
    assert profile is not None
    data = profile.to_bytes()
    (folder / "profile.json").write_bytes(data)
    description = folder / "bundle.json"
    value = json.loads(description.read_bytes())
    value["parts"]["profile"] = {"digest": digests.of_bytes(data)}
    description.unlink()
    description.write_bytes(digests.canonical_json(value))
    return folder
