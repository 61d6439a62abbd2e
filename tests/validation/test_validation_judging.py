"""A judging of real bundles: what is measured, on which rows, and that no leak can flatter it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler, TargetEncoder
from sklearn.svm import LinearSVC

from noteship import models
from noteship.validation import errors
from noteship.validation.asking import Packed
from noteship.validation.holdout import Holdout
from noteship.validation.judgement import Judgement
from validation.validated_bundles import Made, calm, flats, letters, make

NUMBERS = tuple(f"c{number}" for number in range(300))


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A model of texts, an amount and a country."""
    raw = letters()
    columns = ColumnTransformer(
        [("t", TfidfVectorizer(), "text"), ("a", StandardScaler(), ["amount"]), ("c", OneHotEncoder(), ["country"])]
    )
    inputs = ["text", "amount", "country"]
    model = LogisticRegression().fit(columns.fit_transform(raw[inputs]), raw.label)
    return make(tmp_path_factory.mktemp("mail"), raw, inputs, [columns, model])


@pytest.fixture(scope="module")
def judged(mail: Made) -> Judgement:
    """All that can be found of it."""
    return mail.judge(positive="spam", robustness=True, slices=("country", "text"))


def noise(root: Path, rows: int = 300) -> tuple[Made, float]:
    """A notebook that takes, of 300 columns of noise, those that fit all answers; and the accuracy that it shows."""
    random = numpy.random.default_rng(8)
    raw = pandas.DataFrame(random.normal(size=(rows, len(NUMBERS))), columns=list(NUMBERS))
    raw["label"] = random.choice(["no", "yes"], rows)
    chosen = SelectKBest(f_classif, k=20).fit(raw[list(NUMBERS)], raw.label)
    features = chosen.transform(raw[list(NUMBERS)])
    shown = float((cross_val_predict(LogisticRegression(), features, raw.label, cv=5) == raw.label).mean())
    return make(root, raw, NUMBERS, [chosen, LogisticRegression().fit(features, raw.label)]), shown


def test_a_judgement_survives_json(judged: Judgement) -> None:
    """What is written is read as the same, also where numbers do not exist."""
    text = json.dumps(judged.to_json(), allow_nan=False)
    assert Judgement.from_json(json.loads(text)).to_json() == judged.to_json()


def test_a_clone_is_judged(judged: Judgement) -> None:
    """It is fitted on four fifths of each class, and how far the bundle is from it is told."""
    split = judged.split
    assert (judged.judged, split.train_rows, split.held_rows) == ("clone", 320, 80)
    assert all(abs(held / (fitted + held) - 0.2) < 0.01 for fitted, held in split.classes.values())
    assert 0.6 < judged.metrics["accuracy"].value < 1 and judged.bundle_metrics.keys() == judged.metrics.keys()
    assert judged.agreement is not None and not judged.agreement.is_worse and judged.agreement.same > 0.8
    assert judged.metric == "f1" and judged.positive == "spam"
    assert any(note.startswith("the model was compared with nothing") for note in judged.notes)


def test_what_is_told_of_answers_belongs_together(judged: Judgement) -> None:
    """Confusion, thresholds and calibration are of the same rows as the measures."""
    assert judged.confusion is not None and judged.thresholds is not None and judged.calibration is not None
    (_, wrong), (missed, hits) = judged.confusion.counts
    assert hits / (hits + wrong) == pytest.approx(judged.metrics["precision"].value)
    assert hits / (hits + missed) == pytest.approx(judged.metrics["recall"].value)
    at_half = next(point for point in judged.thresholds.points if point.threshold == 0.5)
    assert judged.thresholds.chosen == 0.5 and at_half.f1 == pytest.approx(judged.metrics["f1"].value)
    assert max(judged.thresholds.points, key=lambda each: each.f1).f1 >= at_half.f1
    assert judged.thresholds.points[0].recall == 1 and judged.thresholds.points[0].false_alarms == 1
    assert sum(each.rows for each in judged.calibration.bins) == 80 and judged.calibration.of == "spam"
    assert sum(each.rows for each in judged.slices if each.column == "country") == 80


def test_slices_have_the_measures_and_say_when_they_are_small(judged: Judgement) -> None:
    """Those of a long text are by its letters; below thirty rows nothing is called worse."""
    told = [each.value for each in judged.slices if each.column == "text"]
    assert len(told) == 4 and all(each.endswith(" letters") for each in told)
    assert all(each.is_small == (each.rows < 30) for each in judged.slices)
    assert {"f1", "accuracy", "recall"} <= set(judged.slices[0].metrics)


