"""The page: a verdict, a time line, the distributions, what moved, and how to read all this."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Sequence

from noteship.monitor import Profile, Sketch
from noteship.reporting import charts, timelines
from noteship.reporting.canvas import Easel
from noteship.reporting.cards import cards
from noteship.reporting.comparing import Comparison, compare, compare_work
from noteship.reporting.document import document
from noteship.reporting.guide import accuracy_legend, guide, legend, shares_legend
from noteship.reporting.history import History
from noteship.reporting.kept import Rows
from noteship.reporting.marks import marks
from noteship.reporting.realised import realised
from noteship.reporting.rehearsal import Rehearsal, alarms, outcome, sentence
from noteship.reporting.rows import rows_kept
from noteship.reporting.states import LOOKS, icon, meaning
from noteship.reporting.tables import facts, mistakes, notes, pairs, rules, rung
from noteship.reporting.verdict import moved, verdict
from noteship.reporting.words import duration, escaped, factor, when

__all__ = ["page"]


def page(
    name: str,
    profile: Profile,
    history: History,
    *,
    version: str = "",
    rows: Rows | None = None,
    rehearsal: Rehearsal | None = None,
) -> str:
    """One HTML page that needs nothing else: no script, no font, no network. Its policy forbids them, too.

    `name` and `version`: of the model; `rows`: what is kept of its requests; `rehearsal`: where the history is of a
    file. Guarantee: the same arguments give the same bytes; foreign text is escaped; the page is XML, too. Raises
    PlottingMissing, and OtherEncoding where a sketch is not the profile's.
    Cost: some 40 ms and 6 KB for each feature; time lines have at most a thousand marks.
    """
    state = history.standing if rehearsal is None else outcome(history)
    title = f"{name}: {LOOKS[state].word}"
    head = _header(name, history, version, rehearsal) + _verdict(history, rehearsal)
    with Easel().set_up() as easel:
        body = "\n".join([head, *_sections(easel, profile, history, rows, rehearsal)])
    return document(title, body)


def _sections(
    easel: Easel, profile: Profile, history: History, kept: Rows | None, rehearsal: Rehearsal | None
) -> Iterator[str]:
    sketch = _added(profile, history)
    yield facts(history)
    if history.windows:
        yield _time_line(easel, history)
    if rehearsal is not None and len(rang := alarms(history)) > 1:
        yield f"<h2>Alarms</h2>{rung(rang)}"
    compared = compare(profile, sketch, effect=history.last.effect if history.last else 1.0)
    groups: dict[str, list[Comparison]] = {"input": [], "prediction": [], "work": []}
    for each in compared:
        groups[each.group].append(each)
    yield _inputs(easel, profile, history, sketch, groups["input"])
    yield f"<h2>What it answered</h2>{cards(easel, groups['prediction'], history, sketch.rows)}"
    yield _work(easel, profile, history, sketch, groups["work"])
    explained = history.explained
    yield f"<h2>What goes together otherwise</h2>{pairs(easel, explained)}"
    yield f"<h2>Rules that moved</h2>{rules(easel, explained)}"
    if kept is not None:
        yield f"<h2>Rows that were kept</h2>{rows_kept(kept)}"
    if history.windows:
        yield from _over_time(easel, history)
    yield f"<h2>Notes</h2>{notes(history)}"
    yield f'<h2>How to read this</h2><div class="panel">{guide(history.settings, rehearsal)}</div>'


def _added(profile: Profile, history: History) -> Sketch:
    sketches = [profile.read_sketch(each.sketch) for each in history.compared if each.sketch]
    return functools.reduce(operator.add, sketches, profile.sketch())


def _header(name: str, history: History, version: str, rehearsal: Rehearsal | None) -> str:
    told = [
        f"release {escaped(history.settings.release)}" if rehearsal is None else f"rows of {escaped(rehearsal.path)}"
    ]
    if version:
        told.append(f"version {escaped(version, 16)}")
    if history.windows:
        first, count = when(history.windows[0].decision.start), len(history.windows)
        told.append(f"{count:,} {'window' if count == 1 else 'windows'} of {duration(history.settings.window_s)} "
                    f"from {first} to {when(history.end)}")  # fmt: skip
    # A file ends with its last window, whenever that is looked at.
    if rehearsal is None:
        told.append(f"written {when(history.now - history.now % 60)}")
    return f"<header><h1>{escaped(name)}</h1><p>{' · '.join(told)}</p></header>"


def _verdict(history: History, rehearsal: Rehearsal | None) -> str:
    state, told = history.standing, verdict(history)
    means = meaning(state)
    if rehearsal is not None:
        state, told, rang = outcome(history), sentence(history), alarms(history)
        means = meaning(state, rehearsal.after_an_alarm)
        told += f" {'Why' if len(rang) == 1 else 'The first'}: {moved(rang[0])}." if rang else ""
    return (
        f'<div class="panel verdict" style="border-left-color: {LOOKS[state].colour}">{icon(state)}'
        f'<div><p>{escaped(told, 1_000)}</p><p class="meaning">{means}</p></div></div>'
    )


def _time_line(easel: Easel, history: History) -> str:
    size = marks(history)[1]
    each = "" if size == 1 else f" Each mark stands for the worst of {size} windows."
    return (
        f'<h2>Time line</h2><p class="quiet">Evidence for a change beyond the tolerance; at the bell it is an alarm. '
        f"Times are UTC.{each}</p>"
        f'<div class="panel">{legend()}{_wide(timelines.evidence(easel, history))}</div>'
    )


def _inputs(easel: Easel, profile: Profile, history: History, sketch: Sketch, given: Sequence[Comparison]) -> str:
    return (
        f'<h2>What the model was asked</h2><p class="quiet">{_compared(profile, history, sketch)} '
        f"The columns that moved most come first.</p>{shares_legend()}{cards(easel, given, history, sketch.rows)}"
    )


def _compared(profile: Profile, history: History, sketch: Sketch) -> str:
    reference = int(profile.rows.sum())
    if not sketch.rows:
        return f"No rows to compare with the {reference:,} of the reference yet."
    windows = history.compared
    told = (
        f"{sketch.rows:,} rows of {history.told_compared}, "
        f"since {when(windows[0].decision.start)}, next to {reference:,} rows of the reference."
    )
    if history.last is not None and history.last.reference != "profile":
        told += " Decisions compare with the same hour of earlier weeks; the charts show the reference itself."
    return told


def _work(easel: Easel, profile: Profile, history: History, sketch: Sketch, given: Sequence[Comparison]) -> str:
    histogram = compare_work(profile, sketch)
    if not given:
        return '<h2>Work</h2><p class="panel">Not counted: a step of the model is of a kind without a rule for it.</p>'
    if histogram is None:
        return '<h2>Work</h2><p class="panel">Not counted in the windows that are compared.</p>'
    last = next((each.work for each in reversed(history.decisions) if each.work is not None), None)
    mean = ""
    if last is not None:
        counted = "" if last.share > 0.999 else f", counted of {last.share:.0%} of the rows"
        mean = f"{last.mean:,.0f} multiplications a row on average{counted}: {factor(last.ratio)} the reference's."
    over_time = _wide(timelines.work(easel, history))
    if over_time:
        over_time = f'<p class="quiet">The mean by window, as a multiple of the reference\'s:</p>{over_time}'
    chart = _wide(charts.work(easel, histogram), "chart")
    return f'<h2>Work</h2><p class="quiet">{mean}</p><div class="panel">{shares_legend()}{chart}{over_time}</div>'


def _accuracy(easel: Easel, history: History) -> str:
    """What is expected, and what labels say."""
    labelled = realised(history)
    chart = _wide(timelines.accuracy(easel, history))
    told = "share of right answers that the probabilities promise; the bars are two standard errors. "
    told += "The axis does not begin at zero."
    if labelled is None:
        panel = f'<p class="quiet">The {told}</p><div class="panel">{chart}</div>'
        unknown = '<p class="panel">Not known: the model gives no probabilities.</p>'
        return f"<h2>Expected accuracy</h2>{panel if chart else unknown}"
    if labelled.labels.kind == "regression":
        said, chart = escaped(f"Realised: {labelled}.", 400), _wide(timelines.error(easel, history))
        return f'<h2>Error</h2><p class="quiet">{said}</p><div class="panel">{chart}</div>'
    said = escaped(f"Realised: {labelled}. Expected is the {told}", 600)
    drawn = f"{accuracy_legend()}{chart}{mistakes(labelled.labels)}"
    return f'<h2>Accuracy</h2><p class="quiet">{said}</p><div class="panel">{drawn}</div>'


def _over_time(easel: Easel, history: History) -> Iterator[str]:
    yield _accuracy(easel, history)
    yield (
        f'<h2>Rows and requests</h2><div class="panel">{shares_legend("rows", "requests", is_line=True)}'
        f"{_wide(timelines.rows(easel, history))}</div>"
    )


def _wide(chart: str, kind: str = "time chart") -> str:
    """On a small screen it is moved sideways, or letters would be too small to read; of times the last come first."""
    return f'<div class="{kind}">{chart}</div>' if chart else ""
