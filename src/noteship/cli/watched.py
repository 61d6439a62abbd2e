"""What `noteship monitor` shows of a version that is watched, as lines of a width."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from noteship import monitor, reporting
from noteship.cli.bars import Line, folded, line, reach, rising, thinned, widened
from noteship.cli.output import duration
from noteship.digests import short
from noteship.monitor.deciding import FEWEST_ROWS
from noteship.monitor.decision import Culprit, Decision
from noteship.monitor.pieces import grace_s, start_of
from noteship.operations.monitor import Watched
from noteship.reporting.comparing import compare, compare_work
from noteship.reporting.history import Standing
from noteship.reporting.states import LOOKS
from noteship.reporting.verdict import how_strong, verdict
from noteship.reporting.words import evidence, factor, number, percent, shown

__all__ = ["MARKS", "head", "in_brief", "in_full", "what_moved", "windows"]

# Shapes, so that colours are not needed.
MARKS = {
    "unchanged": "●",
    "learning": "■",
    "changing": "▲",
    "alarm": "◆",
    "not enough data": "×",
    "silent": "○",
    "none": "○",
}
# Of the lines below the verdict: where what they tell begins.
TELLS_AT = 22
BAR = 28
# What stands in the line of a window beside its bar.
BESIDE_BAR = 67
NARROWEST = 72
# Windows of the line of all that are known.
MOST_SLOTS = 120
# Rows of requests that are so much alike, or more, are told of.
ALIKE = 1.1
# As wide as a distribution of few bins is drawn.
WIDE = 48
DAY_S = 86_400
MEANS = "R: evidence that more than the tolerance has changed; at the bell an alarm. --report explains it all"
# Of columns that moved, and of numbers of a prediction, the distributions of so many are shown.
MOST_BARS = 2


def in_brief(watched: Watched) -> Line:
    """One line: for versions that nobody serves any more."""
    history = watched.history
    told = "no window was closed"
    if history.last is not None:
        told = f"last heard of {_time(history.end, history)}: {history.last.state}"
    return line(*_mark(history.standing), f" {shown(watched.place.model, 40)} ", *_version(watched), f"  {told}")


def head(watched: Watched, settings: monitor.Settings, width: int) -> Iterator[Line]:
    """Which version it is, and how it stands."""
    yield line((shown(watched.place.model, 40), "bold"), "  ", *_version(watched), f"  release {settings.release}")
    standing = watched.history.standing
    for number_, each in enumerate(folded("", verdict(watched.history), width - 2)):
        yield line(*(_mark(standing) if not number_ else (" ",)), " ", *each)


def in_full(watched: Watched, settings: monitor.Settings, width: int, rows: int) -> Iterator[Line]:
    """All of it, with so many windows at most."""
    history, width = watched.history, max(NARROWEST, width)
    yield from head(watched, settings, width)
    yield from _under_way(watched, settings)
    if not history.windows:
        yield from _realised(history, width)
        return
    yield line()
    yield from windows(history, settings, width, rows)
    last = history.decisions[-1]
    # A window that is too small to be judged adds nothing to the evidence.
    judged = history.judged or last
    yield line()
    yield from what_moved(history.explained or judged, judged, last, width)
    yield from _realised(history, width)
    yield from _kept(watched, width)
    yield from _notes(history, rows, width)
    if watched.profile is not None:
        yield from _shares(watched, watched.profile, width)


def what_moved(explained: Decision, judged: Decision, last: Decision, width: int) -> Iterator[Line]:
    """The evidence by detector, of the last window that was judged; what moved; and what the last window says besides.

    `explained`: the decision that says what moved, if any does.
    """
    logs = judged.log_r or judged.log_e
    if logs:
        ordered = sorted(logs.items(), key=lambda each: -each[1])
        yield from _told("evidence from", ", ".join(f"{name} {evidence(each)}" for name, each in ordered), width)
    for culprit in explained.culprits:
        yield from _told("column that moved", _culprit(culprit), width)
    for rule in explained.moved:
        yield from _told("rule that moved", f"{shown(rule.what)}: {_then_now(rule.reference, rule.window)}", width)
    for pair in explained.pairs:
        both = f"{how_strong(pair.reference)} → {how_strong(pair.window)}"
        yield from _told("ranks that moved", f"{shown(pair.what)}: {both}", width)
    if judged.joint_p is not None:
        words = f"one so large has a probability of {percent(judged.joint_p)} without any change; it never rings"
        yield from _told("joint distance", words, width)
    if last.effect >= ALIKE:
        independent = max(1, round(last.judged_rows / last.effect))
        ones = f"{independent:,} independent {'one' if independent == 1 else 'ones'}"
        words = f"{last.judged_rows:,} rows say as much as {ones}; {FEWEST_ROWS:,.0f} are enough to be judged"
        yield from _told("rows of a request", words, width)
    if last.accuracy is not None:
        error = f"± {100 * last.accuracy.standard_error:.1f} points"
        words = f"{percent(last.accuracy.expected)} {error}, while probabilities are calibrated"
        yield from _told("expected accuracy", words, width)
    if last.work is not None:
        counted = "" if last.work.share > 0.999 else f", counted of {percent(last.work.share)} of the rows"
        words = f"{last.work.mean:,.0f} multiplications a row{counted}, {factor(last.work.ratio)} the reference's"
        yield from _told("work", words, width)


def _kept(watched: Watched, width: int) -> Iterator[Line]:
    """How many rows are kept, and how they are seen."""
    if watched.rows is None:
        return
    after, before = len(watched.rows.after.rows), len(watched.rows.before.rows)
    told = f"{after:,} since the change, {before:,} of before" if after else f"{before:,} of the last windows"
    yield from _told("rows kept", f"{told}: noteship monitor --sample {shown(watched.place.model, 40)}", width)


def _realised(history: reporting.History, width: int) -> Iterator[Line]:
    """What labels say that have come."""
    labelled = reporting.realised(history)
    if labelled is not None:
        what = "realised error" if labelled.labels.kind == "regression" else "realised accuracy"
        yield from _told(what, str(labelled), width)


def _told(label: str, text: str, width: int) -> Iterator[Line]:
    return folded(label, text, width, indent=TELLS_AT)


def _culprit(culprit: Culprit) -> str:
    shares = ", ".join(f"{shown(each.what)}: {_then_now(each.reference, each.window)}" for each in culprit.shares)
    return f"{shown(culprit.feature)} (evidence {evidence(culprit.log_r)})" + (f"; {shares}" if shares else "")


def _then_now(then: float, now: float) -> str:
    return f"{percent(then)} → {percent(now)}"


def _mark(standing: Standing) -> tuple[tuple[str, str], ...]:
    return ((MARKS[standing], LOOKS[standing].colour),)


def _version(watched: Watched) -> tuple[str | tuple[str, str], ...]:
    names = f"{', '.join(watched.names)}, " if watched.names else ""
    return (f"{names}bundle {short(watched.place.version)}",)


def _under_way(watched: Watched, settings: monitor.Settings) -> Iterator[Line]:
    now, seconds = watched.history.now, settings.window_s
    if not watched.workers:
        told = "nobody watches it now"
    else:
        closes = start_of(now - grace_s(seconds), seconds) + seconds + grace_s(seconds)
        workers = f"{watched.workers} {'worker' if watched.workers == 1 else 'workers'}"
        replicas = f" of {watched.replicas} replicas" if watched.replicas > 1 else ""
        told = f"{workers}{replicas}; the next window is closed in {duration(max(1, round(closes - now)))}"
    yield line(("  " + told, "dim"))
    if watched.note:
        yield line(("  " + watched.note, "dim"))


def windows(history: reporting.History, settings: monitor.Settings, width: int, rows: int) -> Iterator[Line]:
    """The last windows, a line each, the latest first; before them a time line, where there are more."""
    shown_ = list(history.decisions[-rows:])
    if len(history.decisions) > len(shown_):
        yield from _time_line(history, settings, width)
    bar = min(BAR, width - BESIDE_BAR)
    bell = f"R, bell at {settings.threshold:,.0f}"
    yield line((f"{'window (UTC)':<15}{'state':<17}{'rows':>9}{'requests':>10}  {bell}", "dim"))
    after: int | None = None
    for each in reversed(shown_):
        if after is not None and after - each.start > settings.window_s:
            gap = duration(after - each.start - settings.window_s)
            yield line((f"{'':<15}nothing heard for {gap}", "dim"))
        after = each.start
        colour = LOOKS[each.state].colour
        reached = reach(each.log_total, each.log_budget, bar)
        told = evidence(each.log_total) if each.joint_p is not None else ""
        yield line(
            f"{_time(each.start, history):<15}",
            (f"{MARKS[each.state]} {each.state:<15}", colour),
            f"{each.rows:>9,}{each.requests:>10,}  ",
            (reached if each.joint_p is not None else " " * bar, colour),
            f" {told}",
        )
    yield from folded("", MEANS, width, "dim")


def _time_line(history: reporting.History, settings: monitor.Settings, width: int) -> Iterator[Line]:
    """R of every window that is known, the bell at three quarters; nothing where nothing was heard."""
    slots = min(MOST_SLOTS, width - TELLS_AT)
    by_start = {each.start: each for each in history.decisions}
    last = history.decisions[-1].start
    first = max(history.decisions[0].start, last - (slots - 1) * settings.window_s)
    pieces: list[tuple[str, str]] = []
    for start in range(first, last + 1, settings.window_s):
        each = by_start.get(start)
        if each is None:
            pieces.append((" ", ""))
        elif each.joint_p is None:
            pieces.append((MARKS[each.state] if each.state == "alarm" else "·", LOOKS[each.state].colour))
        else:
            height = max(0.0, each.log_total or 0.0) / each.log_budget if each.log_budget else 1.0
            pieces.append((rising([max(height, 0.01)], 4 / 3), LOOKS[each.state].colour))
    yield line(("all windows".ljust(TELLS_AT), "dim"), *pieces)
    yield line((" " * TELLS_AT + f"since {_time(first, history)}; R on a logarithmic scale", "dim"))
    yield line()


def _shares(watched: Watched, profile: monitor.Profile, width: int) -> Iterator[Line]:
    """Shares of rows, in the reference and in the last windows: by leaves of the inputs' tree, predictions and work."""
    sketch = profile.sketch()
    for window in watched.history.compared:
        if window.sketch:
            sketch = sketch + profile.read_sketch(window.sketch)
    if not sketch.rows:
        return
    yield line()
    windows = f"{watched.history.told_compared}, of {sketch.rows:,} rows"
    yield line((f"shares of rows, in the reference and in {windows}", "dim"))
    now = sketch.counts("inputs").sum(axis=0) / sketch.rows
    then = profile.masses("inputs")
    yield from _pair("inputs jointly", f"{len(now)} rules", then.tolist(), now.tolist(), width)
    explained = watched.history.explained
    named = {each.feature for each in explained.culprits[:MOST_BARS]} if explained is not None else set()
    features = sorted(compare(profile, sketch), key=lambda each: -each.distance)
    columns = [each for each in features if each.group == "input" and each.name in named]
    for each in [*columns, *[each for each in features if each.group == "prediction"][:MOST_BARS]]:
        ticks = [words for _, words in each.ticks if words != "missing"]
        ends = " … ".join(dict.fromkeys([*ticks[:1], *ticks[-1:]]))
        yield from _pair(each.name, ends, each.reference.tolist(), each.window.tolist(), width)
    work = compare_work(profile, sketch)
    if work is not None:
        ends = f"{number(float(work.edges[0]))} … {number(float(work.edges[-1]))}"
        yield from _pair("work", ends, work.reference.tolist(), work.window.tolist(), width)


