"""The page of a search: what was found, how it went, what mattered, and every trial."""

from __future__ import annotations

import json
from collections.abc import Iterator

from noteship import tuning
from noteship.reporting.canvas import Easel
from noteship.reporting.document import document
from noteship.reporting.tuning import charts
from noteship.reporting.tuning.told import Told
from noteship.reporting.words import escaped, percent

__all__ = ["page"]

# Shown at once; the others are one click away.
MOST_OPEN = 20
# More axes than these stand too close for lines to be followed.
MOST_AXES = 9
# Fewer lines are in the cards already.
FEWEST_LINES = 5
STYLE = """
.found { font-size: 1.25rem; line-height: 1.4; padding: 1rem 1.2rem; border-left: 6px solid var(--window); }
.found p { margin: 0; overflow-wrap: anywhere; }
.found .meaning { font-size: .9rem; color: var(--quiet); margin-top: .3rem; }
.found code, td.point { font: .86rem ui-monospace, monospace; overflow-wrap: anywhere; }
td.point small { display: block; }
.narrow { max-width: 38rem; }
/* A chart is as wide as the page; on a narrow one its labels shrink less than its marks. */
@media (max-width: 64rem) { .chart svg text { font-size: 10.5px !important; } }
"""
IMPORTANCE = (
    "How much a parameter decides whether a trial is of the better half, in this space (PED-ANOVA): one that was "
    "searched in a narrow range has little. Only what is more than chance is shown: more than in 95 of 100 deals of "
    "the same values to other trials."
)
BEST = (
    "It is the best of many, and so better than what the same parameters will come to on other data. What they are "
    "worth is said by rows that no trial has seen: "
)
OF_FOLDS = "those that `noteship validate` holds out, with the same holdout, seed and data as in this search."
OF_FILE = (
    "those of a file that no stage reads, as [validate] holdout. Other rows that `noteship validate` holds out may be "
    "among those that the notebooks took the metric of."
)
ERROR = (
    "The standard error of the mean over the folds, widened since folds are fitted on rows that they share (Nadeau and "
    "Bengio, 2003). Trials have the same folds, so two of them are compared fold by fold, not by ±."
)
STATES = {"done": "●", "pruned": "△", "failed": "×"}


def page(told: Told) -> str:
    """One HTML page that needs nothing else: no script, no font, no network. Its policy forbids them, too.

    Guarantee: equal searches give equal bytes; foreign text is escaped; the page is XML, too. Raises PlottingMissing.
    Cost: some 50 ms for each parameter.
    """
    with Easel().set_up() as easel:
        body = "\n".join(each for each in _sections(easel, told) if each)
    return document(f"{told.project}: search", body, STYLE)


def _sections(easel: Easel, told: Told) -> Iterator[str]:
    yield _header(told)
    yield _found(told)
    yield _facts(told)
    if told.valued:
        yield from _charts(easel, told)
    yield _table(told)
    yield f'<h2>How to read this</h2><div class="panel"><dl class="guide">{_guide(told)}</dl></div>'


def _header(told: Told) -> str:
    search = told.search
    parts = [f"to {search.direction} {escaped(search.metric)}", f"began {escaped(search.started)}", escaped(search.id)]
    return f"<header><h1>{escaped(told.project)}: search</h1><p>{' · '.join(parts)}</p></header>"


def _found(told: Told) -> str:
    best, before = told.best, told.search.before
    if best is None:
        return '<div class="panel found"><p>No trial came to a value.</p></div>'
    error = "" if best.error is None else f" ± {Told.value(best.error)}"
    sentence = f"The best value is <b>{Told.value(best.value)}{error}</b>, of trial {best.number}."
    if before is not None and best.value is not None:
        sentence += f" {_compared(told, best.value, before)}"
    return f'<div class="panel found"><p>{sentence}</p><p class="meaning"><code>{_point(told, best)}</code></p></div>'


def _compared(told: Told, value: float, before: float) -> str:
    if value == before:
        return "The parameters as they are come to the same."
    is_better = (value > before) == told.is_larger_better
    return f"The parameters as they are come to {Told.value(before)}{'' if is_better else ', which is better'}."


