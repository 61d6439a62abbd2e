"""Panels on what was decided, and on what is counted."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.alerting.declared import LONG, Declared
from noteship.alerting.panels import LINES, Panel, Query, dashed
from noteship.monitor.decision import Word
from noteship.reporting.states import LOOKS
from noteship.reporting.words import duration

__all__ = ["CHOSEN", "RATE", "rows"]

# States in the order of how much they matter: of several replicas, the one that says most is shown.
STATES: tuple[Word, ...] = ("unchanged", "learning", "not enough data", "changing", "alarm")
# What is looked at: the services and versions that are chosen above the panels.
CHOSEN = 'namespace=~"$namespace",job=~"$job",version=~"$version"'
# A time in which there are several scrapes, as Grafana knows it.
RATE = "$__rate_interval"


def rows(declared: Declared) -> list[tuple[int, Sequence[Panel]]]:
    """Rows of panels with their heights."""
    counted = [_rows(declared), _lost(declared), _age(declared), _missing(declared)]
    return [(6, [_states(declared)]), (8, [_evidence(declared), _detectors(declared)]), (7, counted)]


def _window(declared: Declared, metric: str, by: str = "version") -> str:
    """Every replica tells the same, one perhaps a moment later than another."""
    return f"max by ({by}) ({declared.series(f'noteship_window_{metric}', more=CHOSEN)})"


def _states(declared: Declared) -> Panel:
    looks = {code: LOOKS[state] for code, state in enumerate(STATES, 1)}
    series = [
        f"{declared.series('noteship_window_state', {'state': look.word}, CHOSEN)} * {code}"
        for code, look in looks.items()
    ]
    shown = {str(code): {"text": look.word, "color": look.colour, "index": code} for code, look in looks.items()}
    return Panel(
        "State",
        "What was decided of the last window. Neither “learning” nor “not enough data” is a sign of health. An alarm"
        f' stays until it is settled: noteship monitor --settle "WHY" {declared.model}',
        "none",
        [Query(f"max by (version) ({' or '.join(series)})", "{{version}}")],
        kind="state-timeline",
        fields={
            "mappings": [{"type": "value", "options": shown}],
            "color": {"mode": "thresholds"},
            "custom": {"fillOpacity": 80, "lineWidth": 0},
        },
        options={"mergeValues": True, "showValue": "auto", "rowHeight": 0.8},
    )


def _evidence(declared: Declared) -> Panel:
    settings = declared.settings
    return Panel(
        "Evidence of a change",
        f"R over all detectors, as a power of ten. At the bell, {settings.threshold:,.0f}, it is an alarm: without a"
        f" change beyond the tolerance once in {duration(settings.false_alarm_s)} at most, on average.",
        "none",
        [
            Query(_window(declared, "evidence_log10"), "{{version}}"),
            Query(f"max({declared.series('noteship_window_bell_log10', more=CHOSEN)})", "bell"),
        ],
        fields={"custom": _powers(declared)},
        overrides=[dashed("bell", LOOKS["alarm"].colour)],
    )


def _detectors(declared: Declared) -> Panel:
    return Panel(
        "Evidence by detector",
        "R of each, as a power of ten: which distribution it is that moves. What has no line has bet nothing.",
        "none",
        [Query(_window(declared, "detector_evidence_log10", "version, detector"), "{{detector}} {{version}}")],
        fields={"custom": _powers(declared)},
    )


def _powers(declared: Declared) -> dict[str, object]:
    """Windows that were too small to be judged are no gap, unless there are a dozen of them."""
    return {**LINES, "spanNulls": LONG * declared.window_s * 1000, "axisLabel": "power of ten"}


def _rows(declared: Declared) -> Panel:
    rows = declared.series("noteship_watched_rows_total", more=CHOSEN)
    return Panel(
        "Rows",
        "Rows that were answered and counted.",
        "rowsps",
        [Query(f"sum by (version) (rate({rows}[{RATE}]))", "{{version}}")],
        fields={"min": 0, "custom": LINES},
    )


def _lost(declared: Declared) -> Panel:
    lost, kept = (
        f"sum by (version) (increase({declared.series(f'noteship_watched_{name}_total', more=CHOSEN)}[1h]))"
        for name in ("rows_lost", "rows")
    )
    return Panel(
        "Rows lost",
        "The share of the rows of an hour that were answered and are in no window.",
        "percentunit",
        [Query(f"{lost} / ({kept} + {lost})", "{{version}}")],
        fields={"min": 0, "custom": LINES},
    )


def _age(declared: Declared) -> Panel:
    return Panel(
        "Since the last window",
        f"Since the end of the window that was closed last. It rises and falls by a window,"
        f" {duration(declared.settings.window_s)}; where it only rises, nobody closes windows.",
        "s",
        [Query(f"time() - {_window(declared, 'end_timestamp_seconds')}", "{{version}}")],
        fields={"min": 0, "custom": LINES},
    )


def _missing(declared: Declared) -> Panel:
    return Panel(
        "Replicas missing",
        "Replicas that were to tell of the last window and did not: they were killed, or cannot write to the store.",
        "none",
        [Query(_window(declared, "missing_replicas"), "{{version}}")],
        fields={"min": 0, "decimals": 0, "custom": {**LINES, "lineInterpolation": "stepAfter"}},
    )
