"""Judgements of made-up models, whose numbers fit together, for the tests of their reports."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from noteship.validation.judgement import (
    Agreement,
    Calibration,
    CalibrationBin,
    Compared,
    Confusion,
    Cost,
    ErrorsBySize,
    Estimate,
    Gate,
    Judgement,
    Latency,
    Regression,
    Shift,
    Slice,
    Split,
    Threshold,
    Thresholds,
)

Array = numpy.typing.NDArray[Any]
DIGEST = "9f8e7d6c" * 8
SPACE = " "


def around(value: float, rows: float, spread: float | None = None) -> Estimate:
    """A value with an interval as wide as so many rows make it; within 0 to 1 where it has no spread of its own."""
    wide = (
        1.96 * math.sqrt(max(value * (1 - value), 0.002) / rows) if spread is None else 1.96 * spread / math.sqrt(rows)
    )
    if spread is None:
        return Estimate(value, max(0.0, value - wide), min(1.0, value + wide))
    return Estimate(value, value - wide, value + wide)


def binary(rows: int = 1_200, **more: Any) -> Judgement:
    """Of mail, with a champion, gates that are passed, and all that a judging of two classes has."""
    return dataclasses.replace(_binary(rows), **more)


@functools.cache
def _binary(rows: int) -> Judgement:
    random = numpy.random.default_rng(1)
    truth = random.random(rows) < 0.3
    logit = random.normal(numpy.where(truth, 2.6, -2.8), 1.6)
    score = 1 / (1 + numpy.exp(-logit))
    points = tuple(_threshold(truth, score, each) for each in numpy.quantile(score, numpy.linspace(0, 1, 41)))
    at = _threshold(truth, score, 0.5)
    metrics = {
        "accuracy": around(float(((score >= 0.5) == truth).mean()), rows),
        "f1": around(at.f1, rows * 0.4),
        "precision": around(at.precision, rows * 0.3),
        "recall": around(at.recall, rows * 0.3),
        "roc_auc": around(0.981, rows * 2),
        "log_loss": around(0.152, rows, 0.4),
        "brier": around(0.046, rows, 0.12),
    }
    champion = {
        name: Estimate(each.value - 0.012, each.low - 0.013, each.high - 0.011) for name, each in metrics.items()
    }
    champion["log_loss"], champion["brier"] = around(0.171, rows, 0.45), around(0.0465, rows, 0.13)
    f1 = metrics["f1"]
    held = int(truth.sum())
    predicted = score >= 0.5
    counts = tuple(
        tuple(int((predicted[truth == true] == guess).sum()) for guess in (False, True)) for true in (False, True)
    )
    senders = ("example.org", "lists.example.net", "post.example.com", "newsletters.example", "other")
    return Judgement(
        DIGEST,
        "mail",
        "classification",
        "label",
        "f1",
        Split(
            "share", rows * 4, rows, 0, 0.2, duplicates=3, classes={"ham": (2800, rows - held), "spam": (1200, held)}
        ),
        "clone",
        "",
        metrics,
        {
            name: Estimate(each.value + 0.004, each.low + 0.004, min(1.0, each.high + 0.004))
            for name, each in metrics.items()
        },
        positive="spam",
        classes=("ham", "spam"),
        slices=(
            *(
                Slice(
                    "sender",
                    name,
                    count,
                    {"f1": around(value, count * 0.4)},
                    count < 30,
                    p,
                    p < 0.01,
                    loss=0.31,
                    usual=0.11,
                )
                for name, count, value, p in zip(
                    senders,
                    (520, 310, 220, 12, 138),
                    (0.95, 0.92, 0.71, 0.5, 0.94),
                    (1, 0.4, 0.0004, 1, 1),
                    strict=True,
                )
            ),
            *(
                Slice("text", name, rows // 4, {"f1": around(value, rows / 10)}, p=0.6)
                for name, value in (
                    ("up to 80 letters", 0.89),
                    ("80 to 200 letters", 0.93),
                    ("200 to 900 letters", 0.95),
                    ("more than 900 letters", 0.96),
                )
            ),
        ),
        calibration=_calibration(truth, score),
        confusion=Confusion(("ham", "spam"), counts),
        thresholds=Thresholds("spam", points, max(points, key=lambda each: each.f1).threshold, 0.5),
        cost=Cost("compiled", Latency(0.11, 0.14, 0.31), Latency(1.7, 2.1, 4.2), 18_400, 812.4, 2_930, "", "2 cores"),
        robustness=(
            Shift(
                "missing",
                "sender",
                "10 % of the rows",
                "f1",
                f1,
                around(f1.value - 0.004, 480),
                Estimate(-0.004, -0.009, 0.001),
            ),
            Shift(
                "unseen", "sender", "all rows", "f1", f1, around(f1.value - 0.05, 480), Estimate(-0.05, -0.068, -0.034)
            ),
            Shift(
                "cut",
                "text",
                "to half of the letters",
                "f1",
                f1,
                around(f1.value - 0.021, 480),
                Estimate(-0.021, -0.034, -0.008),
            ),
            Shift(
                "dropped",
                "text",
                "30 % of the words",
                "f1",
                f1,
                around(f1.value - 0.006, 480),
                Estimate(-0.006, -0.013, 0.002),
            ),
            Shift(
                "missing",
                "text",
                "10 % of the rows",
                "f1",
                f1,
                around(f1.value, 430),
                Estimate(0.0, -0.003, 0.003),
                120,
            ),
            Shift(
                "shifted",
                "length",
                "by 1 standard deviation",
                "f1",
                f1,
                Estimate(math.nan),
                Estimate(math.nan),
                why="all rows are refused",
            ),
        ),
        agreement=Agreement(rows, 0.9863, 0.0121, 7, 5, 0.39, is_worse=False),
        champion=Compared(
            "1a2b3c4d" * 8,
            "refitted",
            "",
            champion,
            {
                "accuracy": Estimate(0.012, 0.003, 0.021),
                "f1": Estimate(0.012, 0.002, 0.022),
                "precision": Estimate(0.012, -0.004, 0.029),
                "recall": Estimate(0.012, -0.001, 0.024),
                "roc_auc": Estimate(0.012, 0.006, 0.018),
                "log_loss": Estimate(-0.019, -0.031, -0.007),
                "brier": Estimate(-0.0005, -0.004, 0.003),
            },
            0.0021,
        ),
        gates=(
            gate("f1 >= 0.9", f1, ">=", 0.9),
            gate("f1 >= champion.f1 - 0.01", f1, ">=", champion["f1"].value - 0.01, " (champion.f1 - 0.01)"),
            Gate("p99_ms <= 5", passed=True, told="p99_ms 0.31 <= 5", left=0.31, comparison="<=", right=5.0),
            Gate(
                "0.2 <= recall and worst_slice.f1 >= 0.4",
                passed=True,
                told="0.2 <= recall 0.94; worst_slice.f1 0.5 >= 0.4",
            ),
        ),
        passed=True,
        notes=("3 held-out rows have the inputs of rows of the training part.",),
        settings={"holdout": 0.2, "positive": "spam", "gates": ["f1 >= 0.9"]},
        environment={"python": "3.11.8", "packages": {"scikit-learn": "1.7.2", "numpy": "2.3.4"}, "machine": "2 cores"},
        lineage=LINEAGE,
        seconds=12.4,
        at="2026-11-23 09:00 UTC",
    )


LINEAGE = {
    "stages": [
        {
            "stage": "02-features",
            "params": {"buckets": 1024},
            "inputs": {"data/training.parquet": "ab" * 32},
            "outputs": {"features.parquet": "cd" * 32, "feature_pipeline.sav": "ef" * 32},
        },
        {
            "stage": "03-train",
            "params": {},
            "inputs": {"features.parquet": "cd" * 32},
            "outputs": {"model.sav": "12" * 32},
        },
    ]
}


def gate(expression: str, estimate: Estimate, comparison: str, asked: float, more: str = "") -> Gate:
    """One about a metric and a number."""
    passed = estimate.value >= asked
    sign = comparison if passed else "<"
    told = f"{expression.split(maxsplit=1)[0]} {estimate.value:.3g} {sign} {asked:.3g}{more}"
    return Gate(expression, passed, told, estimate.value, comparison, asked, estimate)


def _threshold(truth: Array, score: Array, at: float) -> Threshold:
    flagged = score >= at
    right = float((flagged & truth).sum())
    precision, recall = right / flagged.sum(), right / truth.sum()
    f1 = 2 * right / (flagged.sum() + truth.sum())
    return Threshold(
        float(at), precision, recall, float(f1), float(flagged.mean()), float((flagged & ~truth).sum() / (~truth).sum())
    )


def _calibration(truth: Array, score: Array) -> Calibration:
    bins = []
    for place in range(10):
        inside = (score >= place / 10) & (score < (place + 1) / 10)
        rows = int(inside.sum())
        if rows:
            observed = around(float(truth[inside].mean()), rows)
            bins.append(CalibrationBin(place / 10, (place + 1) / 10, rows, float(score[inside].mean()), observed))
    return Calibration("spam", tuple(bins), Estimate(0.004), 0.021, 0.017, 0.21)


def many(classes: int = 20, rows: int = 4_000, **more: Any) -> Judgement:
    """Of so many classes, without a champion, and with a gate that failed."""
    return dataclasses.replace(_many(classes, rows), **more)


@functools.cache
def _many(classes: int, rows: int) -> Judgement:
    random = numpy.random.default_rng(classes)
    names = tuple(
        f"{word}{'' if place < len(TOPICS) else place}"
        for place, word in zip(range(classes), TOPICS * 50, strict=False)
    )
    truth = random.choice(classes, rows, p=random.dirichlet(numpy.full(classes, 3.0)))
    near = (truth + random.choice([-1, 1, 5], rows)) % classes
    predicted = numpy.where(random.random(rows) < 0.86, truth, near)
    counts = numpy.zeros((classes, classes), int)
    numpy.add.at(counts, (truth, predicted), 1)
    accuracy = around(float((truth == predicted).mean()), rows)
    metrics = {
        "accuracy": accuracy,
        "balanced_accuracy": around(accuracy.value - 0.01, rows * 0.8),
        "f1": around(accuracy.value - 0.012, rows * 0.8),
        "mcc": around(accuracy.value - 0.02, rows * 0.8),
        "log_loss": around(0.71, rows, 0.9),
    }
    return Judgement(
        DIGEST,
        "topics",
        "classification",
        "topic",
        "f1",
        Split("time", rows * 4, rows, 0, 0.2, "date", boundary="2026-06-01", unlabelled=17),
        "clone",
        "",
        metrics,
        metrics,
        classes=names,
        confusion=Confusion(names, tuple(tuple(map(int, row)) for row in counts)),
        agreement=Agreement(
            rows,
            0.93,
            0.08,
            40,
            96,
            0.00002,
            is_worse=True,
            difference=Estimate(-0.04, -0.06, -0.02),
            changed=(0.71, 0.78),
        ),
        gates=(gate("f1 >= 0.9", metrics["f1"], ">=", 0.9), gate("accuracy >= 0.8", accuracy, ">=", 0.8)),
        failures=("the bundle answers worse than its clone: right alone in 40 rows, wrong alone in 96",),
        environment={"python": "3.11.8"},
        lineage=LINEAGE,
    )


TOPICS = (
    "arts", "autos", "baseball", "cryptography", "electronics", "forsale", "graphics", "guns", "hockey", "mac hardware",
    "medicine", "mideast", "motorcycles", "operating systems", "pc hardware", "politics", "religion", "space", "travel",
    "windows",
)  # fmt: skip


def regression(rows: int = 900, **more: Any) -> Judgement:
    """Of house prices, split by group, without gates."""
    return dataclasses.replace(_regression(rows), **more)


@functools.cache
def _regression(rows: int) -> Judgement:
    random = numpy.random.default_rng(3)
    truth = numpy.exp(random.normal(12.2, 0.5, rows))
    predicted = truth * numpy.exp(random.normal(-0.02, 0.17, rows))
    errors = predicted - truth
    edges = numpy.linspace(*numpy.quantile(truth, [0.005, 0.995]), 41)
    counts, _, _ = numpy.histogram2d(
        *(numpy.clip(each, edges[0], edges[-1]) for each in (truth, predicted)), bins=edges
    )
    wide = numpy.linspace(*numpy.quantile(errors, [0.005, 0.995]), 41)
    histogram, _ = numpy.histogram(numpy.clip(errors, wide[0], wide[-1]), wide)
    parts = numpy.array_split(numpy.argsort(predicted), 5)
    metrics = {
        "rmse": around(float(numpy.sqrt((errors**2).mean())), rows, float(errors.std())),
        "mae": around(float(abs(errors).mean()), rows, float(abs(errors).std())),
        "median_ae": around(float(numpy.median(abs(errors))), rows, float(abs(errors).std())),
        "mape": around(0.137, rows, 0.1),
        "r2": around(float(1 - errors.var() / truth.var()), rows),
        "bias": around(float(errors.mean()), rows, float(errors.std())),
    }
    return Judgement(
        DIGEST,
        "houses",
        "regression",
        "price",
        "rmse",
        Split("group", rows * 4, rows, 7, 0.2, "street", groups=(61, 305)),
        "clone",
        "",
        metrics,
        metrics,
        slices=tuple(
            Slice("rooms", name, 180, {"rmse": around(value, 180, 40_000)})
            for name, value in (
                ("2", 21_000.0),
                ("3", 30_000.0),
                ("4", 47_000.0),
                ("5", 61_000.0),
                ("missing", 44_000.0),
            )
        ),
        regression=Regression(
            tuple(map(float, edges)),
            tuple(tuple(map(int, row)) for row in counts),
            {f"{each:g}": float(numpy.quantile(errors, each)) for each in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)},
            tuple(map(float, wide)),
            tuple(map(int, histogram)),
            tuple(
                ErrorsBySize(
                    float(predicted[part].min()),
                    float(predicted[part].max()),
                    len(part),
                    around(float(abs(errors[part]).mean()), len(part), float(abs(errors[part]).std())),
                    around(float(errors[part].mean()), len(part), float(errors[part].std())),
                )
                for part in parts
            ),
        ),
        cost=Cost(
            "plain", Latency(1.1, 1.4, 3.1), Latency(1.7, 2.1, 4.2), 12_000, uncounted="it does not know the step Lasso"
        ),
        robustness=(
            Shift(
                "permuted",
                "area",
                "all rows",
                "rmse",
                metrics["rmse"],
                around(80_000.0, rows, 60_000),
                Estimate(4e4, 3.4e4, 4.6e4),
            ),
            Shift(
                "noise",
                "rooms",
                "by 1 standard deviation",
                "rmse",
                metrics["rmse"],
                metrics["rmse"],
                Estimate(120.0, -400, 700),
            ),
        ),
        agreement=Agreement(rows, 0.88, 2_210.5, 402, 377, 0.6, is_worse=False),
        passed=True,
        lineage=LINEAGE,
    )


def tiny() -> Judgement:
    """Of twelve rows, so that intervals are wide and much does not exist."""
    few = binary(1_200)
    nothing: Mapping[str, Estimate] = {**few.metrics, "precision": Estimate(math.nan), "f1": Estimate(0.5, 0.0, 0.8)}
    bins: Sequence[CalibrationBin] = few.calibration.bins[:2] if few.calibration else ()
    return dataclasses.replace(
        few,
        metrics=nothing,
        split=Split("file", 40, 12, file="data/test.csv", classes={"ham": (28, 9), "spam": (12, 3)}),
        slices=(),
        calibration=Calibration("spam", tuple(bins), Estimate(math.nan)),
        thresholds=None,
        champion=None,
        cost=None,
        robustness=(),
        confusion=Confusion(("ham", "spam"), ((9, 0), (3, 0))),
        gates=(
            Gate("precision >= 0.9", passed=False, told="precision has no value on these rows, which fails the gate"),
        ),
        passed=False,
    )