def test_means_of_two_classes_are_noted(mail: Made, judged: Judgement) -> None:
    """Who names no class is told which numbers are means, and how to name the rarer one."""
    [note] = [each for each in mail.judge().notes if "means of both classes" in each]
    assert note.startswith("F1, precision, recall and average precision are means of both classes, in gates, too: ")
    assert note.endswith('[validate] positive = "spam"')
    assert not any("means of both" in each for each in judged.notes)


def test_changed_rows_are_scored_anew(judged: Judgement) -> None:
    """Swapped texts cost most of what the model knows, a country nothing; what a service refuses is told as such."""
    found = {(each.column, each.kind): each for each in judged.robustness}
    texts, country = found["text", "permuted"], found["country", "permuted"]
    assert texts.change.high < 0 and texts.after.value < texts.before.value - 0.2
    assert country.change.low <= 0 <= country.change.high
    assert found["country", "unseen"].refused > 0 and "refuses" in found["country", "unseen"].why
    assert numpy.isnan(found["amount", "missing"].after.value)
    assert {"cut", "dropped", "shifted", "noise"} <= {kind for _, kind in found}


def test_cost_is_of_the_form_that_is_served(judged: Judgement) -> None:
    """Milliseconds of a row and of a batch, and the work."""
    assert judged.cost is not None and judged.cost.form == "compiled"
    assert 0 < judged.cost.one.p50_ms <= judged.cost.one.p95_ms <= judged.cost.one.p99_ms
    assert judged.cost.rows_per_second > 0 and judged.cost.work_mean is not None and judged.cost.machine


@pytest.mark.slow
def test_equal_requests_give_equal_judgements(mail: Made) -> None:
    """But for times; another seed holds other rows out."""
    first, second, other = mail.judge(), mail.judge(), mail.judge(seed=1)
    assert calm(first) == calm(second) != calm(other)


@pytest.mark.slow
def test_selected_features_do_not_flatter(tmp_path: Path) -> None:
    """A notebook that selects columns of noise by all answers shows 70 % and more; the judgement says a coin."""
    made, shown = noise(tmp_path)
    found = made.judge()
    assert shown > 0.65 and found.bundle_metrics["accuracy"].value > 0.65
    assert found.metrics["accuracy"].low < 0.5 < found.metrics["accuracy"].high


@pytest.mark.slow
def test_answers_in_the_features_do_not_flatter(tmp_path: Path) -> None:
    """An encoder that knows the answers of all rows, of a column with nearly as many values as rows, knows none."""
    random = numpy.random.default_rng(5)
    raw = pandas.DataFrame({"street": [f"street {number}" for number in random.integers(0, 350, 500)]})
    raw["label"] = random.choice(["no", "yes"], 500)
    encoder = TargetEncoder(smooth=1e-3).fit(raw[["street"]], raw.label)
    model = LogisticRegression(C=100).fit(encoder.transform(raw[["street"]]), raw.label)
    found = make(tmp_path, raw, ["street"], [encoder, model]).judge()
    assert found.bundle_metrics["accuracy"].value > 0.8
    assert found.metrics["accuracy"].value < 0.62


@pytest.mark.slow
def test_training_on_the_test_rows_does_not_flatter(tmp_path: Path) -> None:
    """A model that knows every row by heart is right on all of them, and guesses on new ones."""
    random = numpy.random.default_rng(6)
    raw = pandas.DataFrame(random.normal(size=(400, 3)), columns=["a", "b", "c"])
    raw["label"] = random.choice(["no", "yes"], 400)
    model = KNeighborsClassifier(1).fit(raw[["a", "b", "c"]].to_numpy(), raw.label)
    made = make(tmp_path, raw, ["a", "b", "c"], [model])
    # Judged by what the clone answers to its own rows, it is one; nothing else is alike.
    found = made.judge()
    assert found.bundle_metrics["accuracy"].value == 1 and found.metrics["accuracy"].value < 0.65
    # The same rows in a file, which the bundle was made with: they are left out of the clone's part.
    raw.head(100).to_parquet(tmp_path / "test.parquet")
    told = made.judge(Holdout(by="file", file="test.parquet"), held=str(tmp_path / "test.parquet"))
    assert told.split.train_rows == 300 and told.metrics["accuracy"].value < 0.7
    assert "100 rows of the data are in test.parquet" in told.notes[0]


