"""What watching a model costs, and what a check of a table sees, beside Evidently, NannyML, alibi-detect and whylogs.

Each in an environment and a process of its own, one after the other, on the same tables of 10,000 rows and 30 columns:
one with the reference's law, and one in which a correlation was put between two columns while every column by itself
stayed as it was.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
from served import models
from served.tables import markdown

ROWS, COLUMNS, CORRELATION = 10_000, 30, 0.8
CODE = Path(__file__).parent
PEERS = ("evidently", "nannyml", "alibi-detect", "whylogs")
# A check that takes longer is no check of a window.
PATIENCE_S = 900.0
# Aims: a row's cost in batches of 32, a check's, the profile's and a window's size.
ROW_US, CHECK_MS, PROFILE_BYTES, SKETCH_BYTES = 5.0, 5.0, 200_000, 16_384


def main() -> None:
    """Run it and print the tables."""
    arguments = _arguments()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="noteship-bench-") as place:
        folder = Path(place)
        _write_tables(folder)
        ours = _asked([str(arguments.noteship / "python"), "-m", "watched.ours", place], CODE)
        if "failed" not in ours:
            # By the project's own environment: the bundle's steps need scikit-learn.
            ours["gathered"] = _asked(
                [sys.executable, "-m", "watched.gathered", str(models.prepare("forest", folder).project)], CODE
            )
        peers = [_peer(name, arguments.peers / f".venv-bench-{name}", folder) for name in arguments.libraries]
    if "failed" not in ours:
        print(markdown(["what", "found", "aim", ""], _own_rows(ours)))
    print(f"\nA table of {ROWS:,} rows and {COLUMNS} columns against another\n")
    print(markdown(_HEADER, [row for found in (ours, *peers) for row in _rows(found)]))
    print(f"\n{os.cpu_count()} processors, Python {sys.version.split()[0]}, load before {load:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"noteship": ours, "peers": peers}, indent=1))


def _write_tables(folder: Path) -> None:
    """Standard normal columns; in the last table the second one of a pair follows the first."""
    random = numpy.random.default_rng(20_000)
    for name in ("reference", "unchanged", "correlated"):
        table = random.normal(size=(ROWS, COLUMNS))
        if name == "correlated":
            table[:, 10] = CORRELATION * table[:, 3] + (1 - CORRELATION**2) ** 0.5 * table[:, 10]
        numpy.save(folder / f"{name}.npy", table)


def _peer(name: str, environment: Path, folder: Path) -> dict[str, Any]:
    """What it says; where it is not installed, why."""
    python = environment / "bin" / "python"
    if not (environment / "stamp").exists():
        log = Path(sys.prefix) / f"{name}.log"
        last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
        return {"library": name, "failed": f"not installed: {''.join(last) or 'its environment was not made'}"}
    return {"library": name} | _asked([str(python), str(CODE / "peers" / "drift.py"), name, str(folder)], folder)


def _asked(words: Sequence[str], cwd: Path) -> dict[str, Any]:
    """The JSON that a process prints last, or how it failed."""
    print(" ".join(words[-3:]), file=sys.stderr, flush=True)
    ours = any(word.startswith("watched.") for word in words)
    source = {"PYTHONPATH": f"{CODE}:{CODE.parent / 'src'}"} if ours else {}
    try:
        done = subprocess.run(
            words, cwd=cwd, env=os.environ | source, capture_output=True, text=True, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired as late:
        found = _printed((late.stdout or b"").decode(errors="replace"))
        given_up = {"way": "the next one", "failed": f"no answer within {PATIENCE_S:g} s"}
        return found | {"ways": [*found["ways"], given_up]} if "ways" in found else given_up
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    return _printed(done.stdout)


def _printed(output: str) -> dict[str, Any]:
    """The last line that is an object."""
    lines = [line for line in output.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {"failed": "no answer"}
    return found


def _own_rows(found: Mapping[str, Any]) -> list[list[str]]:
    gathered = found["gathered"].get("row_us", math.inf)
    name = "a row, 30 columns, in batches of 32 as the service gathers them"
    rows = [_line(name, f"{gathered:.1f} µs", f"at most {ROW_US:g} µs", True, gathered <= ROW_US)]
    rows += [[f"a row, {name}, alone", f"{cost:.1f} µs", "", ""] for name, cost in found["row_us"].items()]
    rows += [
        _line(
            f"a window's check, {name} rows",
            f"{cost:.1f} ms",
            f"at most {CHECK_MS:g} ms",
            name.isdigit(),
            cost <= CHECK_MS,
        )
        for name, cost in found["check_ms"].items()
    ]
    rows += [
        _line(f"profile, {name} columns", _size(size), _size(PROFILE_BYTES), name == "100", size <= PROFILE_BYTES)
        for name, size in found["profile_bytes"].items()
    ]
    rows += [
        _line(f"a window, {name}", _size(size), _size(SKETCH_BYTES), name.startswith("100"), size <= SKETCH_BYTES)
        for name, size in found["sketch_bytes"].items()
    ]
    rows.append(["profile made of 20,000 rows, 30 columns", f"{found['build_s']:.1f} s", "", ""])
    return rows


def _line(what: str, found: str, wanted: str, has_aim: bool, is_met: bool) -> list[str]:
    return [what, found, wanted, "met" if is_met else "missed"] if has_aim else [what, found, "", ""]


_HEADER = (
    "library",
    "way",
    "installed",
    "memory",
    "import",
    "reference",
    "check",
    "nothing changed",
    "correlated",
    "sees it",
)


def _rows(found: Mapping[str, Any]) -> list[list[str]]:
    """A line for each way of a library."""
    name = " ".join(str(found[key]) for key in ("library", "version") if key in found)
    if "failed" in found:
        return [[name, found["failed"], *[""] * 8]]
    costs = [_size(found["install_bytes"]), _size(found["peak_bytes"]), f"{found['import_s']:.1f} s"]
    return [[name, each["way"], *costs, *_cells(each)] for each in found["ways"]]


def _cells(way: Mapping[str, Any]) -> list[str]:
    if "failed" in way:
        return ["", "", "", "", way["failed"].partition(". ")[0]]
    (is_false, _), (is_found, _) = way["said"].values()
    sees = "says the same of both" if is_false and is_found else "yes" if is_found else "no"
    return [f"{way['prepare_s']:.2f} s", f"{way['check_s']:.2f} s", *(words for _, words in way["said"].values()), sees]


def _size(count: float) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="monitoring.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--noteship", type=Path, default=Path(sys.executable).parent, help="the folder with its python")
    parser.add_argument("--peers", type=Path, default=CODE.parent, help="the folder with the peers' environments")
    parser.add_argument("--libraries", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    arguments = parser.parse_args()
    # Not resolved: the links in an environment are what makes it that environment.
    arguments.noteship, arguments.peers = arguments.noteship.absolute(), arguments.peers.absolute()
    return arguments


if __name__ == "__main__":
    main()
