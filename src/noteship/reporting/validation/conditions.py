"""Where the model is worse, and what it costs: sections of the page, left out where there is nothing to show."""

from __future__ import annotations

import dataclasses

from noteship.reporting import lanes
from noteship.reporting.validation import parts
from noteship.reporting.validation.comparisons import legend
from noteship.reporting.validation.telling import LEAST, words_of
from noteship.reporting.words import escaped, number
from noteship.validation.judgement import Judgement

__all__ = ["cost", "robustness", "slices"]

# The others are one click away.
MOST_OPEN = 20


def slices(judgement: Judgement) -> str:
    """The worst first; the line is all rows."""
    found = parts.slices(judgement)
    if found is None:
        return ""
    worse, why = "farther off than the other rows", ""
    if judgement.kind == "classification":
        worse = "wrong more often than other rows of the same class"
        why = " Orange is not the same as low: how many rows are of which class counts for it, and for orange does not."
    key = legend("a slice", "of too few rows to say much", worse)
    large = sum(not each.is_small for each in judgement.slices if judgement.metric in each.metrics)
    name = words_of(judgement.metric, judgement)
    words = f"By {name}, the worst first, those of few rows last; the dashed line is that of all held-out rows.{why}"
    return f'<h2>Slices</h2><p class="quiet">{words}</p><div class="panel">{key}{_folded(found, large)}</div>'


def _folded(found: lanes.Lanes, worth: int = MOST_OPEN) -> str:
    """The first rows, as far as they are worth it, and all others on the same axis one click away."""
    shown = min(worth or MOST_OPEN, MOST_OPEN)
    told = lanes.table(found.first(shown))
    if len(found.rows) > shown:
        rest = dataclasses.replace(found, rows=found.rows[shown:])
        told += f"<details><summary>{len(rest.rows):,} more</summary>{lanes.table(rest)}</details>"
    return told


def robustness(judgement: Judgement) -> str:
    """What the metric falls to when inputs change."""
    found = parts.robustness(judgement.robustness)
    if found is None:
        return ""
    name = words_of(judgement.robustness[0].metric, judgement)
    words = (
        f"The held-out rows with one input changed, and how far {name} goes with it; orange is worse than by chance."
    )
    return f'<h2>Robustness</h2><p class="quiet">{words}</p><div class="panel">{_folded(found)}</div>'


def cost(judgement: Judgement) -> str:
    """Times and work."""
    given = judgement.cost
    if given is None:
        return ""
    lines = "".join(
        f'<tr><td class="what">{name}</td>'
        + "".join(f'<td class="number">{number(each)} ms</td>' for each in (of.p50_ms, of.p95_ms, of.p99_ms))
        + "</tr>"
        for name, of in (("one row", given.one), ("32 rows", given.batch))
    )
    head = "<tr><th>a call for</th><th>half within</th><th>95 % within</th><th>99 % within</th></tr>"
    work = f"Work is not counted: {given.uncounted}." if given.uncounted else ""
    if given.work_mean is not None:
        most = "" if given.work_p99 is None else f", 99 % of the rows stay within {number(given.work_p99)}"
        work = f"A row takes {number(given.work_mean)} multiplications on average{most}."
    told = f"{number(given.rows_per_second)} rows a second, 32 at a time. {work}"
    machine = f" on {given.machine}" if given.machine else ""
    about = escaped(f"Of the {given.form} model as it will be served, measured{machine}. {LEAST} {told}", 800)
    return f'<h2>Cost</h2><p class="quiet">{about}</p><div class="panel"><table>{head}{lines}</table></div>'
