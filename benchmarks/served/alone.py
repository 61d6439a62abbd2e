"""What scikit-learn's scoring costs by itself, in a process of its own.

alone.py MODEL VALUES SECONDS
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib

from served.models import Served

__all__ = ["rows_per_second"]

BATCH = 256


def rows_per_second(served: Served, seconds: float, core: int, place: Path) -> dict[str, float]:
    """Rows a second on one core, in batches of 256 and one row a call."""
    values = place / "values.json"
    values.write_text(json.dumps(served.values))
    words = ["taskset", "-c", str(core), sys.executable, "-m", "served.alone", str(served.file), str(values)]
    done = subprocess.run([*words, str(seconds)], capture_output=True, check=True, cwd=Path(__file__).parents[1])
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _main() -> None:
    model, values, seconds = joblib.load(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), float(sys.argv[3])
    batch = (values * (BATCH // len(values) + 1))[:BATCH]
    found = {"batch": _rate(model, [batch], seconds), "single": _rate(model, [[each] for each in values], seconds)}
    print(json.dumps(found))


def _rate(model: Any, batches: Sequence[Any], seconds: float) -> float:
    model.predict(batches[0])
    begun, rows = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < seconds:
        for batch in batches:
            model.predict(batch)
            rows += len(batch)
    return rows / took


if __name__ == "__main__":
    _main()
