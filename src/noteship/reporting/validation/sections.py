"""What a judgement says, section by section; each is nothing where the judgement has nothing on it."""

from __future__ import annotations

import dataclasses
import math

from noteship.reporting import lanes
from noteship.reporting.canvas import Easel
from noteship.reporting.validation import confusion as confusions
from noteship.reporting.validation import curves, errors_of_numbers, estimates, origin
from noteship.reporting.validation.telling import chance, estimated, interval, measured, signed, words_of
from noteship.reporting.words import escaped, number, percent
from noteship.validation.judgement import Agreement, Judgement

__all__ = [
    "agreement",
    "champion",
    "confusion",
    "cost",
    "errors",
    "facts",
    "how_judged",
    "lineage",
    "metrics",
    "notes",
    "robustness",
    "scores",
    "slices",
]

# The others are one click away.
MOST_OPEN, MOST_MISTAKES = 20, 12
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
        words, between = words_of(judgement.metric), interval(judgement.metric, main)
        told.append((words, measured(judgement.metric, main.value), between))
    split = judgement.split
    told.append(("judged on", f"{split.held_rows:,} rows", f"fitted on {split.train_rows:,} others"))
    if judgement.champion is not None:
        told.append(("next to the champion", *_next_to(judgement)))
    if judgement.agreement is not None:
        told.append(("bundle and clone", percent(judgement.agreement.same), "of the rows answered alike"))
    if judgement.cost is not None:
        told.append(
            ("99 of 100 calls within", f"{number(judgement.cost.one.p99_ms)} ms", "for one row, on this machine")
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
    return signed(judgement.metric, difference.value), between


def metrics(judgement: Judgement) -> str:
    """All of them with their intervals, and the champion's beside them."""
    beside = judgement.champion.metrics if judgement.champion else {}
    drawn = lanes.table(*estimates.groups(judgement, ("value", "champion"), beside))
    key = _legend("this model", "the champion") if beside else ""
    return f'<h2>Metrics</h2><div class="panel">{key}{drawn}</div>'


def _legend(*words: str) -> str:
    """The shapes of marks: of what is judged, and of what stands beside it."""
    items = (
        f'<li><svg class="swatch" viewBox="0 0 30 14" aria-hidden="true">{drawn}</svg>{word}</li>'
        for drawn, word in zip(SHAPES, words, strict=False)
        if word
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


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
    alike = "as near to the truth" if judgement.kind == "regression" else "as often right"
    equal = f"Were both {alike}, chance alone would make them differ so much with"
    p = f'<p class="quiet note">{equal} {escaped(said)}.</p>' if said else ""
    return f'<h2>Next to the champion</h2>{told}{f"""<div class="panel">{drawn}{p}</div>""" if drawn else ""}'


def confusion(judgement: Judgement) -> str:
    """As a table while it can be read; the most frequent mistakes where there are many classes."""
    given = judgement.confusion
    if given is None:
        return ""
    told = ""
    if len(given.classes) <= confusions.MOST_CLASSES:
        told = (
            '<p class="quiet">A row for each true class, a column for each predicted one; shares are of the row. '
            f'Right answers are blue, mistakes orange.</p><div class="panel">{confusions.matrix(given)}</div>'
        )
    wrong = confusions.mistakes(given)
    if len(given.classes) > 2 and wrong:
        lines = "".join(
            f'<tr><td class="what">{escaped(each.true)}</td><td class="what">{escaped(each.predicted)}</td>'
            f'<td class="number">{each.count:,}</td><td class="number">{percent(each.share)}</td></tr>'
            for each in wrong[:MOST_MISTAKES]
        )
        head = "<tr><th>true</th><th>taken for</th><th>rows</th><th>of the class</th></tr>"
        told += f'<h3>Most frequent mistakes</h3><div class="panel wide"><table>{head}{lines}</table></div>'
    return f"<h2>Right and wrong answers</h2>{told}"


def scores(easel: Easel, judgement: Judgement) -> str:
    """Whether probabilities are true, and what other thresholds would give."""
    cards = []
    fitting = judgement.calibration
    if fitting is not None and fitting.bins:
        ece = "" if math.isnan(fitting.ece.value) else f"error {estimated('brier', fitting.ece)}"
        cards.append(_card("Calibration", ece, curves.calibration(easel, fitting)))
    given = judgement.thresholds
    if given is not None and given.points:
        chosen = "" if given.chosen is None else f"the model's: {number(given.chosen)}; "
        best = f"{chosen}best F1 here: {number(given.best)}"
        cards.append(_card("Thresholds", best, curves.thresholds(easel, given)))
        cards.append(_card("Found and false alarms", _area(judgement, "roc_auc"), curves.receiver(easel, given)))
        share = curves.share_of(judgement.split, given.positive)
        drawn = curves.precision_and_recall(easel, given, share)
        cards.append(_card("Precision and recall", _area(judgement, "average_precision"), drawn))
    if fitting is not None and len(cards) == 1:
        # There is room beside it for the numbers.
        panel = f'<div class="panel">{lanes.table(estimates.calibration(fitting))}</div>'
        return f'<h2>Scores</h2><div class="one">{cards[0]}{panel}</div>'
    return f'<h2>Scores</h2><div class="cards square">{"".join(cards)}</div>' if cards else ""


def _area(judgement: Judgement, name: str) -> str:
    return f"{words_of(name)} {measured(name, judgement.metrics[name].value)}" if name in judgement.metrics else ""


def _card(name: str, told: str, drawn: str) -> str:
    head = f"<figcaption><b>{escaped(name)}</b><small>{escaped(told)}</small></figcaption>"
    return f'<figure class="card">{head}{drawn}</figure>'


def errors(easel: Easel, judgement: Judgement) -> str:
    """Of a regression."""
    given = judgement.regression
    if given is None:
        return ""
    quantile = {share: measured("bias", given.residuals[share]) for share in given.residuals}
    told = ""
    if {"0.05", "0.95"} <= set(quantile):
        told = f"nine of ten are off by {quantile['0.05']} to {quantile['0.95']}"
    seen = "the more rows, the stronger the colour"
    cards = _card("Predicted and true", seen, errors_of_numbers.predicted_and_true(easel, given, judgement.target))
    cards += _card("Errors", told, errors_of_numbers.residuals(easel, given))
    sized = estimates.by_size(judgement)
    by_size = ""
    if sized is not None:
        by_size = f'<h3>By what is predicted</h3><div class="panel">{lanes.table(sized)}</div>'
    return f'<h2>Errors</h2><div class="cards">{cards}</div>{by_size}'


def slices(judgement: Judgement) -> str:
    """The worst first; the line is all rows."""
    found = estimates.slices(judgement)
    if found is None:
        return ""
    first = found.first(MOST_OPEN)
    told = f'<div class="panel">{_legend("a slice", "of few rows", "worse than the other rows")}{lanes.table(first)}'
    if len(found.rows) > MOST_OPEN:
        rest = dataclasses.replace(found, rows=found.rows[MOST_OPEN:])
        told += f"<details><summary>{len(rest.rows):,} more</summary>{lanes.table(rest)}</details>"
    words = "The worst first, those of few rows last; the dashed line is the value of all held-out rows."
    return f'<h2>Slices</h2><p class="quiet">{words}</p>{told}</div>'


def robustness(judgement: Judgement) -> str:
    """What the metric falls to when inputs change."""
    found = estimates.robustness(judgement.robustness)
    if found is None:
        return ""
    name = words_of(judgement.robustness[0].metric)
    words = (
        f"The held-out rows with one input changed, and how far {name} goes with it; orange is worse than by chance."
    )
    return f'<h2>Robustness</h2><p class="quiet">{words}</p><div class="panel">{lanes.table(found)}</div>'


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
    about = escaped(f"Of the {given.form} model as it will be served, measured{machine}. {told}", 600)
    return f'<h2>Cost</h2><p class="quiet">{about}</p><div class="panel"><table>{head}{lines}</table></div>'


def agreement(judgement: Judgement) -> str:
    """How far the bundle is from the clone that was judged for it."""
    given = judgement.agreement
    if given is None:
        return ""
    drawn = lanes.table(*estimates.groups(judgement, ("clone", "bundle"), judgement.bundle_metrics))
    told = escaped(how_alike(given, judgement.kind == "regression"), 800)
    key = _legend("the clone, which was judged", "the bundle itself")
    return f'<h2>Bundle and clone</h2><p class="quiet">{told}</p><div class="panel">{key}{drawn}</div>'


def how_alike(given: Agreement, is_number: bool) -> str:
    """The sentence, as plain text; the card has it, too."""
    nearer = ("is nearer to the truth", "is farther from it") if is_number else ("alone is right", "alone is wrong")
    what = "answers" if is_number else "probabilities"
    told = (
        f"They answer {percent(given.same)} of {given.rows:,} held-out rows alike, and their {what} differ by "
        f"{number(given.mean_difference)} on average. In {given.better:,} rows the bundle {nearer[0]}, in "
        f"{given.worse:,} it {nearer[1]}."
    )
    said = chance(given.p)
    found = "The bundle is worse than its clone" if given.is_worse else "It is not worse"
    return f"{told} {found} by more than chance{f' ({said})' if said else ''}."


def how_judged(judgement: Judgement) -> str:
    """The split, what was judged, by which statistics; rows by class."""
    told = _pairs(origin.how_judged(judgement))
    if judgement.split.classes:
        lines = "".join(
            f'<tr><td class="what">{escaped(name)}</td>'
            f'<td class="number">{fitted:,}</td><td class="number">{held:,}</td></tr>'
            for name, (fitted, held) in judgement.split.classes.items()
        )
        head = "<tr><th>class</th><th>to fit on</th><th>held out</th></tr>"
        told += f"<details><summary>rows by class</summary><table>{head}{lines}</table></details>"
    return f'<h2>How it was judged</h2><div class="panel">{told}</div>'


def lineage(judgement: Judgement) -> str:
    """The stages, with the digests of what they read and wrote, and the environment."""
    lines = "".join(
        f'<tr><td class="what">{escaped(each.stage)}<small class="quiet">{escaped(each.params, 400)}</small></td>'
        f'<td class="digest">{_several(each.reads)}</td><td class="digest">{_several(each.writes)}</td></tr>'
        for each in origin.stages(judgement)
    )
    told = ""
    if lines:
        head = "<tr><th>stage</th><th>read</th><th>wrote</th></tr>"
        told = f'<div class="wide origins"><table>{head}{lines}</table></div>'
    pairs = [("bundle", judgement.bundle), *origin.environment(judgement)]
    return f'<h2>Where it comes from</h2><div class="panel">{told}{_pairs(pairs)}</div>'


def _several(texts: tuple[str, ...]) -> str:
    return "<br/>".join(escaped(each) for each in texts) or "–"


def _pairs(pairs: origin.Pairs) -> str:
    items = "".join(f"<dt>{escaped(term)}</dt><dd>{escaped(text, 2_000)}</dd>" for term, text in pairs)
    return f'<dl class="origin">{items}</dl>'


def notes(judgement: Judgement) -> str:
    """What is to be known beside the numbers."""
    told = "".join(f'<p class="note">{escaped(each, 600)}</p>' for each in judgement.notes) or "None."
    return f'<h2>Notes</h2><div class="panel">{told}</div>'
