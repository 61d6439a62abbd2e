"""How long pipelines take: five notebooks beside papermill, a thousand notebooks, the start, and a large artifact.

Whole processes, start included, as a user waits for them. Peers and noteship alternate in one run; medians and their
ratio are printed, because absolute times move from machine to machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

TRIVIAL = 5
MANY, EDGES_EACH = 1000, 3
LARGE_BYTES = 2 * 2**30
NOTESHIP = (sys.executable, "-m", "noteship")


def main() -> None:
    """Run all of it and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="the folder with papermill's command")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=["five", "many", "start", "large"], action="append")
    arguments = parser.parse_args()
    # Not resolved: the link in an environment is what makes it that environment.
    arguments.peers = arguments.peers and arguments.peers.absolute()
    parts = arguments.only or ["start", "five", "many", "large"]
    rows: list[tuple[str, str, str, str]] = []
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        place = Path(folder)
        # Installed packages have their bytecode; here both have it, whichever tool made the environments.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(place / "bytecode")
        if "start" in parts:
            rows += start(arguments.repeat)
        if "five" in parts:
            rows += five(place / "five", arguments.peers, arguments.repeat)
        if "many" in parts:
            rows += many(place / "many", arguments.repeat)
        if "large" in parts:
            rows += large(place / "large")
    print_table(rows)


def start(repeat: int) -> list[tuple[str, str, str, str]]:
    """The command line's help."""
    times = [timed([*NOTESHIP, "--help"]) for _ in range(repeat + 1)][1:]
    return [("noteship --help", seconds(times), "at most 0.15 s", verdict(statistics.median(times) <= 0.15))]


def five(place: Path, peers: Path | None, repeat: int) -> list[tuple[str, str, str, str]]:
    """Five trivial notebooks in a chain, first and again."""
    chain(place, TRIVIAL)
    ours, theirs, again = [], [], []
    # The first time of all compiles modules.
    for _ in range(repeat + 1):
        shutil.rmtree(place / ".noteship", ignore_errors=True)
        ours.append(timed([*NOTESHIP, "run", "--project", str(place)]))
        again.append(timed([*NOTESHIP, "run", "--project", str(place)]))
        if peers:
            theirs.append(papermill(place, peers))
    ours, theirs, again = ours[1:], theirs[1:], again[1:]
    rows = [("five notebooks, first run", seconds(ours), "", "")]
    if theirs:
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        rows.append(("  papermill, one process", seconds(theirs), "", ""))
        rows.append(("  noteship / papermill", f"{ratio:.2f}", "at most 0.33", verdict(ratio <= 1 / 3)))
    rows.append(("  again, nothing changed", seconds(again), "at most 0.5 s", verdict(statistics.median(again) <= 0.5)))
    return rows


def papermill(place: Path, peers: Path) -> float:
    """The same five, executed by papermill in one process of its own environment."""
    names = sorted(path.name for path in place.glob("*.ipynb"))
    out = place.parent / "out"
    out.mkdir(exist_ok=True)
    code = (
        "import papermill, sys\n"
        f"for name in {names!r}:\n"
        f"    papermill.execute_notebook(name, {str(out)!r} + '/' + name, progress_bar=False, cwd={str(place)!r})\n"
    )
    return timed([str(peers / "python"), "-c", code], cwd=place)