@pytest.mark.slow
def test_rows_that_come_twice_are_told(tmp_path: Path) -> None:
    """Held-out rows whose inputs the training part has, with another answer, are easier: how many there are is told."""
    raw = flats(200)
    again = raw.head(100).assign(price=lambda rows: rows.price + 1)
    raw = pandas.concat([raw, again], ignore_index=True)
    model = LinearRegression().fit(raw[["area", "rooms"]], raw.price)
    found = make(tmp_path, raw, ["area", "rooms"], [model], target="price").judge()
    assert found.split.duplicates > 20 and any("have the inputs of a row" in note for note in found.notes)


def test_numbers_are_judged(tmp_path: Path) -> None:
    """A regression has its own measures, residuals and errors by size, and no classes."""
    raw = flats()
    raw.loc[3, "price"] = numpy.nan
    model = LinearRegression().fit(raw.dropna()[["area", "rooms"]], raw.dropna().price)
    found = make(tmp_path, raw, ["area", "rooms"], [model], target="price").judge(robustness=True)
    assert found.metric == "rmse" and found.metrics["r2"].value > 0.8 and found.positive is None
    assert found.regression is not None and found.calibration is found.confusion is found.thresholds is None
    held = found.split.held_rows
    assert sum(map(sum, found.regression.counts)) == sum(found.regression.histogram) == held
    assert sum(each.rows for each in found.regression.by_size) == held and len(found.regression.edges) == 41
    assert found.split.unlabelled == 1 and found.agreement is not None and found.agreement.same > 0.3
    shifted = next(each for each in found.robustness if (each.column, each.kind) == ("area", "shifted"))
    assert shifted.change.low > 0


@pytest.mark.slow
def test_groups_are_on_one_side(mail: Made) -> None:
    """Nobody's letters are on both sides, and intervals are by senders."""
    found = mail.judge(Holdout(by="group", column="sender"), positive="spam")
    assert found.split.groups is not None and found.split.groups[1] == 40
    wide, narrow = (each.metrics["accuracy"] for each in (found, mail.judge(positive="spam")))
    assert wide.high > wide.low and narrow.high > narrow.low


@pytest.mark.slow
def test_the_last_rows_are_held_out_by_time(mail: Made) -> None:
    """From a moment on, which is told."""
    found = mail.judge(Holdout(by="time", column="date"))
    assert found.split.boundary == str(mail.raw.date.iloc[320]) and found.split.held_rows == 80
    # Rows that follow one another are no evidence of their own, so nothing is said of how rare an error is.
    assert any("20 stretches of time" in note for note in found.notes)
    assert found.calibration is not None and numpy.isnan(found.calibration.p)


@pytest.mark.slow
def test_the_champion_is_fitted_on_the_same_rows(mail: Made, tmp_path: Path) -> None:
    """A champion that knows less is worse by an interval; the bundle itself is as good as it is."""
    model = LogisticRegression().fit(mail.raw[["amount"]].to_numpy(), mail.raw.label)
    weak = make(tmp_path, mail.raw, ["amount"], [model])
    champion = Packed(weak.packed.folder, "cd" * 32, is_own=True)
    found = mail.judge(champion=champion, positive="spam").champion
    assert found is not None and found.how == "refitted" and found.p < 0.1
    assert found.differences["accuracy"].value > 0.05 and found.metrics["accuracy"].value > 0.4
    own = mail.judge(champion=mail.packed).champion
    assert own is not None and own.why == "it is this bundle" and own.differences["f1"].value == 0


@pytest.mark.slow
def test_a_champion_of_other_columns_is_not_compared(mail: Made, tmp_path: Path) -> None:
    """What it lacks is told; one that predicts numbers is not compared with one that predicts classes."""
    raw = flats()
    price = make(tmp_path, raw, ["area"], [LinearRegression().fit(raw[["area"]], raw.price)], target="price")
    found = mail.judge(champion=Packed(price.packed.folder, "cd" * 32, is_own=True)).champion
    assert found is not None and found.how == "not compared" and "numbers" in found.why and not found.metrics
    other = mail.raw.rename(columns={"amount": "sum"})
    model = LogisticRegression().fit(other[["sum"]].to_numpy(), other.label)
    foreign = make(tmp_path / "b", other, ["sum"], [model])
    found = mail.judge(champion=Packed(foreign.packed.folder, "cd" * 32, is_own=True)).champion
    assert found is not None and found.how == "not compared" and "sum" in found.why


