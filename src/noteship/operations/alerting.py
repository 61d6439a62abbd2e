"""`noteship monitor --rules`, `--dashboard`: how a project's model is watched, for Prometheus and Grafana."""

from __future__ import annotations

import json
from pathlib import Path

from noteship import alerting, yaml_form
from noteship.operations.opened import OpenedProject
from noteship.operations.profiles import settings_of
from noteship.operations.writing import write

__all__ = ["declared", "write_dashboard", "write_rules"]


def declared(opened: OpenedProject) -> alerting.Declared:
    """What the project's `[project]` and `[monitor]` say. The store is not asked."""
    return alerting.Declared(opened.name, settings_of(opened))


def write_rules(of: alerting.Declared, target: Path) -> list[str]:
    """Write a rules file for Prometheus; the names of its alerts. Raises NotWritten."""
    content = alerting.rules(of)
    made = "# Made from noteship.toml by noteship monitor --rules: make it again when [monitor] changes.\n"
    write(target, made + yaml_form.yaml_form(content))
    names = (rule["alert"] for group in content["groups"] for rule in group["rules"] if "alert" in rule)
    return list(dict.fromkeys(names))


def write_dashboard(of: alerting.Declared, target: Path) -> None:
    """Write a dashboard for Grafana. Raises NotWritten."""
    write(target, json.dumps(alerting.dashboard(of), indent=2, ensure_ascii=False) + "\n")
