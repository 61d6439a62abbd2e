"""Panels on what models answer, what that takes, and how right it is."""

from __future__ import annotations

import json
from collections.abc import Sequence

from noteship.alerting.charts import CHOSEN, RATE
from noteship.alerting.declared import INSTANCE, Declared
from noteship.alerting.panels import LINES, Panel, Query

__all__ = ["rows"]

BY_INSTANCE = ", ".join(INSTANCE)
SHARES = (0.1, 0.5, 0.9)


def rows(declared: Declared) -> list[tuple[int, Sequence[Panel]]]:
    """Rows of panels with their heights."""
    return [
        (8, [_work(declared), _mean_work(declared), _seconds(declared)]),
        (8, [_predictions(declared), _accuracy(declared)]),
    ]


def _rate(series: str) -> str:
    return f"rate({series}[{RATE}])"


def _plain(declared: Declared, metric: str) -> str:
    """Series that are by model and version alone."""
    return f"{metric}{{model={json.dumps(declared.model)},{CHOSEN}}}"


def _work(declared: Declared) -> Panel:
    buckets = declared.series("noteship_work_bucket", more=CHOSEN)
    return Panel(
        "Work of a row",
        "Rows by the multiplications, comparisons and look-ups that scoring them took.",
        "short",
        [Query(f"sum by (le) (increase({buckets}[{RATE}]))", "{{le}}", is_heatmap=True)],
        kind="heatmap",
        options={
            "calculate": False,
            "cellGap": 1,
            "color": {"mode": "scheme", "scheme": "Oranges", "scale": "exponential", "exponent": 0.5, "steps": 64},
            "filterValues": {"le": 1e-9},
            "rowsFrame": {"layout": "auto"},
            "yAxis": {"axisPlacement": "left", "axisLabel": "multiplications", "unit": "short"},
            "legend": {"show": True},
            "tooltip": {"mode": "single", "yHistogram": True},
        },
    )


def _mean_work(declared: Declared) -> Panel:
    total, count = (_rate(declared.series(f"noteship_work_{name}", more=CHOSEN)) for name in ("sum", "count"))
    return Panel(
        "Mean work of a row",
        "Where this and the time of scoring are up, the data have changed; where only the time is, the platform has.",
        "short",
        [Query(f"sum by (version) ({total}) / sum by (version) ({count})", "{{version}}")],
        fields={"min": 0, "custom": LINES},
    )


def _seconds(declared: Declared) -> Panel:
    watched = f"and on ({BY_INSTANCE}) {declared.series('noteship_watched_rows_total', more=CHOSEN)}"

    def quantile(share: float) -> str:
        buckets = _rate('noteship_scoring_seconds_bucket{namespace=~"$namespace",job=~"$job"}')
        return f"histogram_quantile({share}, sum by (le) ({buckets} {watched}))"

    return Panel(
        "Time of scoring a batch",
        "Of the services that serve this model, of all their models together.",
        "s",
        [Query(quantile(0.99), "99 %"), Query(quantile(0.5), "median")],
        fields={"min": 0, "custom": LINES},
    )


def _predictions(declared: Declared) -> Panel:
    rate = _rate(_plain(declared, "noteship_predictions_total"))
    values = f"sum by (le) ({_rate(_plain(declared, 'noteship_prediction_bucket'))})"
    return Panel(
        "Predictions",
        "Of a classification the share of each class; of a regression the numbers that a tenth, half, and nine tenths"
        " of the predictions are not above.",
        "short",
        [
            Query(f"sum by (class) ({rate}) / scalar(sum({rate}))", "{{class}}"),
            *(Query(f"histogram_quantile({share}, {values})", f"{share * 100:.0f} %") for share in SHARES),
        ],
        fields={"custom": LINES},
    )


def _accuracy(declared: Declared) -> Panel:
    expected = declared.series("noteship_window_expected_accuracy", more=CHOSEN)
    agreed, labels = (
        f"sum by (version) (increase({_plain(declared, f'noteship_feedback{name}_total')}[1d]))"
        for name in ("_agreed", "")
    )
    realised = f"{agreed} / ({labels} > 0)"
    return Panel(
        "Accuracy",
        "What the model's own probabilities expect, which is right only while they are calibrated; and the share of"
        " the labels of a day that were as predicted.",
        "percentunit",
        [
            Query(f"max by (version) ({expected})", "expected {{version}}"),
            Query(realised, "by labels {{version}}"),
        ],
        fields={"max": 1, "custom": LINES},
    )
