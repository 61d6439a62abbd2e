"""Rows that somebody copied are found, and rows that are equal by chance are left where they are."""

from __future__ import annotations

from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.tree import DecisionTreeClassifier

from noteship.validation.copies import copies, in_both
from noteship.validation.folding import folds
from noteship.validation.holdout import Holdout
from noteship.validation.splitting import split
from validation.validated_bundles import make

INPUTS = ["a", "b", "c"]


def people(rows: int, seed: int, first: int = 0) -> pandas.DataFrame:
    """Three columns with eighty different rows among them, an answer, and a number of one's own."""
    random = numpy.random.default_rng(seed)
    return pandas.DataFrame(
        {
            "id": numpy.arange(first, first + rows),
            "sex": random.choice(["f", "m"], rows),
            "school": random.integers(0, 5, rows),
            "job": random.integers(0, 8, rows),
            "label": random.random(rows) < 0.3,
        }
    )


def noise(seed: int = 0, rows: int = 600) -> pandas.DataFrame:
    """Without any pattern, the rare class copied until both are alike in number."""
    random = numpy.random.default_rng(seed)
    raw = pandas.DataFrame(random.normal(size=(rows, 3)), columns=INPUTS)
    raw["label"] = numpy.where(random.random(rows) < 0.1, "yes", "no")
    rare = raw[raw.label == "yes"]
    more = rare.sample(rows - 2 * len(rare), replace=True, random_state=seed)
    return pandas.concat([raw, more]).sample(frac=1, random_state=seed).reset_index(drop=True)


def test_rows_of_few_kinds_are_no_copies() -> None:
    """A test file of its own takes no row from the training part, though each of its rows has an equal there."""
    data, file = people(3_000, 1), people(750, 2, first=3_000)
    assert copies(data[["sex", "school", "job", "label"]]) is None
    both, seen = in_both(data, file, ["sex", "school", "job", "label"])
    assert not both.any() and not seen.any()


def test_rows_of_both_files_are_found() -> None:
    """By their number where they have one, by inputs and answer where they were numbered anew; each of them once."""
    data = people(3_000, 1)
    file = data.sample(500, random_state=1).reset_index(drop=True)
    both, seen = in_both(data, file, ["sex", "school", "job", "label"])
    assert seen.all() and set(data.id[both]) == set(file.id)
    random = numpy.random.default_rng(2)
    data["age"] = random.integers(18, 90, 3_000)
    file = data.sample(500, random_state=1).assign(id=numpy.arange(500))
    both, seen = in_both(data, file, ["sex", "school", "job", "age", "label"])
    assert seen.all() and both.sum() == 500


def test_copies_are_on_one_side() -> None:
    """Of the holdout and of each fold; and each class keeps its share of the rows that differ."""
    raw = noise()
    copied = copies(raw)
    assert copied is not None and len(numpy.unique(copied)) == 600
    parts = split(raw, raw.label, Holdout(), 0, copied)
    assert not set(copied[parts.train]) & set(copied[parts.held])
    assert len(set(copied[parts.held])) == 120
    for fold in folds(raw, raw.label, Holdout(), 5, 0, copied):
        assert not set(copied[fold.fitted]) & set(copied[fold.judged])


@pytest.mark.slow
def test_copies_do_not_flatter(tmp_path: Path) -> None:
    """Where a notebook made the rare class more by copies, noise stays noise, and intervals count each row once."""
    raw = noise()
    made = make(tmp_path, raw, INPUTS, [DecisionTreeClassifier(random_state=0).fit(raw[INPUTS].to_numpy(), raw.label)])
    found = made.judge(positive="yes")
    assert found.metrics["recall"].value < 0.4 and found.split.duplicates == 0
    assert any("copies of others" in note for note in found.notes)
    apart = split(raw, raw.label, Holdout(), 0)
    assert len(apart.held) > 200
    accuracy = found.metrics["accuracy"]
    assert accuracy.high - accuracy.low > 0.1