def _pair(name: str, ends: str, reference: Sequence[float], window: Sequence[float], width: int) -> Iterator[Line]:
    free = width - TELLS_AT - 11
    then, now = thinned(reference, free), thinned(window, free)
    most = max([*then, *now], default=0.0)
    bars = [widened(rising(each, most), min(free, WIDE)) for each in (then, now)]
    if len(name) >= TELLS_AT:
        yield line(shown(name, width))
        name = ""
    yield line(f"{shown(name):<{TELLS_AT}}", ("reference  ", "dim"), (bars[0], "#777777"))
    yield line((f"{ends:<{TELLS_AT}}", "dim"), ("now        ", "dim"), (bars[1], "#56B4E9"))


def _notes(history: reporting.History, rows: int, width: int) -> Iterator[Line]:
    for window in reversed(history.windows[-rows:]):
        decision = window.decision
        told = [f"{shown(name)} told nothing of it" for name in decision.missing]
        told += [shown(note, 300) for note in decision.notes]
        if window.late_rows:
            told.append(f"{window.late_rows:,} rows came when it was closed, and were not judged")
        for each in told:
            yield from _told(f"note, {_time(decision.start, history)}", each, width)


def _time(moment: float, history: reporting.History) -> str:
    """The time of day, to the second where windows are short, with the day where it is another one; of days, these."""
    when, today = (datetime.datetime.fromtimestamp(each, datetime.UTC) for each in (moment, history.now))
    if history.settings.window_s % DAY_S == 0:
        return when.strftime("%Y-%m-%d")
    clock = "%H:%M:%S" if history.settings.window_s % 60 else "%H:%M"
    return when.strftime(clock if when.date() == today.date() else f"%m-%d {clock}")
