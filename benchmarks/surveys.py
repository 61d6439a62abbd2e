"""What a page of a large table costs: 1,000,000 rows of 30 columns of mixed types, as Parquet.

Each page is a process of its own, as a user has it: its wall time with all that it loads, its processors' time, and the
most memory that it had. The table is that of `contracts.py`. One of its categories is named as the target, so that what
every column tells of it is found as well. Where `--peers` names an environment with ydata-profiling, that draws its
minimal page of the same file, without correlations, duplicates or a target.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from contracts import measured, row, write

ROWS, CALLS = 1_000_000, 3
LARGEST_S = 10.0
# What is asked of a child: to survey, and to say what it took. (`ru_maxrss` would have the parent's memory in it.)
SURVEY = """
import json, pathlib, re, resource, sys, time
began = time.monotonic()
from noteship import tabular
from noteship.reporting import datasets
from noteship.tabular import problems, surveys
with tabular.opened(sys.argv[1]) as table:
    looked = surveys.look(table, surveys.Asked("truth_0"))
    found = problems.find(looked)
page = datasets.page(looked.survey, found)
pathlib.Path(sys.argv[2]).write_text(page, encoding="utf-8")
used = resource.getrusage(resource.RUSAGE_SELF)
most = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(json.dumps({"seconds": time.monotonic() - began, "cpu_s": used.ru_utime + used.ru_stime,
                  "memory_mb": int(most[1]) / 1024, "problems": len(found), "page_kb": len(page.encode()) / 1e3}))
"""


def main() -> None:
    """Survey, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument(
        "--peers", type=Path, metavar="PYTHON", help="an environment's interpreter, ydata-profiling in it"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as folder:
        data, page = Path(folder) / "data.parquet", Path(folder) / "page.html"
        write(data, arguments.rows)
        print(
            f"{arguments.rows:,} rows, 30 columns, {data.stat().st_size / 1e6:,.0f} MB; the median of {arguments.calls}"
        )
        print(f"{'':<12} {'seconds':>9} {'processor':>10} {'memory':>9}")
        ours = measured([sys.executable, "-c", SURVEY, str(data), str(page)], arguments.calls)
        row("noteship", ours)
        print(
            f"  {ours['problems']:.0f} problems, a page of {ours['page_kb']:.0f} KB; at most {LARGEST_S} s are wanted"
        )
        if arguments.peers:
            peer = Path(__file__).parent / "peers" / "profile_ydata.py"
            theirs = measured([str(arguments.peers), str(peer), str(data), str(page)], arguments.calls)
            row("ydata", theirs)
            print(
                f"  a page of {theirs['page_kb']:.0f} KB; {theirs['cpu_s'] / ours['cpu_s']:.1f} times the processor's"
                f" time, {theirs['memory_mb'] / ours['memory_mb']:.1f} times the memory"
            )


if __name__ == "__main__":
    main()
