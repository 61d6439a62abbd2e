"""A dashboard for Grafana."""

from __future__ import annotations

from typing import Any

from noteship.alerting import charts, traffic
from noteship.alerting.declared import Declared
from noteship.alerting.panels import DATASOURCE, laid_out

__all__ = ["dashboard"]

# Of the JSON model. Grafana 11 and later read it, and make it their own.
SCHEMA = 39


def dashboard(declared: Declared) -> dict[str, Any]:
    """The dashboard of a model, to be imported or provisioned. Of one model and release it is always the same one."""
    shown = "24h" if declared.settings.window_s >= 60 else "1h"
    return {
        "uid": declared.uid,
        "title": f"{declared.model} ({declared.release}), watched by noteship",
        "tags": ["noteship"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": f"now-{shown}", "to": "now"},
        "refresh": "1m",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": _variables(declared)},
        "panels": list(laid_out([*charts.rows(declared), *traffic.rows(declared)])),
    }


def _variables(declared: Declared) -> list[dict[str, Any]]:
    prometheus = {"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    chosen = [_choice(declared, name) for name in ("namespace", "job", "version")]
    return [{**prometheus, "current": {}, "hide": 0, "refresh": 1, "regex": ""}, *chosen]


def _choice(declared: Declared, name: str) -> dict[str, Any]:
    query = f"label_values({declared.series('noteship_watched_rows_total')}, {name})"
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": name},
        "current": {"text": ["All"], "value": ["$__all"]},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }
