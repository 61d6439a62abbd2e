"""How long noteship's monitoring is quiet where it should be, and how soon it rings where it should: by simulation.

Rows of 30 columns, a logistic regression's predictions and the work of scoring go through the package's own profiles,
sketches and statistics, window by window, until the alarm. Everything is drawn from fixed seeds: the tables are the
same on every run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from served.tables import markdown
from watched.cells import FOUND_WITHIN, Delays, RunLengths, aims, delay_table, run_table
from watched.laws import LAWS
from watched.streams import Outcome, Task, follow

# Windows between two false alarms: few, so that false alarms can be seen at all, and 90 days of five minutes.
SHORT, LONG = 100.0, 25_920.0
ROWS = (100, 500, 2_000, 10_000, 20_000)
REFERENCES = 10
# Streams with larger windows are fewer, so that all take about as long.
LARGE = 2_000
# What a test runs: seconds.
SMALL_RUNS, SMALL_CHANGES = ("unchanged", "shifted", "moving", "tilted"), ("correlation", "prediction", "work")
SMALL_ROWS, SMALL_CAP, SMALL_STREAMS, SMALL_REFERENCES = 500, 110, 3, 2


def main() -> None:
    """Run it and print the tables."""
    arguments = _arguments()
    begun = time.perf_counter()
    tasks = _small() if arguments.small else _tasks(arguments)
    outcomes = _follow(tasks, arguments.processes)
    cells: dict[tuple[str, int, float], list[Outcome]] = defaultdict(list)
    for each in sorted(outcomes, key=lambda each: each.task.number):
        cells[each.task.law, each.task.rows, each.task.threshold].append(each)
    changed = {key: LAWS[key[0]].kind == "changed" for key in cells}
    runs = [RunLengths.of(some) for key, some in cells.items() if not changed[key]]
    delays = [Delays.of(some) for key, some in cells.items() if changed[key]]
    _print(runs, delays)
    print(f"\n{len(tasks)} streams in {time.perf_counter() - begun:.0f} s, Python {sys.version.split()[0]}")
    if arguments.json:
        found = {"runs": [asdict(each) for each in runs], "delays": [each.to_json() for each in delays]}
        arguments.json.write_text(json.dumps(found, indent=1))


def _tasks(arguments: argparse.Namespace) -> list[Task]:
    tasks = []
    for name in arguments.laws:
        is_changed = LAWS[name].kind == "changed"
        threshold, cap = (LONG, FOUND_WITHIN) if is_changed else (SHORT, arguments.cap)
        for rows in arguments.rows:
            streams = arguments.streams if is_changed else max(2, arguments.streams * LARGE // max(rows, LARGE))
            tasks += [Task(name, rows, threshold, cap, number, REFERENCES) for number in range(streams)]
            if LAWS[name].kind == "dependent":
                tasks += [Task(name, rows, LONG, arguments.cap, number, REFERENCES) for number in range(streams)]
    return tasks


def _small() -> list[Task]:
    runs = [(name, SMALL_ROWS, SHORT, SMALL_CAP) for name in SMALL_RUNS]
    changes = [(name, LARGE, LONG, FOUND_WITHIN) for name in SMALL_CHANGES]
    return [Task(*each, number, SMALL_REFERENCES) for number in range(SMALL_STREAMS) for each in runs + changes]


def _follow(tasks: Sequence[Task], processes: int) -> list[Outcome]:
    if processes == 1:
        return _shown(map(follow, tasks), len(tasks))
    # The longest first, so that none is left alone at the end.
    tasks = sorted(tasks, key=lambda task: -task.rows * task.windows)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return _shown(pool.imap_unordered(follow, tasks), len(tasks))


def _shown(outcomes: Iterable[Outcome], count: int) -> list[Outcome]:
    found = []
    for number, each in enumerate(outcomes, 1):
        found.append(each)
        ending = "rang after" if each.rang else "quiet for"
        line = f"{number}/{count} {each.task.law}, {each.task.rows} rows, {each.task.number}"
        print(f"{line}: {ending} {each.windows} {each.driver}", file=sys.stderr, flush=True)
    return found


def _print(runs: Sequence[RunLengths], delays: Sequence[Delays]) -> None:
    for threshold in (SHORT, LONG):
        some = [each for each in runs if each.threshold == threshold]
        if some:
            promised = f"at most one in {threshold:,.0f} windows is promised of independent requests"
            print(f"\nWindows until a false alarm, by rows a window; {promised}\n")
            print(run_table(some))
    if delays:
        print(f"\nFound within {FOUND_WITHIN} windows, and after how many, at one false alarm in {LONG:,.0f} windows\n")
        print(delay_table(delays))
    found = [[aim.what, aim.found, aim.wanted, "met" if aim.is_met else "missed"] for aim in aims(runs, delays)]
    if found:
        print("\n" + markdown(["what", "found", "aim", ""], found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="calibration.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--laws", nargs="+", choices=list(LAWS), default=list(LAWS))
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS, help="a window")
    parser.add_argument("--streams", type=int, default=20, help=f"of each; fewer above {LARGE:,} rows (default: 20)")
    parser.add_argument("--cap", type=int, default=1_000, help="windows after which a quiet stream ends")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--small", action="store_true", help="a small part, which takes seconds")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
