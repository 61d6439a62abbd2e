from __future__ import annotations

import pytest

from noteship import tuning


def read(text: str, data: str) -> float:
    metric = tuning.FileMetric.of(text)
    assert metric
    return metric.read(data.encode())


def test_a_metric_is_a_file_and_a_key() -> None:
    """FILE:KEY is a metric of a file; a name alone, or a file of another kind, is none."""
    assert tuning.FileMetric.of("out/metrics.json:test.f1") == tuning.FileMetric("out/metrics.json", "test.f1")
    for text in ("f1", "metrics.json", "metrics.json:", "model.sav:C"):
        assert tuning.FileMetric.of(text) is None


def test_keys_lead_through_tables_and_lists() -> None:
    """A dotted key leads through tables and by places through lists; a key with a point in it is found, too."""
    assert read("m.json:test.f1", '{"test": {"f1": 0.5}}') == 0.5
    assert read("m.json:folds.1", '{"folds": [1, 2]}') == 2.0
    assert read("m.json:a.b", '{"a.b": 3}') == 3.0


def test_of_rows_the_last_one_counts() -> None:
    """Of a table the last row's column is the metric, and numbers may be written as texts there."""
    assert read("h.csv:val_loss", "epoch,val_loss\n1,0.5\n2,0.25\n") == 0.25
    assert read("h.jsonl:val.loss", '{"val": {"loss": 1}}\n{"val": {"loss": 0.5}}\n') == 0.5


def test_a_key_that_is_not_there_names_the_nearest() -> None:
    """A wrong key is an error with the nearest number that the file holds, and all of them."""
    with pytest.raises(tuning.errors.KeyMissing) as caught:
        read("m.json:f_1", '{"f1": 0.5, "accuracy": 1, "name": "x"}')
    parts = caught.value.parts()
    assert parts.nearest == "f1"
    assert "f1, accuracy" in parts.remedy
    assert "name" not in parts.remedy


@pytest.mark.parametrize("written", ["NaN", "Infinity", '"high"', "true", "null"])
def test_what_cannot_be_compared_is_no_metric(written: str) -> None:
    """NaN, an infinity, a text, true and null are no numbers to compare."""
    with pytest.raises(tuning.errors.NoNumber):
        read("m.json:f1", f'{{"f1": {written}}}')


@pytest.mark.parametrize(
    ("name", "data"), [("m.json:a", "{"), ("m.json:a", "[1]"), ("m.csv:a", "a\n"), ("m.jsonl:a", ""), ("m.json:a", "")]
)
def test_a_file_that_is_not_what_its_name_says_is_told(name: str, data: str) -> None:
    """A file that is cut off, empty, or holds something else is an error that names it."""
    with pytest.raises(tuning.errors.UnreadableMetric) as caught:
        read(name, data)
    assert caught.value.parts().fact.startswith(f"no metric can be read of {name.partition(':')[0]}")


def test_well_known_names_tell_the_direction() -> None:
    """Names that everybody uses tell what is better; others do not, nor do negated ones."""
    for name in ("f1", "test.roc_auc", "val_accuracy", "R2", "score", "f1_score", "test.balanced_accuracy_score"):
        assert tuning.direction_of(name) == "maximize"
    for name in ("log_loss", "val_loss", "test.rmse", "error"):
        assert tuning.direction_of(name) == "minimize"
    for name in ("share", "neg_rmse", "minutes", "brier_score", "davies_bouldin_score", "mse_score"):
        assert tuning.direction_of(name) is None


def test_the_last_row_of_a_table_is_the_last_that_holds_anything() -> None:
    """Empty lines below a table are no row of it."""
    metric = tuning.FileMetric("m.csv", "f1")
    assert metric.read(b"epoch,f1\n1,0.8\n2,0.9\n\n\n") == 0.9
