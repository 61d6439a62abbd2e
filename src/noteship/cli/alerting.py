"""Writes rules for Prometheus and a dashboard for Grafana."""

from __future__ import annotations

import argparse
from pathlib import Path

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output
from noteship.operations.opened import OpenedProject

__all__ = ["write"]


def write(arguments: argparse.Namespace, opened: OpenedProject, output: Output) -> int:
    """Write what is asked for, of the project's model."""
    from noteship.operations import alerting as operation

    if arguments.bundle is not None:
        raise WrongUsage(
            "--rules and --dashboard are for the project's model, whichever of its bundles is served",
            "leave the bundle out",
            where="noteship monitor",
        )
    declared = operation.declared(opened)
    rules, dashboard = (None if each is None else Path(each) for each in (arguments.rules, arguments.dashboard))
    alerts = [] if rules is None else operation.write_rules(declared, rules)
    if dashboard is not None:
        operation.write_dashboard(declared, dashboard)
    written = {"rules": arguments.rules, "alerts": alerts, "dashboard": arguments.dashboard}
    output.document({"model": declared.model, "release": declared.release, **written})
    watched = f"{declared.model}, release {declared.release}"
    if rules is not None:
        output.text(f"rules: {rules}, {len(alerts)} alerts on {watched}", f"  check them: promtool check rules {rules}")
    if dashboard is not None:
        output.text(f"dashboard: {dashboard}, of {watched}", "  import it into Grafana, or provision it")
    return 0
