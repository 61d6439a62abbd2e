"""What watching costs noteship, and what it says of the tables that the others check: python -m watched.ours FOLDER.

Times are the processor's, of all threads: what else runs on the machine hardly counts.
"""

from __future__ import annotations

import json
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_BEGUN = time.process_time()

import numpy  # noqa: E402

from noteship import monitor  # noqa: E402

_IMPORT_S = time.process_time() - _BEGUN

from noteship.monitor import judging  # noqa: E402
from watched.judging import Judge  # noqa: E402

Array = numpy.ndarray[Any, Any]

SEED = "5eed" * 16
CHECKED = ("unchanged", "correlated")
REFERENCE_ROWS = 20_000
BATCHES = (32, 256, 4_096)
WINDOWS = (1_000, 10_000, 100_000, 1_000_000)
# The table of the check comes in windows, as it would in production.
CHECK_WINDOW = 2_000
THRESHOLD = 25_920.0
LEAST_S = 1.0


def main() -> None:
    """Measure it and print JSON."""
    folder = Path(sys.argv[1])
    # First, as the others do nothing else: their peak of memory is that of these checks.
    ways, peak_bytes = [_check(folder, way, say) for way, say in WAYS.items()], _peak_bytes()
    begun = time.process_time()
    profile = _profile(_table(REFERENCE_ROWS, 30))
    built_s = time.process_time() - begun
    wide = _profile(_table(REFERENCE_ROWS, 100))
    found: dict[str, Any] = {
        "library": "noteship",
        "import_s": _IMPORT_S,
        "install_bytes": _installed(),
        "build_s": built_s,
        "profile_bytes": {30: len(profile.to_bytes()), 100: len(wide.to_bytes())},
        "row_us": {f"30 columns, {rows} rows": _row_us(profile, 30, rows) for rows in BATCHES},
        "check_ms": {},
        "sketch_bytes": {},
        "ways": ways,
        "peak_bytes": peak_bytes,
    }
    found["row_us"]["100 columns, 32 rows"] = _row_us(wide, 100, 32)
    for rows in WINDOWS:
        found["check_ms"][rows], found["sketch_bytes"][f"30 columns, {rows} rows"] = _check_ms(profile, 30, rows)
    rows = WINDOWS[1]
    found["check_ms"][f"100 columns, {rows}"], found["sketch_bytes"][f"100 columns, {rows} rows"] = _check_ms(
        wide, 100, rows
    )
    found["check_ms"][f"an alarm, {rows}"], _ = _check_ms(profile, 30, rows, 0.5)
    print(json.dumps(found))


def _table(rows: int, columns: int, seed: int = 0) -> Array:
    return numpy.random.default_rng([seed, rows, columns]).normal(size=(rows, columns))


def _observed(table: Array) -> monitor.Observed:
    """A logistic regression's predictions; the work is as many multiplications as a row has large numbers."""
    weights = numpy.random.default_rng(table.shape[1]).normal(size=table.shape[1])
    positive = 1 / (1 + numpy.exp(-table @ weights / 2))
    predictions = monitor.Predictions(positive > 0.5, numpy.column_stack([1 - positive, positive]), (False, True))
    return monitor.Observed(table, (), predictions, 1.0 + (numpy.abs(table) > 1).sum(axis=1))


def _profile(table: Array) -> monitor.Profile:
    fields = [monitor.Field(f"x{column}", "number", is_plain=True) for column in range(table.shape[1])]
    return monitor.Profile.build(_observed(table), fields, SEED)


def _add(profile: monitor.Profile, sketch: monitor.Sketch, rows: monitor.Observed, name: str, judge: Judge) -> None:
    ids = [f"{name} {place}" for place in range(len(rows))]
    sketch.add(profile.encoder.encode(rows), profile.fourier, ids, [1] * len(rows), judge.bet)


def _judge(profile: monitor.Profile, columns: int) -> Judge:
    """With a witness."""
    judge, sketch = Judge(profile, THRESHOLD), profile.sketch()
    _add(profile, sketch, _observed(_table(1_000, columns, 7)), "first", judge)
    judge.judge(sketch)
    return judge


def _row_us(profile: monitor.Profile, columns: int, rows: int) -> float:
    """Of a batch of rows in as many requests: encoded, counted, embedded, bet on. Predictions and work are given."""
    judge, sketch = _judge(profile, columns), profile.sketch()
    batches = [_observed(_table(rows, columns, number)) for number in range(8)]
    ids = [[f"{number:08x}-{place:027x}" for place in range(rows)] for number in range(8)]
    ones = [1] * rows

    def one_round() -> None:
        for batch, names in zip(batches, ids, strict=True):
            sketch.add(profile.encoder.encode(batch), profile.fourier, names, ones, judge.bet)

    return 1e6 * _median_s(one_round) / (rows * len(batches))


def _check_ms(profile: monitor.Profile, columns: int, rows: int, shift: float = 0.0) -> tuple[float, int]:
    """From a window's bytes to its decision, and how many bytes it has; with a shift, an alarm that is explained."""
    judge, sketch = _judge(profile, columns), profile.sketch()
    piece = min(rows, 1_000)
    for number in range(rows // piece):
        _add(profile, sketch, _observed(_table(piece, columns, number) + shift), str(number), judge)
    written = sketch.to_bytes()

    def check() -> None:
        judge.judge(profile.read_sketch(written))

    return 1e3 * _median_s(check), len(written)


def _check(folder: Path, way: str, say: Callable[[monitor.Profile, Array], tuple[bool, str]]) -> dict[str, Any]:
    """The tables of the others."""
    tables = {name: numpy.load(folder / f"{name}.npy") for name in ("reference", *CHECKED)}
    begun = time.process_time()
    profile = _profile(tables["reference"])
    prepared = time.process_time()
    said = {name: say(profile, tables[name]) for name in CHECKED}
    took = (time.process_time() - prepared) / len(CHECKED)
    return {"way": way, "prepare_s": prepared - begun, "check_s": took, "said": said}


def _at_once(profile: monitor.Profile, table: Array) -> tuple[bool, str]:
    decision = judging.judge(profile, _observed(table), monitor.Settings())
    return decision.state == "alarm", f"{decision.state}, p = {decision.joint_p:.2g}"


def _in_windows(profile: monitor.Profile, table: Array) -> tuple[bool, str]:
    judge = Judge(profile, THRESHOLD)
    alarm = None
    for number, start in enumerate(range(0, len(table), CHECK_WINDOW), 1):
        sketch = profile.sketch()
        _add(profile, sketch, _observed(table[start : start + CHECK_WINDOW]), str(number), judge)
        if judge.judge(sketch).state == "alarm" and alarm is None:
            alarm = number
    return alarm is not None, f"alarm in window {alarm} of {number}" if alarm else f"no alarm in {number} windows"


WAYS = {"rows judged at once": _at_once, "windows of 2,000 rows": _in_windows}


def _median_s(action: Callable[[], None]) -> float:
    """The median of some rounds."""
    action()
    times, ends = [], time.process_time() + LEAST_S
    while not times or time.process_time() < ends:
        begun = time.process_time()
        action()
        times.append(time.process_time() - begun)
    return float(numpy.median(times))


def _installed() -> int:
    """The environment, and noteship's own source, which is not installed in it."""
    folders = [Path(sysconfig.get_path("purelib")), Path(monitor.__file__).parents[1]]
    return sum(path.stat().st_size for folder in folders for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.*") if path.suffix != ".pyc" and path.is_file())


def _peak_bytes() -> int:
    """Not the resource module's figure, which is the parent's where that was larger."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