def many(place: Path, repeat: int) -> list[tuple[str, str, str, str]]:
    """A thousand notebooks with three thousand edges."""
    wide(place, MANY, EDGES_EACH)
    first, again = [], []
    for _ in range(max(repeat // 2, 1)):
        shutil.rmtree(place / ".noteship", ignore_errors=True)
        first.append(timed([*NOTESHIP, "graph", "--json", "--project", str(place)]))
        again += [timed([*NOTESHIP, "graph", "--json", "--project", str(place)]) for _ in range(2)]
    edges = len(
        json.loads(
            subprocess.run(
                [*NOTESHIP, "graph", "--json", "--project", str(place)], capture_output=True, check=True
            ).stdout
        )["edges"]
    )
    print(f"graph of {MANY} notebooks: {edges} edges", file=sys.stderr)
    begun = time.perf_counter()
    subprocess.run(
        [*NOTESHIP, "run", "--project", str(place)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    whole = time.perf_counter() - begun
    nothing = [timed([*NOTESHIP, "run", "--project", str(place)]) for _ in range(repeat)]
    return [
        (
            f"graph of {MANY} notebooks, {edges} edges",
            seconds(first),
            "at most 5 s",
            verdict(statistics.median(first) <= 5),
        ),
        ("  again", seconds(again), "at most 1 s", verdict(statistics.median(again) <= 1)),
        ("  run, all of them", f"{whole:.1f} s", "", ""),
        ("  run, nothing to do", seconds(nothing), "at most 3 s", verdict(statistics.median(nothing) <= 3)),
    ]


def large(place: Path) -> list[tuple[str, str, str, str]]:
    """An artifact of 2 GiB through a stage: the memory of noteship's own process."""
    place.mkdir()
    cells = [
        "piece = bytes(range(256)) * 4096",
        f"with open('large.bin', 'wb') as out:\n    for i in range({LARGE_BYTES // 2**20}):\n        out.write(piece)",
    ]
    notebook(place / "01-make.ipynb", cells)
    notebook(
        place / "02-use.ipynb",
        [
            "import os",
            "with open('large.bin', 'rb') as made:\n    made.read(100)",
            "open('size.txt', 'w').write('seen')",
        ],
    )
    before = time.perf_counter()
    peak = peak_of([*NOTESHIP, "run", "--project", str(place)])
    took = time.perf_counter() - before
    return [
        (
            "2 GiB through a stage, own memory",
            f"{peak / 2**20:.0f} MiB ({took:.1f} s)",
            "at most 200 MiB",
            verdict(peak <= 200 * 2**20),
        )
    ]


def peak_of(words: Sequence[str]) -> int:
    """The peak resident bytes of a process itself, its children left aside."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        peak = max([peak, *(int(each) * 1024 for each in found)])
        time.sleep(0.02)
    if process.wait():
        raise SystemExit("the run failed")
    return peak


def chain(place: Path, count: int) -> None:
    """Notebooks that hand a small file on."""
    place.mkdir(parents=True)
    for number in range(1, count + 1):
        read = "total = 0" if number == 1 else f"total = int(open('part-{number - 1}.txt').read())"
        notebook(
            place / f"{number:02d}.ipynb", [read, "total += 1", f"open('part-{number}.txt', 'w').write(str(total))"]
        )


def wide(place: Path, count: int, each: int) -> None:
    """Notebooks that read the files of some before them."""
    place.mkdir(parents=True)
    draw = random.Random(7)
    for number in range(count):
        sources = sorted(draw.sample(range(max(0, number - 50), number), min(each, number)))
        cells = ["import json\nfrom pathlib import Path", "DATA = Path('data')\nDATA.mkdir(exist_ok=True)"]
        cells += [f"part_{n} = json.loads((DATA / 'part-{n}.json').read_text())" for n in sources]
        cells.append(f"with open(DATA / f'part-{{{number}}}.json', 'w') as out:\n    json.dump({{'n': {number}}}, out)")
        notebook(place / f"{number:04d}.ipynb", cells)


def notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code cells."""
    document = {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for i, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))


def timed(words: Sequence[str], cwd: Path | None = None) -> float:
    """Wall-clock seconds of a whole process; a failing one ends the benchmark."""
    begun = time.perf_counter()
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, check=False, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    took = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-2000:])
    return took


def seconds(times: Sequence[float]) -> str:
    """Median with the range."""
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def verdict(good: bool) -> str:
    """Whether the aim is met."""
    return "met" if good else "missed"


def print_table(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """As Markdown, with the machine."""
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}\n")
    header = ("what", "median (range)", "aim", "")
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(4)]

    def line(row: Sequence[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"

    print(line(header))
    print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for row in rows:
        print(line(row))


if __name__ == "__main__":
    main()
