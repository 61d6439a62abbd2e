"""The small part of the simulation that benchmarks/calibration.py publishes, run as its users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# All of it is one simulation, which takes as long as two hundred other tests.
pytestmark = pytest.mark.slow

CALIBRATION = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
PATIENCE_S = 300


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The cells of both tables, by law."""
    file = tmp_path_factory.mktemp("calibration") / "found.json"
    words = [sys.executable, "-W", "error", str(CALIBRATION), "--small", "--processes", "1", "--json", str(file)]
    # One thread, so that sums come in one order.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(words, env=os.environ | threads, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    cells = json.loads(file.read_text())
    return {cell["law"]: cell for cell in cells["runs"] + cells["delays"]}


@pytest.mark.parametrize("law", ["unchanged", "shifted", "moving", "tilted"])
def test_streams_within_the_tolerance_are_quiet_for_as_long_as_promised(
    found: dict[str, dict[str, Any]], law: str
) -> None:
    """With a budget of one false alarm in 100 windows, the mean of the windows until one is at least 100.

    That is the bound that it is above with a probability of 95 %, which takes 300 windows without an alarm.
    """
    cell = found[law]
    assert cell["threshold"] == 100 < cell["cap"]
    assert cell["low"] >= 100


@pytest.mark.parametrize(
    ("law", "detectors"),
    [("correlation", {"correlations"}), ("prediction", {"correlations", "joint"}), ("work", {"work"})],
)
def test_changes_are_found(found: dict[str, dict[str, Any]], law: str, detectors: set[str]) -> None:
    """At 2,000 rows a window, a change of one kind alone is found within twelve windows, by what looks at it."""
    cell = found[law]
    assert (cell["rows"], cell["threshold"]) == (2_000, 25_920)
    assert (cell["found"], cell["early"]) == (cell["streams"], 0)
    assert set(cell["drivers"]) <= detectors
