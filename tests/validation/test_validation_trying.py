from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from noteship.validation import errors, trials
from noteship.validation.folding import folds
from noteship.validation.holdout import Holdout
from noteship.validation.opening import open_model
from noteship.validation.parting import part_rows
from noteship.validation.trying import Trying, _parameters
from validation.validated_bundles import Made, make


def frame(rows: int = 103) -> pandas.DataFrame:
    return pandas.DataFrame({"group": numpy.arange(rows) % 13, "day": numpy.arange(rows)[::-1] // 3})


@pytest.mark.parametrize("count", [2, 5])
def test_every_row_is_judged_once_by_what_was_not_fitted_on_it(count: int) -> None:
    """Folds by share and by group cut the rows; each is fitted on all the others, and groups stay whole."""
    rows = frame()
    for holdout in (Holdout(), Holdout(by="group", column="group")):
        made = folds(rows, None, holdout, count, 0)
        assert sorted(numpy.concatenate([each.judged for each in made]).tolist()) == list(range(103))
        assert all(len(each.fitted) + len(each.judged) == 103 for each in made)
        assert max(len(each.judged) for each in made) - min(len(each.judged) for each in made) <= 9
        if holdout.by == "group":
            assert all(not set(rows.group[each.fitted]) & set(rows.group[each.judged]) for each in made)


def test_classes_are_spread_over_the_folds() -> None:
    """A rare class is in each fold in its share, up to one row."""
    classes = pandas.Series(["rare"] * 10 + ["often"] * 93)
    counts = [int((classes[each.judged] == "rare").sum()) for each in folds(frame(), classes, Holdout(), 5, 3)]
    assert counts == [2, 2, 2, 2, 2]


def test_by_time_no_row_is_judged_by_a_later_one() -> None:
    """A fold of times is fitted on what was earlier; rows of one moment are on one side."""
    rows = frame()
    made = folds(rows, None, Holdout(by="time", column="day"), 4, 0)
    assert len(made) == 4
    assert all(rows.day[each.fitted].max() < rows.day[each.judged].min() for each in made)


def test_too_few_groups_moments_or_rows_are_told() -> None:
    """As many folds need as many groups, moments and rows."""
    for holdout in (Holdout(by="group", column="group"), Holdout(by="time", column="day"), Holdout()):
        with pytest.raises(errors.TooFewFolds):
            folds(frame(4).assign(group=1, day=2), None, holdout, 5, 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A scaler and a logistic regression over two classes."""
    random = numpy.random.default_rng(0)
    raw = pandas.DataFrame({"a": random.normal(size=240), "b": random.normal(size=240)})
    raw["label"] = (raw.a + 0.7 * random.normal(size=240) > 0).map({True: "yes", False: "no"})
    scaler = StandardScaler().fit(raw[["a", "b"]])
    model = LogisticRegression().fit(scaler.transform(raw[["a", "b"]]), raw.label)
    return make(tmp_path_factory.mktemp("made"), raw, ["a", "b"], [scaler, model])


def test_parameters_change_the_value_and_equal_ones_do_not(made: Made) -> None:
    """Each fold has a value; other parameters give another model, and the same ones the same values."""
    trying = Trying(made.asked(), "log_loss", 4)
    before = list(trying.values({}))
    assert len(before) == 4
    assert before == list(trying.values({"step1.pkl": {"C": 1.0}}))
    strong = list(trying.values({"step1.pkl": {"C": 1e-5}}))
    assert numpy.mean(strong) > numpy.mean(before) + 0.1
    assert trying.steps["step1.pkl"]["parameters"]["C"] == 1.0
    assert trying.steps["step0.pkl"]["kind"] == "StandardScaler"


def test_a_tuple_is_told_as_settings_write_it() -> None:
    """Parameters come as plain values, a tuple as a list and None as a text; what is none of these is None."""
    told = _parameters(TfidfVectorizer(ngram_range=(1, 2)))
    assert told["ngram_range"] == [1, 2]
    assert (told["max_df"], told["dtype"], told["stop_words"]) == (1.0, None, "None")


@pytest.mark.slow
def test_held_out_rows_are_never_looked_at(made: Made, tmp_path: Path) -> None:
    """Whatever stands in the held-out rows, every value is the same: a search cannot flatter the validation."""
    asked = made.asked()
    held = part_rows(asked, open_model(asked.bundle).scorer.signature).held.raw
    other = made.raw.copy()
    other.loc[other.a.isin(held.a), ["a", "b"]] = 1e6
    other.to_parquet(tmp_path / "rows.parquet")
    changed = replace(asked, data=str(tmp_path / "rows.parquet"))
    values = [list(Trying(each, "log_loss", 3).values({})) for each in (asked, changed)]
    assert values[0] == values[1]


def test_what_cannot_be_tried_is_told(made: Made) -> None:
    """Parameters that a step refuses, and a metric of another kind of model, are errors."""
    with pytest.raises(errors.NotTried, match=r"step1\.pkl: its parameter 'C' must be a float"):
        list(Trying(made.asked(), "f1", 3).values({"step1.pkl": {"C": -1.0}}))
    with pytest.raises(errors.UnfitMetric, match="rmse"):
        Trying(made.asked(), "rmse", 3)


@pytest.mark.slow
def test_the_conversation(made: Made, tmp_path: Path) -> None:
    """Lines go in and out: what there is, each fold, the mean; a trial that is given up is over at once."""
    request = tmp_path / "request.json"
    request.write_text(json.dumps({**made.asked().to_json(), "metric": "f1", "folds": 3}))
    lines: list[dict[str, Any]] = [
        {"changes": {}}, {"go": True}, {"go": True}, {"go": True},
        {"changes": {"step1.pkl": {"C": 0.1}}}, {"go": False},
        {"changes": {"step1.pkl": {"penalty": "none at all"}}},
    ]  # fmt: skip
    told = io.StringIO()
    trials.main(request, io.StringIO("".join(f"{json.dumps(each)}\n" for each in lines)), told)
    answers = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [sorted(each) for each in answers] == [
        ["rows", "steps"], ["fold", "value"], ["fold", "value"], ["fold", "value"], ["error", "value"],
        ["fold", "value"], ["failed"],
    ]  # fmt: skip
    found = [each["value"] for each in answers[1:4]]
    assert answers[4]["value"] == pytest.approx(numpy.mean(found))
    # Of three folds, one is judged and two are fitted on: half as many rows are judged as fitted.
    assert answers[4]["error"] == pytest.approx(numpy.std(found, ddof=1) * (1 / 3 + 1 / 2) ** 0.5)
