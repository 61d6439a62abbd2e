"""Features as cards: name, distance, chart, and what moved most."""

from __future__ import annotations

from collections.abc import Sequence

from noteship.monitor.decision import Culprit
from noteship.reporting import charts
from noteship.reporting.canvas import Easel
from noteship.reporting.comparing import Comparison
from noteship.reporting.history import History
from noteship.reporting.words import escaped, evidence, number, percent, shown

__all__ = ["cards"]

# Five lines of a wide page; the others are one click away.
MOST_OPEN = 15


def cards(easel: Easel, given: Sequence[Comparison], history: History, rows: int) -> str:
    """All of a group, those first that are named by an alarm, then those that are furthest away."""
    if not given:
        return '<p class="panel">None.</p>'
    decision = history.explained
    named = {each.feature: place for place, each in enumerate(decision.culprits)} if decision else {}
    ordered = sorted(given, key=lambda each: (named.get(each.name, len(named)), -round(each.distance, 6)))
    made = []
    for each in ordered:
        culprit = decision.culprits[named[each.name]] if decision and each.name in named else None
        made.append(_card(easel, each, culprit, history.settings.tolerance, rows))
    told = f'<div class="cards">{"".join(made[:MOST_OPEN])}</div>'
    if len(made) > MOST_OPEN:
        rest = "".join(made[MOST_OPEN:])
        told += f'<details><summary>{len(made) - MOST_OPEN} more</summary><div class="cards">{rest}</div></details>'
    return told


def _card(easel: Easel, given: Comparison, culprit: Culprit | None, tolerance: float, rows: int) -> str:
    """One feature."""
    if not rows:
        distance = "no rows yet"
    elif given.distance <= tolerance:
        distance = "within the tolerance"
    else:
        distance = f"distance {number(float(f'{given.distance:.2g}'))} sd"
    moved = ""
    if culprit is not None:
        moved = f' <span class="moved">moved, evidence {escaped(evidence(culprit.log_r))}</span>'
    what, then, now = given.most
    # Within the tolerance, which bin is furthest off is mostly chance.
    is_far = rows and given.distance > tolerance
    if culprit is not None and culprit.shares:
        # As the verdict has it, which may be of fewer rows than the chart is.
        told = culprit.shares[0]
        what, then, now, is_far = told.what, told.reference, told.window, True
    most = escaped(f"{shown(what)}: {percent(then)} then, {percent(now)} now") if is_far else ""
    return (
        f'<figure class="card{" culprit" if culprit else ""}"><figcaption><b>{escaped(given.name)}</b>'
        f"<small>{distance}{moved}</small></figcaption>{charts.comparison(easel, given)}"
        + (f'<p class="most">{most}</p>' if most else "")
        + "</figure>"
    )
