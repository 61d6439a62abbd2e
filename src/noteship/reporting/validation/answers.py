"""Right and wrong answers, scores and errors: sections of the page, left out where there is nothing to show."""

from __future__ import annotations

from noteship.reporting import lanes
from noteship.reporting.canvas import Easel
from noteship.reporting.validation import confusion as confusions
from noteship.reporting.validation import curves, errors_of_numbers, parts
from noteship.reporting.validation.telling import fitted, measured, words_of
from noteship.reporting.words import escaped, number, percent
from noteship.validation.judgement import Judgement

__all__ = ["confusion", "errors", "scores"]

MOST_MISTAKES = 12


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
        cards.append(_card("Calibration", fitted(fitting), curves.calibration(easel, fitting)))
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
        panel = f'<div class="panel">{lanes.table(parts.calibration(fitting))}</div>'
        return f'<h2>Scores</h2><div class="one">{cards[0]}{panel}</div>'
    return f'<h2>Scores</h2><div class="cards square">{"".join(cards)}</div>' if cards else ""


def _area(judgement: Judgement, name: str) -> str:
    return (
        f"{words_of(name, judgement)} {measured(name, judgement.metrics[name].value)}"
        if name in judgement.metrics
        else ""
    )


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
    sized = parts.by_size(judgement)
    by_size = ""
    if sized is not None:
        by_size = f'<h3>By what is predicted</h3><div class="panel">{lanes.table(sized)}</div>'
    return f'<h2>Errors</h2><div class="cards">{cards}</div>{by_size}'