def _facts(told: Told) -> str:
    counts = {state: sum(each.state == state for each in told.trials) for state in STATES}
    seconds = sum(each.seconds for each in told.trials)
    size = told.search.space.size
    facts = [
        ("trials", f"{len(told.trials):,}", f"of {size:,} points" if size else ""),
        *((state, f"{count:,}", "") for state, count in counts.items() if count),
        ("parameters", f"{len(told.search.space.dimensions)}", ""),
        ("time in trials", _duration(seconds), "side by side counted each"),
    ]
    told_facts = (
        f"<div><dt>{name}</dt><dd>{value}</dd>{f'<small>{more}</small>' if more else ''}</div>"
        for name, value, more in facts
    )
    return f'<dl class="facts">{"".join(told_facts)}</dl>'


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _charts(easel: Easel, told: Told) -> Iterator[str]:
    count = told.beyond
    beyond = f" {count} beyond the axis {'is' if count == 1 else 'are'} drawn at its end." if count else ""
    yield (
        f'<h2>How it went</h2><p class="quiet">The value of each trial, and the best so far.{beyond}</p>'
        f'<div class="panel">{_legend(told)}<div class="chart">{charts.history(easel, told)}</div></div>'
    )
    if told.importances:
        yield (
            '<h2>What mattered</h2><p class="quiet">How much each parameter decides whether a trial is of the better '
            f'half.</p><div class="panel narrow">{charts.importance(easel, told)}</div>'
        )
    else:
        yield '<h2>What mattered</h2><p class="quiet">No parameter is shown to matter more than by chance.</p>'
    yield '<h2>Each parameter</h2><p class="quiet">The ring is the best trial.</p>'
    yield f'<div class="cards">{"".join(_card(easel, told, name) for name in told.by_importance)}</div>'
    if 1 < len(told.search.space.dimensions) < MOST_AXES and len(told.done) >= FEWEST_LINES:
        yield (
            '<h2>All together</h2><p class="quiet">Each trial is a line; the best tenth is in front, the best one '
            f'bold.</p><div class="panel"><div class="chart">{charts.lines(easel, told)}</div></div>'
        )


def _card(easel: Easel, told: Told, name: str) -> str:
    importance = f"<small>{percent(told.importances[name])}</small>" if name in told.importances else ""
    return (
        f'<figure class="card"><figcaption><b>{escaped(name)}</b>{importance}</figcaption>'
        f"{charts.parameter(easel, told, name)}</figure>"
    )


def _legend(told: Told) -> str:
    marks = {
        "done": '<circle cx="14" cy="7" r="4" fill="var(--window)"/>',
        "pruned": '<path d="M14 2l5 9h-10z" fill="var(--paper)" stroke="var(--quiet)" stroke-width="1.3"/>',
        "failed": '<path d="M10 3l8 8M18 3l-8 8" stroke="var(--ink)" stroke-width="1.3"/>',
    }
    there = {each.state for each in told.trials}
    items: list[tuple[str, str]] = [(state, mark) for state, mark in marks.items() if state in there]
    items.append(("best so far", '<path d="M1 11h12V4h14" fill="none" stroke="var(--window)" stroke-width="2"/>'))
    if told.search.before is not None:
        items.append(("as they are", '<path d="M1 7h26" stroke="var(--quiet)" stroke-dasharray="5 4"/>'))
    listed = (f'<li><svg class="swatch" viewBox="0 0 28 14">{mark}</svg>{name}</li>' for name, mark in items)
    return f'<ul class="legend">{"".join(listed)}</ul>'


def _table(told: Told) -> str:
    sign = -1 if told.is_larger_better else 1
    done = sorted(told.done, key=lambda each: (sign * (each.value or 0.0), each.number))
    ordered = [*done, *(each for each in told.trials if not each.is_done)]
    if not ordered:
        return ""
    rows = [_row(told, each) for each in ordered]
    made = _rows(rows[:MOST_OPEN])
    if len(rows) > MOST_OPEN:
        made += f"<details><summary>{len(rows) - MOST_OPEN} more</summary>{_rows(rows[MOST_OPEN:])}</details>"
    return f'<h2>Trials</h2><p class="quiet">The best first.</p><div class="panel wide">{made}</div>'


def _rows(rows: list[str]) -> str:
    heads = "".join(f"<th>{each}</th>" for each in ("trial", "value", "time", "parameters"))
    return f"<table><tr>{heads}</tr>{''.join(rows)}</table>"


def _row(told: Told, trial: tuning.Trial) -> str:
    error = "" if trial.error is None else f" ± {Told.value(trial.error)}"
    value = "" if trial.value is None else f"{Told.value(trial.value)}{error}"
    why = f"<small>{escaped(trial.why, 500)}</small>" if trial.why else ""
    state = "" if trial.state == "done" else f" {trial.state}"
    return (
        f'<tr><td class="number">{STATES[trial.state]} {trial.number}{state}</td><td class="number">{value}</td>'
        f'<td class="number">{_duration(trial.seconds)}</td><td class="point">{_point(told, trial)}{why}</td></tr>'
    )


def _point(told: Told, trial: tuning.Trial) -> str:
    # Sorted, since the order is not kept with a trial.
    parts = sorted(
        f"{told.names[name]} = {json.dumps(value, ensure_ascii=False)}" for name, value in trial.parameters.items()
    )
    return escaped(", ".join(parts), 500)


def _guide(told: Told) -> str:
    terms = [
        ("trial", "One point of the search space: the stages that depend on it ran, and the metric was taken."),
        ("as they are", "The value with the parameters that the notebooks and noteship.toml have."),
        ("importance", IMPORTANCE),
        ("the best value", BEST + (OF_FILE if tuning.FileMetric.of(told.search.metric) else OF_FOLDS)),
    ]
    if any(each.error is not None for each in told.trials):
        terms.append(("±", ERROR))
    if any(each.state == "pruned" for each in told.trials):
        terms.append(
            ("pruned", "Given up on its way, since it promised less than others; its value is the mean of its folds.")
        )
    return "".join(f"<dt>{escaped(term)}</dt><dd>{escaped(text, 600)}</dd>" for term, text in terms)
