"""How good the judged model is, next to the champion and next to the bundle: sections of the page."""

from __future__ import annotations

import math

from noteship.reporting import lanes
from noteship.reporting.validation import estimates
from noteship.reporting.validation.telling import chance, interval, measured, signed, words_of
from noteship.reporting.words import escaped, number, percent
from noteship.validation.judgement import Agreement, Judgement

__all__ = ["agreement", "champion", "facts", "how_alike", "legend", "metrics"]

ROUND = '<circle cx="15" cy="7" r="5" fill="var(--window)"/>'
SQUARE = '<path d="M11 3h8v8h-8z" fill="var(--paper)" stroke="var(--quiet)" stroke-width="2"/>'
DIAMOND = '<path d="M15 0.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z" fill="#d55e00"/>'
# As lanes have them: of what is judged, of what stands beside it, and of what is worse.
SHAPES = tuple(
    f'<path d="M2 7h26" stroke="{colour}" stroke-width="2"/>{shape}'
    for colour, shape in (("var(--window)", ROUND), ("var(--quiet)", SQUARE), ("#d55e00", DIAMOND))
)


def facts(judgement: Judgement) -> str:
    """What is asked first, as tiles."""
    main = judgement.metrics.get(judgement.metric)
    told = []
    if main is not None:
        between = interval(judgement.metric, main) if math.isfinite(main.low) else "without an interval"
        told.append((words_of(judgement.metric, judgement), measured(judgement.metric, main.value), between))
    split = judgement.split
    told.append(("judged on", f"{split.held_rows:,} rows", f"fitted on {split.train_rows:,} others"))
    if judgement.champion is not None:
        told.append(("next to the champion", *_next_to(judgement)))
    if judgement.agreement is not None:
        told.append(("bundle and clone", *_alike(judgement.agreement, judgement.kind == "regression")))
    if judgement.cost is not None:
        told.append(
            ("99 of 100 calls within", f"{number(judgement.cost.one.p99_ms)} ms", "for one row, where it was judged")
        )
    items = "".join(
        f"<div><dt>{escaped(term)}</dt><dd>{escaped(value)}<small>{escaped(more)}</small></dd></div>"
        for term, value, more in told
    )
    return f'<dl class="facts">{items}</dl>'


def _next_to(judgement: Judgement) -> tuple[str, str]:
    compared = judgement.champion
    difference = compared.differences.get(judgement.metric) if compared else None
    if compared is None or difference is None:
        return "not compared", compared.why if compared else ""
    between = f"{signed(judgement.metric, difference.low)} to {signed(judgement.metric, difference.high)}"
    if not math.isfinite(difference.low):
        between = "without an interval: they differ in too little"
    return signed(judgement.metric, difference.value), between


def _alike(given: Agreement, is_number: bool) -> tuple[str, str]:
    """Numbers are hardly ever the same, and classes are."""
    if is_number:
        return number(given.mean_difference), "apart on average"
    return percent(given.same), "of the rows answered alike"


def metrics(judgement: Judgement) -> str:
    """All of them with their intervals, and the champion's beside them."""
    beside = judgement.champion.metrics if judgement.champion else {}
    drawn = lanes.table(*estimates.groups(judgement, ("value", "champion"), beside))
    key = legend("this model", "the champion") if beside else ""
    return f'<h2>Metrics</h2><div class="panel">{key}{drawn}</div>'


def champion(judgement: Judgement) -> str:
    """The paired differences, and how the champion came to its answers."""
    compared = judgement.champion
    if compared is None:
        return '<h2>Next to the champion</h2><p class="panel">There is no champion yet, so nothing to compare with.</p>'
    digest = f'<span class="digest">{escaped(compared.digest, 24)}</span>'
    how = {
        "refitted": "its steps were fitted anew on the same training part, so neither had seen the held-out rows.",
        "as it is": "it answered as it is, and may have been fitted on the held-out rows.",
        "not compared": "it could not be compared.",
    }[compared.how]
    why = f" {escaped(compared.why, 400)}" if compared.why else ""
    told = f'<p class="quiet">Champion {digest}: {how}{why}</p>'
    told_apart = estimates.differences(judgement)
    drawn = lanes.table(*told_apart) if told_apart else ""
    said = chance(compared.p)
    metric = words_of(judgement.metric, judgement)
    equal = f"Were neither better, chance alone would make their {metric} differ so much with"
    p = f'<p class="quiet note">{equal} {escaped(said)}.</p>' if said else ""
    return f'<h2>Next to the champion</h2>{told}{f"""<div class="panel">{drawn}{p}</div>""" if drawn else ""}'


def agreement(judgement: Judgement) -> str:
    """How far the bundle is from the clone that was judged for it."""
    given = judgement.agreement
    if given is None:
        return ""
    drawn = lanes.table(*estimates.groups(judgement, ("clone", "bundle"), judgement.bundle_metrics))
    told = escaped(how_alike(given, judgement.kind == "regression"), 800)
    key = legend("the clone, which was judged", "the bundle itself")
    return f'<h2>Bundle and clone</h2><p class="quiet">{told}</p><div class="panel">{key}{drawn}</div>'


def how_alike(given: Agreement, is_number: bool) -> str:
    """The sentence, as plain text; the card has it, too."""
    nearer = ("is nearer to the truth", "is farther from it") if is_number else ("alone is right", "alone is wrong")
    apart = number(given.mean_difference)
    if is_number:
        same = f"Of {given.rows:,} held-out rows, their answers differ by {apart} on average"
    else:
        same = f"They answer {percent(given.same)} of {given.rows:,} held-out rows alike"
        same += (
            f", and their probabilities differ by {apart} on average" if math.isfinite(given.mean_difference) else ""
        )
    told = f"{same}. In {given.better:,} rows the bundle {nearer[0]}, in {given.worse:,} it {nearer[1]}."
    if given.difference is not None and math.isfinite(given.difference.low):
        value, low, high = map(number, (given.difference.value, given.difference.low, given.difference.high))
        told += f" Its main metric less the clone's is {value} ({low} to {high})."
    return f"{told} {_found(given)}"


def _found(given: Agreement) -> str:
    """What that shows, and what it does not."""
    said = f" ({chance(given.p)})" if chance(given.p) else ""
    told = f"The bundle is not shown to be worse{said}."
    if given.is_worse:
        told = f"The bundle is worse than its clone by more than chance{said}."
    elif given.knows:
        told = f"It was fitted on these rows, as it is better by more than chance; it is not shown to be worse{said}."
    if not given.is_testable:
        told += " There are too few groups for a test by groups: each row was taken for evidence of its own."
    if given.changed is not None:
        own, clones = map(number, given.changed)
        told += f" On these rows changed a little, its main metric is {own}, and the clone's {clones}."
    return told


def legend(*words: str) -> str:
    """The shapes of marks: of what is judged, and of what stands beside it."""
    items = (
        f'<li><svg class="swatch" viewBox="0 0 30 14" aria-hidden="true">{drawn}</svg>{word}</li>'
        for drawn, word in zip(SHAPES, words, strict=False)
        if word
    )
    return f'<ul class="legend">{"".join(items)}</ul>'