def of_classes(root: Path, *labels: str, columns: tuple[str, ...] = ("x",)) -> Made:
    """A model of classes that lie beside each other, by their letter, with some in between."""
    random = numpy.random.default_rng(1)
    label = random.choice(labels, 400)
    places = numpy.array([ord(each) - ord("a") for each in label])
    raw = pandas.DataFrame({"x": random.normal(size=400) + 3 * places, "z": random.normal(size=400), "label": label})
    model = LogisticRegression(max_iter=1000).fit(raw[list(columns)].to_numpy(), raw.label)
    return make(root, raw, list(columns), [model])


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["f1", "log_loss"])
@pytest.mark.parametrize(
    ("known", "now", "how"), [("abc", "bc", "refitted"), ("abc", "ac", "refitted"), ("ac", "abc", "as it is")]
)
def test_a_champion_may_know_other_classes(tmp_path: Path, known: str, now: str, how: str, metric: str) -> None:
    """One that the data has no more is no difference; one that is new to it makes it worse, as do its wrong places."""
    champion = Packed(of_classes(tmp_path / "champion", *known).packed.folder, "cd" * 32, is_own=True)
    made = of_classes(tmp_path / "made", *now)
    for positive in (None, "c"):
        found = made.judge(champion=champion, metric=metric, positive=positive).champion
        assert found is not None and found.how == how
        apart = found.differences[metric].value
        if how == "refitted":
            assert found.p == 1 and apart == 0
        elif positive is None:
            assert found.p < 0.01 and abs(apart) > 0.1


@pytest.mark.slow
def test_a_champion_may_have_other_names_for_classes(mail: Made, tmp_path: Path) -> None:
    """The same model with 0 and 1 in the place of words is as good, in every measure of the class asked about."""
    inputs = ["amount"]
    models = [LogisticRegression().fit(mail.raw[inputs].to_numpy(), answers) for answers in named_twice(mail)]
    one, other = (make(tmp_path / str(n), mail.raw, inputs, [model]) for n, model in enumerate(models))
    found = one.judge(champion=Packed(other.packed.folder, "cd" * 32, is_own=True), positive="spam").champion
    assert found is not None and found.p == 1
    assert {(each.low, each.value, each.high) for each in found.differences.values()} == {(0, 0, 0)}


def named_twice(made: Made) -> tuple[pandas.Series, pandas.Series]:  # type: ignore[type-arg]
    return made.raw.label, (made.raw.label == "spam").astype(int)


@pytest.mark.slow
def test_a_category_that_no_row_has_is_no_answer(tmp_path: Path) -> None:
    """A target of categories is its values, whatever further ones are known."""
    raw = of_classes(tmp_path, "a", "b").raw
    known = raw.assign(label=pandas.Categorical(raw.label, categories=["a", "b", "never"]))
    model = LogisticRegression().fit(known[["x"]].to_numpy(), raw.label)
    found = make(tmp_path / "known", known, ["x"], [model]).judge(positive="b")
    assert found.classes == ("a", "b") and calm(found) == calm(
        make(tmp_path / "plain", raw, ["x"], [model]).judge(positive="b")
    )


@pytest.mark.slow
def test_what_cannot_be_fitted_again_needs_a_file(tmp_path: Path) -> None:
    """Without rows that no stage has read it is not judged; with them the bundle itself is, and says why."""
    raw = letters(300)
    ham = make(tmp_path, raw, ["amount"], [LinearSVC().fit(raw[["amount"]].to_numpy(), raw.label == "spam")])
    assert ham.judge().judged == "clone"  # answers by other names are found out
    frozen = FrozenEstimator(LogisticRegression().fit(raw[["amount"]].to_numpy(), raw.label))
    made = make(tmp_path / "o", raw, ["amount"], [frozen])
    with pytest.raises(errors.NotJudged, match="no stage has read"):
        made.judge()
    new = letters(200, seed=9)
    pandas.concat([new, raw.head(30)]).to_parquet(tmp_path / "new.parquet")
    file = Holdout(by="file", file="new.parquet")
    found = made.judge(file, held=str(tmp_path / "new.parquet"))
    assert (found.judged, found.agreement, found.split.held_rows) == ("bundle", None, 200)
    assert "cannot be fitted again" in found.why and "30 rows of the file" in found.notes[0]
    with pytest.raises(errors.NotJudged, match="was read by 02-split"):
        made.judge(file, held=str(tmp_path / "new.parquet"), read_by="02-split")


