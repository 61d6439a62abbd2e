"""What a trial costs beside its stage: a search of which every trial runs the last of four stages again.

One whole process a search, as a user has it. A trial's overhead is its wall time less what its stage took itself, from
the start of its notebook to its end, as the ledger has it; medians and 95th percentiles of one search of 100 trials are
printed. The same search of a Python function by Optuna alone tells how much of it is drawing points.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TRIALS = 100
LARGEST_MS = 50.0
STAGES = {
    "01-collect": "import random\nrows = [(x, 3 * x + random.Random(x).gauss(0, 1)) for x in range(200)]\n"
    'open("raw.csv", "w").write("\\n".join(f"{x},{y}" for x, y in rows))\n',
    "02-clean": 'open("clean.csv", "w").write(open("raw.csv").read())\n',
    "03-features": 'open("features.csv", "w").write(open("clean.csv").read())\n',
    "04-train": "import json\nrate = 0.5\nsteps = 10\n"
    'rows = [tuple(map(float, line.split(","))) for line in open("features.csv").read().split()]\n'
    "slope = 0.0\nfor _ in range(steps):\n"
    "    slope += rate * sum(x * (y - slope * x) for x, y in rows) / sum(x * x for x, y in rows)\n"
    "loss = sum((y - slope * x) ** 2 for x, y in rows) / len(rows)\n"
    'json.dump({"loss": loss}, open("metrics.json", "w"))\n',
}
DECLARED = """[environment]
python = "{python}"
[tune]
metric = "metrics.json:loss"
trials = {trials}
jobs = {jobs}
[tune.space]
"04-train.rate" = {{ low = 0.01, high = 1.5 }}
"04-train.steps" = {{ low = 1, high = 30 }}
"""


def main() -> None:
    """Search with one trial at a time and with two, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--jobs", type=int, action="append")
    arguments = parser.parse_args()
    print(f"{'what':<44}  {'median':>9}  {'p95':>9}")
    for jobs in arguments.jobs or [1, 2]:
        with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
            found = search(Path(folder), arguments.trials, jobs)
        # The first ones load libraries, and start what is started once.
        trials = [each for each in found["trials"] if each["state"] == "done"][2 * jobs :]
        beside = [1000 * (each["seconds"] - each["own_seconds"]) for each in trials]
        print_row(f"{len(trials)} trials, {jobs} at once: beside the stage", beside, LARGEST_MS)
        print_row("  the stage itself", [1000 * each["own_seconds"] for each in trials])
        print(f"  the search in all: {found['seconds']:.1f} s; noteship's own processor time {found['cpu']:.1f} s")
    print_row(f"{arguments.trials} trials of a function by Optuna alone", alone(arguments.trials))


def search(place: Path, trials: int, jobs: int) -> dict:
    """One search, as `noteship tune --json` prints it, with the processor time of its process."""
    for name, code in STAGES.items():
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code, "id": name}
        document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (place / f"{name}.ipynb").write_text(json.dumps(document))
    (place / "noteship.toml").write_text(DECLARED.format(python=sys.executable, trials=trials, jobs=jobs))
    code = "import sys, time\nfrom noteship.cli.main import main\nmain(sys.argv[1:])\n"
    code += "print(time.process_time(), file=sys.stderr)"
    words = [sys.executable, "-c", code, "tune", "--json", "--project", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return {**json.loads(done.stdout), "cpu": float(done.stderr.split()[-1])}


def alone(trials: int) -> list[float]:
    """Milliseconds of each trial where the objective is a function."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    times = []
    for _ in range(trials):
        began = time.perf_counter()
        trial = study.ask()
        value = (trial.suggest_float("rate", 0.01, 1.5) - 1) ** 2 + trial.suggest_int("steps", 1, 30)
        study.tell(trial, value)
        times.append(1000 * (time.perf_counter() - began))
    return times


def print_row(what: str, times: Sequence[float], largest: float | None = None) -> None:
    """In milliseconds; with an aim, whether the median is within it."""
    median, high = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    aim = "" if largest is None else f"  aim {largest:.0f} ms: {'met' if median <= largest else 'missed'}"
    print(f"{what:<44}  {median:>6.1f} ms  {high:>6.1f} ms{aim}")


if __name__ == "__main__":
    main()
