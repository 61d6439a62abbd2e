"""What holding a large file against its contract costs: 1,000,000 rows of 30 columns of mixed types, as Parquet.

Each check is a process of its own, as a user has it: its wall time with all that it loads, its processors' time, and
the most memory that it had. The rules are of every kind: types, a key, duplicate rows, missing shares, ranges,
categories, lengths, closed columns. Where `--peers` names an environment with pandera, that checks the same rules on
the same file. Rows with a key of their own cannot be duplicates, which are then not counted; `--no-key` counts them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import pyarrow
from pyarrow import parquet

ROWS, CALLS = 1_000_000, 5
LARGEST_S, LARGEST_MB = 2.0, 500
NUMBERS, WHOLES, TEXTS, TRUTHS = 12, 7, 6, 2
CATEGORIES = [f"kind {number}" for number in range(12)]
# What is asked of a child: to check, and to say what it took. (`ru_maxrss` would have the parent's memory in it.)
CHECK = """
import json, pathlib, re, resource, sys, time
began = time.monotonic()
from noteship import contracts
contract = contracts.read_file(pathlib.Path(sys.argv[2]), "contract.toml")
verdict = contracts.check(sys.argv[1], contract)
assert not verdict.broken("stop"), verdict
used = resource.getrusage(resource.RUSAGE_SELF)
most = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(json.dumps({"seconds": time.monotonic() - began, "cpu_s": used.ru_utime + used.ru_stime,
                  "memory_mb": int(most[1]) / 1024, "rules": len(verdict.findings)}))
"""


def main() -> None:
    """Check, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="the interpreter of an environment with pandera")
    parser.add_argument("--no-key", action="store_true", help="ask for no key, so that duplicate rows are counted")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        data, contract = Path(folder) / "data.parquet", Path(folder) / "contract.toml"
        write(data, arguments.rows)
        text = declared(arguments.rows)
        contract.write_text(text.replace('key = ["id"]\n', "") if arguments.no_key else text)
        print(
            f"{arguments.rows:,} rows, 30 columns, {data.stat().st_size / 1e6:,.0f} MB; the median of {arguments.calls}"
        )
        print(f"{'':<12} {'seconds':>9} {'processor':>10} {'memory':>9}")
        ours = measured([sys.executable, "-c", CHECK, str(data), str(contract)], arguments.calls)
        row("noteship", ours)
        print(f"  {ours['rules']:.0f} rules; at most {LARGEST_S} s and {LARGEST_MB} MB are wanted")
        if arguments.peers:
            peer = Path(__file__).parent / "peers" / "frame_pandera.py"
            theirs = measured([str(arguments.peers), str(peer), str(data)], arguments.calls)
            row("pandera", theirs)
            print(
                f"  {theirs['cpu_s'] / ours['cpu_s']:.1f} times the processor's time,"
                f" {theirs['memory_mb'] / ours['memory_mb']:.1f} times the memory"
            )


def write(path: Path, rows: int) -> None:
    """The file; the same each time."""
    draw = numpy.random.default_rng(0)
    columns: dict[str, pyarrow.Array] = {"id": pyarrow.array(numpy.arange(rows))}
    for number in range(NUMBERS):
        values = draw.normal(size=rows)
        values[draw.random(rows) < 0.02] = numpy.nan
        columns[f"number_{number}"] = pyarrow.array(values, from_pandas=True)
    for number in range(WHOLES):
        columns[f"whole_{number}"] = pyarrow.array(draw.integers(0, 1000, rows))
    for number in range(TEXTS):
        columns[f"kind_{number}"] = pyarrow.array(CATEGORIES).take(draw.integers(0, 12, rows))
    for number in range(TRUTHS):
        columns[f"truth_{number}"] = pyarrow.array(draw.random(rows) < 0.3)
    columns["time"] = pyarrow.array(numpy.datetime64("2024-01-01", "us") + draw.integers(0, 10**13, rows))
    words = pyarrow.array([f"text {number} of some length" for number in range(50_000)])
    columns["text"] = words.take(draw.integers(0, 50_000, rows))
    parquet.write_table(pyarrow.table(columns), path)


def declared(rows: int) -> str:
    """The contract, with a rule of every kind that the peer has, too; duplicates without the key, too."""
    lines = ['file = "data.parquet"', f"rows = [1, {rows}]", 'key = ["id"]', "closed = true", "duplicates = 0"]
    kinds = json.dumps(CATEGORIES)
    for number in range(NUMBERS):
        lines += [f"[columns.number_{number}]", 'type = "number"', "missing = 0.05", "range = [-8, 8]"]
    for number in range(WHOLES):
        lines += [f"[columns.whole_{number}]", 'type = "whole"', "missing = 0", "range = [0, 1000]"]
    for number in range(TEXTS):
        lines += [f"[columns.kind_{number}]", 'type = "text"', "missing = 0", f"categories = {kinds}"]
    for number in range(TRUTHS):
        lines += [f"[columns.truth_{number}]", 'type = "bool"', "missing = 0"]
    lines += ["[columns.id]", 'type = "whole"', "[columns.time]", 'type = "time"', "range = [2020-01-01, 2030-01-01]"]
    lines += ["[columns.text]", 'type = "text"', "missing = 0", "length = [1, 100]"]
    return "\n".join(lines)


def measured(command: list[str], calls: int) -> dict[str, float]:
    """The medians of some calls; the first, which reads the file into memory, does not count."""
    found = []
    for _ in range(calls + 1):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: statistics.median(each[name] for each in found[1:]) for name in found[0]}


def row(name: str, found: dict[str, float]) -> None:
    """A line of the table."""
    print(f"{name:<12} {found['seconds']:>7.2f} s {found['cpu_s']:>8.2f} s {found['memory_mb']:>6.0f} MB")


if __name__ == "__main__":
    main()
