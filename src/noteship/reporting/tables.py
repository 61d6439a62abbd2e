"""What is said in numbers and words: facts of now, pairs and rules that moved, notes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

from noteship.monitor import Labels
from noteship.monitor.decision import Decision, Share
from noteship.reporting import charts
from noteship.reporting.canvas import Easel
from noteship.reporting.history import History, Window
from noteship.reporting.realised import realised
from noteship.reporting.verdict import about, how_shared, how_strong, moved
from noteship.reporting.words import escaped, evidence, factor, percent, when

__all__ = ["facts", "mistakes", "notes", "pairs", "rules", "rung"]

MOST_NOTES, MOST_MISTAKES = 50, 10
# Many pairs may share a product, and which of them it is cannot be told.
LONGEST_RULE = 240


def facts(history: History) -> str:
    """The numbers of the last window."""
    last = history.last
    if last is None:
        return ""
    explained = history.explained
    drives = "; ".join(escaped(about(name)[0]) for name in explained.drives) if explained is not None else ""
    told = [
        ("evidence", _evidence(history), f"the bell rings at {history.settings.threshold:,.0f}"),
        ("it comes from", "", drives or "nothing in particular"),
        ("rows compared", *_rows(history, last)),
    ]
    if last.joint_p is not None:
        words = "of the joint law being so far off, had nothing moved at all; it never rings"
        told.append(("chance", percent(last.joint_p), words))
    if last.accuracy is not None:
        error = escaped(f"± {percent(2 * last.accuracy.standard_error)}, two standard errors, of the last window")
        told.append(("expected accuracy", percent(last.accuracy.expected), error))
    labelled = realised(history)
    if labelled is not None and labelled.labels.kind == "classification" and labelled.labels.score is not None:
        share, low, high = map(percent, labelled.labels.score)
        of = f"{low} to {high}, of {labelled.labels.labels:,} labels"
        of += "" if labelled.expected is None else f"; {percent(labelled.expected)} was expected of their windows"
        told.append(("realised accuracy", share, escaped(of)))
    if last.work is not None:
        told.append(("work", factor(last.work.ratio), "the reference's"))
    items = [f"<div><dt>{term}</dt><dd>{escaped(value)}<small>{more}</small></dd></div>" for term, value, more in told]
    return f'<dl class="facts">{"".join(items)}</dl>'


def _rows(history: History, last: Decision) -> tuple[str, str]:
    """Of all windows that are compared: the last one may have none."""
    windows = [each for each in history.compared if each.sketch]
    rows = sum(each.decision.rows + each.late_rows for each in windows)
    if [each.decision for each in windows] == [last]:
        return f"{rows:,}", f"in {last.requests:,} requests of the last window"
    of = f"of {history.told_compared}; " if windows else ""
    return f"{rows:,}", f"{of}{last.rows:,} in the last one"


def _evidence(history: History) -> str:
    judged = history.judged
    return "none yet" if judged is None else evidence(judged.log_total)


def pairs(easel: Easel, decision: Decision | None) -> str:
    """Correlations, next to what they were."""
    if decision is None or not decision.pairs:
        return '<p class="panel">No correlation stands out.</p>'
    lines = []
    for each in decision.pairs:
        # Correlations on one scale; variances, and products of what is rare, each on its own.
        edge = max(1.0, abs(each.reference), abs(each.window)) * 1.05
        lines.append(_line(easel, each, (how_strong(each.window), how_strong(each.reference)), (-edge, edge)))
    return _table("correlation, variance or mean of ranks", lines)


def rules(easel: Easel, decision: Decision | None) -> str:
    """Shares of rows for which rules hold, next to what they were."""
    if decision is None or not decision.moved:
        return '<p class="panel">No rule stands out.</p>'
    edge = max(value for each in decision.moved for value in (each.reference, each.window)) * 1.05
    lines = [_line(easel, each, how_shared(each), (0.0, max(edge, 1e-6))) for each in decision.moved]
    return _table("of rows with", lines)


def _line(easel: Easel, share: Share, words: tuple[str, str], axis: tuple[float, float]) -> str:
    now, then = words
    return (
        f'<tr><td class="what">{escaped(share.what, LONGEST_RULE)}</td><td class="number">{escaped(then)}</td>'
        f'<td class="number"><b>{escaped(now)}</b></td>'
        f'<td class="span">{charts.span(easel, share.reference, share.window, *axis)}</td></tr>'
    )


def _table(what: str, lines: list[str]) -> str:
    head = f'<tr><th>{what}</th><th>reference</th><th>now</th><th class="span">from the square to the ring</th></tr>'
    return f'<div class="panel"><table>{head}{"".join(lines)}</table></div>'


def mistakes(labels: Labels) -> str:
    """Which class was taken for which other, the most frequent first; nothing where that is not known, or none was."""
    wrong = sorted((each for each in labels.table if each[0] != each[1]), key=lambda each: -each[2])
    if not wrong:
        return ""
    of_label = Counter[str]()
    for label, _, count in labels.table:
        of_label[str(label)] += count
    lines = [
        f'<tr><td class="what">{escaped(str(label))}</td><td class="what">{escaped(str(made))}</td>'
        f'<td class="number">{count:,} of {of_label[str(label)]:,}</td></tr>'
        for label, made, count in wrong[:MOST_MISTAKES]
    ]
    return f"<table><tr><th>label</th><th>was predicted as</th><th>labels</th></tr>{''.join(lines)}</table>"


def rung(alarms: Sequence[Decision]) -> str:
    """When each alarm began, and what had moved."""
    lines = [
        f'<tr><td class="time">{when(each.start)}</td><td class="what">{escaped(moved(each), 1_000)}</td></tr>'
        for each in alarms[:MOST_NOTES]
    ]
    rest = f'<p class="quiet">And {len(alarms) - MOST_NOTES:,} more.</p>' if len(alarms) > MOST_NOTES else ""
    return f'<div class="panel"><table><tr><th>window</th><th>what moved</th></tr>{"".join(lines)}</table>{rest}</div>'


def notes(history: History) -> str:
    """What is to be known of windows, the latest first; the same of neighbours once."""
    noted = [(window.decision.start, note) for window in history.windows for note in _noted(window)]
    if not noted:
        return '<p class="panel">None: every replica told of every window, and nothing came late.</p>'
    # Several kinds of notes may alternate from window to window.
    noted.sort(key=lambda each: (each[1], each[0]))
    lines = []
    for note, group in itertools.groupby(noted, key=lambda each: each[1]):
        starts = [start for start, _ in group]
        count = f", {len(starts):,} windows to {when(starts[-1])}" if len(starts) > 1 else ""
        lines.append((starts[-1], f'<td class="time">{when(starts[0])}{count}</td><td class="what">{note}</td>'))
    lines.sort(key=lambda each: -each[0])
    rest = f'<p class="quiet">And {len(lines) - MOST_NOTES:,} more.</p>' if len(lines) > MOST_NOTES else ""
    body = "".join(f"<tr>{line}</tr>" for _, line in lines[:MOST_NOTES])
    return f'<div class="panel"><table><tr><th>window</th><th>note</th></tr>{body}</table>{rest}</div>'


def _noted(window: Window) -> list[str]:
    """Escaped."""
    decision = window.decision
    told = [escaped(note, 400) for note in decision.notes]
    if decision.missing:
        named = escaped(", ".join(decision.missing), 400)
        told.append(f"Nothing came from: {named}. What was asked of them in this window is not counted.")
    if window.late_rows:
        told.append(f"{window.late_rows:,} rows came after the window was closed: counted here, never judged.")
    return told
