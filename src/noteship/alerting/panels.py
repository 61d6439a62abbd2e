"""Panels of a Grafana dashboard, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["DATASOURCE", "LINES", "Panel", "Query", "dashed", "laid_out"]

# The variable by which a dashboard is given a Prometheus when it is imported, or by whoever looks at it.
DATASOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
# Columns of Grafana's grid.
COLUMNS = 24
# Points are no closer together than scrapes are by default: between those, rates of nothing would be drawn.
INTERVAL = "1m"
# How lines look.
LINES = {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 5, "showPoints": "never", "spanNulls": False}
LEGEND = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}


@dataclass(frozen=True)
class Query:
    """PromQL, and what its series are called; `is_heatmap`: they are the buckets of a histogram."""

    expression: str
    legend: str
    is_heatmap: bool = False

    def to_target(self, place: int) -> dict[str, Any]:
        """As a panel has it."""
        return {
            "datasource": DATASOURCE,
            "refId": chr(ord("A") + place),
            "expr": self.expression,
            "legendFormat": self.legend,
            "format": "heatmap" if self.is_heatmap else "time_series",
            "range": True,
        }


@dataclass(frozen=True)
class Panel:
    """A chart. `fields`: its own settings of fields, `options`: of the chart, `overrides`: of some of its series."""

    title: str
    about: str
    unit: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    fields: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[Mapping[str, Any]] = ()

    def to_json(self, number: int, place: Mapping[str, int]) -> dict[str, Any]:
        """As a dashboard has it."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "datasource": DATASOURCE,
            "interval": INTERVAL,
            "gridPos": dict(place),
            "fieldConfig": {"defaults": {"unit": self.unit, **self.fields}, "overrides": list(self.overrides)},
            "options": {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "desc"}, **self.options},
            "targets": [query.to_target(place) for place, query in enumerate(self.queries)],
        }


def dashed(series: str, colour: str) -> dict[str, Any]:
    """An override by which a series is a dashed line of this colour."""
    return {
        "matcher": {"id": "byName", "options": series},
        "properties": [
            {"id": "color", "value": {"mode": "fixed", "fixedColor": colour}},
            {"id": "custom.lineStyle", "value": {"fill": "dash", "dash": [10, 10]}},
            {"id": "custom.fillOpacity", "value": 0},
        ],
    }


def laid_out(rows: Sequence[tuple[int, Sequence[Panel]]]) -> Iterator[dict[str, Any]]:
    """Rows of panels, each so high, whose panels are equally wide."""
    number = top = 0
    for height, panels in rows:
        width = COLUMNS // len(panels)
        for place, panel in enumerate(panels):
            number += 1
            yield panel.to_json(number, {"h": height, "w": width, "x": place * width, "y": top})
        top += height