@pytest.mark.slow
def test_answers_by_other_names(tmp_path: Path) -> None:
    """A model of numbers behind a target of words is judged in the target's words; so is one with an encoder."""
    raw = letters(300)
    codes = LabelEncoder().fit(raw.label)
    model = LogisticRegression().fit(raw[["amount"]].to_numpy(), codes.transform(raw.label))
    for number, steps in enumerate(([model], [model, codes])):
        found = make(tmp_path / str(number), raw, ["amount"], steps).judge(positive="spam")
        assert found.classes == ("ham", "spam") and found.positive == "spam"
        assert found.metrics["accuracy"].value > 0.55


@pytest.mark.slow
def test_the_positive_class_is_held_out(tmp_path: Path) -> None:
    """A split by time that leaves no row of it is an error; without a positive class the others are judged."""
    raw = letters(300).sort_values("label", ascending=False, ignore_index=True)
    raw.loc[200:249, "label"] = "other"
    raw["date"] = range(300)
    made = make(tmp_path, raw, ["amount"], [LogisticRegression().fit(raw[["amount"]].to_numpy(), raw.label)])
    by_time = Holdout(0.3, "time", "date")
    with pytest.raises(errors.NonePositive, match="none of the 90 held-out rows is 'spam'"):
        made.judge(by_time, positive="spam")
    assert made.judge(by_time).split.classes["spam"][1] == 0


@pytest.mark.slow
def test_a_model_without_probabilities(tmp_path: Path) -> None:
    """It has no ranking, calibration and thresholds, which is told; a main metric that needs them is an error."""
    raw = letters(300)
    made = make(tmp_path, raw, ["amount"], [LinearSVC().fit(raw[["amount"]].to_numpy(), raw.label)])
    found = made.judge()
    assert "roc_auc" not in found.metrics and found.calibration is found.thresholds is None
    assert any("no probabilities" in note for note in found.notes)
    with pytest.raises(errors.UnknownMetric, match="roc_auc"):
        made.judge(metric="roc_auc")


@pytest.mark.slow
def test_a_search_is_told(tmp_path: Path) -> None:
    """Its best parameters were chosen with rows that are held out now."""
    raw = letters(300)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=3).fit(raw[["amount"]].to_numpy(), raw.label)
    found = make(tmp_path, raw, ["amount"], [search]).judge()
    assert any("search" in note and "step0.pkl" in note for note in found.notes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"positive": "Spam"}, errors.UnknownPositive),
        ({"slices": ("sendr",)}, errors.UnknownSlice),
        ({"holdout": Holdout(by="group", column="sendr")}, errors.NoHoldoutColumn),
    ],
)
def test_names_that_there_are_not(mail: Made, more: dict[str, object], fault: type[Exception]) -> None:
    """Each is an error with what was perhaps meant."""
    with pytest.raises(fault, match="nearest: "):
        mail.judge(**more)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_file_of_other_rows(mail: Made, tmp_path: Path) -> None:
    """A held-out file without an input, or with texts for numbers, says which."""
    holdout, path = Holdout(by="file", file="t.parquet"), tmp_path / "t.parquet"
    mail.raw.drop(columns="amount").to_parquet(path)
    with pytest.raises(errors.HeldOutUnfit, match="amount"):
        mail.judge(holdout, held=str(path))
    mail.raw.assign(amount="much").to_parquet(path)
    with pytest.raises(errors.HeldOutUnfit, match="field 'amount'"):
        mail.judge(holdout, held=str(path))
    mail.raw.drop(columns="label").to_parquet(path)
    with pytest.raises(errors.HeldOutUnfit, match="label"):
        mail.judge(holdout, held=str(path))


@pytest.mark.slow
def test_a_column_that_is_not_there(mail: Made) -> None:
    """Data without the target is an error of its own."""
    with pytest.raises(models.errors.MissingColumns, match="lable"):
        Made(mail.root, mail.packed, mail.raw, "lable").judge()
