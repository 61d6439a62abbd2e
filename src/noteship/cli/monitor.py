"""Shows what models are asked and answer, settles alarms, judges files of rows."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from noteship.cli.errors import WrongUsage
from noteship.cli.output import Output
from noteship.digests import short
from noteship.errors import EnvironmentLacks
from noteship.operations import loading
from noteship.operations.errors import NothingWatched
from noteship.operations.opened import OpenedProject

if TYPE_CHECKING:
    from noteship.cli.bars import Line
    from noteship.operations.judging import Judged
    from noteship.operations.monitor import Watched, Watching

__all__ = ["run"]

# A window is minutes long; the store is asked a dozen times in each.
LOOK_EVERY_S = 5
# Windows in lines of their own, where nobody has said how many.
ROWS, WIDTH = 12, 100
# Of a terminal that is too low for all; a time line shows the others.
FEWEST = 3
# How many windows are known: a time line of them, and those of the page.
KNOWN, OF_A_PAGE = 120, 10_000
# Apart from the codes of errors: a file that cannot be read is neither.
CHANGED, NOT_JUDGED = 10, 11


def run(arguments: argparse.Namespace, output: Output) -> int:
    """Show, once or until it is stopped; or settle, judge, or write a page."""
    _check(arguments)
    if arguments.evaluate:
        from noteship.cli import evaluate

        return evaluate.run(arguments, output)
    opened = OpenedProject.at(arguments.project)
    if arguments.rows is not None:
        return _judge(arguments, opened, output)
    if arguments.settle is not None:
        return _settle(arguments, opened, output)
    if arguments.report is not None:
        return _report(arguments, opened, output)
    if arguments.sample:
        from noteship.cli import kept

        return kept.show(arguments, opened, output)
    if _is_alerting(arguments):
        from noteship.cli import alerting

        return alerting.write(arguments, opened, output)
    from noteship.operations.monitor import Watching

    watching = Watching(opened, arguments.bundle, max(KNOWN, arguments.last or 0))
    rows = arguments.last or ROWS
    if output.as_json or arguments.once or not output.live or not output.prints_to_people:
        _once(watching, rows, output)
    else:
        _live(watching, rows, output)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    given = [name for name in ("rows", "settle", "report") if getattr(arguments, name) is not None]
    if _is_alerting(arguments):
        given.append("rules" if arguments.rules is not None else "dashboard")
    given += [name for name in ("sample", "evaluate") if getattr(arguments, name)]
    _check_evaluate(arguments)
    if len(given) > 1 and not (given == ["rows", "report"] and arguments.time is not None):
        instead = "one after the other"
        if given == ["rows", "report"]:
            instead = "--rows FILE --time COLUMN --report OUT.html, where rows have times"
        raise _wrong(f"--{given[0]} and --{given[1]} are two things to do", instead)
    if arguments.settle is not None and not arguments.settle.strip():
        raise _wrong("--settle asks why", 'noteship monitor --settle "a new catalogue"')
    if arguments.usual and arguments.settle is None:
        raise _wrong("--usual says of an alarm that is settled that it was none", "--settle WHY --usual")
    if arguments.time is not None and arguments.rows is None:
        raise _wrong("--time names a column of a file of rows", "--rows FILE --time COLUMN")
    if arguments.time is None and (arguments.window is not None or arguments.anew):
        name = "--anew" if arguments.window is None else "--window"
        raise _wrong(f"{name} is for rows that are judged by their times", f"--rows FILE --time COLUMN {name}")


def _check_evaluate(arguments: argparse.Namespace) -> None:
    """Raises WrongUsage."""
    own = ("host", "port", "token_file", "no_auth", "tls_certificate", "tls_key", "log")
    given = {name: getattr(arguments, name) for name in own}
    named = [name for name, value in given.items() if value is not None and value is not False]
    if named and not arguments.evaluate:
        option = f"--{named[0].replace('_', '-')}"
        raise _wrong(f"{option} is for who closes windows and answers probes", f"--evaluate {option}")
    if arguments.evaluate and (arguments.bundle or arguments.once or arguments.last):
        raise _wrong(
            "--evaluate closes windows of all versions of the release, until it is stopped", "--evaluate alone"
        )


def _wrong(fact: str, instead: str) -> WrongUsage:
    return WrongUsage(fact, instead, where="noteship monitor")


def _is_alerting(arguments: argparse.Namespace) -> bool:
    return arguments.rules is not None or arguments.dashboard is not None


def _once(watching: Watching, rows: int, output: Output) -> None:
    seen = watching.look(time.time())
    settings = watching.settings
    told = {
        "release": settings.release,
        "window_s": settings.window_s,
        "tolerance": settings.tolerance,
        "bell": settings.threshold,
    }
    output.document({**told, "watched": [_last(each, rows) for each in seen]})
    output.text(*_texts(_lines(seen, watching, output.width or WIDTH, rows)))


def _last(watched: Watched, rows: int) -> dict[str, object]:
    value = watched.to_json()
    return {**value, "windows": value["windows"][-rows:]}


def _live(watching: Watching, rows: int, output: Output) -> None:
    """Until Ctrl-C; what was seen last stays on the terminal. A service that is not there yet is waited for."""
    from noteship.cli import live

    seen, trouble = _looked((), watching)
    with live.Screen(output.stderr) as screen:
        try:
            while True:
                for _ in range(LOOK_EVERY_S):
                    lines = _fitting(seen, watching, (screen.width, screen.height - 1), rows)
                    screen.show(_framed(lines, trouble, screen.height))
                    time.sleep(1)
                seen, trouble = _looked(seen, watching)
        except KeyboardInterrupt:
            pass
    output.text(*_texts(_lines(seen, watching, output.width or WIDTH, rows)))


def _looked(seen: Sequence[Watched], watching: Watching) -> tuple[Sequence[Watched], str]:
    """What there is now, or what there was before and why it could not be looked at again."""
    try:
        return watching.look(time.time()), ""
    except NothingWatched as error:
        if seen or error.name:
            raise
        return (), f"waiting for a service: {error.parts().fact}"
    except EnvironmentLacks as error:
        # A store that is away for a while comes back.
        if not seen:
            raise
        return seen, f"could not look again: {error.parts().fact}"


def _fitting(seen: Sequence[Watched], watching: Watching, room: tuple[int, int], rows: int) -> list[Line]:
    """With as many windows as there is room for, but for the last few."""
    width, height = room
    lines = list(_lines(seen, watching, width, rows))
    beyond = len(lines) - height
    fewest = min(rows, FEWEST)
    if beyond <= 0 or rows == fewest:
        return lines
    in_full = max(1, sum(each.is_served for each in seen))
    return list(_lines(seen, watching, width, max(fewest, rows + -beyond // in_full)))


def _framed(lines: Sequence[Line], trouble: str, height: int) -> list[Line]:
    """As many as there is room for, and below them what is to be known of the view."""
    from noteship.cli.bars import line

    clock = time.strftime("%H:%M:%S UTC", time.gmtime())
    told = f"{clock}  Ctrl-C leaves"
    room = max(1, height - 1)
    hidden = len(lines) - room
    if hidden > 0:
        told = f"{told}  {hidden + 1} more lines: --once has all"
        lines = lines[: room - 1]
    told += f"  {trouble}" if trouble else ""
    return [*lines, line((told, "dim"))]


def _lines(seen: Sequence[Watched], watching: Watching, width: int, rows: int) -> Iterator[Line]:
    """Versions that are served in full, or else the first; the others in a line each."""
    from noteship.cli import watched
    from noteship.cli.bars import line

    full = [each for each in seen if each.is_served] or list(seen[:1])
    for place, each in enumerate(full):
        if place:
            yield line(("─" * width, "dim"))
        yield from watched.in_full(each, watching.settings, width, rows)
    others = [each for each in seen if each not in full]
    if others:
        yield line()
    for each in others:
        yield watched.in_brief(each)


def _texts(lines: Iterator[Line]) -> list[str]:
    return ["".join(text for text, _ in each).rstrip() for each in lines]


def _settle(arguments: argparse.Namespace, opened: OpenedProject, output: Output) -> int:
    from noteship.operations import monitor as operation

    place = operation.settle(opened, arguments.bundle, arguments.settle, is_usual=arguments.usual)
    output.document({"model": place.model, "version": place.version, "settled": arguments.settle})
    output.text(f"settled: the alarm of {place.model} (bundle {short(place.version)}); evidence is gathered anew")
    if arguments.usual:
        output.text("  its windows count as usual ones for their hours of the week")
    return 0


def _report(arguments: argparse.Namespace, opened: OpenedProject, output: Output) -> int:
    from noteship.operations import monitor as operation
    from noteship.reporting.verdict import verdict

    target = Path(arguments.report)
    found = operation.report(opened, arguments.bundle, arguments.last or OF_A_PAGE, target, time.time())
    standing = {"model": found.place.model, "version": found.place.version, "standing": found.history.standing}
    output.document({"report": str(target), **standing})
    output.text(verdict(found.history), f"  the page: {target}")
    return 0


def _judge(arguments: argparse.Namespace, opened: OpenedProject, output: Output) -> int:
    from noteship.cli.elsewhere import go_on_there
    from noteship.operations import judging

    chosen = loading.choose(arguments.bundle, opened)
    go_on_there(arguments, opened, "judging")
    trusting = loading.Trusting(
        tuple(arguments.trust_source), tuple(arguments.trust_type), allow_pickle=arguments.allow_pickle
    )
    output.aside(f"judging with {chosen.named.name} (bundle {short(chosen.named.digest)})")
    if arguments.time is not None:
        from noteship.cli import rehearsed

        return rehearsed.run(arguments, chosen, trusting, opened, output)
    judged = judging.judge(chosen, trusting, opened, Path(arguments.rows))
    output.document(judged.to_json())
    output.text(*_judged(judged, output.width or WIDTH))
    if judged.decision.state == "not enough data":
        return NOT_JUDGED
    return CHANGED if judged.is_changed else 0


def _judged(judged: Judged, width: int) -> Iterator[str]:
    from noteship.cli import watched
    from noteship.cli.bars import folded
    from noteship.monitor.deciding import FEWEST_ROWS
    from noteship.reporting.words import evidence

    decision = judged.decision
    rows = f"{decision.rows:,} {'row' if decision.rows == 1 else 'rows'} of {judged.path}"
    if decision.state == "not enough data":
        few = f"{rows} {'is' if decision.rows == 1 else 'are'} too few to be judged, {FEWEST_ROWS:,.0f} are enough"
        yield f"{watched.MARKS[decision.state]} not enough data: {few}"
    elif judged.is_changed:
        yield f"{watched.MARKS['alarm']} changed: {rows} are unlike the reference, beyond the tolerance"
    else:
        yield f"{watched.MARKS['unchanged']} unchanged: {rows} may well be within the tolerance of the reference"
    if decision.log_total is not None:
        total = f"{evidence(decision.log_total)} in all; {evidence(decision.log_budget)} is a change"
        yield from _texts(folded("evidence", total, width, indent=watched.TELLS_AT))
    yield from _texts(watched.what_moved(decision, decision, decision, width))
    for note in decision.notes:
        yield from _texts(folded("note", note, width, indent=watched.TELLS_AT))
