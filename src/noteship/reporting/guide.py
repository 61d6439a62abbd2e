"""How the page is read, for who sees such a page for the first time."""

from __future__ import annotations

from noteship import monitor
from noteship.reporting.rehearsal import Rehearsal
from noteship.reporting.states import LOOKS, icon, meaning
from noteship.reporting.words import duration

__all__ = ["accuracy_legend", "guide", "legend", "shares_legend"]

REFERENCE = '<rect x="1" y="1" width="28" height="12" fill="var(--reference)"/>'
WINDOW = '<rect x="2" y="2" width="26" height="10" fill="none" stroke="var(--window)" stroke-width="2.5"/>'
SQUARE = '<path d="M15 0v14" stroke="var(--ink)"/><path d="M11 3h8v8h-8z" fill="var(--ink)"/>'
LINE = '<path d="M1 7h28" stroke="var(--window)" stroke-width="2.5"/>'


# One paragraph each, its first words up to the colon being what is explained.
TERMS = """
Reference: The rows that the model was made from, with predictions of models that had not seen them. They are kept as
counts, in the model's bundle.

Window: All that was asked in {window}. Windows with too few rows are judged together with the next ones. Compared are
the latest windows that have a thousand rows together, and of an alarm only its own.

Bins: A number's values are divided where the reference has about equal shares, so bars are one wide whatever values
they span; the values are written below their edges. Values beyond those of the reference count in the first or the
last bar.

Distance: How far the shares of rows are from the reference's, less what chance alone would do: no quantity's mean has
moved by more than so many of its standard deviations in the reference (sd). Up to {tolerance:.2f} sd are tolerated:
they are no evidence, however many rows there are.

Evidence R: What a gambler would have who bets on a change beyond the tolerance, from one unit that he is given in
each window. Without such a change he can expect to win nothing, whatever he bets on.

The bell: Evidence of {bell:,.0f}: so many windows of {window} there are in {time}, and false alarms are on average at
least that far apart, however often one looks, and however many columns there are. It holds if requests do not depend
on each other; where callers repeat themselves, or each row follows from the one before, it rings sooner.

Correlation, variance or mean of ranks: A column's values count by their ranks in the reference. Two columns may go
together in another way though each by itself is as it was: their correlation is from −1 to 1. Told is what moved by
more than the tolerance and chance.

Rule: Conditions that divide the reference's rows into parts of about equal size; of the parts, the one that moved
most.

Expected accuracy: The share of right answers that the model's own probabilities promise. It is true only as far as
they are; the truth comes with labels.

Realised accuracy: The share of right answers among those for which labels came, by the window in which they were
given. In 95 of 100 such samples the line through it holds the share among all answers, if labels come whatever was
answered. It never rings.

Work: Multiplications and comparisons that scoring a row takes, counted. If work goes up, rows have changed; if only
time goes up, the machines have.
"""


def _swatch(shape: str, words: str) -> str:
    return f'<li><svg class="swatch" viewBox="0 0 30 14" aria-hidden="true">{shape}</svg>{words}</li>'


def shares_legend(reference: str = "the reference", window: str = "the rows compared", *, is_line: bool = False) -> str:
    """Which is which, wherever one is filled and the other a line around it."""
    return f'<ul class="legend">{_swatch(REFERENCE, reference)}{_swatch(LINE if is_line else WINDOW, window)}</ul>'


def accuracy_legend() -> str:
    """Which is expected, and which is known from labels."""
    return f'<ul class="legend">{_swatch(LINE, "expected")}{_swatch(SQUARE, "realised, of labels that came")}</ul>'


def legend() -> str:
    """The shapes and colours of the states."""
    shown = [state for state in LOOKS if state != "none"]
    return f'<ul class="legend">{"".join(f"<li>{icon(state)}{LOOKS[state].word}</li>" for state in shown)}</ul>'


def guide(settings: monitor.Settings, rehearsal: Rehearsal | None = None) -> str:
    """Every word that the page uses, explained."""
    of_alarm = "" if rehearsal is None else rehearsal.after_an_alarm
    window, time = duration(settings.window_s), duration(settings.false_alarm_s)
    told = TERMS.format(window=window, time=time, tolerance=settings.tolerance, bell=settings.threshold)
    terms = [each.replace("\n", " ").partition(": ") for each in told.strip().split("\n\n")]
    states = [(icon(state) + LOOKS[state].word, meaning(state, of_alarm)) for state in LOOKS if state != "none"]
    lines = [*states, *((term, text) for term, _, text in terms)]
    return '<dl class="guide">' + "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in lines) + "</dl>"
